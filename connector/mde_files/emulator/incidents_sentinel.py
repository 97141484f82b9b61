"""The incidents of Microsoft Sentinel, behind Azure Resource Manager.

Reference: Microsoft Learn, REST API "Security Insights": incidents and incident comments; Azure role-based access
control decides, not the token's roles.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from mde_files.emulator.bodies import LONGEST_COMMENT
from mde_files.emulator.incident_shapes import sentinel_entities, sentinel_incident, sentinel_place
from mde_files.emulator.incidents import Incident, SentinelComment, now_text
from mde_files.emulator.protected_api import ProtectedApi, Required
from mde_files.emulator.tokens import object_id

if TYPE_CHECKING:
    from mde_files.emulator.call import Call

MOST_COMMENTS = 100
_PREFIX = "Microsoft Sentinel"
_WRITING = (f"{_PREFIX} Responder", f"{_PREFIX} Contributor")
_READ = Required((f"{_PREFIX} Reader", *_WRITING), ())
_WRITE = Required(_WRITING, ())
_API_VERSION = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}(-preview)?")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_WRITABLE = (
    "classification",
    "classificationComment",
    "classificationReason",
    "description",
    "firstActivityTimeUtc",
    "lastActivityTimeUtc",
    "owner",
)


class SentinelIncidents(ProtectedApi):
    """``…/providers/Microsoft.SecurityInsights/incidents`` of Azure Resource Manager."""

    resource = "Azure Resource Manager"
    form = "azure"
    permissions = {  # noqa: RUF012 - never changed
        "sentinel_incidents": _READ,
        "sentinel_incident": _READ,
        "sentinel_incident_update": _WRITE,
        "sentinel_entities": _READ,
        "sentinel_comments": _READ,
        "sentinel_comment": _READ,
        "sentinel_comment_update": _WRITE,
    }

    def permit(self, call: Call, endpoint: str) -> None:
        """Check the caller's Azure roles and the API version.

        Raises:
            ServiceError: 403 ``AuthorizationFailed``, 400 without a version, or 404: there is no such workspace.
        """
        if not _API_VERSION.fullmatch(call.seen.query.get("api-version", "")):
            raise self.error(400, "MissingApiVersionParameter", "The api-version query parameter is required.")
        application = self._scenario.application(call.seen.application)
        if not set(self.required(endpoint).application) & set(application.azure_roles):
            action = "write" if endpoint.endswith("_update") else "read"
            identity = object_id(application.tenant, application.client_id)
            raise self.error(
                403,
                "AuthorizationFailed",
                f"The client '{application.client_id}' with object id '{identity}' does not have authorization to "
                f"perform action 'Microsoft.SecurityInsights/incidents/{action}' over scope '{self._scope(call)}'.",
            )
        self._require_workspace(call)

    def names(self, call: Call) -> set[str]:
        """Return GUID, number and label of the incident."""
        found = self._find(call)
        return {call.path.get("incident", "").lower()} | ({found.label.lower(), str(found.id)} if found else set())

    async def listed(self, call: Call) -> Response:
        """``GET …/incidents``."""
        top = self.whole_number(call, "$top", 50, 1, 1000)
        return JSONResponse({"value": [sentinel_incident(item, self._scenario) for item in self._here(call)[:top]]})

    async def get(self, call: Call) -> Response:
        """``GET …/incidents/{id}``."""
        return JSONResponse(sentinel_incident(self._incident(call), self._scenario))

    async def update(self, call: Call) -> Response:
        """``PUT …/incidents/{id}``: replaces everything that can be written, when the etag is that of now."""
        incident = self._incident(call)
        sentinel = sentinel_place(incident)
        body = await self.body_of(call)
        properties = body["properties"]
        wanted = body.get("etag") or call.request.headers.get("If-Match")
        current = sentinel_incident(incident, self._scenario)["etag"]
        if wanted is not None and wanted != current:
            status = 409 if self._scenario.switches.etag_mismatch == "conflict" else 412
            message = f"Newer version of resource '{sentinel.id}' exists. Data was not saved"
            raise self.error(status, "Conflict" if status == 409 else "PreconditionFailed", message)  # noqa: PLR2004
        incident.title, incident.severity = properties["title"], properties["severity"]
        incident.status = properties["status"]
        sentinel.labels = [{"labelType": "User", **label} for label in properties.get("labels") or []]
        sentinel.properties = {name: properties[name] for name in _WRITABLE if name in properties}
        _touch(incident)
        return JSONResponse(sentinel_incident(incident, self._scenario))

    async def entities(self, call: Call) -> Response:
        """``POST …/incidents/{id}/entities``: what the incident names."""
        found = sentinel_entities(self._incident(call), self._scenario)
        kinds = Counter(entity["kind"] for entity in found)
        meta = [{"entityKind": kind, "count": count} for kind, count in kinds.items()]
        return JSONResponse({"entities": found, "metaData": meta})

    async def comments(self, call: Call) -> Response:
        """``GET …/incidents/{id}/comments``."""
        incident = self._incident(call)
        return JSONResponse({"value": [self._comment(incident, name) for name in sentinel_place(incident).comments]})

    async def comment(self, call: Call) -> Response:
        """``GET …/incidents/{id}/comments/{id}``."""
        incident, name = self._incident(call), call.path["comment"].lower()
        if name not in sentinel_place(incident).comments:
            raise self.error(404, "NotFound", f"Incident comment '{name}' was not found.")
        return JSONResponse(self._comment(incident, name))

    async def put_comment(self, call: Call) -> Response:
        """``PUT …/incidents/{id}/comments/{id}``: at most 30,000 characters, at most 100 comments."""
        incident, name = self._incident(call), call.path["comment"].lower()
        message = (await self.body_of(call))["properties"]["message"]
        if not _GUID.fullmatch(name):
            raise self.error(400, "BadRequest", "The id of a comment is a GUID.")
        if len(message.encode("utf-16-le", "surrogatepass")) // 2 > LONGEST_COMMENT:
            raise self.error(400, "BadRequest", f"The message is longer than {LONGEST_COMMENT} characters.")
        comments = sentinel_place(incident).comments
        earlier = comments.get(name)
        if earlier is None and len(comments) >= MOST_COMMENTS:
            raise self.error(400, "BadRequest", f"An incident has at most {MOST_COMMENTS} comments.")
        now, author = now_text(), self._scenario.application(call.seen.application).name
        comments[name] = SentinelComment(message, author, earlier.created if earlier else now, now)
        _touch(incident)
        return JSONResponse(self._comment(incident, name), 200 if earlier else 201)

    def _comment(self, incident: Incident, name: str) -> dict[str, Any]:
        comment = sentinel_place(incident).comments[name]
        return {
            "id": f"{sentinel_incident(incident, self._scenario)['id']}/comments/{name}",
            "name": name,
            "type": "Microsoft.SecurityInsights/incidents/comments",
            "properties": {
                "message": comment.message,
                "createdTimeUtc": comment.created,
                "lastModifiedTimeUtc": comment.modified,
                "author": {"objectId": object_id(comment.author), "email": None, "name": comment.author},
            },
        }

    def _here(self, call: Call) -> list[Incident]:
        tenant = self.required_tenant(call)
        return [
            item
            for item in self._scenario.incidents
            if item.sentinel is not None
            and item.tenant in (None, tenant.id, tenant.name)
            and all(getattr(item.sentinel, key).lower() == call.path[key].lower() for key in _LEVELS)
        ]

    def _find(self, call: Call) -> Incident | None:
        wanted = call.path.get("incident", "").lower()
        found = [item for item in self._scenario.incidents if item.sentinel and item.sentinel.id.lower() == wanted]
        return found[0] if found else None

    def _incident(self, call: Call) -> Incident:
        found = self._find(call)
        if found is None or found not in self._here(call):
            raise self.error(404, "NotFound", f"Incident '{call.path['incident']}' was not found.")
        return found

    def _require_workspace(self, call: Call) -> None:
        places = [item.sentinel for item in self._scenario.incidents if item.sentinel is not None]
        for level, code in _LEVELS.items():
            places = [place for place in places if getattr(place, level).lower() == call.path[level].lower()]
            if not places:
                raise self.error(404, code, f"The {level.replace('_', ' ')} '{call.path[level]}' could not be found.")

    @staticmethod
    def _scope(call: Call) -> str:
        return (
            f"/subscriptions/{call.path['subscription']}/resourceGroups/{call.path['resource_group']}/providers/"
            f"Microsoft.OperationalInsights/workspaces/{call.path['workspace']}"
        )


_LEVELS = {
    "subscription": "SubscriptionNotFound",
    "resource_group": "ResourceGroupNotFound",
    "workspace": "ResourceNotFound",
}


def _touch(incident: Incident) -> None:
    sentinel_place(incident).version += 1
    incident.updated = now_text()
