"""The short report: one tag for each thing worth knowing at a glance.

``malicious`` and ``suspicious`` come from a verdict of Microsoft or from alerts, never from numbers; ``safe`` is never
said, since neither a common file nor one without alerts is known to be safe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files.records.wording import counted, window
from mde_files.render.by_file import by_file
from mde_files.render.escaping import for_terminal
from mde_files.render.outcomes import OUTCOMES
from mde_files.render.sentences import determination

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mde_files.render.by_file import FileFindings

NAMESPACE = "Defender"
_VERDICTS = {"malware": "malicious", "unwanted": "suspicious", "pua": "suspicious"}
_SEVERITIES = ("high", "other", "medium", "low")
_LONGEST = 80


def taxonomies(record: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the tags of a record: ``level``, ``namespace``, ``predicate`` and ``value``.

    Args:
        record: A record as ``schemas/record.schema.json`` describes it, with a finding.
    """
    file = by_file([record])[0]
    told = [*_stats(record, file), *_alerts(record, file)]
    if determination(file):
        level = _VERDICTS.get(str(file.fact("determination_type")).lower(), "info")
        told.append((level, "Determination", for_terminal(determination(file), _LONGEST)))
    return [
        {"level": level, "namespace": NAMESPACE, "predicate": predicate, "value": value}
        for level, predicate, value in told
    ]


def _stats(record: Mapping[str, Any], file: FileFindings) -> Iterator[tuple[str, str, str]]:
    if record["action"] != "file_stats":
        return
    if not file.stats:
        yield "info", "Prevalence", OUTCOMES[record["outcome"]].words
        return
    devices = file.stats.get("organization_prevalence")
    here = "not known" if devices is None else f"{counted(devices, 'device')} in {window(file.stats['lookback_hours'])}"
    yield "info", "Organization", here
    worldwide = file.worldwide_prevalence
    yield "info", "Worldwide", "not known" if worldwide is None else counted(worldwide, "device")


def _alerts(record: Mapping[str, Any], file: FileFindings) -> Iterator[tuple[str, str, str]]:
    if record["action"] != "file_alerts":
        return
    if record["outcome"] != "alerts_found":
        yield "info", "Alerts", OUTCOMES[record["outcome"]].words
        return
    counts = file.alerts["by_severity"]
    level = "suspicious" if any(counts[severity] for severity in _SEVERITIES) else "info"
    total = file.alerts.get("total")
    number = f"at least {counted(sum(counts.values()), 'alert')}" if total is None else counted(total, "alert")
    yield level, "Alerts", f"{number}, most severe: {file.worst_severity}"
