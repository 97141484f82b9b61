"""The platform's playbook: asks every action about the files of an incident and keeps the records as notes."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from mde_files import manifest
from mde_files.platforms.xsoar import names
from mde_files.platforms.xsoar.declaration import FROM_VERSION, MARKETPLACES, command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mde_files.manifest import Action

NAME = "Enrich Incident Files - MDE Files"
_DESCRIPTION = (
    "Asks Defender for Endpoint how common each file of an incident is and which alerts it took part in. The records "
    "go into the context and, as notes, into the war room."
)
_NAMESPACE = uuid.UUID("5d1a9e0e-7a55-4f0f-9a3c-0c4f1d0b6f27")
_START, _QUESTION, _END = "0", "1", "99"
_ROW, _COLUMN = 180, 420
# Each file once: a hash that is no SHA-1 costs a call more.
_SHA1 = {"complex": {"root": "File", "accessor": "SHA1", "transformers": [{"operator": "uniq"}]}}
_SHA256 = {
    "complex": {
        "root": "File",
        "filters": [
            [{"operator": "isEmpty", "left": {"value": {"simple": "File.SHA1"}, "iscontext": True}}],
            [{"operator": "isNotEmpty", "left": {"value": {"simple": "File.SHA256"}, "iscontext": True}}],
        ],
        "accessor": "SHA256",
        "transformers": [{"operator": "uniq"}],
    }
}
_BOTH = {
    "complex": {
        "root": "inputs.SHA1",
        "transformers": [
            {"operator": "append", "args": {"item": {"value": {"simple": "inputs.SHA256"}, "iscontext": True}}},
            {"operator": "uniq"},
        ],
    }
}
_INPUTS = (
    ("SHA1", _SHA1, "SHA-1 hashes of the files."),
    ("SHA256", _SHA256, "SHA-256 hashes of the files whose SHA-1 is not known."),
)


def document() -> dict[str, Any]:
    """Return the playbook's YAML document."""
    actions = list(manifest.load().actions.values())
    asked = {action.id: str(number) for number, action in enumerate(actions, 2)}
    tasks = [
        _task(_START, "start", "", (0, 0), {"#none#": [_QUESTION]}),
        _question(list(asked.values())),
        *(_command(action, asked[action.id], position) for position, action in enumerate(actions)),
        _task(_END, "title", "Done", (0, 3), None),
    ]
    return {
        "id": NAME,
        "version": -1,
        "name": NAME,
        "description": _DESCRIPTION,
        "starttaskid": _START,
        "tasks": {task["id"]: task for task in tasks},
        "view": json.dumps({"linkLabelsPosition": {}, "paper": {"dimensions": _paper(len(actions))}}),
        "inputs": [
            {"key": key, "value": value, "required": False, "description": said, "playbookInputQuery": None}
            for key, value, said in _INPUTS
        ],
        "outputs": [
            {"contextPath": row["contextPath"], "description": row["description"], "type": row["type"].lower()}
            for row in _outputs(actions)
        ],
        "fromversion": FROM_VERSION,
        "marketplaces": list(MARKETPLACES),
        "tests": ["No tests (auto formatted)"],
    }


def _question(then: Sequence[str]) -> dict[str, Any]:
    said = "Goes on where the incident has a file whose SHA-1 or SHA-256 is known."
    task = _task(
        _QUESTION,
        "condition",
        "Is there a file to ask about?",
        (0, 1),
        {"#default#": [_END], "yes": list(then)},
        description=said,
    )
    known = [
        {"operator": "isNotEmpty", "left": {"value": {"simple": f"inputs.{key}"}, "iscontext": True}}
        for key, _, _ in _INPUTS
    ]
    return {**task, "conditions": [{"label": "yes", "condition": [known]}]}


def _command(action: Action, number: str, position: int) -> dict[str, Any]:
    column = position - (len(manifest.load().actions) - 1) / 2
    task = _task(number, "regular", action.title, (column, 2), {"#none#": [_END]}, description=action.description)
    task["task"] |= {"script": f"|||{names.command(action.id)}", "iscommand": True, "brand": names.INTEGRATION}
    # One file that cannot be asked about must not hold the incident up; the error stays in the war room.
    return {**task, "scriptarguments": {"file_hash": _BOTH}, "note": True, "continueonerror": True}


def _task(
    number: str,
    kind: str,
    name: str,
    place: tuple[float, int],
    following: dict[str, list[str]] | None,
    *,
    description: str = "",
) -> dict[str, Any]:
    identity = str(uuid.uuid5(_NAMESPACE, number))
    column, row = place
    task: dict[str, Any] = {
        "id": number,
        "taskid": identity,
        "type": kind,
        "task": {
            "id": identity,
            "version": -1,
            "name": name,
            "description": description,
            "type": kind,
            "iscommand": False,
            "brand": "",
        },
        "separatecontext": False,
        "view": json.dumps({"position": {"x": round(450 + column * _COLUMN), "y": 50 + row * _ROW}}),
        "note": False,
        "timertriggers": [],
        "ignoreworker": False,
        "skipunavailable": False,
        "quietmode": 0,
        "isoversize": False,
        "isautoswitchedtoquietmode": False,
    }
    return task if following is None else {**task, "nexttasks": following}


def _paper(columns: int) -> dict[str, int]:
    return {"height": 50 + 4 * _ROW, "width": columns * _COLUMN, "x": 50, "y": 50}


def _outputs(actions: Sequence[Action]) -> list[dict[str, Any]]:
    rows = {row["contextPath"]: row for action in actions for row in command(action)["outputs"]}
    return list(rows.values())
