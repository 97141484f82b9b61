"""One incident of the scenario in every form in which the products send it.

Reference: Microsoft Learn, api-list-incidents (Defender XDR), security-incident and security-fileevidence (Microsoft
Graph), "Supported triggers and actions in Microsoft Sentinel playbooks", the Sentinel security alert schema.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import TYPE_CHECKING, Any

from mde_files.errors import InvalidConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mde_files.emulator.incidents import Incident, SentinelIncident
    from mde_files.emulator.scenario import File, Scenario

_PORTAL = "https://security.microsoft.com"
_DEFENDER_STATUS = {"New": "Active", "Active": "InProgress", "Closed": "Resolved"}
_GRAPH_STATUS = {"New": "active", "Active": "inProgress", "Closed": "resolved"}
_FOLDER = "C:\\Users\\Public\\Downloads"
_NAMESPACE = uuid.UUID("0d6a5d0c-6f8e-4b57-9c0e-2f9f1c0f7e51")


def document(incident: Incident, scenario: Scenario, form: str) -> dict[str, Any]:
    """Return an incident in a form that the connector reads: ``sentinel_incident`` and so on.

    Raises:
        InvalidConfigError: There is no such form, or the incident has no place in that product.
    """
    if form not in _FORMS:
        raise InvalidConfigError(f"The emulator knows no incident format {form!r}.", hint=f"It knows {list(_FORMS)}.")
    return _FORMS[form](incident, scenario)


def defender_incident(incident: Incident, scenario: Scenario) -> dict[str, Any]:
    """Return the incident as Defender XDR answers."""
    redirected = incident.redirects_to is not None
    return {
        "incidentId": incident.id,
        "incidentUri": f"{_PORTAL}/incidents/{incident.id}",
        "redirectIncidentId": incident.redirects_to,
        "incidentName": incident.title,
        "createdTime": incident.created,
        "lastUpdateTime": incident.updated,
        "assignedTo": None,
        "classification": "Unknown",
        "determination": "NotAvailable",
        "status": "Redirected" if redirected else _DEFENDER_STATUS.get(incident.status, "Active"),
        "severity": incident.severity,
        "tags": list(incident.tags),
        "comments": [
            {"comment": item.text, "createdBy": item.author, "createdTime": item.created} for item in incident.comments
        ],
        "alerts": [] if redirected else [_defender_alert(incident, scenario)],
    }


def graph_incident(
    incident: Incident, scenario: Scenario, tenant_id: str, *, with_alerts: bool = False
) -> dict[str, Any]:
    """Return the incident as Microsoft Graph answers."""
    redirected = incident.redirects_to is not None
    body: dict[str, Any] = {
        "id": str(incident.id),
        "tenantId": tenant_id,
        "status": "redirected" if redirected else _GRAPH_STATUS.get(incident.status, "active"),
        "incidentWebUrl": f"{_PORTAL}/incidents/{incident.id}?tid={tenant_id}",
        "redirectIncidentId": str(incident.redirects_to) if redirected else None,
        "displayName": incident.title,
        "createdDateTime": incident.created,
        "lastUpdateDateTime": incident.updated,
        "assignedTo": None,
        "classification": "unknown",
        "determination": "unknown",
        "severity": incident.severity.lower(),
        "customTags": list(incident.tags),
        "systemTags": [],
        "comments": graph_comments(incident),
    }
    if with_alerts:
        body["alerts"] = [] if redirected else [graph_alert(incident, scenario)]
    return body


def graph_comments(incident: Incident) -> list[dict[str, Any]]:
    """Return the comments as Microsoft Graph answers."""
    return [
        {
            "@odata.type": "#microsoft.graph.security.alertComment",
            "comment": item.text,
            "createdByDisplayName": item.author,
            "createdDateTime": item.created,
        }
        for item in incident.comments
    ]


def graph_alert(incident: Incident, scenario: Scenario) -> dict[str, Any]:
    """Return an alert of the incident as ``alerts_v2`` has it."""
    evidence = [_graph_evidence(file, incident) for file in _files(incident, scenario)]
    if evidence:
        process = {key: evidence[0][key] for key in ("createdDateTime", "verdict", "mdeDeviceId")}
        process["@odata.type"] = "#microsoft.graph.security.processEvidence"
        evidence.append({**process, "imageFile": evidence[0]["fileDetails"]})
    return {
        "id": _alert_id(incident),
        "providerAlertId": _alert_id(incident),
        "incidentId": str(incident.id),
        "status": "new",
        "severity": incident.severity.lower(),
        "serviceSource": "microsoftDefenderForEndpoint",
        "detectionSource": "antivirus",
        "title": incident.title,
        "createdDateTime": incident.created,
        "lastUpdateDateTime": incident.updated,
        "alertWebUrl": f"{_PORTAL}/alerts/{_alert_id(incident)}",
        "incidentWebUrl": f"{_PORTAL}/incidents/{incident.id}",
        "systemTags": [],
        "comments": [],
        "evidence": [
            *evidence,
            *(
                {
                    "@odata.type": "#microsoft.graph.security.deviceEvidence",
                    "mdeDeviceId": device["machine_id"],
                    "deviceDnsName": device["name"],
                }
                for device in incident.devices
            ),
        ],
    }


def sentinel_incident(incident: Incident, scenario: Scenario, *, with_entities: bool = False) -> dict[str, Any]:
    """Return the incident as Microsoft Sentinel answers; the trigger's body has its entities too."""
    place = sentinel_place(incident)
    arm_id = (
        f"/subscriptions/{place.subscription}/resourceGroups/{place.resource_group}/providers/"
        f"Microsoft.OperationalInsights/workspaces/{place.workspace}/providers/Microsoft.SecurityInsights/"
        f"Incidents/{place.id}"
    )
    properties: dict[str, Any] = {
        "title": incident.title,
        "severity": incident.severity,
        "status": incident.status,
        "labels": [dict(label) for label in place.labels],
        "incidentNumber": incident.id,
        "createdTimeUtc": incident.created,
        "lastModifiedTimeUtc": incident.updated,
        "incidentUrl": f"https://portal.azure.com/#asset/Microsoft_Azure_Security_Insights/Incident{arm_id}",
        "providerName": "Microsoft XDR",
        "providerIncidentId": str(incident.id),
        "additionalData": {"alertsCount": 1, "commentsCount": len(place.comments), "tactics": []},
        **place.properties,
    }
    if with_entities:
        properties |= {"alerts": [], "comments": [], "relatedEntities": sentinel_entities(incident, scenario)}
    return {
        "id": arm_id,
        "name": place.id,
        "etag": f'"{place.version:08x}-0000-0d00-0000-5c6f5adb0000"',
        "type": "Microsoft.SecurityInsights/Incidents",
        "properties": properties,
    }


