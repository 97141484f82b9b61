"""The shapes of the service's answers: property order, contexts, and the switches that change them.

Reference: Microsoft Learn, get-file-statistics, get-file-information, alerts; the service's OData metadata.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

    from mde_files.emulator.scenario import Alert, File, Within
    from mde_files.emulator.switches import Switches

ALERT_PROPERTIES = (
    "id",
    "incidentId",
    "investigationId",
    "assignedTo",
    "severity",
    "status",
    "classification",
    "determination",
    "investigationState",
    "detectionSource",
    "detectorId",
    "category",
    "threatFamilyName",
    "title",
    "description",
    "alertCreationTime",
    "firstEventTime",
    "lastEventTime",
    "lastUpdateTime",
    "resolvedTime",
    "machineId",
    "computerDnsName",
    "rbacGroupName",
    "aadTenantId",
    "relatedUser",
    "threatName",
    "mitreTechniques",
    "loggedOnUsers",
    "comments",
    "evidence",
    "domains",
)
EVIDENCE_PROPERTIES = (
    "entityType",
    "evidenceCreationTime",
    "sha1",
    "sha256",
    "fileName",
    "filePath",
    "processId",
    "processCommandLine",
    "processCreationTime",
    "parentProcessId",
    "parentProcessCreationTime",
    "parentProcessFileName",
    "parentProcessFilePath",
    "ipAddress",
    "url",
    "registryKey",
    "registryHive",
    "registryValueType",
    "registryValue",
    "registryValueName",
    "accountName",
    "domainName",
    "userSid",
    "aadUserId",
    "userPrincipalName",
    "detectionStatus",
)
_COLLECTIONS = ("mitreTechniques", "loggedOnUsers", "comments", "evidence", "domains")
_ADDED_TO_ALERTS = ("detectorId", "threatName", "mitreTechniques", "loggedOnUsers", "domains")
_ADDED_TO_EVIDENCE = (
    "evidenceCreationTime",
    "parentProcessFileName",
    "parentProcessFilePath",
    "registryKey",
    "registryHive",
    "registryValueType",
    "registryValue",
    "registryValueName",
    "detectionStatus",
)
_DOCUMENTED_NAMES = {
    "CompromisedAccount": "CompromisedUser",
    "ConfirmedActivity": "ConfirmedUserActivity",
    "NotMalicious": "Clean",
    "NoEnoughDataToValidate": "InsufficientData",
    "InformationalExpectedActivity": "Informational, expected activity",
}
_TIMESTAMP = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]+))?(Z|[+-][0-9:]+)?")
_INT32 = 2**31


def statistics(file: File, look_back_hours: int, switches: Switches, groups: Collection[str] | None) -> dict[str, Any]:
    """Return the body of ``InOrgFileStats`` without its context.

    Args:
        file: The file asked about.
        look_back_hours: Bounds the organization's numbers, never the worldwide ones.
        switches: The scenario's switches.
        groups: Device groups the caller is limited to, None for no limit.
    """
    seen: Within | Any = file.organization
    for narrower in sorted(file.organization.within, key=lambda item: item.hours):
        if look_back_hours <= narrower.hours:
            seen = narrower
            break
    prevalence = seen.prevalence
    if groups is not None and switches.stats_device_groups == "filter":
        prevalence = sum(file.organization.by_device_group.get(group, 0) for group in groups)
    body: dict[str, Any] = {
        "sha1": file.sha1,
        "orgPrevalence": str(prevalence),
        "organizationPrevalence": _int32(prevalence, switches),
        "orgFirstSeen": seen.first_seen,
        "orgLastSeen": seen.last_seen,
        "globalPrevalence": str(file.worldwide.prevalence),
        "globallyPrevalence": _int32(file.worldwide.prevalence, switches),
        "globalFirstObserved": file.worldwide.first_observed,
        "globalLastObserved": file.worldwide.last_observed,
        "topFileNames": file.names,
        **file.stats,
    }
    hidden = {
        "both": (),
        "documented": ("orgPrevalence", "globalPrevalence"),
        "legacy": ("organizationPrevalence", "globallyPrevalence"),
    }[switches.stats_shape]
    shown: dict[str, Any] = _with_timestamps(_without(body, (*hidden, *file.omit)), switches)
    return shown


def information(file: File, switches: Switches) -> dict[str, Any]:
    """Return the body of a ``File`` entity without its context."""
    body = {
        "sha1": file.sha1,
        "sha256": file.sha256,
        "md5": file.md5,
        "globalPrevalence": file.worldwide.prevalence,
        "globalFirstObserved": file.worldwide.first_observed,
        "globalLastObserved": file.worldwide.last_observed,
        "size": None,
        "fileType": None,
        "isPeFile": None,
        "filePublisher": None,
        "fileProductName": None,
        "signer": None,
        "issuer": None,
        "signerHash": None,
        "isValidCertificate": None,
        "determinationType": "Unknown",
        "determinationValue": "",
        **file.information,
    }
    shown: dict[str, Any] = _with_timestamps(body, switches)
    return shown


def alert(item: Alert, tenant_id: str, switches: Switches, *, with_evidence: bool) -> dict[str, Any]:
    """Return one ``Alert`` with every property in the service's order, then those it does not declare."""
    given = {"aadTenantId": tenant_id, **item.properties}
    body = {name: given.pop(name, [] if name in _COLLECTIONS else None) for name in ALERT_PROPERTIES} | given
    if not with_evidence:
        body["evidence"] = []
    if switches.alerts_shape == "legacy":
        rows = [_without(row, _ADDED_TO_EVIDENCE) for row in body["evidence"]]
        body = _without({**body, "evidence": rows}, _ADDED_TO_ALERTS)
    if switches.determination_names == "documented":
        for name in ("determination", "classification"):
            body[name] = _DOCUMENTED_NAMES.get(body[name], body[name])
    shown: dict[str, Any] = _with_timestamps(body, switches)
    return shown


def error(code: str, message: str, target: str) -> dict[str, Any]:
    """Return the error envelope (reference: Microsoft Learn, common REST API error codes)."""
    return {"error": {"code": code, "message": message, "target": target}}


def _int32(value: int, switches: Switches) -> int | None:
    if value < _INT32:
        return value
    wrapped = (value + _INT32) % (2 * _INT32) - _INT32
    return {"wrap": wrapped, "saturate": _INT32 - 1, "empty": None}[switches.prevalence_overflow]


def _without(body: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}


def _with_timestamps(value: Any, switches: Switches) -> Any:
    if switches.timestamps == "verbatim":
        return value
    if isinstance(value, dict):
        return {key: _with_timestamps(item, switches) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_timestamps(item, switches) for item in value]
    match = _TIMESTAMP.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return value
    fraction = f".{match[2] or '':0<7.7}" if switches.timestamps == "seven_digits" else ""
    return f"{match[1]}{fraction}{match[3] or ''}"
