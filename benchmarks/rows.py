"""One figure, what it is compared with, and its line in the output."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A measured figure.

    :param limit: the most that `value` may be, or the ratio when `relative`
    :param least: `limit` is the least it may be
    """

    name: str
    value: float
    limit: float
    unit: str = "ms"
    reference: float | None = None
    relative: bool = False
    least: bool = False

    @property
    def ratio(self):
        return self.value / self.reference if self.reference else None

    @property
    def met(self):
        judged = self.ratio if self.relative else self.value
        if judged is None:
            return False
        return judged >= self.limit if self.least else judged <= self.limit

    def line(self):
        target = f"{self.limit:g} x" if self.relative else self._amount(self.limit)
        cells = (
            self._amount(self.value),
            self._amount(self.reference),
            "-" if self.ratio is None else f"{self.ratio:.2f} x",
            f"{'>=' if self.least else '<='} {target}",
            "met" if self.met else "missed",
        )
        return _line(self.name, cells)

    def _amount(self, number):
        if number is None:
            return "-"
        return f"{number:.0f}" if not self.unit else f"{number:.1f} {self.unit}"


def header():
    return _line("", ("value", "reference", "ratio", "target", ""))


def not_measured(name, why):
    return f"{name:<64} not measured: {why}"


def _line(name, cells):
    value, reference, ratio, target, verdict = cells
    return (
        f"{name:<64} {value:>10} {reference:>10} {ratio:>8} {target:>12} {verdict}"
    ).rstrip()
