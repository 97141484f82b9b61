"""Reads alerts (alerts_v2) of Microsoft Graph security, and its incidents with expanded alerts.

Reference: Microsoft Learn, Microsoft Graph "alert resource type", "fileEvidence", "processEvidence", "incident".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files.errors import InvalidInputError
from mde_files.playbook.incident import Incident
from mde_files.playbook.json_reading import address, group, moment, number_text, objects, text, texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mde_files.playbook.evidence import Evidence

_NAMESPACE = "microsoft.graph.security."
_SIGNS = ("createdDateTime", "alertWebUrl", "incidentWebUrl")
_FILE_OF = {"fileevidence": "fileDetails", "processevidence": "imageFile"}
_HASHES = ("sha1", "sha256", "md5", "sha256Ac")


def recognizes(document: Mapping[str, Any]) -> bool:
    """Tell whether this is an alert or an incident of Microsoft Graph."""
    typed = _NAMESPACE in text(document, "@odata.type") or "security/" in text(document, "@odata.context")
    shaped = any(sign in document for sign in _SIGNS) and ("evidence" in document or "alerts" in document)
    return "id" in document and (typed or shaped or "incidentWebUrl" in document)


def read(document: Mapping[str, Any], evidence: Evidence) -> Incident:
    """Return the incident, or the incident that the alert belongs to.

    Raises:
        InvalidInputError: It has no id.
    """
    own_id = text(document, "id")
    if not own_id:
        raise InvalidInputError(
            "The Graph alert or incident has no 'id'.", hint="Give it as GET /security/alerts_v2/{id} answers."
        )
    is_alert = "evidence" in document or "alerts" not in document
    if is_alert:
        _take_evidence(document, evidence, "/evidence")
    for position, alert in objects(document, "alerts"):
        _take_evidence(alert, evidence, f"/alerts/{position}/evidence")
    merged_into = text(document, "redirectIncidentId") if text(document, "status").lower() == "redirected" else ""
    incident_id = text(document, "incidentId") if is_alert else own_id
    return Incident(
        format="graph_alert",
        id=incident_id or own_id,
        title=text(document, "title", "displayName"),
        severity=text(document, "severity").lower(),
        created_at=moment(document, "createdDateTime"),
        url=address(document, "incidentWebUrl", "alertWebUrl"),
        defender_incident_id=number_text(merged_into or incident_id),
        sentinel=None,
        tags=texts(document, "customTags"),
        files=evidence.files(),
        skipped=evidence.skipped(),
        document=document,
        devices=evidence.devices(),
    )


def _take_evidence(alert: Mapping[str, Any], evidence: Evidence, pointer: str) -> None:
    for position, item in objects(alert, "evidence"):
        kind = text(item, "@odata.type").rpartition(".")[2].lower()
        place = f"{pointer}/{position}"
        evidence.add_device(text(item, "mdeDeviceId"), text(item, "deviceDnsName"))
        if kind in _FILE_OF:
            file = group(item, _FILE_OF[kind])
            evidence.add_file([(name, file.get(name)) for name in _HASHES], name=text(file, "fileName"), place=place)
        elif kind == "filehashevidence":
            evidence.add_file([(text(item, "algorithm"), item.get("value"))], name="", place=place)