def sentinel_place(incident: Incident) -> SentinelIncident:
    """Return where an incident lies in Microsoft Sentinel.

    Raises:
        InvalidConfigError: It lies nowhere there.
    """
    if incident.sentinel is None:
        raise InvalidConfigError(
            f"The incident {incident.label!r} of the scenario has no place in Microsoft Sentinel.",
            hint="Add 'sentinel' to it, or choose another one.",
        )
    return incident.sentinel


def _sentinel_trigger(incident: Incident, scenario: Scenario) -> dict[str, Any]:
    place = sentinel_place(incident)
    return {
        "eventUniqueId": str(uuid.uuid5(_NAMESPACE, f"event {incident.label}")),
        "objectSchemaType": "Incident",
        "objectEventType": "Create",
        "workspaceInfo": {
            "SubscriptionId": place.subscription,
            "ResourceGroupName": place.resource_group,
            "WorkspaceName": place.workspace,
        },
        "workspaceId": str(uuid.uuid5(_NAMESPACE, place.workspace)),
        "object": sentinel_incident(incident, scenario, with_entities=True),
    }


def _sentinel_alert(incident: Incident, scenario: Scenario) -> dict[str, Any]:
    place = sentinel_place(incident)
    entities: list[dict[str, Any]] = []
    for file in _files(incident, scenario):
        hashes = []
        for algorithm, value in (("SHA1", file.sha1), ("SHA256", file.sha256)):
            if value:
                number = str(len(entities) + 1)
                entities.append({"$id": number, "Type": "filehash", "Algorithm": algorithm, "Value": value})
                hashes.append({"$ref": number})
        entities.append(
            {
                "$id": str(len(entities) + 1),
                "Type": "file",
                "Directory": _FOLDER,
                "Name": _name(file),
                "FileHashes": hashes,
            }
        )
    return {
        "SystemAlertId": str(uuid.uuid5(_NAMESPACE, f"alert {incident.label}")),
        "AlertType": "WindowsDefenderAtp",
        "AlertDisplayName": incident.title,
        "AlertSeverity": incident.severity,
        "TimeGenerated": incident.created,
        "EndTimeUtc": incident.updated,
        "ProviderName": "MDATP",
        "WorkspaceId": str(uuid.uuid5(_NAMESPACE, place.workspace)),
        "WorkspaceSubscriptionId": place.subscription,
        "WorkspaceResourceGroup": place.resource_group,
        "Entities": json.dumps(entities),
    }


