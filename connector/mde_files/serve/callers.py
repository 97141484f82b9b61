"""Tells who calls: by an API key, or by a token of Microsoft Entra ID."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from mde_files.errors import MdeFilesError
from mde_files.serve.keys import HEADER, PREFIX, matching
from mde_files.serve.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.datastructures import Headers

    from mde_files.connector import Connector
    from mde_files.logs import EventLog
    from mde_files.serve.key_file import KnownKeys
    from mde_files.serve.settings import EntraSettings

_THREADS = 2
_HINT = f"Send an API key of this server in {HEADER}."
_HINT_WITH_ENTRA = f"Send an API key of this server in {HEADER}, or a token of Microsoft Entra ID as Bearer."


class Caller(NamedTuple):
    """Who calls.

    Attributes:
        name: Name of the key, or id of the application that signed in.
        tenant: Name of the tenant it may ask; ``None``: the configuration's own.
    """

    name: str
    tenant: str | None


class Callers:
    """Knows who may call.

    Args:
        keys: The API keys.
        entra: How tokens are checked; ``None``: none are accepted.
        connectors: The connector of each tenant, by its name.
        log: Is told why somebody is refused.

    Raises:
        InvalidConfigError: The settings cannot be used.
    """

    def __init__(
        self,
        keys: KnownKeys,
        entra: EntraSettings | None,
        connectors: Mapping[str | None, Connector],
        log: EventLog,
    ) -> None:
        self._keys = keys
        self._log = log
        self._tokens = None
        if entra is not None:
            from mde_files.serve.entra import EntraTokens

            self._tokens = EntraTokens(entra, connectors)
        # Of its own, so that a slow directory keeps no action from running.
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="callers")

    async def identify(self, headers: Headers) -> Caller:
        """Return who sent a request with these headers.

        Raises:
            Problem: Nobody who may call.
        """
        given = headers.getlist(HEADER)
        scheme, _, credential = headers.get("authorization", "").strip().partition(" ")
        if scheme.lower() == "bearer" and credential and not given:
            given = [credential.strip()]
        if len(given) != 1 or len(headers.getlist("authorization")) > 1:
            raise self._refusal("no_key")
        if self._tokens is not None and scheme.lower() == "bearer" and not given[0].startswith(PREFIX):
            return await self._bearer(given[0])
        key = matching(given[0], self._keys.current())
        if key is None:
            raise self._refusal("unknown_key")
        return Caller(key.name, key.tenant)

    def close(self) -> None:
        """Stop checking."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def _bearer(self, token: str) -> Caller:
        from mde_files.serve.entra import RoleMissingError, TokenRefusedError

        assert self._tokens is not None  # noqa: S101 - tells the type checker what the only caller has seen
        try:
            bearer = await asyncio.get_running_loop().run_in_executor(self._pool, self._tokens.check, token)
        except TokenRefusedError as error:
            raise self._refusal("token", reason=str(error), error="invalid_token") from None
        except RoleMissingError:
            self._log.warning("caller_refused", why="role")
            raise Problem(
                "not_permitted",
                "The token has not the app role that callers need.",
                hint="Assign the role of serve.entra.role to the caller, in the server's enterprise application.",
            ) from None
        except MdeFilesError as error:
            self._log.warning("token_not_checked", code=error.code, message=error.message)
            raise Problem(
                "busy",
                "The token cannot be checked at the moment.",
                hint="Try again in a minute.",
                retryable=True,
                headers={"Retry-After": "60"},
            ) from None
        return Caller(bearer.application, bearer.tenant)

    def _refusal(self, why: str, *, reason: str | None = None, error: str = "") -> Problem:
        self._log.warning("caller_refused", why=why, reason=reason)
        said = f', error="{error}"' if error else ""
        return Problem(
            "unauthorized",
            "The request carries no valid key.",
            hint=_HINT if self._tokens is None else _HINT_WITH_ENTRA,
            headers={"WWW-Authenticate": f'Bearer realm="mde-files"{said}'},
        )
