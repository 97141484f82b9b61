"""Records as Markdown, for comments and tickets; no HTML in it, so that every dialect shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files.render.by_file import by_file
from mde_files.render.escaping import code_for_markdown, for_markdown
from mde_files.render.links import link_to
from mde_files.render.outcomes import OUTCOMES
from mde_files.render.sentences import HASH_NAMES, determination, device_name, files_told, moment, open_question

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mde_files.render.by_file import FileFindings

_SHOWN_ALERTS = 10
_SHOWN_DEVICES = 10
_SHOWN_NAMES = 8


def record_to_markdown(record: Mapping[str, Any]) -> str:
    """Return one record as Markdown: a heading of the third level and a list.

    Args:
        record: A record as ``schemas/record.schema.json`` describes it.
    """
    return "\n".join(_file(by_file([record])[0])) + "\n"


def incident_to_markdown(
    title: str,
    records: Sequence[Mapping[str, Any]],
    notes: Iterable[str] = (),
    open_questions: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Return the records of an incident's files as Markdown, those with the most severe alerts first.

    Args:
        title: The heading.
        records: Findings; failures among them are told as open questions.
        notes: Reasons and advice.
        open_questions: Records with outcome ``deferred`` or ``failed``.
    """
    files = by_file([*records, *open_questions])
    lines = [f"## {for_markdown(title)}", "", f"Defender for Endpoint on {files_told(files)}.", ""]
    lines += [f"- {for_markdown(note)}" for note in notes]
    for file in files:
        lines += ["", *_file(file)]
    return "\n".join(lines).replace("\n\n\n", "\n\n").rstrip("\n") + "\n"


def _file(file: FileFindings) -> Iterator[str]:
    yield f"### {code_for_markdown(file.title)}"
    yield ""
    for kind, value in file.hashes.items():
        yield f"- {HASH_NAMES[kind]}: {code_for_markdown(value, 256)}"
    for record in file.findings:
        look = OUTCOMES[record["outcome"]]
        yield f"- {look.symbol} **{look.words}**: {for_markdown(record['summary'], 2000)}"
    for record in file.open_questions:
        look = OUTCOMES[record["outcome"]]
        yield f"- {look.symbol} **{look.words}**: {for_markdown(open_question(record))}"
    yield from _facts(file)
    yield from _alerts(file)
    for caveat in file.caveats:
        yield f"- Caveat: {for_markdown(caveat['message'])}"
    link = link_to(file.portal_url)
    if link:
        yield f"- [Open the file at {link.host}](<{link.address}>)"


def _facts(file: FileFindings) -> Iterator[str]:
    for label, span in (("Seen in the organization", file.organization), ("Observed worldwide", file.worldwide)):
        if any(span):
            yield f"- {label}: {moment(span.first)} to {moment(span.last)}"
    if determination(file):
        yield f"- Microsoft's determination: {code_for_markdown(determination(file))}"
    if file.fact("signer"):
        yield f"- Signer: {code_for_markdown(file.fact('signer'))}"
    if len(file.names) > 1:
        yield f"- File names: {_listed(file.names, _SHOWN_NAMES)}"


def _alerts(file: FileFindings) -> Iterator[str]:
    devices = [device_name(device) for device in file.alerts.get("devices", ())]
    if devices:
        yield f"- Devices with alerts: {_listed(devices, _SHOWN_DEVICES)}"
    if file.alerts.get("mitre_techniques"):
        yield f"- Techniques: {_listed(file.alerts['mitre_techniques'], _SHOWN_NAMES)}"
    alerts = file.alerts.get("alerts", ())
    for alert in alerts[:_SHOWN_ALERTS]:
        words = (alert.get("severity", "unknown severity"), alert.get("status"), alert.get("title", "(no title)"))
        told = ", ".join(code_for_markdown(word) for word in (*words, alert.get("computer_dns_name")) if word)
        yield f"- Alert of {moment(alert.get('alert_creation_time', ''))}: {told}"
    if len(alerts) > _SHOWN_ALERTS:
        yield f"- {len(alerts) - _SHOWN_ALERTS:,} more alerts are in the record."


def _listed(values: Sequence[str], shown: int) -> str:
    more = f" and {len(values) - shown:,} more" if len(values) > shown else ""
    return ", ".join(code_for_markdown(value, 120) for value in values[:shown]) + more
