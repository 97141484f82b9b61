"""What stands in a MISP event of the records of a file.

A MISP event is made to be shared, and it is kept: what changes with every answer stands in an annotation, what the
file is in a file object, what an alert says in an object of its own. People's names and what only matters inside
Defender stay there; :data:`NOT_IN_MISP` says what and why.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mde_files.platforms.misp.elements import Reference, Report, Thing, Value
from mde_files.records.reading import is_blank
from mde_files.render.escaping import for_plain_text
from mde_files.render.links import link_to
from mde_files.render.markdown import incident_to_markdown
from mde_files.render.sentences import HASH_NAMES, determination, moment
from mde_files.timestamps import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from mde_files.render.by_file import FileFindings

PRODUCT = "Microsoft Defender for Endpoint"
FILE = "file"
MOST_NAMES = 20
MOST_ALERTS = 20
MOST_TECHNIQUES = 20
_LONGEST = 1000
_TECHNIQUE = re.compile(r"T[0-9]{4}(?:\.[0-9]{3})?").fullmatch
_FINGERPRINTS = {40: "x509-fingerprint-sha1", 64: "x509-fingerprint-sha256"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]+").fullmatch
_SPANS = {
    "file_stats": ("organization_first_seen", "organization_last_seen"),
    "file_alerts": ("first_activity", "last_activity"),
}
_SUMMARY = "the summary counts it"
_INSIDE = "only of use inside Defender and the settings of the module, while an event is shared"
_PEOPLE = "people's names and their notes stay in Defender, since an event is shared"
_WORK = "the state of the work in Defender, which goes on after the event was written"
_EVIDENCE = "evidence is no indicator until somebody judged it; the portal shows it"
_ERROR = "a failure is the answer's error and no finding"
NOT_IN_MISP = {
    "record_id": _INSIDE,
    "content_digest": _INSIDE,
    "file.queried": "it is the attribute that was asked for",
    "file.global_prevalence": "the statistics say it",
    "file_stats.lookback_defaulted": "the window itself is named",
    "file_alerts.total": _SUMMARY,
    "file_alerts.returned": _SUMMARY,
    "file_alerts.truncated": _SUMMARY,
    "file_alerts.by_severity": _SUMMARY,
    "file_alerts.by_status": _SUMMARY,
    "file_alerts.devices[].machine_id": "each alert names its device",
    "file_alerts.alerts[].mitre_techniques": "the techniques of all alerts are named together",
    "file_alerts.alerts[].description": "the title says what it is about; the portal shows the rest",
    "file_alerts.alerts[].detector_id": _INSIDE,
    "file_alerts.alerts[].aad_tenant_id": _INSIDE,
    "file_alerts.alerts[].rbac_group_name": _INSIDE,
    "file_alerts.alerts[].investigation_id": _INSIDE,
    "file_alerts.alerts[].investigation_state": _WORK,
    "file_alerts.alerts[].last_update_time": _WORK,
    "file_alerts.alerts[].resolved_time": _WORK,
    "file_alerts.alerts[].assigned_to": _PEOPLE,
    "file_alerts.alerts[].related_user": _PEOPLE,
    "file_alerts.alerts[].logged_on_users": _PEOPLE,
    "file_alerts.alerts[].comments": _PEOPLE,
    "file_alerts.alerts[].evidence": _EVIDENCE,
    "file_alerts.alerts[].evidence_total": _EVIDENCE,
    "file_alerts.alerts[].evidence_truncated": _EVIDENCE,
    "file_alerts.alerts[].domains": _EVIDENCE,
    "caveats[].code": "its message says it",
    "unmapped": "properties that no documentation names have no meaning to share; the command line shows them",
    "error": _ERROR,
    "source.cloud": _INSIDE,
    "source.host": _INSIDE,
    "source.tenant_id": _INSIDE,
    "source.endpoint": _INSIDE,
    "source.from_cache": "the time of the answer says how old it is",
    "source.age_seconds": "the time of the answer says how old it is",
}


def things(file: FileFindings, *, to_ids: bool) -> list[Thing]:
    """Return the objects of a file's findings.

    Args:
        file: Its records; failures among them say nothing about the file and are left out.
        to_ids: Whether the attribute that was asked for is held for an indicator. Its other hashes are the same
            indicator then; nothing else ever is one.
    """
    found = [*_file(file, to_ids=to_ids)]
    subject = FILE if found else ""
    found += (_annotation(file, record, subject) for record in file.findings)
    found += _alerts(file, subject)
    return found


def report(file: FileFindings) -> Report | None:
    """Return the event report of a file that alerts name: they say more than objects have room for."""
    if not file.alerts.get("alerts"):
        return None
    title = f"Defender for Endpoint: {file.main_hash}"
    return Report(title, incident_to_markdown(title, file.findings))


def _file(file: FileFindings, *, to_ids: bool) -> Iterator[Thing]:
    hashes = {kind: value for kind, value in file.hashes.items() if kind != "unknown"}
    # the other hashes are the asked one's only if the answer is about the asked file
    indicator = to_ids and not any(caveat["code"] == "answer_for_another_file" for caveat in file.caveats)
    values = [Value(kind, value, to_ids=indicator, correlates=True) for kind, value in hashes.items()]
    values += [Value("filename", name, correlates=True) for name in _names(file)]
    if file.fact("size") is not None:
        values.append(Value("size-in-bytes", str(file.fact("size"))))
    values += [Value("text", text) for text in _facts(file)]
    first, last = _span(file.stats, "file_stats")
    if len(values) <= 1 and first is None:
        return
    further = [*_signature(file), *_certificate(file)]
    names = {"av-signature": "detected-as", "x509": "signed-by"}
    yield Thing(
        FILE,
        "file",
        f"What {PRODUCT} knows of the file{'; first and last seen in the organization' if first else ''}.",
        tuple(values),
        (Reference("related-to", ""), *(Reference(names[thing.template], thing.key) for thing in further)),
        first,
        last,
    )
    yield from further


def _names(file: FileFindings) -> list[str]:
    # neither JSON nor MISP takes these characters; all others stay as they are, for the name is what to look for
    shown = [for_plain_text(name) if _CONTROL.search(name) else name.strip() for name in file.names]
    return [name[:_LONGEST] for name in dict.fromkeys(shown) if name][:MOST_NAMES]


def _facts(file: FileFindings) -> Iterator[str]:
    verdict = determination(file)
    if verdict:
        yield f"Microsoft's determination: {for_plain_text(verdict)}"
    elif file.fact("determination_type"):
        yield "Microsoft's determination: Unknown, which is no verdict"
    labels = {
        "file_type": "File type",
        "is_pe_file": "Portable Executable",
        "file_publisher": "Publisher",
        "product_name": "Product",
        "signer": "Signer",
        "issuer": "Issuer of the signer's certificate",
        "signer_hash": "Hash of the signer's certificate",
        "is_valid_certificate": "Certificate valid, as Defender sees it",
    }
    for key, label in labels.items():
        fact = file.fact(key)
        if not is_blank(fact):
            yield f"{label}: {_word(fact)}"


def _word(fact: object) -> str:
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    return for_plain_text(fact)


def _signature(file: FileFindings) -> Iterator[Thing]:
    name = file.fact("determination_value")
    if not is_blank(name):
        values = (Value("software", PRODUCT), Value("signature", for_plain_text(name)))
        yield Thing("signature", "av-signature", "The threat name that Microsoft gives the file.", values, ())


def _certificate(file: FileFindings) -> Iterator[Thing]:
    digits = file.fact("signer_hash") or ""
    relation = _FINGERPRINTS.get(len(digits))
    if relation and _HEXADECIMAL(digits):
        values = (Value(relation, digits.lower(), correlates=True),)
        yield Thing("certificate", "x509", "The certificate the file is signed with.", values, ())


def _annotation(file: FileFindings, record: Mapping[str, Any], subject: str) -> Thing:
    # without the time of the answer among the values, MISP takes the same finding once
    action = record["action"]
    answered = record["source"].get("retrieved_at", "")
    tag = f'mde-files:{action}="{record["outcome"]}"'
    told = f"{_subject(file)}: {record['summary']}"
    values = [Value("text", for_plain_text(told, _LONGEST), _told(record), tag=tag), Value("type", "Annotation")]
    portal = link_to(record.get("portal_url"))
    if portal is not None:
        values.append(Value("ref", portal.address, "The file in the Microsoft Defender portal"))
    if action == "file_alerts":
        values += _techniques(file)
    first, last = _span(record.get(action, {}), action)
    comment = f"{PRODUCT}, answer of {moment(answered)}."
    return Thing(action, "annotation", comment, tuple(values), (Reference("annotates", subject),), first, last)


def _subject(file: FileFindings) -> str:
    kind, value = next(iter(file.hashes.items()))
    return f"{HASH_NAMES[kind]} {value}"


def _told(record: Mapping[str, Any]) -> str:
    """Return what stands beside a summary: the numbers and what they are about, and the caveats."""
    parts = [*_statistics(record.get("file_stats"))]
    incidents = record.get("file_alerts", {}).get("incident_ids", ())
    if incidents:
        more = f" and {len(incidents) - MOST_ALERTS:,} more" if len(incidents) > MOST_ALERTS else ""
        parts.append(f"Incidents in Defender: {', '.join(map(str, incidents[:MOST_ALERTS]))}{more}.")
    parts += [f"Caveat: {for_plain_text(caveat['message'], _LONGEST)}" for caveat in record["caveats"]]
    return " ".join(parts)


def _statistics(stats: Mapping[str, Any] | None) -> Iterator[str]:
    if stats is None:
        return
    devices = stats.get("organization_prevalence")
    counted = "unknown" if devices is None else str(devices)
    yield f"Devices in the organization in the {stats['lookback_hours']} hours before: {counted}."
    worldwide = stats.get("global_prevalence")
    yield f"Devices worldwide: {'unknown' if worldwide is None else worldwide}."
    first, last = stats.get("global_first_observed", ""), stats.get("global_last_observed", "")
    if first or last:
        yield f"Observed worldwide: {moment(first)} to {moment(last)}."


def _techniques(file: FileFindings) -> Iterator[Value]:
    for technique in file.alerts.get("mitre_techniques", ())[:MOST_TECHNIQUES]:
        if _TECHNIQUE(technique):
            # a galaxy tag needs the technique's name too, which Defender does not tell
            address = f"https://attack.mitre.org/techniques/{technique.replace('.', '/')}/"
            yield Value("ref", address, f"MITRE ATT&CK technique {technique}, named by an alert")


def _alerts(file: FileFindings, subject: str) -> Iterator[Thing]:
    for number, alert in enumerate(file.alerts.get("alerts", ())[:MOST_ALERTS]):
        keys = {"id": "id", "endpoint-id": "machine_id", "hostname": "computer_dns_name"}
        values = [
            Value(relation, for_plain_text(alert[key]), correlates=True)
            for relation, key in keys.items()
            if not is_blank(alert.get(key))
        ]
        if not any(value.relation in {"id", "endpoint-id"} for value in values):
            continue
        values += [Value("product", PRODUCT), Value("comment", _alert(alert))]
        raised = moment(alert.get("alert_creation_time", ""))
        first, last = _ordered(alert.get("first_event_time"), alert.get("last_event_time"))
        comment = f"Alert of {PRODUCT}, raised {raised}."
        mentions = (Reference("mentions", subject),)
        yield Thing(f"alert {number}", "edr-report", comment, tuple(values), mentions, first, last)


def _alert(alert: Mapping[str, Any]) -> str:
    labels = {
        "severity": "severity",
        "status": "status",
        "category": "category",
        "classification": "classification",
        "determination": "determination",
        "detection_source": "detected by",
        "threat_family_name": "family",
        "threat_name": "threat",
        "incident_id": "incident",
    }
    title = "(no title)" if is_blank(alert.get("title")) else for_plain_text(alert["title"], 300)
    said = [f"{label} {for_plain_text(alert[key])}" for key, label in labels.items() if not is_blank(alert.get(key))]
    return f"{title} ({', '.join(said)})" if said else title


def _span(body: Mapping[str, Any], action: str) -> tuple[datetime | None, datetime | None]:
    first, last = _SPANS[action]
    return _ordered(body.get(first), body.get(last))


def _ordered(first: str | None, last: str | None) -> tuple[datetime | None, datetime | None]:
    """Return two times in order, since MISP refuses others; of one alone, that one twice."""
    times = sorted(parse_timestamp(text) for text in (first, last) if text)
    return (times[0], times[-1]) if times else (None, None)
