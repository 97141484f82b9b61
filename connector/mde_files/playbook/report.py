"""What came of a playbook's run: for programs as ``schemas/playbook_report.schema.json`` says, and its exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files.errors import MdeFilesError, QuotaExhaustedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mde_files.playbook.attachment import Attached
    from mde_files.playbook.definition import Playbook
    from mde_files.playbook.incident import Incident, ObservedFile

_SCHEMA_VERSION = "1.0"
_EXIT_LATER = QuotaExhaustedError.exit_code
_EXIT_PARTIAL = 7
_EXIT_CODES = {error.code: error.exit_code for error in MdeFilesError.__subclasses__()}


class StepResult(NamedTuple):
    """What a step came to for one file.

    Attributes:
        id: Id of the step.
        result: The outcome of an action; otherwise ``left_out``, ``decided``, ``not_decided`` or ``failed``.
        record: The record of an action.
    """

    id: str
    result: str
    record: Mapping[str, Any] | None = None


class FileResult(NamedTuple):
    """What a run found out about one file.

    Attributes:
        file: The file.
        steps: Result of each step but the one that attaches.
        tags: Tags decided.
        notes: Notes decided: plain text, which can be hostile.
        errors: What went wrong besides failed actions: ``error`` objects with their step.
        attached: Whether its records are to be attached.
    """

    file: ObservedFile
    steps: tuple[StepResult, ...]
    tags: tuple[str, ...]
    notes: tuple[str, ...]
    errors: tuple[Mapping[str, Any], ...]
    attached: bool


class RunReport(NamedTuple):
    """What came of a run.

    Attributes:
        playbook: The playbook.
        incident: The incident.
        parameters: Value of each parameter.
        dry_run: Whether nothing was asked and nothing attached.
        left_alone: Why nothing was done; empty when something was.
        started_at: RFC 3339 UTC.
        finished_at: RFC 3339 UTC.
        files: Each file that was looked at.
        attached: What was attached where.
        sink_errors: ``error`` objects of sinks that failed, each with its ``sink``.
        files_left_out: Files beyond the greatest number for a run.
        plan: What a run would do, in a dry run.
    """

    playbook: Playbook
    incident: Incident
    parameters: Mapping[str, Any]
    dry_run: bool
    left_alone: str
    started_at: str
    finished_at: str
    files: tuple[FileResult, ...]
    attached: tuple[Attached, ...]
    sink_errors: tuple[Mapping[str, Any], ...]
    files_left_out: int
    plan: Mapping[str, Any] | None = None

    @property
    def records(self) -> tuple[Mapping[str, Any], ...]:
        """Every record, in the order of files and steps."""
        return tuple(record for _, _, record in self._answers())

    @property
    def notes(self) -> tuple[str, ...]:
        """Every note, with the hash of its file."""
        return tuple(f"{result.file.hash}: {note}" for result in self.files for note in result.notes)

    @property
    def errors(self) -> tuple[Mapping[str, Any], ...]:
        """What went wrong: failed actions and decisions with step and file, and failed sinks."""
        errors: list[Mapping[str, Any]] = []
        for result in self.files:
            errors += [
                {"step": step.id, "file": result.file.hash, **step.record["error"]}
                for step in result.steps
                if step.record is not None and step.result == "failed"
            ]
            errors += [{"file": result.file.hash, **error} for error in result.errors]
        return (*errors, *self.sink_errors)

    @property
    def open(self) -> tuple[dict[str, Any], ...]:
        """Questions that were deferred or failed; ``retry_at`` says when to ask again, where that is known."""
        return tuple(
            {
                "file": file.hash,
                "step": step.id,
                "action": record["action"],
                "outcome": record["outcome"],
                "record_id": record["record_id"],
                **({"retry_at": record["error"]["retry_at"]} if "retry_at" in record["error"] else {}),
            }
            for file, step, record in self._answers()
            if record["outcome"] in ("deferred", "failed")
        )

    @property
    def exit_code(self) -> int:
        """0 done; 5 when all that is missing is deferred; 7 partly done; otherwise what everything failed with."""
        failures = {_EXIT_CODES.get(error["code"], 1) for error in self.errors}
        failures |= {_EXIT_LATER for question in self.open if question["outcome"] == "deferred"}
        if len(failures) <= 1 and failures <= {_EXIT_LATER}:
            return max(failures, default=0)
        done = any(record["outcome"] not in ("deferred", "failed") for record in self.records)
        return _EXIT_PARTIAL if done or self.attached or len(failures) > 1 else failures.pop()

    def as_dict(self) -> dict[str, Any]:
        """Return the report as ``schemas/playbook_report.schema.json`` describes it."""
        document: dict[str, Any] = {
            "schema_version": _SCHEMA_VERSION,
            "playbook": {"id": self.playbook.id, "title": self.playbook.title},
            "incident": self._incident(),
            "parameters": dict(self.parameters),
            "dry_run": self.dry_run,
            **({"left_alone": self.left_alone} if self.left_alone else {}),
            "started_at": self.started_at,
            "finished_at": self.finished_at,
            "files": [_file(result) for result in self.files],
            "records": list(self.records),
            "attached": [
                {**attached._asdict(), "changes": list(attached.changes), "tags_added": list(attached.tags_added)}
                for attached in self.attached
            ],
            "errors": [dict(error) for error in self.errors],
            "open": list(self.open),
            "skipped": [skipped._asdict() for skipped in self.incident.skipped],
            "files_left_out": self.files_left_out,
        }
        if self.plan is not None:
            document["plan"] = self.plan
        return document

    def _incident(self) -> dict[str, str]:
        incident = self.incident
        known = {"created_at": incident.created_at, "url": incident.url}
        return {
            "incident_format": incident.format,
            "id": incident.id,
            "title": incident.title,
            "severity": incident.severity,
            **{key: value for key, value in known.items() if value},
        }

    def _answers(self) -> Iterator[tuple[ObservedFile, StepResult, Mapping[str, Any]]]:
        for result in self.files:
            for step in result.steps:
                if step.record is not None:
                    yield result.file, step, step.record


def _file(result: FileResult) -> dict[str, Any]:
    return {
        "hash": result.file.hash,
        "kind": result.file.kind,
        "names": list(result.file.names),
        "found_at": list(result.file.found_at),
        "steps": [
            {
                "id": step.id,
                "result": step.result,
                **({"record_id": step.record["record_id"]} if step.record is not None else {}),
            }
            for step in result.steps
        ],
        "tags": list(result.tags),
        "notes": list(result.notes),
    }
