"""What an incident has to look like as the body of a request: one schema for every format that can be read.

Only what a format is recognized by is declared; whatever else a product sends may be there, too. The rules are those
of the readers in ``mde_files.playbook.incident_formats``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from mde_files import schemas
from mde_files.playbook.incident import FORMATS

_ID: dict[str, Any] = {
    "type": ["string", "integer"],
    "minLength": 1,
    "pattern": "[!-~]",
    "minimum": 0,
    "maximum": 2**53 - 1,
}


def schema(formats: tuple[str, ...] = FORMATS) -> dict[str, Any]:
    """Return the schema of an incident in one of ``formats``, alone or as the only one of a list in ``value``."""
    known = [_DECLARED[form] for form in formats]
    listed = {"type": "array", "minItems": 1, "maxItems": 1, "items": {"anyOf": known}}
    only_one = {
        "title": "A list of one incident",
        "type": "object",
        "required": ["value"],
        "properties": {"value": listed},
    }
    return {
        "title": "Incident",
        "description": "An incident as a trigger sends it: of Microsoft Sentinel, Defender XDR, Microsoft Graph, or "
        "of any other product in the plain form.",
        "anyOf": [*known, only_one],
    }


def is_declared(document: object) -> bool:
    """Tell whether an incident agrees with :func:`schema`."""
    return bool(_validator().is_valid(document))


@lru_cache(maxsize=1)
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema())


def _either(*names: str) -> list[dict[str, Any]]:
    return [{"required": [name]} for name in names]


def _typed(name: str, pattern: str) -> dict[str, Any]:
    return {"required": [name], "properties": {name: {"type": "string", "pattern": pattern}}}


def _resource(properties: dict[str, Any]) -> dict[str, Any]:
    named = {"required": ["name"], "properties": {"name": _ID}}
    return {
        "type": "object",
        "required": ["properties"],
        "properties": {"properties": {"type": "object", "minProperties": 1, **properties}},
        "anyOf": [named, _typed("id", "[!-.0-~]$")],
    }


_SENTINEL = _resource({"anyOf": _either("incidentNumber", "relatedEntities")})
_DECLARED: dict[str, dict[str, Any]] = {
    "sentinel_incident": {
        "title": "Incident trigger of Microsoft Sentinel, or the incident itself",
        "type": "object",
        "anyOf": [
            {
                "required": ["objectSchemaType", "object"],
                "properties": {
                    "objectSchemaType": {"type": "string", "pattern": "^[Ii]ncident$"},
                    "object": _resource({}),
                },
            },
            {"required": ["object"], "properties": {"object": _SENTINEL}},
            _SENTINEL,
        ],
    },
    "sentinel_alert": {
        "title": "Alert trigger of Microsoft Sentinel",
        "description": "'Entities' is the list of entities, or that list as JSON text.",
        "type": "object",
        "required": ["SystemAlertId"],
        "properties": {"SystemAlertId": _ID},
    },
    "defender_incident": {
        "title": "Incident of Microsoft Defender XDR",
        "type": "object",
        "required": ["incidentId"],
        "properties": {"incidentId": _ID},
        "anyOf": _either("incidentName", "incidentUri", "redirectIncidentId", "createdTime"),
    },
    "graph_alert": {
        "title": "Alert or incident of Microsoft Graph security",
        "type": "object",
        "required": ["id"],
        "properties": {"id": _ID},
        "anyOf": [
            *_either("incidentWebUrl"),
            {"required": ["createdDateTime", "evidence"]},
            {"required": ["createdDateTime", "alerts"]},
            _typed("@odata.type", "microsoft[.]graph[.]security[.]"),
            _typed("@odata.context", "security/"),
        ],
    },
    "plain": {key: value for key, value in schemas.load("incident").items() if not key.startswith("$")},
}
