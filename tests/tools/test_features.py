"""A feature counts as proved only by tests that ran and passed in the same run."""

import pytest

from tools import features
from tools.results import FAILED, PASSED, SKIPPED, Results

TABLE = """
# A heading

| row | proof |
|---|---|
| A1 | `tests/e2e/test_in.py::test_heard` `hoot:@whatsapp_calling/x/a\\|b` |
| A2 | `tests/e2e/test_in.py::test_many` |
| A3 | |
"""


@pytest.fixture
def table(tmp_path, monkeypatch):
    path = tmp_path / "features.md"
    path.write_text(TABLE)
    monkeypatch.setattr(features, "TABLE", path)


def complaints(**outcomes):
    results = Results()
    names = {
        "heard": "tests/e2e/test_in.py::test_heard",
        "hoot": "hoot:@whatsapp_calling/x/a|b",
        "many_a": "tests/e2e/test_in.py::test_many[a]",
        "many_b": "tests/e2e/test_in.py::test_many[b]",
    }
    for key, outcome in outcomes.items():
        results.add(names[key], outcome)
    return features.check(results)


def test_a_proof_that_passed_holds(table):
    assert "A1" not in complaints(heard=PASSED, hoot=PASSED)


@pytest.mark.parametrize("outcome", [FAILED, SKIPPED])
def test_a_proof_that_did_not_pass_fails_its_row(table, outcome):
    found = complaints(heard=outcome, hoot=PASSED)
    assert found["A1"] == [f"tests/e2e/test_in.py::test_heard {outcome}"]


def test_a_proof_that_did_not_run_fails_its_row(table):
    assert complaints(heard=PASSED)["A1"] == [
        "hoot:@whatsapp_calling/x/a|b did not run"
    ]


def test_a_parametrised_proof_must_pass_for_every_parameter(table):
    assert "A2" not in complaints(many_a=PASSED, many_b=PASSED)
    assert "A2" in complaints(many_a=PASSED, many_b=FAILED)


def test_a_row_without_a_proof_fails(table):
    assert complaints()["A3"]
