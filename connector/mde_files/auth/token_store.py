"""Where tokens are kept between processes: what a sign-in yields, as a document, and what every store offers."""

from __future__ import annotations

import hashlib
import json
import math
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from mde_files.errors import StateUnavailableError
from mde_files.secret import Secret
from mde_files.state.interface import BackendUnavailableError

if TYPE_CHECKING:
    from mde_files.config import Config
    from mde_files.state import State

LONGEST_TOKEN_LIFE = 172800.0
_PERSON_LIFE = 90 * 86400.0
_SKEW = 60.0
_PREFIX = "tokens/"


class SignedIn(NamedTuple):
    """What a sign-in yields.

    Attributes:
        token: The access token.
        expires_at: Seconds since 1970.
        person: MSAL's own cache with the refresh token, where a person signed in; opaque here.
    """

    token: Secret
    expires_at: float
    person: Secret | None = None


class TokenStore(Protocol):
    """Sign-ins by key. It never raises: what cannot be read is absent, what cannot be written is not kept."""

    def read(self, key: str) -> SignedIn | None:
        """Return what is kept under ``key``, expired or not."""

    def write(self, key: str, signed_in: SignedIn) -> None:
        """Keep ``signed_in`` under ``key``."""

    def remove(self, key: str) -> None:
        """Drop what is kept under ``key``."""


class TokensInState:
    """Keeps sign-ins beside quota and answers, in a platform's own store; implements ``TokenStore``.

    Args:
        state: The store.
    """

    def __init__(self, state: State) -> None:
        self._state = state

    def read(self, key: str) -> SignedIn | None:
        """Return what is kept under ``key``."""
        try:
            document = self._state.get(_PREFIX + key)
            return decoded(json.loads(document)) if document is not None else None
        except (BackendUnavailableError, StateUnavailableError, ValueError, RecursionError):
            return None

    def write(self, key: str, signed_in: SignedIn) -> None:
        """Keep ``signed_in`` under ``key`` as long as it is of use."""
        document = encoded(signed_in)
        life = _PERSON_LIFE if signed_in.person is not None else signed_in.expires_at - time.time()
        self._replace(key, json.dumps(document).encode("ascii") if life > 0 else None, max(life, 0.0))

    def remove(self, key: str) -> None:
        """Drop what is kept under ``key``."""
        self._replace(key, None, 0.0)

    def _replace(self, key: str, document: bytes | None, keep_seconds: float) -> None:
        with suppress(BackendUnavailableError, StateUnavailableError):
            self._state.update(_PREFIX + key, lambda _kept: (document, None), keep_seconds=keep_seconds)


def entry_key(config: Config, credential: bytes, scope: str) -> str:
    """Return the key of a sign-in: tenants, clouds, applications, APIs and credentials never share an entry.

    Args:
        config: Whom to sign in and where.
        credential: What changes when the credential changes.
        scope: What for.
    """
    parts = [config.endpoints.authority, config.tenant_id, config.client_id or "", scope, config.auth.method]
    identity = json.dumps(parts).encode("ascii")
    return hashlib.sha256(hashlib.sha256(identity).digest() + credential).hexdigest()


def encoded(signed_in: SignedIn) -> dict[str, Any]:
    """Return ``signed_in`` as a JSON object that also says when it was written."""
    entry: dict[str, Any] = {
        "access_token": signed_in.token.reveal(),
        "expires_at": signed_in.expires_at,
        "stored_at": time.time(),
    }
    if signed_in.person is not None:
        entry["person"] = signed_in.person.reveal()
    return entry


def decoded(entry: object) -> SignedIn | None:
    """Return the sign-in that a JSON value stands for; ``None`` where it stands for none."""
    from mde_files.auth.tokens import is_token_text

    if not isinstance(entry, dict):
        return None
    token, person = entry.get("access_token"), entry.get("person")
    expires_at, stored_at = _number(entry.get("expires_at")), _number(entry.get("stored_at"))
    if not is_token_text(token) or expires_at is None or stored_at is None or not isinstance(person, str | None):
        return None
    if expires_at - stored_at > LONGEST_TOKEN_LIFE:
        return None
    if _is_from_the_future(stored_at, time.time()):
        # The clock was set back: how old the token is cannot be told any more.
        expires_at = 0.0
    return SignedIn(Secret(token), expires_at, None if person is None else Secret(person))


def worth_keeping(entry: object, now: float) -> dict[str, Any] | None:
    """Return an entry as it is kept at ``now``, seconds since 1970; ``None`` when it is of no use any more."""
    signed_in = decoded(entry)
    if signed_in is None or not isinstance(entry, dict):
        return None
    if _is_from_the_future(entry["stored_at"], now):
        # From here on it ages again.
        entry = {**entry, "expires_at": signed_in.expires_at, "stored_at": now}
    is_kept = signed_in.expires_at > now or (signed_in.person is not None and entry["stored_at"] > now - _PERSON_LIFE)
    return entry if is_kept else None


def _is_from_the_future(stored_at: float, now: float) -> bool:
    return stored_at > now + _SKEW


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
