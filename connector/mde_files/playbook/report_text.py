"""The report of a run for people at a terminal; whatever comes from incidents and files is made harmless."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files.records.wording import counted
from mde_files.render.escaping import for_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mde_files.playbook.attachment import Attached
    from mde_files.playbook.incident import Incident
    from mde_files.playbook.report import FileResult, RunReport

_MOST_NAMES = 3
_MOST_SKIPPED = 10
_STATUS_IN_WORDS = {
    "created": "attached",
    "updated": "brought up to date",
    "unchanged": "nothing new to attach",
    "would_create": "would be attached",
    "would_update": "would be brought up to date",
}


def report_text(report: RunReport) -> str:
    """Return a run's report as lines of text, without a line break at the end."""
    return "\n".join(_lines(report))


def _lines(report: RunReport) -> Iterator[str]:
    incident = report.incident
    title = f" ({for_terminal(incident.title, 100)})" if incident.title else ""
    yield f"{for_terminal(report.playbook.title)}: incident {for_terminal(incident.id, 80)}{title}"
    if report.left_alone:
        yield f"  Nothing was done. {report.left_alone}"
    if report.plan is not None:
        yield from _plan(report.plan)
    for result in report.files:
        yield from _file(result)
    if report.files_left_out:
        yield f"  {counted(report.files_left_out, 'file')} beyond the limit of a run not looked at (--max-files)."
    yield from _skipped(incident)
    for attached in report.attached:
        yield from _attached(attached)
    for question in report.open:
        when = f"from {question['retry_at']}" if "retry_at" in question else "later"
        yield f"  still open: {question['action']} of {question['file']} ({question['outcome']}); try again {when}"
    for error in report.errors:
        subject = f"sink {error['sink']}" if "sink" in error else f"step {error['step']} on {error['file']}"
        yield f"  FAILED {for_terminal(subject)}: {for_terminal(error['message'], 500)} [{error['code']}]"
        if error["hint"]:
            yield f"    {for_terminal(error['hint'], 500)}"


def _skipped(incident: Incident) -> Iterator[str]:
    for skipped in incident.skipped[:_MOST_SKIPPED]:
        yield f"  skipped {for_terminal(skipped.value, 70)}: {for_terminal(skipped.reason)}"
    if len(incident.skipped) > _MOST_SKIPPED:
        yield f"  skipped {counted(len(incident.skipped) - _MOST_SKIPPED, 'more value')} (--json shows them)"


def _attached(attached: Attached) -> Iterator[str]:
    yield f"  {attached.sink}: {_STATUS_IN_WORDS[attached.status]}: {for_terminal(attached.place, 200)}"
    for change in attached.changes:
        yield f"    {for_terminal(change, 300)}"
    if attached.tags_added:
        yield f"    tags added: {for_terminal(', '.join(attached.tags_added), 300)}"


def _file(result: FileResult) -> Iterator[str]:
    names = ", ".join(for_terminal(name, 60) for name in result.file.names[:_MOST_NAMES])
    more = f" and {len(result.file.names) - _MOST_NAMES} more" if len(result.file.names) > _MOST_NAMES else ""
    yield f"  {result.file.hash}  {names}{more}".rstrip()
    for step in result.steps:
        if step.record is not None:
            yield f"    {step.result:<24}{for_terminal(step.record['summary'], 300)}"
    for note in result.notes:
        yield f"    note: {for_terminal(note, 1000)}"
    if result.tags:
        yield f"    tags: {', '.join(result.tags)}"


def _plan(plan: Mapping[str, Any]) -> Iterator[str]:
    for call in plan["calls"]:
        left = min((window["left"] for window in call["windows"]), default=None)
        room = (
            "" if left is None else f"; {left:,} of the quota are left{'' if call['fits'] else ', which is not enough'}"
        )
        yield f"  would ask {call['call']}: at most {counted(call['at_most'], 'call')}{room}"
    for write in plan["writes"]:
        place = f" at {for_terminal(write['place'], 200)}" if "place" in write else ""
        tags = f", tags it may add: {', '.join(write['tags'])}" if write["tags"] else ""
        yield f"  would attach the findings by {write['sink']}{place}{tags}"
    if plan["calls"] and not plan["writes"]:
        yield "  would attach nothing: no sink was given, or the playbook attaches nothing."
