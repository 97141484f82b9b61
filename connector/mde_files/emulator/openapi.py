"""The OpenAPI description of what the emulator serves, made from the manifest's calls and the upstream schemas.

Reference: OpenAPI Specification 3.1; what each operation takes and answers stands on the page that its call names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files import manifest, schemas
from mde_files.emulator import bodies
from mde_files.emulator import openapi_parameters as parameters

if TYPE_CHECKING:
    from mde_files.emulator.scenario import Scenario
    from mde_files.manifest import Call

PATH = "/openapi.json"
_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_SCHEMAS = (
    "upstream_error",
    "upstream_file",
    "upstream_stats",
    "upstream_alerts",
    "upstream_incident",
    "upstream_list",
    "upstream_sentinel_incident",
    "upstream_sentinel_entities",
    "upstream_sentinel_comment",
)
# Calls of the manifest that are the same operation with another query.
_SAME_OPERATION = {"graph_incident_alerts": "graph_incident"}
_CREATING = frozenset({"sentinel_comment_update"})
_SENTINEL_CHANGES = frozenset({"sentinel_incident_update"})
_REFUSALS = {
    "400": "The request is not valid.",
    "401": "The token is missing or not accepted.",
    "403": "The token lacks a permission.",
    "404": "There is no such thing.",
    "429": "The quota is used up.",
}


def description(scenario: Scenario, base_url: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of an emulator.

    Args:
        scenario: Its hashes, incidents and switches become examples and limits of parameters.
        base_url: Where it listens.
    """
    declared = manifest.load()
    paths: dict[str, dict[str, Any]] = {}
    for call in (*declared.calls.values(), *_further_calls(declared.calls)):
        if call.id not in _SAME_OPERATION:
            paths.setdefault(call.path, {})[call.method.lower()] = _operation(call, scenario)
    for path, method, operation in _sign_in(scenario):
        paths.setdefault(path, {})[method] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"Emulated tenant of {declared.vendor} {declared.product}",
            "version": declared.version,
            "description": "Sign-in, files API and incident services of the local emulator.",
        },
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {
            "schemas": {**{name: _component(name) for name in _SCHEMAS}, **bodies.SIGN_IN_ANSWERS},
            "securitySchemes": {
                **{
                    service.id: {"type": "http", "scheme": "bearer", "description": f"Token for {service.title}."}
                    for service in declared.services.values()
                },
                "identity_header": {"type": "apiKey", "in": "header", "name": "X-IDENTITY-HEADER"},
            },
        },
    }


def _further_calls(calls: Any) -> list[Call]:
    """Return what the emulator answers and the connector never asks."""
    incident, comment = calls["defender_incident"], calls["sentinel_comment"]
    return [
        incident._replace(
            id="defender_incidents",
            title="List incidents (Defender XDR)",
            path=incident.path.rpartition("/")[0],
            upstream_schema="upstream_list",
            documentation="https://learn.microsoft.com/defender-xdr/api-list-incidents",
        ),
        incident._replace(
            id="defender_incident_update",
            title="Update incident (Defender XDR)",
            method="PATCH",
            documentation="https://learn.microsoft.com/defender-xdr/api-update-incidents",
        ),
        comment._replace(
            id="sentinel_comments",
            title="Incident Comments - List (Microsoft Sentinel)",
            path=comment.path.rpartition("/")[0],
            upstream_schema="upstream_list",
            documentation="https://learn.microsoft.com/rest/api/securityinsights/incident-comments/list",
        ),
    ]


def _operation(call: Call, scenario: Scenario) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": call.id,
        "summary": call.title,
        "tags": [call.service],
        "externalDocs": {"url": call.documentation},
        "security": [{call.service: []}],
        "parameters": [*parameters.in_path(call, scenario), *parameters.in_query(call, scenario)],
        "responses": _responses(call),
    }
    if call.id in bodies.REQUESTS:
        operation["requestBody"] = {"required": True, "content": {_JSON: {"schema": bodies.REQUESTS[call.id]}}}
    return operation


def _responses(call: Call) -> dict[str, Any]:
    done = _answer("The answer.", call.upstream_schema)
    responses = {"200": done}
    if call.id in _CREATING:
        responses["201"] = done
    refusals = dict(_REFUSALS)
    if call.id in _SENTINEL_CHANGES:
        refusals |= {"409": "The incident was changed in between.", "412": "The incident was changed in between."}
    return {**responses, **{status: _answer(said, "upstream_error") for status, said in refusals.items()}}


def _answer(said: str, schema: str) -> dict[str, Any]:
    return {"description": said, "content": {_JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}


def _component(name: str) -> dict[str, Any]:
    # An $id of its own would make every reference inside of the document a reference to somewhere else.
    return {key: value for key, value in schemas.load(name).items() if key not in ("$id", "$schema")}


def _sign_in(scenario: Scenario) -> list[tuple[str, str, dict[str, Any]]]:
    """Return path, method and operation of each endpoint of the sign-in."""
    tenant = parameters.tenant(scenario)
    refused = {"400": _answer("The request is refused.", "sign_in_error")}
    unauthorized = {"401": _answer("The credential is not accepted.", "sign_in_error")}

    def operation(name: str, summary: str, responses: dict[str, Any], **more: Any) -> dict[str, Any]:
        shared = {"operationId": name, "summary": summary, "tags": ["sign_in"], "security": []}
        return {**shared, "parameters": [tenant], "responses": responses, **more}

    def form(schema: dict[str, Any]) -> dict[str, Any]:
        return {"required": True, "content": {_FORM: {"schema": schema}}}

    identity_errors = {
        status: _answer("The request is refused.", "managed_identity_error") for status in ("400", "401", "500")
    }
    return [
        (
            "/{tenant}/v2.0/.well-known/openid-configuration",
            "get",
            operation(
                "openid_configuration",
                "OpenID Connect metadata of a tenant",
                {"200": _answer("The endpoints.", "openid_configuration"), **refused},
            ),
        ),
        (
            "/{tenant}/discovery/v2.0/keys",
            "get",
            operation("keys", "Signing keys", {"200": _answer("The keys.", "keys"), **refused}),
        ),
        (
            "/{tenant}/oauth2/v2.0/token",
            "post",
            operation(
                "token",
                "Request a token",
                {"200": _answer("The token.", "token"), **refused, **unauthorized},
                requestBody=form(bodies.token_request(scenario)),
            ),
        ),
        (
            "/{tenant}/oauth2/v2.0/devicecode",
            "post",
            operation(
                "device_code",
                "Start a sign-in on another device",
                {"200": _answer("The code.", "device_code"), **refused, **unauthorized},
                requestBody=form(bodies.device_code_request(scenario)),
            ),
        ),
        (
            "/msi/token",
            "get",
            operation(
                "managed_identity",
                "Token of a managed identity (App Service)",
                {"200": _answer("The token.", "managed_identity_token"), **identity_errors},
                parameters=parameters.managed_identity(scenario),
                security=[{"identity_header": []}],
            ),
        ),
    ]
