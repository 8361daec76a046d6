"""Graph's endpoints, as far as calling needs them."""
