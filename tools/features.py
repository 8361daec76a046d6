"""`tests/features.md`: which tests prove which feature, held against a run."""

import re

from tools.paths import ROOT
from tools.results import FAILED, PASSED, Results

TABLE = ROOT / "tests/features.md"
PROOF = re.compile(r"`([^`]+)`")


def check(results):
    """`{row: [complaints]}`: proofs that did not run, or did not pass, in this run."""
    complaints = {}
    for row, proofs in rows().items():
        wrong = [text for proof in proofs if (text := _judge(proof, results))]
        if not proofs:
            wrong = ["has no proof: leave the row out until it has one"]
        if wrong:
            complaints[row] = wrong
    return complaints


def rows():
    """`{row: [test ids]}` of the table; a row named twice has the proofs of both."""
    found = {}
    if not TABLE.exists():
        return found
    for line in TABLE.read_text().splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) != 2 or cells[0] == "row" or set(cells[0]) <= set("-: "):
            continue
        proofs = PROOF.findall(cells[1].replace("\\|", "|"))
        found.setdefault(cells[0], []).extend(proofs)
    return found


def as_results(results):
    """One result a row, so that the last line counts them."""
    complaints = check(results)
    judged = Results()
    for row in rows():
        wrong = complaints.get(row)
        judged.add(
            f"features:{row}", FAILED if wrong else PASSED, "; ".join(wrong or [])
        )
    return judged


def _judge(proof, results):
    """A text when the proof does not hold; a parametrised test must pass in all."""
    outcomes = [
        outcome
        for test, outcome in results.outcomes.items()
        if test == proof or test.startswith(f"{proof}[")
    ]
    if not outcomes:
        return f"{proof} did not run"
    bad = [outcome for outcome in outcomes if outcome != PASSED]
    return f"{proof} {bad[0]}" if bad else ""
