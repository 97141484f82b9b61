"""Reads an incident from the product that keeps it.

Reference: Microsoft Learn, api-get-incident (Defender XDR), security-incident-get with ``$expand=alerts`` (Microsoft
Graph), REST API "Security Insights", "Incidents - Get" and "Incidents - List Entities" (Microsoft Sentinel).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mde_files import schemas
from mde_files.deadline import Deadline
from mde_files.errors import InvalidConfigError, InvalidInputError, UpstreamInvalidError
from mde_files.leaving import leaves_bare
from mde_files.playbook.json_reading import text
from mde_files.playbook.sinks.calling import IncidentCalls

if TYPE_CHECKING:
    from mde_files.connector import Connector

SERVICES = ("sentinel", "graph", "defender")
_CALLS = {"graph": "graph_incident_alerts", "defender": "defender_incident"}
_OWN_ID = {"graph_incident_alerts": "id", "defender_incident": "incidentId"}
_NUMBER = re.compile(r"[0-9]{1,19}")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MOST_REDIRECTS = 5


@leaves_bare
def read_from_service(service: str, incident_id: str, connector: Connector) -> dict[str, Any]:
    """Return an incident as its product sends it, with the files it names.

    Args:
        service: ``sentinel``, ``graph`` or ``defender``.
        incident_id: GUID in Microsoft Sentinel, else the number in Defender. One that was merged leads on to the other.
        connector: Gives settings, sign-in and connections.

    Raises:
        InvalidInputError: There is no such service or incident, or the id can be none.
        InvalidConfigError: The configuration names no Sentinel workspace.
        UpstreamInvalidError: The answer is about another incident.
        MdeFilesError: It could not be read.
    """
    if service not in SERVICES:
        raise InvalidInputError(
            f"Incidents cannot be read from {schemas.shown(service)}.", hint=f"Services: {', '.join(SERVICES)}."
        )
    form, name = (_GUID, "a GUID") if service == "sentinel" else (_NUMBER, "a number")
    if not form.fullmatch(incident_id):
        raise InvalidInputError(
            f"{schemas.shown(incident_id)} is no incident id of this service.", hint=f"There, it is {name}."
        )
    deadline = Deadline(connector.config.timeouts.total)
    if service == "sentinel":
        return _from_sentinel(incident_id, connector, deadline)
    return _from_defender(_CALLS[service], incident_id, connector, deadline)


def _from_defender(call_id: str, incident_id: str, connector: Connector, deadline: Deadline) -> dict[str, Any]:
    service = connector.manifest.calls[call_id].service
    calls = IncidentCalls(lambda: connector.service.exchange(service), connector.manifest, {})
    for _ in range(_MOST_REDIRECTS):
        incident = calls.ask(call_id, deadline, incident=incident_id)
        if incident is None:
            raise _unknown(incident_id)
        _require(incident_id, text(incident, _OWN_ID[call_id]))
        target = incident.get("redirectIncidentId")
        if not target or str(target) == incident_id or not _NUMBER.fullmatch(str(target)):
            return incident
        incident_id = str(target)
    raise UpstreamInvalidError(
        "The incident leads from one merged incident to another without end.", hint="Try again later."
    )


def _from_sentinel(incident_id: str, connector: Connector, deadline: Deadline) -> dict[str, Any]:
    workspace = connector.config.sinks.sentinel
    if workspace is None:
        raise InvalidConfigError(
            "The configuration names no Microsoft Sentinel workspace.",
            hint="Set sinks.sentinel: subscription_id, resource_group and workspace.",
        )
    place = {
        "subscription": workspace.subscription_id,
        "resource_group": workspace.resource_group,
        "workspace": workspace.workspace,
        "incident": incident_id,
    }
    calls = IncidentCalls(lambda: connector.service.exchange("azure_management"), connector.manifest, place)
    incident = calls.ask("sentinel_incident", deadline)
    listed = calls.ask("sentinel_entities", deadline) if incident is not None else None
    if incident is None or listed is None:
        raise _unknown(incident_id)
    _require(incident_id, text(incident, "name") or text(incident, "id").rpartition("/")[2])
    return {**incident, "properties": {**incident["properties"], "relatedEntities": listed["entities"]}}


def _require(asked: str, answered: str) -> None:
    """Refuse an answer about another incident; one that does not say which it is about is left to its reader."""
    if answered and answered.lower() != asked.lower():
        raise UpstreamInvalidError(
            "The service answered about another incident than the one that was asked for.",
            hint="Repeat the call; if it persists, something between here and the service mixes up answers.",
        )


def _unknown(incident_id: str) -> InvalidInputError:
    return InvalidInputError(
        f"The service knows no incident {incident_id}.", hint="Check the id, the tenant and the workspace."
    )
