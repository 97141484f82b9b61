"""Figures: what was measured, beside its baseline, with the bar it has to meet."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Spread(NamedTuple):
    """Median, least and greatest of several readings."""

    median: float
    least: float
    greatest: float


def spread(readings: Sequence[float]) -> Spread:
    """Return what several readings of the same thing come to."""
    return Spread(statistics.median(readings), min(readings), max(readings))


class Figure(NamedTuple):
    """One line of the table.

    Attributes:
        part: Part of the benchmark it belongs to.
        name: What was measured.
        measured: Readings.
        baseline_name: What it is measured against; empty: nothing.
        baseline: Readings of that, of the same run.
        unit: ``ms``, ``s``, ``MB`` or ``calls/s``.
        compared: ``ratio`` or ``difference`` (measured minus baseline, in the unit); empty: neither.
        bar: What the comparison has to keep to; ``None``: no bar.
        at_least: Whether the bar is a least value instead of a greatest one.
    """

    part: str
    name: str
    measured: Spread
    baseline_name: str = ""
    baseline: Spread | None = None
    unit: str = "ms"
    compared: str = "ratio"
    bar: float | None = None
    at_least: bool = False

    @property
    def value(self) -> float | None:
        """The ratio or the difference of the medians."""
        if self.baseline is None:
            return self.measured.median if self.compared == "difference" else None
        if self.compared == "difference":
            return self.measured.median - self.baseline.median
        return self.measured.median / self.baseline.median

    @property
    def met(self) -> bool | None:
        """Whether the bar is met; ``None`` where there is none."""
        if self.bar is None or self.value is None:
            return None
        return self.value >= self.bar if self.at_least else self.value <= self.bar

    def as_dict(self) -> dict[str, Any]:
        """Return the figure for machines."""
        return {
            "part": self.part,
            "name": self.name,
            "unit": self.unit,
            "measured": self.measured._asdict(),
            "baseline": {"name": self.baseline_name, **self.baseline._asdict()} if self.baseline else None,
            "compared": self.compared,
            "value": self.value,
            "bar": self.bar,
            "at_least": self.at_least,
            "met": self.met,
        }


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as text for people."""
    lines: list[str] = []
    part = ""
    for figure in figures:
        if figure.part != part:
            part = figure.part
            lines += ["", part, "-" * len(part)]
        lines.append(_line(figure))
    return "\n".join(lines)


def _line(figure: Figure) -> str:
    text = f"  {figure.name:<58}{_said(figure.measured, figure.unit):>30}"
    if figure.value is not None and (figure.baseline is not None or figure.bar is not None):
        shown = f"{figure.value:.2f} x" if figure.compared == "ratio" else f"{figure.value:+.3f} {figure.unit}"
        text += f"  {shown:>12}"
        if figure.baseline is not None:
            text += f" of {figure.baseline_name} ({_said(figure.baseline, figure.unit)})"
    if figure.met is not None:
        sign = ">=" if figure.at_least else "<="
        text += f"  [{'met' if figure.met else 'MISSED'}: {sign} {figure.bar:g}]"
    return text


def _said(values: Spread, unit: str) -> str:
    digits = 0 if values.median >= 1000 else 1 if values.median >= 10 else 3
    return f"{values.median:,.{digits}f} {unit} ({values.least:,.{digits}f}-{values.greatest:,.{digits}f})"
