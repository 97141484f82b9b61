"""Checks the tokens of callers that sign in with Microsoft Entra ID.

Reference: Microsoft Learn, "Access tokens in the Microsoft identity platform" and "Access token claims reference":
signature by the keys that the directory publishes, issuer and tenant, audience, time, then the app role. Tokens of
version 1 and of version 2 have different issuers; the app registration of the server decides which it gets.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import jwt

from mde_files.auth.claims import decode_claims
from mde_files.errors import InvalidConfigError
from mde_files.serve.signing_keys import SigningKeys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mde_files.connector import Connector
    from mde_files.serve.settings import EntraSettings

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FIRST_VERSION = "https://sts.windows.net"
_LEEWAY_SECONDS = 60
_ALGORITHM = "RS256"


class TokenRefusedError(Exception):
    """The token does not show who calls; the text says why and is for the server's own log."""


class RoleMissingError(Exception):
    """The token is good, and its bearer has not been given the role."""


class Bearer(NamedTuple):
    """Whom a token speaks for: the application's id, and the tenant of the configuration."""

    application: str
    tenant: str | None


class _Directory(NamedTuple):
    tenant: str | None
    issuers: tuple[str, ...]
    keys: SigningKeys


class EntraTokens:
    """Checks tokens for the tenants of the configuration.

    Args:
        settings: Audiences and role.
        connectors: The connector of each tenant, by its name.

    Raises:
        InvalidConfigError: It cannot be told from a token which tenant it is for.
    """

    def __init__(self, settings: EntraSettings, connectors: Mapping[str | None, Connector]) -> None:
        self._settings = settings
        self._directories: dict[str, _Directory] = {}
        for tenant, connector in connectors.items():
            directory = connector.config.tenant_id
            if not _GUID.fullmatch(directory):
                raise InvalidConfigError(
                    f"serve.entra needs the id of each directory, and tenant_id is {directory!r}.",
                    hint="Write the directory (tenant) id of the app registration's overview page.",
                )
            if directory in self._directories:
                raise InvalidConfigError(
                    f"serve.entra cannot tell which of two tenants with the tenant_id {directory} a token is for.",
                    hint="Leave serve.entra out and give the callers API keys, each for its tenant.",
                )
            authority = connector.config.endpoints.authority
            issuers = (f"{authority}/{directory}/v2.0", f"{_FIRST_VERSION}/{directory}/")
            self._directories[directory] = _Directory(tenant, issuers, SigningKeys(connector))

    def check(self, token: str) -> Bearer:
        """Return whom a token speaks for.

        Raises:
            TokenRefusedError: It is no valid token for this server.
            RoleMissingError: It is one, without the role.
            MdeFilesError: The directory's keys could not be asked for.
        """
        directory = self._directory(token)
        claims = self._claims(token, directory)
        roles = claims.get("roles")
        if not isinstance(roles, list) or self._settings.role not in roles:
            raise RoleMissingError
        application = claims.get("azp") or claims.get("appid")
        return Bearer(str(application or "unknown"), directory.tenant)

    def _directory(self, token: str) -> _Directory:
        try:
            issued_by = decode_claims(token).tid.lower()
        except ValueError:
            raise TokenRefusedError("it is no JSON Web Token") from None
        if issued_by not in self._directories:
            raise TokenRefusedError("it comes from another directory")
        return self._directories[issued_by]

    def _claims(self, token: str, directory: _Directory) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") != _ALGORITHM:
                raise TokenRefusedError(f"it is not signed by {_ALGORITHM}")
            key = directory.keys.get(str(header.get("kid")))
            if key is None:
                raise TokenRefusedError("its key is none of the directory's")
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[_ALGORITHM],
                audience=self._settings.audiences,
                issuer=directory.issuers,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud"]},
            )
        except jwt.PyJWTError as error:
            raise TokenRefusedError(f"{type(error).__name__}") from None
        return claims
