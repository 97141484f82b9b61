"""Does what a request asks for: runs the action, or the playbook on the incident in the body."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from mde_files import schemas
from mde_files.answers import Asking
from mde_files.errors import InvalidInputError
from mde_files.serve import incident_body
from mde_files.serve.operations import MOST
from mde_files.serve.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mde_files.connector import Connector
    from mde_files.playbook.definition import Playbook
    from mde_files.serve.operations import Operation

_MOST_OPTIONS = 50
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,15})")
_BOOLEANS = {"true": True, "false": False}
_LATE_ACTION = "Ask again: what was found by then is answered from the cache."
_LATE_PLAYBOOK = (
    "The run goes on and attaches what it finds. Send the incident again later for the report: nothing is attached "
    "twice."
)


def read_options(query: bytes, operation: Operation | None) -> dict[str, Any]:
    """Return the query parameters of a request, each as its type.

    Args:
        query: The query as it came.
        operation: What is asked for; ``None``: something without parameters.

    Raises:
        Problem: A parameter is not known, not valid, or there twice.
    """
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_OPTIONS)
    except ValueError:
        raise Problem("malformed", "The query cannot be read.", hint="Write it as NAME=VALUE&NAME=VALUE.") from None
    known = {option.name: option.schema for option in operation.options} if operation is not None else {}
    options: dict[str, Any] = {}
    for name, text in pairs:
        if name not in known:
            listed = ", ".join(known) or "none"
            raise Problem(
                "invalid_input",
                f"There is no query parameter {schemas.shown(name)}.",
                hint=f"Parameters here: {listed}.",
            )
        if name in options:
            raise Problem("invalid_input", f"The query parameter {name} is there twice.", hint="Give it once.")
        options[name] = _read(name, text, known[name])
    return options


def task(
    operation: Operation, options: dict[str, Any], document: Any, connector: Connector
) -> tuple[Callable[[], Mapping[str, Any]], str]:
    """Return what to run in a thread, and what to tell the caller when it takes too long.

    Raises:
        Problem: The body is no JSON object.
    """
    if not isinstance(document, dict):
        raise Problem("invalid_input", "The body is no JSON object.", hint="GET /openapi.json says what is accepted.")
    if operation.playbook is None:
        return partial(connector.run, operation.id, document, Asking(caller="interactive")), _LATE_ACTION
    sinks = options.pop("sink", [])
    dry_run = options.pop("dry_run", False)
    return partial(_run, operation.playbook, document, connector, sinks, options, dry_run=dry_run), _LATE_PLAYBOOK


def _run(
    playbook: Playbook,
    document: dict[str, Any],
    connector: Connector,
    sinks: Sequence[str],
    parameters: Mapping[str, Any],
    *,
    dry_run: bool,
) -> dict[str, Any]:
    from mde_files.playbook.incident import read_incident
    from mde_files.playbook.runner import run_playbook

    incident = read_incident(document, md5=connector.config.md5)
    if not incident_body.is_declared(document):
        raise InvalidInputError(
            "The incident has not the form that this server declares.", hint="GET /openapi.json says what is accepted."
        )
    opened = [connector.open_sink(name) for name in dict.fromkeys(sinks)]
    return run_playbook(playbook, incident, connector, opened, parameters=parameters, dry_run=dry_run).as_dict()


def _read(name: str, text: str, schema: Mapping[str, Any]) -> Any:
    if schema.get("type") == "array":
        members = [member for member in text.split(",") if member]
        allowed = schema["items"]["enum"]
        unknown = [member for member in members if member not in allowed]
        if unknown:
            raise Problem(
                "invalid_input",
                f"The query parameter {name} has {schemas.shown(unknown[0])}.",
                hint=f"The configuration of this server allows: {', '.join(allowed)}.",
            )
        return members
    value = _typed(text, schema["type"])
    if value is None:
        raise Problem(
            "invalid_input",
            f"The query parameter {name} is no {schema['type']}: {schemas.shown(text)}.",
            hint=str(schema["description"]),
        )
    return value


def _typed(text: str, kind: str) -> Any:
    if kind == "boolean":
        return _BOOLEANS.get(text.lower())
    if kind == "integer":
        return int(text) if _INTEGER.fullmatch(text) and abs(int(text)) <= MOST else None
    if kind == "number":
        return schemas.coerced({"type": "number"}, text) if not text.isspace() else None
    return text
