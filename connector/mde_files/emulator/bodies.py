"""Bodies that the emulator takes, and those that the sign-in answers, as JSON Schema.

Reference: Microsoft Learn, api-update-incidents, security-incident-update, security-incident-post-comments, REST API
"Security Insights" (incidents, incident comments), v2-oauth2-client-creds-grant-flow, v2-oauth2-device-code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mde_files.emulator.scenario import Scenario

LONGEST_COMMENT = 30_000
_COMMENT_TYPE = "microsoft.graph.security.alertComment"

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_SOME_TEXT: Schema = {"type": "string", "minLength": 1}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
_SECONDS: Schema = {"type": "integer", "minimum": 0}


def _object(required: dict[str, Schema], **optional: Schema) -> Schema:
    return {"type": "object", "required": list(required), "properties": {**required, **optional}}


REQUESTS: dict[str, Schema] = {
    "defender_incident_update": _object(
        {},
        tags={"type": ["array", "null"], "items": _TEXT},
        comment=_TEXT_OR_NULL,
        status={"enum": ["Active", "InProgress", "Resolved", None]},
    ),
    "graph_incident_update": _object({"customTags": _TEXTS}),
    "graph_comment_create": _object(
        {
            "@odata.type": {"enum": [_COMMENT_TYPE, f"#{_COMMENT_TYPE}"]},
            "comment": _SOME_TEXT,
        }
    ),
    "sentinel_incident_update": _object(
        {
            "properties": _object(
                {
                    "title": _SOME_TEXT,
                    "severity": {"enum": ["High", "Medium", "Low", "Informational"]},
                    "status": {"enum": ["New", "Active", "Closed"]},
                },
                description=_TEXT_OR_NULL,
                labels={
                    "type": ["array", "null"],
                    "items": _object({"labelName": _TEXT}, labelType={"enum": ["User", "AutoAssigned"]}),
                },
            )
        },
        etag=_TEXT_OR_NULL,
    ),
    "sentinel_comment_update": _object(
        {"properties": _object({"message": {"type": "string", "minLength": 1, "maxLength": LONGEST_COMMENT}})}
    ),
}
"""What can be sent, by operation; null counts as absent."""

SIGN_IN_ANSWERS: dict[str, Schema] = {
    "token": _object(
        {
            "token_type": {"const": "Bearer"},
            "expires_in": _SECONDS,
            "ext_expires_in": _SECONDS,
            "access_token": _SOME_TEXT,
        },
        refresh_token=_SOME_TEXT,
        id_token=_SOME_TEXT,
        scope=_TEXT,
        client_info=_TEXT,
    ),
    "device_code": _object(
        {
            "user_code": _SOME_TEXT,
            "device_code": _SOME_TEXT,
            "verification_uri": _SOME_TEXT,
            "expires_in": _SECONDS,
            "interval": _SECONDS,
            "message": _SOME_TEXT,
        }
    ),
    "sign_in_error": _object(
        {
            "error": _SOME_TEXT,
            "error_description": {"type": "string", "pattern": "^AADSTS[0-9]+: "},
            "error_codes": {"type": "array", "minItems": 1, "items": {"type": "integer"}},
            "timestamp": _SOME_TEXT,
            "trace_id": _SOME_TEXT,
            "correlation_id": _SOME_TEXT,
            "error_uri": _SOME_TEXT,
        }
    ),
    "managed_identity_token": _object(
        {
            "access_token": _SOME_TEXT,
            "client_id": _SOME_TEXT,
            "expires_on": {"type": "string", "pattern": "^[0-9]+$"},
            "not_before": {"type": "string", "pattern": "^[0-9]+$"},
            "resource": _SOME_TEXT,
            "token_type": {"const": "Bearer"},
        }
    ),
    "managed_identity_error": _object({"statusCode": {"type": "integer"}, "message": _SOME_TEXT}),
    "openid_configuration": _object(
        dict.fromkeys(("issuer", "token_endpoint", "authorization_endpoint", "jwks_uri"), _SOME_TEXT),
        device_authorization_endpoint=_SOME_TEXT,
    ),
    "keys": _object({"keys": {"type": "array", "minItems": 1, "items": _object({"kty": _TEXT, "kid": _TEXT})}}),
}
"""Schemas of the answers of Microsoft Entra ID and of the managed-identity endpoint."""


def token_request(scenario: Scenario) -> Schema:
    """Return the form of a token request with a client secret."""
    clients = [item.client_id for item in scenario.applications if item.secrets]
    scopes = [f"{item.identifiers[0]}/.default" for item in scenario.resources]
    return _object(
        {
            "grant_type": {"enum": ["client_credentials"]},
            "client_id": {"type": "string", "enum": clients},
            "client_secret": {"type": "string", "minLength": 1, "writeOnly": True},
            "scope": {"type": "string", "enum": scopes},
        }
    )


def device_code_request(scenario: Scenario) -> Schema:
    """Return the form that starts a sign-in on another device."""
    clients = [item.client_id for item in scenario.applications if item.public_client]
    scopes = [f"{item.identifiers[0]}/.default" for item in scenario.resources]
    return _object({"client_id": {"type": "string", "enum": clients}, "scope": {"type": "string", "enum": scopes}})
