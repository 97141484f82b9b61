"""The ASGI application: routes a request, lets faults hit it, and records it."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from mde_files.emulator import faults as fault_answers
from mde_files.emulator import openapi
from mde_files.emulator.call import Call
from mde_files.emulator.entra import Entra
from mde_files.emulator.entra_errors import EntraError
from mde_files.emulator.files_api import FilesApi
from mde_files.emulator.incidents_defender import DefenderIncidents
from mde_files.emulator.incidents_graph import GraphIncidents
from mde_files.emulator.incidents_sentinel import SentinelIncidents
from mde_files.emulator.protected_api import ProtectedApi, ServiceError
from mde_files.emulator.traffic import SeenRequest
from mde_files.errors import InvalidConfigError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from starlette.types import Receive, Scope, Send

    from mde_files.emulator.emulation import Emulation
    from mde_files.emulator.scenario import Fault

    Answer = Callable[[Call], Awaitable[Response]]

_CODES = {
    403: "Forbidden",
    404: "NotFound",
    408: "RequestTimeout",
    409: "Conflict",
    412: "PreconditionFailed",
    429: "TooManyRequests",
    503: "ServiceUnavailable",
}
_FILES = r"/api(?:/(?P<version>v1\.0))?/files/(?P<id>[^/]+)"
_DEFENDER = "/api/incidents"
_DEFENDER_INCIDENT = rf"{_DEFENDER}/(?P<incident>[^/]+)"
_GRAPH_INCIDENT = r"/v1\.0/security/incidents/(?P<incident>[^/]+)"
_SENTINEL = (
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<resource_group>[^/]+)/providers/"
    r"Microsoft\.OperationalInsights/workspaces/(?P<workspace>[^/]+)/providers/Microsoft\.SecurityInsights/incidents"
)
_SENTINEL_INCIDENT = rf"{_SENTINEL}/(?P<incident>[^/]+)"
_SENTINEL_COMMENT = rf"{_SENTINEL_INCIDENT}/comments/(?P<comment>[^/]+)"
_TENANT = r"/(?P<tenant>[^/]+)"
_OPENID_CONFIGURATION = rf"{_TENANT}/v2\.0/\.well-known/openid-configuration"


@dataclass(frozen=True)
class Endpoint:
    """A route: its name, the API it belongs to (None: the sign-in), and who answers."""

    name: str
    api: ProtectedApi | None
    method: str
    pattern: re.Pattern[str]
    answer: Answer

    @property
    def group(self) -> str:
        """``service`` or ``sign_in``."""
        return "sign_in" if self.api is None else "service"


class Application:
    """Everything behind the TLS socket.

    Args:
        emulation: The state that is shared.
        connections: The open transports by client address, so that a connection can be cut.
    """

    def __init__(self, emulation: Emulation, connections: MutableMapping[Any, asyncio.Transport]) -> None:
        self._emulation = emulation
        self._connections = connections
        self.entra = Entra(emulation)
        files, defender = FilesApi(emulation), DefenderIncidents(emulation)
        graph, sentinel = GraphIncidents(emulation), SentinelIncidents(emulation)
        sign_in: list[tuple[str, str, str, Answer]] = [
            ("openid_configuration", "GET", _OPENID_CONFIGURATION, self.entra.openid_configuration),
            ("keys", "GET", rf"{_TENANT}/discovery/v2\.0/keys", self.entra.keys),
            ("token", "POST", rf"{_TENANT}/oauth2/v2\.0/token", self.entra.token),
            ("device_code", "POST", rf"{_TENANT}/oauth2/v2\.0/devicecode", self.entra.device_code),
            ("managed_identity", "GET", "/msi/token", self.entra.managed_identity),
        ]
        services: list[tuple[str, ProtectedApi, str, str, Answer]] = [
            ("file_info", files, "GET", _FILES, files.information),
            ("file_stats", files, "GET", rf"{_FILES}/stats", files.statistics),
            ("file_alerts", files, "GET", rf"{_FILES}/alerts", files.alerts),
            ("defender_incidents", defender, "GET", _DEFENDER, defender.listed),
            ("defender_incident", defender, "GET", _DEFENDER_INCIDENT, defender.get),
            ("defender_incident_update", defender, "PATCH", _DEFENDER_INCIDENT, defender.update),
            ("graph_incident", graph, "GET", _GRAPH_INCIDENT, graph.get),
            ("graph_incident_update", graph, "PATCH", _GRAPH_INCIDENT, graph.update),
            ("graph_comment_create", graph, "POST", rf"{_GRAPH_INCIDENT}/comments", graph.comment),
            ("sentinel_incidents", sentinel, "GET", _SENTINEL, sentinel.listed),
            ("sentinel_incident", sentinel, "GET", _SENTINEL_INCIDENT, sentinel.get),
            ("sentinel_incident_update", sentinel, "PUT", _SENTINEL_INCIDENT, sentinel.update),
            ("sentinel_entities", sentinel, "POST", rf"{_SENTINEL_INCIDENT}/entities", sentinel.entities),
            ("sentinel_comments", sentinel, "GET", rf"{_SENTINEL_INCIDENT}/comments", sentinel.comments),
            ("sentinel_comment", sentinel, "GET", _SENTINEL_COMMENT, sentinel.comment),
            ("sentinel_comment_update", sentinel, "PUT", _SENTINEL_COMMENT, sentinel.put_comment),
        ]
        self._endpoints = [
            *(_endpoint(name, None, method, pattern, answer) for name, method, pattern, answer in sign_in),
            *(_endpoint(*route) for route in services),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or cut its connection."""
        request = Request(scope, receive)
        path = scope["raw_path"].decode("latin-1").partition("?")[0]
        query: dict[str, str] = {}
        for name, value in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True):
            query.setdefault(name, value)
        seen = SeenRequest(
            method=request.method,
            path=path,
            query=query,
            host=request.headers.get("Host", ""),
            has_authorization="Authorization" in request.headers,
            arrived=time.monotonic(),
            arrived_at=time.time(),
        )
        self._emulation.traffic.add(seen)
        response = await self._route(request, seen)
        if response is None:
            await self._cut(scope, receive)
            return
        seen.status = response.status_code
        await response(scope, receive, send)

    async def _route(self, request: Request, seen: SeenRequest) -> Response | None:
        if seen.path == openapi.PATH and request.method == "GET":
            return JSONResponse(openapi.description(self._emulation.scenario, self._emulation.base_url))
        allowed = []
        for endpoint in self._endpoints:
            match = endpoint.pattern.fullmatch(seen.path)
            if match is None:
                continue
            seen.endpoint = endpoint.name
            if request.method != endpoint.method:
                allowed.append(endpoint.method)
                continue
            path = {name: unquote(value) for name, value in match.groupdict().items() if value is not None}
            call = Call(request, seen, path)
            if endpoint.api is not None:
                return await self._service(endpoint, endpoint.api, call)
            return await self._sign_in(endpoint, call)
        if allowed:
            return PlainTextResponse("Method Not Allowed", 405, {"Allow": ", ".join(allowed)})
        return PlainTextResponse("Not Found", 404)

    async def _sign_in(self, endpoint: Endpoint, call: Call) -> Response | None:
        if endpoint.method == "POST":
            text = (await call.request.body()).decode("utf-8", "replace")
            call.form = dict(parse_qsl(text, keep_blank_values=True))
            call.seen.application = call.form.get("client_id")
        hits = self._faults(endpoint, call, set())
        await asyncio.sleep(self._emulation.scenario.latency.sign_in)
        return await self._answer(endpoint, call, hits)

    async def _service(self, endpoint: Endpoint, api: ProtectedApi, call: Call) -> Response | None:
        refusal: ServiceError | None = None
        try:
            api.identify(call)
            self._count(endpoint, api, call)
        except ServiceError as error:
            refusal = error
        hits = self._faults(endpoint, call, api.names(call))
        await asyncio.sleep(self._emulation.scenario.latency.service)
        return await self._answer(endpoint, call, hits, refusal)

    def _count(self, endpoint: Endpoint, api: ProtectedApi, call: Call) -> None:
        quota, caller, traffic = self._emulation.scenario.quota, call.caller, self._emulation.traffic
        if quota is not None and caller is not None:
            key = (caller.tenant_id, caller.client_id, endpoint.name)
            full = self._emulation.quota.take(key, quota.windows, call.seen.arrived)
            if full is not None:
                traffic.rejected[endpoint.name] += 1
                raise api.throttled(full)
        traffic.accepted[endpoint.name] += 1

    def _faults(self, endpoint: Endpoint, call: Call, names: set[str]) -> list[Fault]:
        application = {call.seen.application.lower()} if call.seen.application else set()
        for registered in self._emulation.scenario.applications:
            if registered.client_id in application:
                application.add(registered.name.lower())
        return fault_answers.matching(
            self._emulation.scenario.faults,
            endpoint=endpoint.name,
            group=endpoint.group,
            names=names,
            application=application,
        )

    async def _answer(
        self, endpoint: Endpoint, call: Call, hits: list[Fault], refusal: ServiceError | None = None
    ) -> Response | None:
        for fault in hits:
            if fault.kind == "latency":
                await asyncio.sleep(fault.seconds)
            elif fault.kind == "other_file" and "id" in call.path:
                call.path["id"] = self._other_file(fault)
        replacing = [fault for fault in hits if fault.kind not in fault_answers.CHANGES_THE_ANSWER]
        if replacing and replacing[0].kind == "close":
            return None
        # A full quota speaks before any other fault: the service counts first.
        throttled = refusal is not None and refusal.status == 429  # noqa: PLR2004 - the HTTP status
        response = (
            self._replacement(endpoint, replacing[0])
            if replacing and not throttled
            else await self._ordinary(endpoint, call, refusal)
        )
        for fault in hits:
            if fault.kind == "answer_lost":
                return None
            if fault.kind == "truncated_json":
                response = fault_answers.truncated(response)
            elif fault.kind == "drip":
                response = fault_answers.dripping(response, fault.seconds)
            elif fault.kind == "headers":
                response.headers.update(fault.headers)
        return response

    async def _ordinary(self, endpoint: Endpoint, call: Call, refusal: ServiceError | None) -> Response:
        try:
            if refusal is not None:
                raise refusal
            if endpoint.api is not None:
                endpoint.api.permit(call, endpoint.name)
            return await endpoint.answer(call)
        except ServiceError as error:
            return error.response()
        except EntraError as error:
            return error.response(self._emulation.base_url)

    def _replacement(self, endpoint: Endpoint, fault: Fault) -> Response:
        if fault.kind == "unauthorized" and endpoint.api is not None:
            return endpoint.api.unauthorized("The access token is invalid or expired.").response()

        def usual_error(status: int) -> Response:
            if endpoint.api is not None:
                return endpoint.api.error(status, _CODES.get(status, "InternalServerError"), "").response()
            error = EntraError(90033).response(self._emulation.base_url)
            error.status_code = status
            return error

        return fault_answers.replacement(fault, usual_error)

    def _other_file(self, fault: Fault) -> str:
        try:
            return self._emulation.scenario.file(fault.file or "").sha1
        except InvalidConfigError:
            return (fault.file or "").lower()

    async def _cut(self, scope: Scope, receive: Receive) -> None:
        transport = self._connections.get(tuple(scope["client"]))
        if transport is not None:
            transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass


def _endpoint(name: str, api: ProtectedApi | None, method: str, pattern: str, answer: Answer) -> Endpoint:
    return Endpoint(name, api, method, re.compile(rf"{pattern}/?", re.IGNORECASE), answer)
