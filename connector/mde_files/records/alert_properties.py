"""The service's ``Alert``, property by property (Microsoft Learn: alerts; the API's own $metadata)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mde_files.records.reading import (
    PropertyTable,
    is_blank,
    left_to_the_caller,
    read_integer,
    read_object,
    read_objects,
    read_texts,
    read_timestamp,
)
from mde_files.records.text import encodable

if TYPE_CHECKING:
    from mde_files.records.unmapped import Path, Unmapped

_SEPARATORS = "[,;]"
_NO_CATEGORY = frozenset({"", "null", "None"})

RELATED_USER_PROPERTIES = PropertyTable(
    {
        "userName": ("user_name", None),
        "domainName": ("domain_name", None),
    }
)
LOGGED_ON_USER_PROPERTIES = PropertyTable(
    {
        "accountName": ("account_name", None),
        "domainName": ("domain_name", None),
    }
)
COMMENT_PROPERTIES = PropertyTable(
    {
        "comment": ("comment", None),
        "createdBy": ("created_by", None),
        "createdTime": ("created_time", read_timestamp),
    }
)
DOMAIN_PROPERTIES = PropertyTable({"host": ("host", None)})
EVIDENCE_PROPERTIES = PropertyTable(
    {
        "entityType": ("entity_type", None),
        "evidenceCreationTime": ("evidence_creation_time", read_timestamp),
        "sha1": ("sha1", None),
        "sha256": ("sha256", None),
        "fileName": ("file_name", None),
        "filePath": ("file_path", None),
        "processId": ("process_id", read_integer),
        "processCommandLine": ("process_command_line", None),
        "processCreationTime": ("process_creation_time", read_timestamp),
        "parentProcessId": ("parent_process_id", read_integer),
        "parentProcessCreationTime": ("parent_process_creation_time", read_timestamp),
        "parentProcessFileName": ("parent_process_file_name", None),
        "parentProcessFilePath": ("parent_process_file_path", None),
        "ipAddress": ("ip_address", None),
        "url": ("url", None),
        "registryKey": ("registry_key", None),
        "registryHive": ("registry_hive", None),
        "registryValueType": ("registry_value_type", None),
        "registryValue": ("registry_value", None),
        "registryValueName": ("registry_value_name", None),
        "accountName": ("account_name", None),
        "domainName": ("domain_name", None),
        "userSid": ("user_sid", None),
        "aadUserId": ("aad_user_id", None),
        "userPrincipalName": ("user_principal_name", None),
        "detectionStatus": ("detection_status", None),
    }
)


def techniques_of(value: Any) -> list[str]:
    """Return the MITRE techniques of a list, or of the text that the documentation speaks of."""
    if isinstance(value, str):
        value = [part.strip() for part in re.split(_SEPARATORS, value)]
    if not isinstance(value, list):
        return []
    return [encodable(entry) for entry in value if isinstance(entry, str) and entry]


def _read_techniques(value: Any, path: Path, unmapped: Unmapped) -> list[str] | None:
    if isinstance(value, str):
        return techniques_of(value) or None
    return read_texts(value, path, unmapped)


def _read_related_user(value: Any, path: Path, unmapped: Unmapped) -> dict[str, Any] | None:
    if isinstance(value, dict):
        return read_object(value, RELATED_USER_PROPERTIES, path, unmapped) or None
    if isinstance(value, str):
        return None if is_blank(value) else {"user_name": encodable(value)}
    unmapped.keep(path, value)
    return None


def _read_category(value: Any, path: Path, unmapped: Unmapped) -> str | None:
    if not isinstance(value, str):
        unmapped.keep(path, value)
        return None
    category = encodable(value.strip())
    return None if category in _NO_CATEGORY else category


ALERT_PROPERTIES = PropertyTable(
    {
        "id": ("id", None),
        "incidentId": ("incident_id", read_integer),
        "investigationId": ("investigation_id", read_integer),
        "assignedTo": ("assigned_to", None),
        "severity": ("severity", None),
        "status": ("status", None),
        "classification": ("classification", None),
        "determination": ("determination", None),
        "investigationState": ("investigation_state", None),
        "detectionSource": ("detection_source", None),
        "detectorId": ("detector_id", None),
        "category": ("category", _read_category),
        "threatFamilyName": ("threat_family_name", None),
        "title": ("title", None),
        "description": ("description", None),
        "alertCreationTime": ("alert_creation_time", read_timestamp),
        "firstEventTime": ("first_event_time", read_timestamp),
        "lastEventTime": ("last_event_time", read_timestamp),
        "lastUpdateTime": ("last_update_time", read_timestamp),
        "resolvedTime": ("resolved_time", read_timestamp),
        "machineId": ("machine_id", None),
        "computerDnsName": ("computer_dns_name", None),
        "rbacGroupName": ("rbac_group_name", None),
        "aadTenantId": ("aad_tenant_id", None),
        "relatedUser": ("related_user", _read_related_user),
        "threatName": ("threat_name", None),
        "mitreTechniques": ("mitre_techniques", _read_techniques),
        "loggedOnUsers": ("logged_on_users", read_objects(LOGGED_ON_USER_PROPERTIES)),
        "comments": ("comments", read_objects(COMMENT_PROPERTIES)),
        "evidence": ("evidence", left_to_the_caller),
        "domains": ("domains", read_objects(DOMAIN_PROPERTIES)),
    }
)

_read_evidence = read_objects(EVIDENCE_PROPERTIES)


def read_alert(alert: Any, path: Path, max_evidence: int, unmapped: Unmapped) -> dict[str, Any]:
    """Return an alert in the record's form.

    Args:
        alert: The alert as it came; it is not changed.
        path: Where it lies in the answer.
        max_evidence: How many rows of evidence are kept; a cut is told by ``evidence_total`` and
            ``evidence_truncated``.
        unmapped: Takes what is not known of it; of rows that were cut, nothing.
    """
    record = read_object(alert, ALERT_PROPERTIES, path, unmapped)
    evidence = alert.get("evidence")
    if evidence is None:
        return record
    rows = _read_evidence(
        evidence[:max_evidence] if isinstance(evidence, list) else evidence, (*path, "evidence"), unmapped
    )
    if rows is not None:
        record["evidence"] = rows
        if len(evidence) > max_evidence:
            record["evidence_total"] = len(evidence)
            record["evidence_truncated"] = True
    return record
