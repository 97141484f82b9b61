"""The errors of Microsoft Entra ID, with the bodies it sends.

Reference: Microsoft Learn, reference-error-codes (Microsoft Entra authentication and authorization error codes).
"""

from __future__ import annotations

import time
import uuid
from typing import NamedTuple

from starlette.responses import JSONResponse


class _Kind(NamedTuple):
    status: int
    error: str
    text: str


_KINDS = {
    53003: _Kind(
        400,
        "access_denied",
        "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
    ),
    65001: _Kind(
        400,
        "invalid_grant",
        "The user or administrator has not consented to use the application with ID '{client_id}'. Send an "
        "interactive authorization request for this user and resource.",
    ),
    65004: _Kind(400, "authorization_declined", "User declined to consent to access the app."),
    70003: _Kind(400, "unsupported_grant_type", "The app requested an unsupported grant type '{grant}'."),
    70016: _Kind(
        400,
        "authorization_pending",
        "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
    ),
    70018: _Kind(400, "bad_verification_code", "Invalid verification code due to User typing in wrong user code."),
    70019: _Kind(
        400, "expired_token", "Verification code expired. The user took too long to sign in. Start the flow again."
    ),
    90002: _Kind(
        400,
        "invalid_request",
        "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the "
        "correct cloud. Check with your subscription administrator, this may happen if there are no active "
        "subscriptions for the tenant.",
    ),
    90033: _Kind(503, "temporarily_unavailable", "A transient error has occurred. Please try again."),
    500011: _Kind(
        400,
        "invalid_resource",
        "The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if "
        "the application has not been installed by the administrator of the tenant or consented to by any user in "
        "the tenant. You might have sent your authentication request to the wrong tenant.",
    ),
    700016: _Kind(
        400,
        "unauthorized_client",
        "Application with identifier '{client_id}' was not found in the directory '{tenant}'. This can happen if "
        "the application has not been installed by the administrator of the tenant or consented to by any user in "
        "the tenant. You may have sent your authentication request to the wrong tenant.",
    ),
    700023: _Kind(401, "invalid_client", "Client assertion audience claim does not match Realm issuer."),
    700024: _Kind(401, "invalid_client", "Client assertion is not within its valid time range."),
    700027: _Kind(
        401,
        "invalid_client",
        "The certificate with identifier used to sign the client assertion is not registered on application. "
        "[Reason - {reason}]",
    ),
    700082: _Kind(400, "invalid_grant", "The refresh token has expired due to inactivity or is not known."),
    700212: _Kind(
        401, "invalid_client", "No matching federated identity record found for presented assertion audience '{value}'."
    ),
    700213: _Kind(
        401,
        "invalid_client",
        "No matching federated identity record found for presented assertion issuer and subject '{value}'.",
    ),
    900144: _Kind(400, "invalid_request", "The request body must contain the following parameter: '{parameter}'."),
    1002012: _Kind(
        400,
        "invalid_scope",
        "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with "
        "/.default suffixed to the resource identifier (application ID URI).",
    ),
    7000215: _Kind(
        401,
        "invalid_client",
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
        "not the client secret ID, for a secret added to app '{client_id}'.",
    ),
    7000218: _Kind(
        401,
        "invalid_client",
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    ),
    7000222: _Kind(
        401,
        "invalid_client",
        "The provided client secret keys for app '{client_id}' are expired. Visit the Azure portal to create new "
        "keys for your app, or consider using certificate credentials for added security.",
    ),
}


class EntraError(Exception):
    """A refusal by Microsoft Entra ID, by the number of its AADSTS code.

    Args:
        number: The code, such as 7000215 for AADSTS7000215.
        error: The OAuth error, where it is not the usual one for the code.
        values: What the text of the code has to be filled with.
    """

    def __init__(self, number: int, error: str | None = None, **values: str) -> None:
        kind = _KINDS[number]
        super().__init__(f"AADSTS{number}")
        self.number = number
        self.status = kind.status
        self.error = error or kind.error
        self.text = kind.text.format(**values)

    def response(self, base_url: str) -> JSONResponse:
        """Return the answer as the token endpoint sends it."""
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        timestamp = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime())
        return JSONResponse(
            {
                "error": self.error,
                "error_description": f"AADSTS{self.number}: {self.text} Trace ID: {trace} Correlation ID: "
                f"{correlation} Timestamp: {timestamp}",
                "error_codes": [self.number],
                "timestamp": timestamp,
                "trace_id": trace,
                "correlation_id": correlation,
                "error_uri": f"{base_url}/error?code={self.number}",
            },
            self.status,
        )
