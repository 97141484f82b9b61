"""Figures: what was measured, beside its baseline, with the bar it has to meet."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Spread(NamedTuple):
    """Median, least and greatest of several readings; and each of them, where something else was read in turn."""

    median: float
    least: float
    greatest: float
    rounds: tuple[float, ...] = ()


def spread(readings: Sequence[float], *, in_turn: bool = False) -> Spread:
    """Return what several readings of the same thing come to.

    Args:
        readings: One of each round.
        in_turn: Whether each round also read what this is measured against.
    """
    rounds = tuple(readings) if in_turn else ()
    return Spread(statistics.median(readings), min(readings), max(readings), rounds)


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
        """The median of the ratios or differences of each round, since a machine is slower in one than in another.

        Of what was not read in turn, the ratio or difference of the medians.
        """
        if self.baseline is None:
            return self.measured.median if self.compared == "difference" else None
        pairs = [(self.measured.median, self.baseline.median)]
        if self.measured.rounds and self.baseline.rounds:
            pairs = list(zip(self.measured.rounds, self.baseline.rounds, strict=True))
        differs = self.compared == "difference"
        return statistics.median(ours - theirs if differs else ours / theirs for ours, theirs in pairs)

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
            "measured": _as_dict(self.measured),
            "baseline": {"name": self.baseline_name, **_as_dict(self.baseline)} if self.baseline else None,
            "compared": self.compared,
            "value": self.value,
            "bar": self.bar,
            "at_least": self.at_least,
            "met": self.met,
        }


def _as_dict(values: Spread) -> dict[str, float]:
    return {"median": values.median, "least": values.least, "greatest": values.greatest}


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
