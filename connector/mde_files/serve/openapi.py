"""The OpenAPI 3.1 document of a server, from what it offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files import manifest, schemas
from mde_files.serve.keys import HEADER
from mde_files.serve.operations import pascal_case
from mde_files.serve.problems import KINDS, MEDIA_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mde_files.serve.operations import Operation, Option

_LOCAL = "#/$defs/"
_SHARED = "#/components/schemas/"
_RETRY_AFTER = {
    "description": "Seconds until it makes sense to try again.",
    "schema": {"type": "integer", "minimum": 1},
}
_HEALTH = {
    "type": "object",
    "additionalProperties": False,
    "required": ["status"],
    "properties": {"status": {"const": "ok", "description": "It answers."}},
}


def document(offered: Iterable[Operation], *, entra: bool) -> dict[str, Any]:
    """Return the OpenAPI document.

    Args:
        offered: What can be asked.
        entra: Whether callers can sign in with Microsoft Entra ID.
    """
    components: dict[str, Any] = {"Problem": _component("problem", schemas.load("problem"), {})}
    paths: dict[str, Any] = {"/health": _health(), "/openapi.json": _itself()}
    for operation in offered:
        paths[operation.path] = {"post": _post(operation, components)}
    about = manifest.load().document
    schemes: dict[str, Any] = {
        "api_key": {"type": "apiKey", "in": "header", "name": HEADER, "description": "An API key of this server."},
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key of this server"
            + (", or an access token of Microsoft Entra ID with the app role for it." if entra else "."),
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": about["name"],
            "version": about["version"],
            "description": about["description"],
            "license": {"name": about["license"], "identifier": about["license"]},
        },
        "servers": [{"url": "/"}],
        "security": [{name: []} for name in schemes],
        "paths": paths,
        "components": {
            "securitySchemes": schemes,
            "schemas": components,
            "responses": {f"Problem{status}": _problem(status) for status in _statuses()},
        },
    }


def _post(operation: Operation, components: dict[str, Any]) -> dict[str, Any]:
    name = operation.public_id
    shared_body = "Incident" if operation.playbook is not None and not operation.playbook.formats else f"{name}Input"
    shared_result = f"{name}Record" if operation.playbook is None else "PlaybookReport"
    components.setdefault(shared_body, _component(shared_body, operation.body, components))
    components.setdefault(shared_result, _component(shared_result, operation.result, components))
    body = {
        "schema": {"$ref": _SHARED + shared_body},
        "examples": {f"example{number}": {"value": dict(value)} for number, value in enumerate(operation.examples, 1)},
    }
    return {
        "operationId": name,
        "summary": operation.title,
        "description": operation.description,
        "tags": ["actions" if operation.playbook is None else "playbooks"],
        "parameters": [_parameter(option) for option in operation.options],
        "requestBody": {"required": True, "content": {"application/json": body}},
        "responses": {
            "200": {
                "description": operation.result_description,
                "content": {"application/json": {"schema": {"$ref": _SHARED + shared_result}}},
            },
            **_problems(_statuses()),
        },
    }


def _parameter(option: Option) -> dict[str, Any]:
    schema = {key: value for key, value in option.schema.items() if key != "description"}
    declared = {
        "name": option.name,
        "in": "query",
        "required": False,
        "description": option.schema["description"],
        "schema": schema,
    }
    return declared | ({"style": "form", "explode": False} if schema.get("type") == "array" else {})


def _health() -> dict[str, Any]:
    answered = {"description": "It answers.", "content": {"application/json": {"schema": _HEALTH}}}
    return {
        "get": {
            "operationId": "Health",
            "summary": "Whether the server answers",
            "description": "Needs no key and says nothing else.",
            "security": [],
            "responses": {"200": answered, **_problems((400, 405, 422))},
        }
    }


def _itself() -> dict[str, Any]:
    answered = {"description": "The document.", "content": {"application/json": {"schema": {"type": "object"}}}}
    return {
        "get": {
            "operationId": "OpenApi",
            "summary": "This document",
            "description": "What can be asked with the key that is sent.",
            "responses": {"200": answered, **_problems((400, 401, 403, 405, 422, 500, 503))},
        }
    }


def _statuses() -> tuple[int, ...]:
    return tuple(sorted({kind.status for kind in KINDS.values()}))


def _problems(statuses: Sequence[int]) -> dict[str, Any]:
    return {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in statuses}


def _problem(status: int) -> dict[str, Any]:
    titles = dict.fromkeys(kind.title for kind in KINDS.values() if kind.status == status)
    declared: dict[str, Any] = {
        "description": "; ".join(titles) + ".",
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"{_SHARED}Problem"}}},
    }
    if status in (429, 503):
        declared["headers"] = {"Retry-After": _RETRY_AFTER}
    return declared


def _component(name: str, schema: Mapping[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    """Return a schema as a component; its own definitions become components, too."""
    inner = {key: value for key, value in schema.items() if key not in ("$schema", "$id", "$defs")}
    for defined, definition in schema.get("$defs", {}).items():
        components.setdefault(pascal_case(defined), _pointing(definition))
    inner.setdefault("title", name)
    pointing: dict[str, Any] = _pointing(inner)
    return pointing


def _pointing(part: Any) -> Any:
    if isinstance(part, list):
        return [_pointing(item) for item in part]
    if not isinstance(part, dict):
        return part
    return {
        key: _SHARED + pascal_case(value.removeprefix(_LOCAL))
        if key == "$ref" and isinstance(value, str)
        else _pointing(value)
        for key, value in part.items()
    }
