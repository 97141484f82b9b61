"""Records as text for a terminal."""

from __future__ import annotations

import textwrap
import unicodedata
from typing import TYPE_CHECKING, Any

from mde_files.render.escaping import for_terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mde_files.render.by_file import FileFindings

_WIDTH = 100
_LABEL_WIDTH = 18
_NAME_WIDTH = 28
_SHORT_HASH = 12
_SHOWN_ALERTS = 10
_SHOWN_NAMES = 8
_HEADINGS = ["file", "hash", "statistics", "organization", "worldwide", "last seen", "alerts", "most severe"]
_TO_THE_RIGHT = [False, False, False, True, True, False, True, False]
_RESET = "\x1b[0m"
_COLOURS = {
    "seen_in_organization": "\x1b[1;33m",
    "known_globally_only": "\x1b[1;36m",
    "prevalence_unavailable": "\x1b[1;35m",
    "unknown_to_defender": "\x1b[1;35m",
    "alerts_found": "\x1b[1;31m",
    "no_alerts": "\x1b[1;36m",
    "not_queried": "\x1b[1;35m",
    "deferred": "\x1b[1;34m",
    "failed": "\x1b[1;31m",
    "High": "\x1b[31m",
    "Medium": "\x1b[33m",
    "Low": "\x1b[36m",
}


def render(record: Mapping[str, Any], *, colour: bool = False) -> str:
    """Return a record as lines of text, without a line break at the end.

    Args:
        record: A record as ``schemas/record.schema.json`` describes it.
        colour: Whether the terminal shows colours.
    """
    return "\n".join(_lines(record, colour))


def table(records: Iterable[Mapping[str, Any]], *, colour: bool = False) -> str:
    """Return many records as a table, a row for each file, those with the most severe alerts first.

    Args:
        records: Records as ``schemas/record.schema.json`` describes them.
        colour: Whether the terminal shows colours.

    Returns:
        Lines without a line break at the end; "" without records.
    """
    from mde_files.render.by_file import by_file

    rows = [_row(file) for file in by_file(records)]
    if not rows:
        return ""
    cells = [_HEADINGS, *([text for text, _ in row] for row in rows)]
    widths = [max(map(_columns, column)) for column in zip(*cells, strict=True)]
    paints = [[""] * len(_HEADINGS), *([kind for _, kind in row] for row in rows)]
    lines = []
    for texts, kinds in zip(cells, paints, strict=True):
        padded = [_padded(*cell) for cell in zip(texts, widths, _TO_THE_RIGHT, strict=True)]
        lines.append("  ".join(_painted(*cell, colour) for cell in zip(padded, kinds, strict=True)).rstrip())
    return "\n".join(lines)


