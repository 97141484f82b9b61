"""Runs a playbook on an incident: asks about each file, decides, attaches, reports."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from mde_files.deadline import Deadline
from mde_files.errors import InvalidInputError, MdeFilesError
from mde_files.playbook.attachment import Attachment
from mde_files.playbook.definition import SEVERITIES
from mde_files.playbook.file_run import run_file
from mde_files.playbook.plan import planned_calls
from mde_files.playbook.report import RunReport
from mde_files.records.wording import counted
from mde_files.timestamps import utc_now_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mde_files.connector import Connector
    from mde_files.playbook.attachment import Attached
    from mde_files.playbook.definition import Playbook
    from mde_files.playbook.incident import Incident, ObservedFile
    from mde_files.playbook.report import FileResult
    from mde_files.playbook.sinks import Sink

MOST_FILES = 50
_UNFINISHED = ("deferred", "failed")


def run_playbook(
    playbook: Playbook,
    incident: Incident,
    connector: Connector,
    sinks: Sequence[Sink] = (),
    *,
    parameters: Mapping[str, Any] | None = None,
    dry_run: bool = False,
    workers: int = 4,
    max_files: int = MOST_FILES,
) -> RunReport:
    """Run a playbook on an incident and return what came of it. A failing file or sink stops none of the others.

    Args:
        playbook: The playbook.
        incident: The incident.
        connector: Answers questions about files.
        sinks: Where the findings are attached.
        parameters: Values of the playbook's parameters; the others have their defaults.
        dry_run: Only plan: no question about a file is asked and nothing is written. Sinks are asked where they would
            write, so that a missing permission shows early.
        workers: How many files are looked at at the same time.
        max_files: How many files are looked at; the report says how many were left out.

    Raises:
        InvalidInputError: A parameter is wrong, or the playbook is not for incidents of this format.
    """
    values = playbook.values(parameters or {})
    if playbook.formats and incident.format not in playbook.formats:
        raise InvalidInputError(
            f"The playbook {playbook.id} is not for incidents of the format {incident.format}.",
            hint=f"It is for: {', '.join(playbook.formats)}.",
        )
    left_alone = _why_left_alone(playbook, incident)
    files = () if left_alone else incident.files[:max_files]
    report = RunReport(
        playbook=playbook,
        incident=incident,
        parameters=values,
        dry_run=dry_run,
        left_alone=left_alone,
        started_at=utc_now_text(),
        finished_at="",
        files=(),
        attached=(),
        sink_errors=(),
        files_left_out=0 if left_alone else len(incident.files) - len(files),
    )
    if dry_run:
        report = _planned(report, files, connector, sinks)
    elif files:
        results = _run_files(partial(_one_file, report, connector), files, workers)
        report = _with_attachments(report._replace(files=results), connector, sinks)
    return report._replace(finished_at=utc_now_text())


def attachment_of(report: RunReport) -> Attachment | None:
    """Return what a run attaches; ``None`` when the playbook or the files give no occasion."""
    step = report.playbook.attach
    results = [result for result in report.files if result.attached]
    if step is None or not results:
        return None
    findings: dict[str, Mapping[str, Any]] = {}
    open_questions: dict[str, Mapping[str, Any]] = {}
    for result in results:
        for taken in result.steps:
            if taken.record is not None and taken.id in step.records:
                group = open_questions if taken.result in _UNFINISHED else findings
                group.setdefault(taken.record["record_id"], taken.record)
    notes = [f"{result.file.hash}: {note}" for result in results for note in result.notes]
    if report.files_left_out:
        notes.append(f"{counted(report.files_left_out, 'more file')} of this incident were not looked at.")
    return Attachment(
        playbook=report.playbook.id,
        title=step.title,
        records=tuple(findings.values()),
        open_questions=tuple(record for key, record in open_questions.items() if key not in findings),
        notes=tuple(notes),
        add_tags=tuple(dict.fromkeys(tag for result in results for tag in result.tags)),
    )


def _why_left_alone(playbook: Playbook, incident: Incident) -> str:
    least = playbook.minimum_severity
    if least and incident.severity in SEVERITIES and SEVERITIES.index(incident.severity) < SEVERITIES.index(least):
        return f"The playbook is for incidents of severity {least} or higher; this one is {incident.severity}."
    if not incident.files:
        return "The incident names no file that can be asked for."
    return ""


def _one_file(report: RunReport, connector: Connector, file: ObservedFile) -> FileResult:
    return run_file(report.playbook, file, report.incident, report.parameters, connector)


def _run_files(
    run_one: Callable[[ObservedFile], FileResult], files: Sequence[ObservedFile], workers: int
) -> tuple[FileResult, ...]:
    with ThreadPoolExecutor(max_workers=min(workers, len(files)), thread_name_prefix="playbook") as pool:
        return tuple(pool.map(run_one, files))


def _with_attachments(report: RunReport, connector: Connector, sinks: Sequence[Sink]) -> RunReport:
    attachment = attachment_of(report)
    return report if attachment is None else _attached(report, attachment, connector, sinks)


def _attached(report: RunReport, attachment: Attachment, connector: Connector, sinks: Sequence[Sink]) -> RunReport:
    attached: list[Attached] = []
    errors: list[Mapping[str, Any]] = []
    for sink in sinks:
        deadline = Deadline(connector.config.timeouts.total)
        try:
            attached.append(sink.attach(report.incident, attachment, dry_run=report.dry_run, deadline=deadline))
        except MdeFilesError as error:
            errors.append({"sink": sink.name, **error.as_dict()})
    return report._replace(attached=tuple(attached), sink_errors=tuple(errors))


def _planned(
    report: RunReport, files: Sequence[ObservedFile], connector: Connector, sinks: Sequence[Sink]
) -> RunReport:
    playbook = report.playbook
    calls = planned_calls(playbook, files, connector) if files else []
    if not files or playbook.attach is None:
        return report._replace(plan={"calls": calls, "writes": []})
    tags = playbook.tags
    looked = _attached(report, Attachment(playbook.id, playbook.attach.title, (), add_tags=tags), connector, sinks)
    places = {attached.sink: attached.place for attached in looked.attached}
    writes = [
        {
            "sink": sink.name,
            "calls": list(sink.calls()),
            "tags": list(tags),
            **({"place": places[sink.name]} if sink.name in places else {}),
        }
        for sink in sinks
    ]
    return looked._replace(attached=(), plan={"calls": calls, "writes": writes})
