"""Microsoft Entra ID: OpenID configuration, keys, the token endpoint, device codes, managed identities.

Reference: Microsoft Learn, v2-oauth2-client-creds-grant-flow, v2-oauth2-device-code,
overview-managed-identity (App Service).
"""

from __future__ import annotations

import base64
import json
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from mde_files.emulator import assertions
from mde_files.emulator.entra_errors import EntraError
from mde_files.emulator.tokens import object_id
from mde_files.errors import InvalidConfigError

if TYPE_CHECKING:
    from mde_files.emulator.call import Call
    from mde_files.emulator.emulation import Emulation
    from mde_files.emulator.scenario import Application, Resource, Scenario, Tenant, User

_SIGN_IN_SCOPES = {"openid", "profile", "offline_access", "email"}
_DEVICE_GRANTS = {"urn:ietf:params:oauth:grant-type:device_code", "device_code"}


@dataclass(frozen=True)
class _Grant:
    """What a user has been asked to let an application do."""

    tenant: Tenant
    application: Application
    resource: Resource
    audience: str
    scopes: tuple[str, ...]


@dataclass
class _DeviceFlow:
    grant: _Grant
    expires: float
    polls: int = 0


class Entra:
    """The sign-in half of the emulator."""

    def __init__(self, emulation: Emulation) -> None:
        self._emulation = emulation
        self._device_flows: dict[str, _DeviceFlow] = {}
        self._refresh_tokens: dict[str, tuple[_Grant, User]] = {}

    @property
    def _scenario(self) -> Scenario:
        return self._emulation.scenario

    async def openid_configuration(self, call: Call) -> Response:
        """Answer with the tenant's endpoints."""
        tenant = self._tenant(call, error="invalid_tenant")
        base = f"{call.origin}/{tenant.id}"
        return JSONResponse(
            {
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
                "jwks_uri": f"{base}/discovery/v2.0/keys",
                "response_types_supported": ["code", "id_token"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": sorted(_SIGN_IN_SCOPES),
                "issuer": self._issuer(tenant),
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
                "tenant_region_scope": "WW",
                "cloud_instance_name": "microsoftonline.com",
            }
        )

    async def keys(self, call: Call) -> Response:
        """Answer with the keys that tokens are signed with."""
        self._tenant(call)
        return JSONResponse(self._emulation.tokens.keys())

    async def token(self, call: Call) -> Response:
        """Answer a token request of any supported grant."""
        tenant = self._tenant(call)
        grant = call.form.get("grant_type", "")
        application = self._application(call, tenant)
        if grant == "client_credentials":
            return self._client_credentials(call, tenant, application)
        if grant in _DEVICE_GRANTS:
            return self._device_code_grant(call, application)
        if grant == "refresh_token":
            return self._refresh(call, application)
        raise EntraError(70003, grant=grant)

    async def device_code(self, call: Call) -> Response:
        """Start a device code flow."""
        tenant = self._tenant(call)
        application = self._application(call, tenant)
        if not application.public_client:
            raise EntraError(7000218)
        grant = self._delegated_grant(call, tenant, application)
        settings = self._scenario.device_code
        device_code = secrets.token_urlsafe(32)
        user_code = secrets.token_hex(5).upper()[:9]
        self._device_flows[device_code] = _DeviceFlow(grant, time.monotonic() + settings.expires_in_seconds)
        page = f"{call.origin}/devicelogin"
        return JSONResponse(
            {
                "user_code": user_code,
                "device_code": device_code,
                "verification_uri": page,
                "expires_in": settings.expires_in_seconds,
                "interval": settings.interval_seconds,
                "message": f"To sign in, use a web browser to open the page {page} and enter the code {user_code} "
                "to authenticate.",
            }
        )

    async def managed_identity(self, call: Call) -> Response:
        """Answer as the identity endpoint of Azure App Service."""
        query = call.seen.query
        given = call.request.headers.get("X-IDENTITY-HEADER", "")
        if not secrets.compare_digest(given.encode(), self._emulation.identity_header.encode()):
            return JSONResponse({"statusCode": 401, "message": "The X-IDENTITY-HEADER is missing or wrong."}, 401)
        application = self._managed_identity(query)
        if application is None:
            message = (
                "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."
            )
            return JSONResponse({"statusCode": 400, "message": message}, 400)
        call.seen.application = application.client_id
        audience = query.get("resource", "")
        resource = self._resource(audience)
        if resource is None:
            return JSONResponse(
                {"statusCode": 500, "message": "An unexpected error occured while fetching the token."}, 500
            )
        tenant = self._scenario.tenant(application.tenant)
        token = self.application_token(application, tenant, resource, audience)
        lifetime = self._scenario.token_lifetime_seconds
        return JSONResponse(
            {
                "access_token": token,
                "client_id": application.client_id,
                "expires_on": str(int(time.time()) + lifetime),
                "not_before": str(int(time.time())),
                "resource": audience,
                "token_type": "Bearer",
            }
        )

    def application_token(
        self,
        application: Application,
        tenant: Tenant,
        resource: Resource,
        audience: str,
        lifetime_seconds: int | None = None,
    ) -> str:
        """Issue an application's own token without a sign-in."""
        lifetime = self._scenario.token_lifetime_seconds if lifetime_seconds is None else lifetime_seconds
        return self._emulation.tokens.for_application(
            application, tenant, resource, audience=audience, issuer=self._issuer(tenant), lifetime_seconds=lifetime
        )

    def _client_credentials(self, call: Call, tenant: Tenant, application: Application) -> Response:
        own_urls = [f"{call.origin}/{name}" for name in (tenant.id, tenant.name, call.path["tenant"])]
        audiences = [f"{url}{end}" for url in own_urls for end in ("/oauth2/v2.0/token", "/v2.0", "")]
        assertions.authenticate(application, call.form, self._emulation, audiences)
        scope = call.form.get("scope")
        if not scope:
            raise EntraError(900144, parameter="scope")
        audience, separator, _ = scope.partition("/.default")
        if not separator:
            raise EntraError(1002012, scope=scope)
        resource = self._resource(audience)
        if resource is None:
            raise EntraError(500011, resource=audience, tenant=tenant.name)
        if application.conditional_access_blocks:
            raise EntraError(53003)
        lifetime = self._scenario.token_lifetime_seconds
        token = self.application_token(application, tenant, resource, audience)
        return JSONResponse(
            {"token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": token}
        )

    def _device_code_grant(self, call: Call, application: Application) -> Response:
        flow = self._device_flows.get(call.form.get("device_code", call.form.get("code", "")))
        if flow is None or flow.grant.application.client_id != application.client_id:
            raise EntraError(70018)
        settings = self._scenario.device_code
        flow.polls += 1
        if time.monotonic() >= flow.expires:
            raise EntraError(70019)
        if flow.polls < settings.after_polls:
            raise EntraError(70016)
        if settings.outcome == "expire":
            raise EntraError(70019)
        if settings.outcome == "decline":
            raise EntraError(65004)
        user = self._approving_user(flow.grant.tenant)
        return self._delegated_tokens(call, flow.grant, user)

    def _refresh(self, call: Call, application: Application) -> Response:
        grant, user = self._refresh_tokens.pop(call.form.get("refresh_token", ""), (None, None))
        if grant is None or user is None or grant.application.client_id != application.client_id:
            raise EntraError(700082)
        if call.form.get("scope"):
            grant = self._delegated_grant(call, grant.tenant, application)
        return self._delegated_tokens(call, grant, user)

    def _delegated_tokens(self, call: Call, grant: _Grant, user: User) -> Response:
        if grant.application.conditional_access_blocks:
            raise EntraError(53003)
        consented = user.scopes.get(grant.resource.name, [])
        scopes = consented if ".default" in grant.scopes else [name for name in grant.scopes if name in consented]
        if not scopes or (".default" not in grant.scopes and len(scopes) < len(grant.scopes)):
            raise EntraError(65001, client_id=grant.application.client_id)
        issuer = self._issuer(grant.tenant)
        lifetime = self._scenario.token_lifetime_seconds
        token = self._emulation.tokens.for_user(
            user,
            grant.application,
            grant.tenant,
            grant.resource,
            scopes=scopes,
            audience=grant.audience,
            issuer=issuer,
            lifetime_seconds=lifetime,
        )
        refresh_token = secrets.token_urlsafe(48)
        self._refresh_tokens[refresh_token] = (grant, user)
        identity = {"uid": object_id(grant.tenant.id, user.name), "utid": grant.tenant.id}
        call.seen.application = grant.application.client_id
        body: dict[str, Any] = {
            "token_type": "Bearer",
            "scope": " ".join(f"{grant.audience}/{name}" for name in scopes),
            "expires_in": lifetime,
            "ext_expires_in": lifetime,
            "access_token": token,
            "refresh_token": refresh_token,
            "id_token": self._emulation.tokens.identity_token(user, grant.application, grant.tenant, issuer),
            "client_info": base64.urlsafe_b64encode(json.dumps(identity).encode()).rstrip(b"=").decode(),
        }
        return JSONResponse(body)

    def _delegated_grant(self, call: Call, tenant: Tenant, application: Application) -> _Grant:
        wanted = [scope for scope in call.form.get("scope", "").split() if scope not in _SIGN_IN_SCOPES]
        if not wanted:
            raise EntraError(900144, parameter="scope")
        audience = wanted[0].rpartition("/")[0]
        resource = self._resource(audience)
        if resource is None:
            raise EntraError(500011, resource=audience or wanted[0], tenant=tenant.name)
        return _Grant(tenant, application, resource, audience, tuple(scope.rpartition("/")[2] for scope in wanted))

    def _approving_user(self, tenant: Tenant) -> User:
        name = self._scenario.device_code.user
        if name:
            return self._scenario.user(name)
        for user in self._scenario.users:
            if user.tenant in (tenant.id, tenant.name):
                return user
        raise EntraError(65004)

    def _tenant(self, call: Call, error: str | None = None) -> Tenant:
        name = call.path["tenant"]
        try:
            return self._scenario.tenant(name)
        except InvalidConfigError:
            raise EntraError(90002, error, tenant=name) from None

    def _application(self, call: Call, tenant: Tenant) -> Application:
        client_id = call.form.get("client_id")
        if not client_id:
            raise EntraError(900144, parameter="client_id")
        for application in self._scenario.applications:
            if application.client_id == client_id.lower() and application.tenant in (tenant.id, tenant.name):
                return application
        raise EntraError(700016, client_id=client_id, tenant=tenant.name)

    def _managed_identity(self, query: dict[str, str]) -> Application | None:
        wanted = next((query[name] for name in ("client_id", "object_id", "mi_res_id") if name in query), None)
        for application in self._scenario.applications:
            names = (application.client_id, object_id(application.tenant, application.client_id), application.name)
            if application.managed_identity == "system" and wanted is None:
                return application
            if application.managed_identity == "user" and wanted in names:
                return application
        return None

    def _resource(self, identifier: str) -> Resource | None:
        wanted = identifier.rstrip("/").lower()
        for resource in self._scenario.resources:
            if wanted in [name.lower() for name in resource.identifiers]:
                return resource
        return None

    def _issuer(self, tenant: Tenant) -> str:
        return f"{self._emulation.base_url}/{tenant.id}/v2.0"
