"""Runs the steps of a playbook for one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files.answers import Asking
from mde_files.playbook.definition import ActionStep, AttachStep
from mde_files.playbook.expression import Expression, ExpressionError
from mde_files.playbook.report import FileResult, StepResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mde_files.connector import Connector
    from mde_files.playbook.definition import DecisionStep, Playbook
    from mde_files.playbook.incident import Incident, ObservedFile


def run_file(
    playbook: Playbook, file: ObservedFile, incident: Incident, parameters: Mapping[str, Any], connector: Connector
) -> FileResult:
    """Return what the steps of a playbook come to for one file; no failure is raised."""
    run = _FileRun(file, incident, parameters, connector)
    for step in playbook.steps:
        run.take(step)
    return run.result()


class _FileRun:
    def __init__(
        self, file: ObservedFile, incident: Incident, parameters: Mapping[str, Any], connector: Connector
    ) -> None:
        self._file = file
        self._connector = connector
        self._asking = Asking(caller="playbook", observed_at=incident.created_at or None)
        self._done: dict[str, Any] = {}
        self._data = {
            "file": {"hash": file.hash, "kind": file.kind, "names": list(file.names)},
            "incident": _seen_by_expressions(incident),
            "parameters": dict(parameters),
            "steps": self._done,
        }
        self._steps: list[StepResult] = []
        self._tags: dict[str, None] = {}
        self._notes: list[str] = []
        self._errors: list[dict[str, Any]] = []
        self._attached = False

    def take(self, step: ActionStep | DecisionStep | AttachStep) -> None:
        try:
            holds = step.when is None or step.when.holds(self._data)
            if isinstance(step, AttachStep):
                self._attached = holds
            elif isinstance(step, ActionStep):
                self._steps.append(self._act(step) if holds else StepResult(step.id, "left_out"))
            else:
                self._decide(step, holds=holds)
        except ExpressionError as error:
            self._errors.append({"step": step.id, **error.as_dict()})
            # What cannot be judged is shown to people rather than kept from them.
            self._attached = isinstance(step, AttachStep)
            if not self._attached:
                self._steps.append(StepResult(step.id, "failed"))

    def result(self) -> FileResult:
        return FileResult(
            file=self._file,
            steps=tuple(self._steps),
            tags=tuple(self._tags),
            notes=tuple(self._notes),
            errors=tuple(self._errors),
            attached=self._attached,
        )

    def _act(self, step: ActionStep) -> StepResult:
        params: dict[str, Any] = {"file_hash": self._file.hash}
        for name, given in step.inputs.items():
            value = given.value(self._data) if isinstance(given, Expression) else given
            if value is not None:
                params[name] = value
        record = self._connector.record_of(step.action, params, self._asking)
        self._done[step.id] = record
        return StepResult(step.id, record["outcome"], record)

    def _decide(self, step: DecisionStep, *, holds: bool) -> None:
        if holds:
            if step.note is not None:
                self._notes.append(step.note.filled(self._data))
            self._tags.update(dict.fromkeys(step.tags))
        self._done[step.id] = {"decided": holds}
        self._steps.append(StepResult(step.id, "decided" if holds else "not_decided"))


def _seen_by_expressions(incident: Incident) -> dict[str, Any]:
    return {
        "format": incident.format,
        "id": incident.id,
        "title": incident.title,
        "severity": incident.severity,
        "created_at": incident.created_at or None,
        "defender_incident_id": incident.defender_incident_id,
        "tags": list(incident.tags),
        "devices": list(incident.devices),
        "file_count": len(incident.files),
    }
