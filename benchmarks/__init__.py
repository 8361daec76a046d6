"""Side-by-side measurements; `python -m benchmarks`, see README.md."""
