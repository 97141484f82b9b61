"""The incidents of Microsoft Graph security.

Reference: Microsoft Learn, security-incident-get, security-incident-update, security-incident-post-comments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from mde_files.emulator.incident_shapes import graph_comments, graph_incident
from mde_files.emulator.incidents import Incident, IncidentComment, now_text
from mde_files.emulator.incidents_defender import find_incident, incident_names
from mde_files.emulator.protected_api import ProtectedApi, Required

if TYPE_CHECKING:
    from mde_files.emulator.call import Call

_WRITE = ("SecurityIncident.ReadWrite.All",)
_READ = ("SecurityIncident.Read.All", *_WRITE)


class GraphIncidents(ProtectedApi):
    """``/v1.0/security/incidents`` of Microsoft Graph."""

    resource = "Microsoft Graph"
    form = "graph"
    permissions = {  # noqa: RUF012 - never changed
        "graph_incident": Required(_READ, _READ),
        "graph_incident_update": Required(_WRITE, _WRITE),
        "graph_comment_create": Required(_WRITE, _WRITE),
    }

    def names(self, call: Call) -> set[str]:
        """Return number and label of the incident."""
        return incident_names(self._scenario, call)

    async def get(self, call: Call) -> Response:
        """``GET /v1.0/security/incidents/{id}``, with ``$expand=alerts`` its alerts too."""
        incident = self._incident(call)
        return self._answer(call, incident, with_alerts=call.seen.query.get("$expand") == "alerts")

    async def update(self, call: Call) -> Response:
        """``PATCH /v1.0/security/incidents/{id}``: ``customTags`` replaces the list."""
        incident = self._incident(call)
        incident.tags = (await self.body_of(call))["customTags"]
        incident.updated = now_text()
        return self._answer(call, incident)

    async def comment(self, call: Call) -> Response:
        """``POST /v1.0/security/incidents/{id}/comments``; answers with all comments."""
        incident = self._incident(call)
        text = (await self.body_of(call))["comment"]
        author = self._scenario.application(call.seen.application).name
        incident.comments.append(IncidentComment(text, author, now_text()))
        incident.updated = now_text()
        return JSONResponse(
            {
                "@odata.context": f"{call.origin}/v1.0/$metadata#Collection(microsoft.graph.security.alertComment)",
                "value": graph_comments(incident),
            }
        )

    def _incident(self, call: Call) -> Incident:
        incident = find_incident(self._scenario, self.required_tenant(call), call.path["incident"])
        if incident is None:
            raise self.error(404, "NotFound", f"Incident with id {call.path['incident']} was not found.")
        return incident

    def _answer(self, call: Call, incident: Incident, *, with_alerts: bool = False) -> Response:
        context = f"{call.origin}/v1.0/$metadata#security/incidents/$entity"
        tenant = self.required_tenant(call)
        body = graph_incident(incident, self._scenario, tenant.id, with_alerts=with_alerts)
        return JSONResponse({"@odata.context": context, **body})