def _row(file: FileFindings) -> list[tuple[str, str]]:
    outcomes = {record["action"]: record["outcome"] for record in file.records}
    stats = outcomes.get("file_stats", "")
    alerts = outcomes.get("file_alerts", "")
    counted = file.alerts.get("total", file.alerts.get("returned"))
    severity = file.worst_severity or ("" if alerts == "no_alerts" else alerts)
    return [
        (for_terminal(file.names[0], _NAME_WIDTH) if file.names else "", ""),
        (for_terminal(file.main_hash, _SHORT_HASH + 1), ""),
        (stats, stats),
        (_number(file.stats.get("organization_prevalence")), ""),
        (_number(file.worldwide_prevalence), ""),
        (file.organization.last[:10], ""),
        (_number(counted), ""),
        (severity, severity.capitalize() if file.worst_severity else severity),
    ]


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _columns(text: str) -> int:
    """Return how many columns of a terminal a printable text takes."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def _padded(text: str, width: int, to_the_right: bool) -> str:  # noqa: FBT001 - private, one caller
    padding = " " * (width - _columns(text))
    return padding + text if to_the_right else text + padding


def _lines(record: Mapping[str, Any], colour: bool) -> Iterator[str]:  # noqa: FBT001 - private, one caller
    outcome = record["outcome"]
    file = record["file"]
    yield f"{_painted(outcome, outcome, colour)}  {record['action']}  {for_terminal(file['queried'])}"
    yield from _wrapped(record["summary"], "  ")
    yield from _file(file)
    if "file_stats" in record:
        yield from _stats(record["file_stats"])
    if "file_alerts" in record:
        yield from _alerts(record["file_alerts"], colour)
    for caveat in record["caveats"]:
        yield from _labelled("caveat", f"{caveat['message']} [{caveat['code']}]")
    if "error" in record:
        yield from _labelled("error", f"{record['error']['message']} [{record['error']['code']}]")
        yield from _labelled("what to do", record["error"]["hint"])
    if "portal_url" in record:
        yield from _labelled("portal", record["portal_url"])


def _file(file: Mapping[str, Any]) -> Iterator[str]:
    for key in ("sha1", "sha256", "md5"):
        if key in file and file[key] != file["queried"]:
            yield from _labelled(key, file[key])
    for key, label in (
        ("signer", "signer"),
        ("determination_type", "determination"),
        ("determination_value", "threat name"),
    ):
        if file.get(key):
            yield from _labelled(label, file[key])


def _stats(stats: Mapping[str, Any]) -> Iterator[str]:
    hours = f"last {stats['lookback_hours']} hours"
    if "organization_prevalence" in stats:
        yield from _labelled("organization", f"{stats['organization_prevalence']:,} devices in the {hours}")
    yield from _span("seen there", stats, "organization_first_seen", "organization_last_seen")
    if "global_prevalence" in stats:
        yield from _labelled("worldwide", f"{stats['global_prevalence']:,} devices")
    yield from _span("observed", stats, "global_first_observed", "global_last_observed")
    names = stats.get("top_file_names", [])
    if names:
        more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
        yield from _labelled("file names", ", ".join(for_terminal(name, 80) for name in names[:_SHOWN_NAMES]) + more)


def _span(label: str, stats: Mapping[str, Any], first: str, last: str) -> Iterator[str]:
    if first in stats or last in stats:
        yield from _labelled(label, f"{stats.get(first, 'unknown')} to {stats.get(last, 'unknown')}")


def _alerts(body: Mapping[str, Any], colour: bool) -> Iterator[str]:  # noqa: FBT001 - private, one caller
    counts = [f"{count:,} {name}" for name, count in reversed(list(body["by_severity"].items())) if count]
    if counts:
        yield from _labelled("severity", ", ".join(counts))
    devices = body["devices"]
    if devices:
        names = ", ".join(
            for_terminal(device.get("name", device.get("machine_id", "")), 60) for device in devices[:_SHOWN_NAMES]
        )
        more = f" and {len(devices) - _SHOWN_NAMES} more" if len(devices) > _SHOWN_NAMES else ""
        yield from _labelled("devices", names + more)
    if body["mitre_techniques"]:
        yield from _labelled("techniques", ", ".join(for_terminal(name, 20) for name in body["mitre_techniques"][:20]))
    for alert in body["alerts"][:_SHOWN_ALERTS]:
        severity = for_terminal(alert.get("severity", "unknown"), 20)
        words = (
            alert.get("alert_creation_time", ""),
            _painted(severity, severity, colour),
            for_terminal(alert.get("status", ""), 20),
            for_terminal(alert.get("title", "(no title)"), 70),
            for_terminal(alert.get("computer_dns_name", ""), 40),
        )
        yield "    - " + "  ".join(word for word in words if word)
    hidden = body["returned"] - _SHOWN_ALERTS
    if hidden > 0:
        yield f"    … {hidden:,} more in the record (--json shows them)"


def _labelled(label: str, value: object) -> Iterator[str]:
    text = for_terminal(value, 1000)
    yield from _wrapped(text, f"    {label:<{_LABEL_WIDTH - 4}}", " " * _LABEL_WIDTH)


def _wrapped(text: str, first: str, later: str | None = None) -> Iterator[str]:
    yield from textwrap.wrap(
        for_terminal(text, 1000),
        _WIDTH,
        initial_indent=first,
        subsequent_indent=first if later is None else later,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _painted(text: str, kind: str, colour: bool) -> str:  # noqa: FBT001 - private, three callers
    paint = _COLOURS.get(kind, "") if colour else ""
    return f"{paint}{text}{_RESET}" if paint else text