def _plain(incident: Incident, scenario: Scenario) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "id": f"INC-{incident.id}",
        "title": incident.title,
        "severity": incident.severity.lower(),
        "created_at": incident.created,
        "tags": list(incident.tags),
        "devices": [device["name"] for device in incident.devices],
        "defender_incident_id": str(incident.id),
        "files": [
            {"name": _name(file), "sha1": file.sha1, **({"sha256": file.sha256} if file.sha256 else {})}
            for file in _files(incident, scenario)
        ],
    }
    if incident.sentinel is not None:
        place = incident.sentinel
        plain["sentinel"] = {
            "subscription": place.subscription,
            "resource_group": place.resource_group,
            "workspace": place.workspace,
            "incident_id": place.id,
        }
    return plain


def _defender_alert(incident: Incident, scenario: Scenario) -> dict[str, Any]:
    device_id = incident.devices[0]["machine_id"] if incident.devices else None
    entities: list[dict[str, Any]] = [
        {
            "entityType": "File",
            "sha1": file.sha1,
            "sha256": file.sha256,
            "fileName": _name(file),
            "filePath": _FOLDER,
            "deviceId": device_id,
            "verdict": "Suspicious",
            "remediationStatus": "None",
        }
        for file in _files(incident, scenario)
    ]
    if entities:
        entities.append({**entities[0], "entityType": "Process", "processId": 4711, "verdict": "Malicious"})
    return {
        "alertId": _alert_id(incident),
        "incidentId": incident.id,
        "serviceSource": "MicrosoftDefenderForEndpoint",
        "creationTime": incident.created,
        "lastUpdatedTime": incident.updated,
        "title": incident.title,
        "category": "Malware",
        "status": "New",
        "severity": incident.severity,
        "detectionSource": "WindowsDefenderAv",
        "mitreTechniques": [],
        "devices": [
            {"mdatpDeviceId": device["machine_id"], "deviceDnsName": device["name"]} for device in incident.devices
        ],
        "entities": entities,
    }


def _graph_evidence(file: File, incident: Incident) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.security.fileEvidence",
        "createdDateTime": incident.created,
        "verdict": "suspicious",
        "remediationStatus": "none",
        "detectionStatus": "detected",
        "mdeDeviceId": incident.devices[0]["machine_id"] if incident.devices else None,
        "fileDetails": {
            "sha1": file.sha1,
            "sha256": file.sha256,
            "md5": file.md5,
            "sha256Ac": hashlib.sha256(f"authenticode {file.label}".encode()).hexdigest(),
            "fileName": _name(file),
            "filePath": _FOLDER,
        },
    }


def sentinel_entities(incident: Incident, scenario: Scenario) -> list[dict[str, Any]]:
    """Return the entities of the incident: files, their hashes, devices."""
    entities: list[dict[str, Any]] = []

    def add(kind: str, properties: dict[str, Any]) -> str:
        entity_id = f"{incident.label}/Entities/{len(entities) + 1}"
        entities.append(
            {"id": entity_id, "type": "Microsoft.SecurityInsights/Entities", "kind": kind, "properties": properties}
        )
        return entity_id

    for file in _files(incident, scenario):
        hashes = [
            add("FileHash", {"hashValue": value, "algorithm": algorithm, "friendlyName": f"{value}({algorithm})"})
            for algorithm, value in (("SHA1", file.sha1), ("SHA256", file.sha256))
            if value
        ]
        name = _name(file)
        add("File", {"directory": _FOLDER, "fileName": name, "fileHashEntityIds": hashes, "friendlyName": name})
    for device in incident.devices:
        name, _, domain = device["name"].partition(".")
        add("Host", {"hostName": name, "dnsDomain": domain, "additionalData": {"MdatpDeviceId": device["machine_id"]}})
    return entities


def _files(incident: Incident, scenario: Scenario) -> list[File]:
    return [scenario.file(label) for label in incident.files]


def _name(file: File) -> str:
    return next(iter(file.names or []), "")


def _alert_id(incident: Incident) -> str:
    return f"da{637_000_000_000_000_000 + incident.id}_{incident.id}"


_FORMS: dict[str, Callable[[Incident, Scenario], dict[str, Any]]] = {
    "sentinel_incident": _sentinel_trigger,
    "sentinel_alert": _sentinel_alert,
    "defender_incident": defender_incident,
    "graph_alert": graph_alert,
    "plain": _plain,
}
