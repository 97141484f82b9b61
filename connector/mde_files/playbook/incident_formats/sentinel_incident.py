"""Reads the incident trigger of Microsoft Sentinel, and the incident resource with its related entities.

Reference: Microsoft Learn, "Supported triggers and actions in Microsoft Sentinel playbooks" and the entity types
reference. File and FileHash are separate entities, linked by id.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from mde_files.errors import InvalidInputError
from mde_files.playbook.incident import Incident, SentinelPlace
from mde_files.playbook.json_reading import address, group, moment, number_text, objects, text

if TYPE_CHECKING:
    from mde_files.playbook.evidence import Evidence

_TYPE = "microsoft.securityinsights/incidents"
_SEGMENTS = {"subscriptions": "subscription", "resourcegroups": "resource_group", "workspaces": "workspace"}


def recognizes(document: Mapping[str, Any]) -> bool:
    """Tell whether this is the trigger's body or an incident resource of Microsoft Sentinel."""
    resource = _resource(document)
    properties = group(resource, "properties")
    said = text(document, "objectSchemaType").lower() == "incident" or text(resource, "type").lower() == _TYPE
    return bool(properties) and (said or "relatedEntities" in properties or "incidentNumber" in properties)


def read(document: Mapping[str, Any], evidence: Evidence) -> Incident:
    """Return the incident.

    Raises:
        InvalidInputError: It has no properties or names no incident.
    """
    resource = _resource(document)
    properties = group(resource, "properties")
    if not properties:
        raise InvalidInputError(
            "The document is no Sentinel incident: it has no 'object.properties'.",
            hint="Give the whole body that the incident trigger sends.",
        )
    incident_id = text(resource, "name") or text(resource, "id").rpartition("/")[2]
    if not incident_id:
        raise InvalidInputError(
            "The Sentinel incident names neither 'object.name' nor 'object.id'.",
            hint="Give the whole body that the incident trigger sends.",
        )
    prefix = "/object" if resource is not document else ""
    _take_entities(properties, evidence, f"{prefix}/properties/relatedEntities")
    return Incident(
        format="sentinel_incident",
        id=incident_id,
        title=text(properties, "title"),
        severity=text(properties, "severity").lower(),
        created_at=moment(properties, "createdTimeUtc"),
        url=address(properties, "incidentUrl"),
        defender_incident_id=number_text(text(properties, "providerIncidentId")),
        sentinel=_place(document, resource, incident_id),
        tags=tuple(
            dict.fromkeys(filter(None, (text(label, "labelName") for _, label in objects(properties, "labels"))))
        ),
        files=evidence.files(),
        skipped=evidence.skipped(),
        document=document,
        devices=evidence.devices(),
    )


def _resource(document: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = document.get("object")
    return inner if isinstance(inner, Mapping) else document


def _place(document: Mapping[str, Any], resource: Mapping[str, Any], incident_id: str) -> SentinelPlace | None:
    workspace = group(document, "workspaceInfo")
    parts = text(resource, "id").split("/")
    named = {_SEGMENTS[key.lower()]: value for key, value in pairwise(parts) if key.lower() in _SEGMENTS}
    subscription = text(workspace, "SubscriptionId") or named.get("subscription", "")
    resource_group = text(workspace, "ResourceGroupName") or named.get("resource_group", "")
    name = text(workspace, "WorkspaceName") or named.get("workspace", "")
    if not (subscription and resource_group and name):
        return None
    return SentinelPlace(subscription, resource_group, name, incident_id)


def _take_entities(properties: Mapping[str, Any], evidence: Evidence, pointer: str) -> None:
    entities = [
        (f"{pointer}/{position}", text(entity, "kind").lower(), text(entity, "id").lower(), group(entity, "properties"))
        for position, entity in objects(properties, "relatedEntities")
    ]
    by_id = {entity_id: inner for _, _, entity_id, inner in entities if entity_id}
    for place, kind, _, inner in entities:
        if kind == "file":
            _take_file(inner, by_id, evidence, place)
        elif kind == "process":
            _take_file(by_id.get(text(inner, "imageFileEntityId").lower(), {}), by_id, evidence, place)
        elif kind == "filehash":
            evidence.add_file([(text(inner, "algorithm"), inner.get("hashValue"))], name="", place=place)
        evidence.add_device(text(group(inner, "additionalData"), "MdatpDeviceId"))
        if kind == "host":
            name, domain = text(inner, "hostName"), text(inner, "dnsDomain")
            evidence.add_device(f"{name}.{domain}" if name and domain else name)


def _take_file(
    properties: Mapping[str, Any], by_id: Mapping[str, Mapping[str, Any]], evidence: Evidence, place: str
) -> None:
    linked = properties.get("fileHashEntityIds")
    hashes = (
        [by_id.get(item.lower(), {}) for item in linked if isinstance(item, str)] if isinstance(linked, list) else []
    )
    evidence.add_file(
        [(text(item, "algorithm"), item.get("hashValue")) for item in hashes],
        name=text(properties, "fileName", "friendlyName"),
        place=place,
    )
