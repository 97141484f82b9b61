"""Reads incidents of Microsoft Defender XDR.

Reference: Microsoft Learn, "List incidents API in Microsoft Defender XDR" and "Get incident information API".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files.errors import InvalidInputError
from mde_files.playbook.incident import Incident
from mde_files.playbook.json_reading import address, moment, number_text, objects, text, texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mde_files.playbook.evidence import Evidence

_SIGNS = ("incidentName", "incidentUri", "redirectIncidentId", "createdTime")
_FILE_EVIDENCE = frozenset({"file", "process"})


def recognizes(document: Mapping[str, Any]) -> bool:
    """Tell whether this is an incident of Defender XDR."""
    return "incidentId" in document and any(sign in document for sign in _SIGNS)


def read(document: Mapping[str, Any], evidence: Evidence) -> Incident:
    """Return the incident; one that was merged into another is attached to there.

    Raises:
        InvalidInputError: It has no id.
    """
    incident_id = text(document, "incidentId")
    if not incident_id:
        raise InvalidInputError(
            "The Defender incident has no 'incidentId'.",
            hint="Give an incident as GET /api/incidents lists it.",
        )
    for position, alert in objects(document, "alerts"):
        _take_alert(alert, evidence, f"/alerts/{position}")
    merged_into = text(document, "redirectIncidentId") if text(document, "status").lower() == "redirected" else ""
    return Incident(
        format="defender_incident",
        id=incident_id,
        title=text(document, "incidentName"),
        severity=text(document, "severity").lower(),
        created_at=moment(document, "createdTime"),
        url=address(document, "incidentUri"),
        defender_incident_id=number_text(merged_into or incident_id),
        sentinel=None,
        tags=texts(document, "tags"),
        files=evidence.files(),
        skipped=evidence.skipped(),
        document=document,
        devices=evidence.devices(),
    )


def _take_alert(alert: Mapping[str, Any], evidence: Evidence, pointer: str) -> None:
    for _, device in objects(alert, "devices"):
        evidence.add_device(text(device, "mdatpDeviceId"), text(device, "deviceDnsName"))
    for position, entity in objects(alert, "entities"):
        evidence.add_device(text(entity, "deviceId"))
        if text(entity, "entityType").lower() in _FILE_EVIDENCE:
            evidence.add_file(
                [(kind, entity.get(kind)) for kind in ("sha1", "sha256", "md5")],
                name=text(entity, "fileName"),
                place=f"{pointer}/entities/{position}",
            )
