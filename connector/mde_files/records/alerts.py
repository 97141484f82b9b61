"""Answers of ``GET /api/files/{sha1}/alerts`` as records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files.records.alert_properties import read_alert
from mde_files.records.alert_totals import by_severity_then_newest, totals
from mde_files.records.assembly import assemble
from mde_files.records.identity import content_digest
from mde_files.records.reading import PropertyTable, left_to_the_caller, read_object
from mde_files.records.unmapped import Unmapped
from mde_files.records.wording import counted, day

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mde_files.records.question import Question, Source

NOT_RESOLVED_SUMMARY = "Alerts were not asked for: Defender could not resolve this hash to a SHA-1."
_NO_ALERTS_SUMMARY = "No alerts in Defender name this file; that is no verdict on it."
_NOTHING_CAME_SUMMARY = "Alerts are not known: the list broke off before the first one came."
PAGE_PROPERTIES = PropertyTable({"value": ("value", left_to_the_caller)})


def alerts_record(
    question: Question,
    source: Source,
    *,
    sha1: str,
    alerts: Sequence[Mapping[str, Any]],
    complete: bool,
    max_alerts: int,
    max_evidence: int,
    file_info: Mapping[str, Any] | None = None,
    caveats: Sequence[dict[str, str]] = (),
    pages: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Return the record of the alerts a file took part in.

    Counts, times, devices, techniques, incidents and the content digest are over all alerts given; only the
    most severe, then newest ``max_alerts`` of them are listed. An empty list that is not complete is
    ``not_queried``, for it must not be told as ``no_alerts``.

    Args:
        question: What was asked.
        source: Where the answer came from.
        sha1: The SHA-1 that was sent, in lower case.
        alerts: The alerts of all pages; empty also for a 404 with the service's error envelope.
        complete: False when paging was cut short, so that the service has more than came.
        max_alerts: How many alerts are listed.
        max_evidence: How many rows of evidence each of them keeps.
        file_info: The answer of ``GET /api/files/{id}``, where that was asked.
        caveats: Caveats from further up the way.
        pages: The answers the alerts lay in; what stands beside ``value`` is kept as unmapped.

    Raises:
        UpstreamInvalidError: An answer is nested too deeply to be read.
    """
    unmapped = Unmapped()
    for page in pages:
        read_object(page, PAGE_PROPERTIES, (), unmapped)
    order = by_severity_then_newest(alerts)
    listed = [read_alert(alerts[place], ("value", place), max_evidence, unmapped) for place in order[:max_alerts]]
    body: dict[str, Any] = {"total": len(alerts)} if complete else {}
    body["returned"] = len(listed)
    body["truncated"] = not complete or len(listed) < len(alerts)
    body.update(totals(alerts[place] for place in order))
    body["alerts"] = listed
    outcome, summary = _judge(body, len(alerts), complete=complete)
    return assemble(
        question,
        source,
        outcome=outcome,
        summary=summary,
        digest=content_digest(outcome, alerts=map(_identity, alerts)),
        sha1=sha1,
        file_info=file_info,
        body=body if outcome != "not_queried" else None,
        caveats=[*_truncation(body, len(alerts), complete=complete), *caveats],
        unmapped=unmapped,
    )


def _identity(alert: Mapping[str, Any]) -> tuple[str, str, str]:
    values = (alert.get("id"), alert.get("severity"), alert.get("status"))
    alert_id, severity, status = (value if isinstance(value, str) else "" for value in values)
    return alert_id, severity, status


def _truncation(body: Mapping[str, Any], came: int, *, complete: bool) -> list[dict[str, str]]:
    if not body["truncated"]:
        return []
    told = []
    if not complete:
        told.append("The service has more alerts than could be fetched, so the counts are lower bounds.")
    if body["returned"] < came:
        told.append(f"Listed are the {body['returned']:,} most severe, then newest of {came:,}; the counts cover all.")
    return [{"code": "alerts_truncated", "message": " ".join(told)}]


def _judge(body: Mapping[str, Any], came: int, *, complete: bool) -> tuple[str, str]:
    """Return the outcome and the sentence for people."""
    if not came:
        return ("no_alerts", _NO_ALERTS_SUMMARY) if complete else ("not_queried", _NOTHING_CAME_SUMMARY)
    severities = [
        f"{body['by_severity'][key]:,} {'of other severity' if key == 'other' else key}"
        for key in ("high", "other", "medium", "low", "informational", "unspecified")
        if body["by_severity"][key]
    ]
    verb = "names" if came == 1 else "name"
    parts = [f"{'' if complete else 'At least '}{counted(came, 'alert')} {verb} this file: {', '.join(severities)}"]
    parts.append(f"{came - body['by_status']['resolved']:,} not resolved")
    if body["devices"]:
        parts.append(f"on {counted(len(body['devices']), 'device')}")
    if "last_activity" in body:
        parts.append(f"last activity on {day(body['last_activity'])}")
    return "alerts_found", "; ".join(parts) + "."
