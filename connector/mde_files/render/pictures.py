"""The two pictures of a file, as inline SVG: how common it is, and when it was seen. Numbers and times only.

Both scales are logarithmic: between one device and a hundred million, and between an hour and twenty years ago.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mde_files.records.wording import counted
from mde_files.render.outcomes import SEVERITIES, severity_of
from mde_files.render.sentences import moment
from mde_files.timestamps import parse_timestamp

if TYPE_CHECKING:
    from datetime import datetime

    from mde_files.render.by_file import FileFindings, Span

_BAR_WIDTH = 200
_BAR_DECADES = 9
_DEVICES = ("1", "", "100", "", "10k", "", "1M", "")
_HOUR, _DAY, _YEAR = 3600.0, 86400.0, 31557600.0
_NEWEST, _OLDEST = _HOUR / 3, 20 * _YEAR
_LEFT, _RIGHT = 58.0, 334.0
_LANES = {"world": 11, "organization": 25, "alerts": 39}
_LANE_NAMES = (("world", "World"), ("organization", "Organiz."), ("alerts", "Alerts"))
_AGES = (("10 y", 10 * _YEAR), ("1 y", _YEAR), ("30 d", 30 * _DAY), ("7 d", 7 * _DAY), ("1 d", _DAY), ("1 h", _HOUR))
_SIDES = {"high": 3, "other": 5, "medium": 4}


def shared_shapes() -> str:
    """Return the scales that all pictures of a page refer to; stands once in it."""
    step = _BAR_WIDTH / _BAR_DECADES
    marks = "".join(f'<path d="M{step * place:.1f} 2V10"/>' for place in range(1, _BAR_DECADES))
    names = "".join(
        f'<text x="{step * place:.1f}" y="20">{name}</text>' for place, name in enumerate(_DEVICES, 1) if name
    )
    ages = "".join(
        f'<path d="M{_x(age):.1f} 3V47"/><text x="{_x(age):.1f}" y="59">{name}</text>' for name, age in _AGES
    )
    lanes = "".join(f'<text class="lane" x="0" y="{_LANES[kind] + 3.5}">{name}</text>' for kind, name in _LANE_NAMES)
    return (
        '<svg width="0" height="0" class="shapes" aria-hidden="true"><defs>'
        f'<g id="decades" class="scale"><path class="base" d="M0 10H{_BAR_WIDTH}"/>{marks}</g>'
        f'<g id="devices" class="scale">{names}</g>'
        f'<g id="ages" class="scale"><path class="base" d="M{_LEFT} 47H{_RIGHT}"/>{ages}{lanes}</g>'
        "</defs></svg>"
    )


def prevalence_bar(devices: int | None, kind: str) -> str:
    """Return a bar on the logarithmic scale of devices.

    Args:
        devices: Devices, or None where it is not known.
        kind: ``organization`` or ``world``.
    """
    bar = ""
    if devices:
        width = min(_BAR_WIDTH, _BAR_WIDTH * (math.log10(devices) + 1) / _BAR_DECADES)
        bar = f'<rect class="{kind}" x="0" y="3" width="{width:.1f}" height="6"/>'
    elif devices is None:
        bar = f'<path class="unknown" d="M0 6H{_BAR_WIDTH}"/>'
    where = "in the organization" if kind == "organization" else "worldwide"
    told = "not known" if devices is None else counted(devices, "device")
    names = '<use href="#devices"/>' if kind == "world" else ""
    return (
        f'<svg class="bar" viewBox="0 0 {_BAR_WIDTH} {22 if names else 11}" role="img" '
        f'aria-label="Prevalence {where} on a logarithmic scale: {told}"><use href="#decades"/>{bar}{names}</svg>'
    )


def timeline(file: FileFindings, now: datetime) -> str:
    """Return when a file was observed worldwide, seen in the organization, and named by alerts.

    Args:
        file: The file.
        now: The moment the ages are counted from, in UTC.
    """
    parts, told = [], []
    for kind, span, words in (
        ("world", file.worldwide, "observed worldwide"),
        ("organization", file.organization, "seen in the organization"),
    ):
        parts.append(_span(kind, span, now))
        told.append(f"{words} {moment(span.first)} to {moment(span.last)}" if any(span) else f"{words}: not known")
    parts.append(_alerts(file, now))
    told.append(_alerts_told(file))
    return (
        f'<svg class="timeline" viewBox="0 0 340 62" role="img" aria-label="Timeline, logarithmic: {"; ".join(told)}">'
        f'<use href="#ages"/>{"".join(parts)}</svg>'
    )


def _x(age_seconds: float) -> float:
    age = min(max(age_seconds, _NEWEST), _OLDEST)
    return _RIGHT - (_RIGHT - _LEFT) * math.log(age / _NEWEST) / math.log(_OLDEST / _NEWEST)


def _place(timestamp: str, now: datetime) -> float:
    return _x((now - parse_timestamp(timestamp)).total_seconds())


def _span(kind: str, span: Span, now: datetime) -> str:
    places = [_place(time, now) for time in span if time]
    if not places:
        return ""
    y = _LANES[kind]
    ends = "".join(f'<circle cx="{x:.1f}" cy="{y}" r="3.5"/>' for x in places)
    return f'<g class="{kind}"><path d="M{min(places):.1f} {y}H{max(places):.1f}"/>{ends}</g>'


def _alerts(file: FileFindings, now: datetime) -> str:
    counts: dict[tuple[int, str], int] = {}
    for alert in file.alerts.get("alerts", ()):
        created = alert.get("alert_creation_time") or alert.get("last_event_time")
        if created:
            key = (round(_place(created, now) / 4) * 4, severity_of(alert.get("severity")))
            counts[key] = counts.get(key, 0) + 1
    ordered = sorted(counts.items(), key=lambda item: SEVERITIES.index(item[0][1]), reverse=True)
    return "".join(
        f'<path class="mark {severity}" d="{_mark(x, severity)}"><title>{counted(count, "alert")}, {severity}</title>'
        "</path>"
        for (x, severity), count in ordered
    )


def _mark(x: int, severity: str) -> str:
    """Return the outline of an alert: the shape tells the severity without the colour."""
    y = _LANES["alerts"]
    sides = _SIDES.get(severity)
    if sides is None:
        return f"M{x - 3} {y}a3 3 0 1 0 6 0a3 3 0 1 0-6 0z"
    corners = [
        (x + 5 * math.sin(2 * math.pi * side / sides), y - 5 * math.cos(2 * math.pi * side / sides))
        for side in range(sides)
    ]
    return "M" + "L".join(f"{across:.1f} {down:.1f}" for across, down in corners) + "z"


def _alerts_told(file: FileFindings) -> str:
    if not file.alerts:
        return "alerts: not known"
    counts = file.alerts["by_severity"]
    severities = ", ".join(f"{counts[severity]:,} {severity}" for severity in SEVERITIES if counts[severity])
    if not severities:
        return "no alerts found"
    first, last = (moment(file.alerts.get(key, "")) for key in ("first_activity", "last_activity"))
    return f"alerts: {severities}, activity {first} to {last}"
