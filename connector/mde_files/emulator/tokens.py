"""Access tokens: real RS256 JWTs, issued by the emulated Microsoft Entra ID and checked by the service."""

from __future__ import annotations

import itertools
import secrets
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

import jwt

from mde_files.emulator.credentials import make_key

if TYPE_CHECKING:
    from mde_files.emulator.scenario import Application, Resource, Tenant, User

_REMEMBERED = 10_000
_NAMESPACE = uuid.UUID("6d0f7a0e-4c1e-4d8e-9a43-0b6c5f1d2e3a")


class Caller(NamedTuple):
    """Who a valid token speaks for.

    Attributes:
        tenant_id: Tenant of the token.
        client_id: Application that asked for it.
        audience: Resource it was issued for.
        roles: Application permissions; empty in a delegated token.
        scopes: Delegated permissions; None in an application's own token.
        user: User principal name; None in an application's own token.
    """

    tenant_id: str
    client_id: str
    audience: str
    roles: tuple[str, ...]
    scopes: tuple[str, ...] | None
    user: str | None


class InvalidTokenError(Exception):
    """The token cannot be accepted; the text says why."""


def object_id(*names: str) -> str:
    """Return the directory object id for a name: always the same one for the same name."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(names)))


class TokenIssuer:
    """Issues tokens with one signing key and remembers which of them were revoked."""

    def __init__(self) -> None:
        self._key = make_key()
        self._public_key = self._key.public_key()
        self._key_id = secrets.token_urlsafe(20)
        self._lock = threading.Lock()
        self._sequence = itertools.count(1)
        self._issued: dict[str, int] = {}
        self._revoked_up_to = 0
        self._checked: dict[str, dict[str, Any]] = {}

    def keys(self) -> dict[str, Any]:
        """Return the JSON Web Key Set that the tokens can be checked with."""
        key: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(self._public_key, as_dict=True)
        return {"keys": [{**key, "kid": self._key_id, "use": "sig", "alg": "RS256"}]}

    def for_application(
        self,
        application: Application,
        tenant: Tenant,
        resource: Resource,
        *,
        audience: str,
        issuer: str,
        lifetime_seconds: int,
    ) -> str:
        """Issue an application's own token, with the ``roles`` granted to it on the resource, if any."""
        own_id = object_id(tenant.id, application.client_id)
        claims: dict[str, Any] = {"oid": own_id, "sub": own_id, "idtyp": "app"}
        roles = application.roles.get(resource.name, [])
        if roles:
            claims["roles"] = roles
        return self._issue(claims, application, tenant, resource, audience, issuer, lifetime_seconds)

    def for_user(
        self,
        user: User,
        application: Application,
        tenant: Tenant,
        resource: Resource,
        *,
        scopes: list[str],
        audience: str,
        issuer: str,
        lifetime_seconds: int,
    ) -> str:
        """Issue a delegated token with ``scopes`` in ``scp``."""
        claims = {
            "oid": object_id(tenant.id, user.name),
            "sub": object_id(tenant.id, user.name, application.client_id),
            "idtyp": "user",
            "name": user.display_name or user.name,
            "upn": user.name,
            "unique_name": user.name,
            "preferred_username": user.name,
            "scp": " ".join(scopes),
        }
        return self._issue(claims, application, tenant, resource, audience, issuer, lifetime_seconds)

    def identity_token(self, user: User, application: Application, tenant: Tenant, issuer: str) -> str:
        """Issue the ID token that goes with a delegated token."""
        now = int(time.time())
        claims = {
            "aud": application.client_id,
            "iss": issuer,
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "name": user.display_name or user.name,
            "oid": object_id(tenant.id, user.name),
            "preferred_username": user.name,
            "sub": object_id(tenant.id, user.name, application.client_id),
            "tid": tenant.id,
            "ver": "2.0",
        }
        return self._sign(claims)

    def check(self, token: str) -> Caller:
        """Return who the token speaks for.

        Raises:
            InvalidTokenError: It is not one of ours, was changed, has expired or was revoked.
        """
        claims = self._checked.get(token)
        if claims is None:
            try:
                claims = jwt.decode(
                    token,
                    self._public_key,
                    algorithms=["RS256"],
                    options={"verify_aud": False, "require": ["exp", "aud"]},
                )
            except jwt.InvalidTokenError as error:
                raise InvalidTokenError(str(error)) from error
            if len(self._checked) >= _REMEMBERED:
                self._checked.clear()
            self._checked[token] = claims
        if claims["exp"] <= time.time():
            raise InvalidTokenError("Signature has expired")
        if self._issued.get(claims.get("uti", ""), 0) <= self._revoked_up_to:
            raise InvalidTokenError("The token was revoked")
        scopes = claims.get("scp")
        return Caller(
            tenant_id=claims["tid"],
            client_id=claims.get("appid") or claims["azp"],
            audience=claims["aud"],
            roles=tuple(claims.get("roles", ())),
            scopes=None if scopes is None else tuple(scopes.split()),
            user=claims.get("upn"),
        )

    def revoke(self) -> None:
        """Refuse every token issued until now."""
        with self._lock:
            self._revoked_up_to = next(self._sequence)

    def _issue(
        self,
        claims: dict[str, Any],
        application: Application,
        tenant: Tenant,
        resource: Resource,
        audience: str,
        issuer: str,
        lifetime_seconds: int,
    ) -> str:
        now = int(time.time())
        identifier = secrets.token_urlsafe(16)
        with self._lock:
            self._issued[identifier] = next(self._sequence)
        current = resource.token_version == 2  # noqa: PLR2004 - the versions are 1 and 2
        claims.update(
            {
                "aud": resource.identifiers[-1] if current else audience,
                "iss": issuer if current else f"https://sts.windows.net/{tenant.id}/",
                "iat": now,
                "nbf": now,
                "exp": now + lifetime_seconds,
                "tid": tenant.id,
                "uti": identifier,
                "ver": "2.0" if current else "1.0",
                "azp" if current else "appid": application.client_id,
            }
        )
        return self._sign(claims)

    def _sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self._key_id})
