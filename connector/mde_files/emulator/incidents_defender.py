"""The incidents API of Microsoft Defender XDR.

Reference: Microsoft Learn, api-list-incidents, api-get-incident, api-update-incidents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from mde_files.emulator.incident_shapes import defender_incident
from mde_files.emulator.incidents import Incident, IncidentComment, now_text
from mde_files.emulator.protected_api import ProtectedApi, Required, ServiceError

if TYPE_CHECKING:
    from mde_files.emulator.call import Call
    from mde_files.emulator.scenario import Scenario, Tenant

_READING = Required(("Incident.Read.All", "Incident.ReadWrite.All"), ("Incident.Read", "Incident.ReadWrite"))
_MOST_LISTED = 100
_STATUSES = {"Active": "Active", "InProgress": "Active", "Resolved": "Closed"}


class DefenderIncidents(ProtectedApi):
    """``/api/incidents`` of Defender XDR."""

    resource = "Microsoft Threat Protection"
    form = "defender"
    permissions = {  # noqa: RUF012 - never changed
        "defender_incidents": _READING,
        "defender_incident": _READING,
        "defender_incident_update": Required(("Incident.ReadWrite.All",), ("Incident.ReadWrite",)),
    }

    def wrong_audience(self) -> ServiceError:
        """Return the refusal of a token for another resource."""
        return ServiceError(403, "Forbidden", "The token audience is not allowed to access this API.")

    def names(self, call: Call) -> set[str]:
        """Return number and label of the incident."""
        return incident_names(self._scenario, call)

    async def listed(self, call: Call) -> Response:
        """``GET /api/incidents``, newest first."""
        tenant = self.required_tenant(call)
        top = self.whole_number(call, "$top", _MOST_LISTED, 0, _MOST_LISTED)
        found = incidents_of(self._scenario, tenant)[:top]
        body = [defender_incident(item, self._scenario) for item in found]
        return JSONResponse({"@odata.context": f"{call.origin}/api/$metadata#Incidents", "value": body})

    async def get(self, call: Call) -> Response:
        """``GET /api/incidents/{id}``."""
        return self._answer(call, self._incident(call))

    async def update(self, call: Call) -> Response:
        """``PATCH /api/incidents/{id}``: ``tags`` replaces the list, ``comment`` is appended."""
        incident = self._incident(call)
        body = await self.body_of(call)
        tags, comment, status = body.get("tags"), body.get("comment"), body.get("status")
        incident.tags = incident.tags if tags is None else tags
        incident.status = incident.status if status is None else _STATUSES[status]
        if comment is not None:
            author = self._scenario.application(call.seen.application).name
            incident.comments.append(IncidentComment(comment, author, now_text()))
        incident.updated = now_text()
        return self._answer(call, incident)

    def _incident(self, call: Call) -> Incident:
        incident = find_incident(self._scenario, self.required_tenant(call), call.path["incident"])
        if incident is None:
            raise self.error(404, "ResourceNotFound", f"Incident {call.path['incident']} was not found.")
        return incident

    def _answer(self, call: Call, incident: Incident) -> Response:
        context = f"{call.origin}/api/$metadata#Incidents/$entity"
        return JSONResponse({"@odata.context": context, **defender_incident(incident, self._scenario)})


def incidents_of(scenario: Scenario, tenant: Tenant) -> list[Incident]:
    """Return the incidents a tenant sees, newest first."""
    own = [item for item in scenario.incidents if item.tenant in (None, tenant.id, tenant.name)]
    return sorted(own, key=lambda item: item.created, reverse=True)


def find_incident(scenario: Scenario, tenant: Tenant, number: str) -> Incident | None:
    """Return the incident of a tenant with this number."""
    return next((item for item in incidents_of(scenario, tenant) if str(item.id) == number), None)


def incident_names(scenario: Scenario, call: Call) -> set[str]:
    """Return number and label of the incident a call is about, in lower case."""
    number = call.path.get("incident", "").lower()
    labels = {item.label.lower() for item in scenario.incidents if number and str(item.id) == number}
    return {number} | labels if number else set()
