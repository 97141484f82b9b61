"""What every API behind a sign-in has in common: who asks, whether that is allowed, and how it refuses."""

from __future__ import annotations

import base64
import json
import math
import re
import time
import uuid
from datetime import datetime, timezone
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from starlette.responses import JSONResponse, Response

from mde_files.emulator import bodies, odata
from mde_files.emulator.tokens import InvalidTokenError
from mde_files.errors import InvalidConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mde_files.emulator.call import Call
    from mde_files.emulator.emulation import Emulation
    from mde_files.emulator.quota import Refusal
    from mde_files.emulator.scenario import Scenario, Tenant

_WHOLE_NUMBER = re.compile("[0-9]{1,9}")
ErrorForm = Literal["defender", "graph", "azure"]


class Required(NamedTuple):
    """Permissions of an endpoint, one of which is enough: an application's roles and a person's scopes."""

    application: tuple[str, ...]
    delegated: tuple[str, ...]


class ServiceError(Exception):
    """A refusal by a service, with its error envelope in that service's own form."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        headers: Mapping[str, str] | None = None,
        form: ErrorForm = "defender",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        self.form = form

    def response(self) -> Response:
        """Return the answer."""
        return JSONResponse(self._body(), self.status, self.headers)

    def _body(self) -> dict[str, Any]:
        if self.form == "defender":
            return odata.error(self.code, self.message, str(uuid.uuid4()))
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.form == "graph":
            date = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
            error["innerError"] = {"date": date, "request-id": str(uuid.uuid4())}
        return {"error": error}


class ProtectedApi:
    """One API of the emulator. Subclasses say which, and answer.

    Attributes:
        resource: Name of the scenario's resource that tokens have to be made out for.
        form: How its errors look.
        permissions: What each endpoint requires.
    """

    resource: str
    form: ErrorForm
    permissions: Mapping[str, Required]

    def __init__(self, emulation: Emulation) -> None:
        self._emulation = emulation

    @property
    def _scenario(self) -> Scenario:
        return self._emulation.scenario

    def error(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> ServiceError:
        """Return a refusal in this API's form."""
        return ServiceError(status, code, message, headers, self.form)

    def identify(self, call: Call) -> None:
        """Set the call's caller from its bearer token.

        Raises:
            ServiceError: There is no valid token (401), or it is for another resource.
        """
        scheme, _, token = call.request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise self.unauthorized("The Authorization header is missing or is no bearer token.")
        try:
            caller = self._emulation.tokens.check(token.strip())
        except InvalidTokenError as error:
            raise self.unauthorized(f"The access token is invalid or expired: {error}.") from error
        call.seen.application = caller.client_id
        if caller.audience not in self._scenario.resource(self.resource).identifiers:
            raise self.wrong_audience()
        call.caller = caller

    def wrong_audience(self) -> ServiceError:
        """Return the refusal of a token for another resource."""
        return self.error(
            401, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience.", self._challenge()
        )

    def unauthorized(self, message: str) -> ServiceError:
        """Return the error for a token that is not accepted."""
        code = "Unauthorized" if self.form == "defender" else "InvalidAuthenticationToken"
        return self.error(401, code, message, self._challenge())

    def throttled(self, refusal: Refusal) -> ServiceError:
        """Return the 429 for a full window, with the hint that the scenario asks for."""
        hint = self._scenario.switches.throttle_hint
        seconds = max(1, math.ceil(refusal.seconds))
        message = "The allowed number of calls for this API was reached. Please try again later."
        headers = {}
        if hint == "seconds":
            headers["Retry-After"] = str(seconds)
        elif hint == "date":
            headers["Retry-After"] = formatdate(math.ceil(time.time() + refusal.seconds), usegmt=True)
        elif hint == "body":
            message = (
                f"API calls quota exceeded! Maximum calls admitted per {refusal.window.seconds:g} seconds is "
                f"{refusal.window.calls}. You can send requests again in {seconds} seconds."
            )
        return self.error(429, "TooManyRequests", message, headers)

    def permit(self, call: Call, endpoint: str) -> None:
        """Check that the caller holds one of the endpoint's permissions.

        Raises:
            ServiceError: 403 with the roles that are required and the roles that are there.
        """
        caller = call.caller
        if caller is None:
            raise self.unauthorized("The request is not signed in.")
        delegated = caller.scopes is not None
        required = self.required(endpoint).delegated if delegated else self.required(endpoint).application
        held = caller.scopes if caller.scopes is not None else caller.roles
        if not set(required) & set(held):
            kind = "user" if delegated else "application"
            raise self.error(
                403,
                "Forbidden",
                f"Missing {kind} roles. API required roles: {','.join(required)}, "
                f"{kind} roles: {','.join(sorted(held))}.",
            )

    def required(self, endpoint: str) -> Required:
        """Return the permissions an endpoint requires."""
        return self.permissions[endpoint]

    def names(self, call: Call) -> set[str]:
        """Return what a call is about, in lower case, for faults that hit one thing only."""
        raise NotImplementedError

    def tenant(self, call: Call) -> Tenant | None:
        """Return the tenant of the caller, if it is one of the scenario's."""
        if call.caller is None:
            return None
        try:
            return self._scenario.tenant(call.caller.tenant_id)
        except InvalidConfigError:
            return None

    def required_tenant(self, call: Call) -> Tenant:
        """Return the tenant of the caller.

        Raises:
            ServiceError: It is none of the scenario's.
        """
        tenant = self.tenant(call)
        if tenant is None:
            raise self.error(403, "Forbidden", "Unauthorized request - Account is not provisioned.")
        return tenant

    async def body_of(self, call: Call) -> dict[str, Any]:
        """Return the JSON object that came with a call, once it has the form that its operation takes.

        Raises:
            ServiceError: 400, it has not.
        """
        from jsonschema import Draft202012Validator

        try:
            document = json.loads(await call.request.body())
            # NaN, numbers too large and lone surrogates could not be answered again.
            json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise self.error(400, "BadRequest", "The request body is not a JSON object.")
        for problem in Draft202012Validator(bodies.REQUESTS[call.seen.endpoint or ""]).iter_errors(document):
            raise self.error(400, "BadRequest", f"The request body is not valid at {problem.json_path}.")
        return document

    def whole_number(self, call: Call, option: str, default: int, least: int, most: int) -> int:
        """Return a query option that is a whole number.

        Raises:
            ServiceError: 400, it is none or out of bounds.
        """
        text = call.seen.query.get(option, str(default))
        if not _WHOLE_NUMBER.fullmatch(text) or not least <= int(text) <= most:
            code = "ODataError" if self.form == "defender" else "BadRequest"
            raise self.error(400, code, f"The value of {option} must be a whole number from {least} to {most}.")
        return int(text)

    def _challenge(self) -> dict[str, str]:
        challenge = f'Bearer authorization_uri="{self._emulation.base_url}/common/oauth2/v2.0/authorize"'
        details = 'error="invalid_token", error_description="The access token is not valid"'
        if self._scenario.switches.challenge == "none":
            return {}
        if self._scenario.switches.challenge == "claims":
            claims = json.dumps({"access_token": {"nbf": {"essential": True, "value": str(int(time.time()))}}})
            encoded = base64.b64encode(claims.encode()).decode()
            details = f'error="insufficient_claims", claims="{encoded}"'
        return {"WWW-Authenticate": f"{challenge}, {details}"}
