"""Reads the alert trigger of Microsoft Sentinel, and rows of its SecurityAlert table.

Reference: Microsoft Learn, "Microsoft Sentinel security alert schema reference" and the entity types reference.
``Entities`` is a list, or that list as JSON text; entities refer to each other by ``$id`` and ``$ref``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mde_files.errors import InvalidInputError
from mde_files.playbook.incident import Incident
from mde_files.playbook.json_reading import address, group, moment, objects, text

if TYPE_CHECKING:
    from mde_files.playbook.evidence import Evidence

_SIGNS = ("AlertType", "AlertName", "AlertDisplayName", "AlertSeverity", "WorkspaceId", "WorkspaceSubscriptionId")


def recognizes(document: Mapping[str, Any]) -> bool:
    """Tell whether this is the trigger's body or a row of the table."""
    return "SystemAlertId" in document or ("Entities" in document and any(sign in document for sign in _SIGNS))


def read(document: Mapping[str, Any], evidence: Evidence) -> Incident:
    """Return the alert as an incident; a place in Sentinel it has none, since the trigger does not name an incident.

    Raises:
        InvalidInputError: It names no alert, or its entities are no JSON.
    """
    alert_id = text(document, "SystemAlertId")
    if not alert_id:
        raise InvalidInputError(
            "The Sentinel alert has no 'SystemAlertId'.", hint="Give the whole body that the alert trigger sends."
        )
    _take_entities(_entities(document.get("Entities")), evidence)
    return Incident(
        format="sentinel_alert",
        id=alert_id,
        title=text(document, "AlertDisplayName", "DisplayName", "AlertName"),
        severity=text(document, "AlertSeverity", "Severity").lower(),
        created_at=moment(document, "TimeGenerated", "ProcessingEndTime", "EndTimeUtc", "EndTime", "StartTimeUtc"),
        url=address(document, "AlertLink", "AlertUri"),
        defender_incident_id="",
        sentinel=None,
        tags=(),
        files=evidence.files(),
        skipped=evidence.skipped(),
        document=document,
        devices=evidence.devices(),
    )


def _entities(given: object) -> list[Any]:
    if isinstance(given, str) and given.strip():
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            raise InvalidInputError(
                "The 'Entities' of the Sentinel alert are text that is no JSON.",
                hint="Send the entities whole; they are cut off where a platform limits the length of a field.",
            ) from None
    return given if isinstance(given, list) else []


def _take_entities(entities: list[Any], evidence: Evidence) -> None:
    by_id = _by_id(entities)
    for position, entity in objects({"entities": entities}, "entities"):
        place = f"/Entities/{position}"
        resolved = _resolved(entity, by_id)
        kind = text(resolved, "Type").lower()
        if kind == "file":
            _take_file(resolved, by_id, evidence, place)
        elif kind == "process":
            _take_file(_resolved(group(resolved, "ImageFile"), by_id), by_id, evidence, place)
        elif kind == "filehash":
            evidence.add_file([(text(resolved, "Algorithm"), resolved.get("Value"))], name="", place=place)
        elif kind == "host":
            name, domain = text(resolved, "HostName"), text(resolved, "DnsDomain")
            evidence.add_device(text(resolved, "MdatpDeviceId"), f"{name}.{domain}" if name and domain else name)


def _by_id(entities: list[Any]) -> dict[str, Mapping[str, Any]]:
    """Return every object that carries an ``$id``, however deep it was first written."""
    found: dict[str, Mapping[str, Any]] = {}
    waiting: list[Any] = [entities]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            name = text(part, "$id")
            if name:
                found.setdefault(name, part)
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    return found


def _resolved(entity: Mapping[str, Any], by_id: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    name = text(entity, "$ref")
    return by_id.get(name, {}) if name else entity


def _take_file(
    entity: Mapping[str, Any], by_id: Mapping[str, Mapping[str, Any]], evidence: Evidence, place: str
) -> None:
    hashes = [_resolved(item, by_id) for _, item in objects(entity, "FileHashes")]
    evidence.add_file(
        [(text(item, "Algorithm"), item.get("Value")) for item in hashes], name=text(entity, "Name"), place=place
    )
