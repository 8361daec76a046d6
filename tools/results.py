"""Outcomes of tests, the same for every suite."""

from dataclasses import dataclass, field

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
_RANK = {PASSED: 0, SKIPPED: 1, FAILED: 2}


@dataclass
class Results:
    """`outcomes` maps a test's id to how it went; `why` has a line for the others."""

    outcomes: dict = field(default_factory=dict)
    why: dict = field(default_factory=dict)

    def add(self, test, outcome, why=""):
        """Record an outcome; of several for one test (a retry, a subtest, another
        screen size) the worst counts."""
        before = self.outcomes.get(test, PASSED)
        self.outcomes[test] = max(before, outcome, key=_RANK.get)
        if why:
            self.why.setdefault(test, why)

    def update(self, other):
        for test, outcome in other.outcomes.items():
            self.add(test, outcome, other.why.get(test, ""))

    def named(self, outcome):
        return [test for test, found in self.outcomes.items() if found == outcome]

    def count(self, outcome):
        return len(self.named(outcome))
