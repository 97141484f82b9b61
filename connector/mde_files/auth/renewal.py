"""Keeps one token ready: from memory, else the token file, else a sign-in, of which only one runs at a time."""

from __future__ import annotations

import copy
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, Protocol

from mde_files.auth.tokens import AccessToken
from mde_files.errors import AuthFailedError, MdeFilesError, TimeoutExceededError
from mde_files.state import host_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mde_files.auth.token_store import SignedIn, TokenStore
    from mde_files.deadline import Deadline
    from mde_files.secret import Secret

_RENEWED_BEFORE_EXPIRY = 300.0
_USABLE_BEFORE_EXPIRY = 60.0
_REFUSAL_REMEMBERED = 30.0


class SignIn(Protocol):
    """One way to sign in. It is never called twice at a time."""

    def key(self) -> str:
        """Return what tells this sign-in from every other one: tenant, application, credential and so on, hashed.

        Raises:
            InvalidConfigError: The credential cannot be read.
        """

    def sign_in(self, deadline: Deadline, person: Secret | None) -> SignedIn:
        """Sign in, whatever tokens there may still be.

        Args:
            deadline: When to give up.
            person: What an earlier sign-in of a person left behind.

        Raises:
            MdeFilesError: As ``TokenProvider.token``.
        """


class _Held(NamedTuple):
    """A sign-in, and when its token ends on the clock of this machine, which nobody can set."""

    signed_in: SignedIn
    ends: float

    def lasts(self, seconds: float) -> bool:
        """Tell whether the token lasts that much longer, by whichever clock says less."""
        return self.signed_in.expires_at - seconds > time.time() and self.ends - seconds > host_clock.now()

    def token(self, *, from_cache: bool) -> AccessToken:
        return AccessToken(self.signed_in.token, self.signed_in.expires_at, from_cache=from_cache)


class RenewingTokenProvider:
    """Hands out the token of a sign-in and renews it before it expires.

    A refused sign-in is not tried again for half a minute: many calls with a wrong secret make one request, not many.
    A sign-in that fails does no harm while the last token is still valid.

    Args:
        sign_in: Gets a new token.
        store: Where tokens are kept between processes; ``None`` keeps them in memory only.
        hide: Told of each token, which must not be shown anywhere.
    """

    def __init__(
        self, sign_in: SignIn, store: TokenStore | None, hide: Callable[[str], None] = lambda _token: None
    ) -> None:
        self._sign_in = sign_in
        self._store = store
        self._hide = hide
        self._held: _Held | None = None
        self._failure: MdeFilesError | None = None
        self._failed_at = 0.0
        self._lock = threading.Lock()

    def token(self, deadline: Deadline) -> AccessToken:
        """Return a valid token (see ``TokenProvider``)."""
        held = self._held
        if held is not None and held.lasts(_RENEWED_BEFORE_EXPIRY):
            return held.token(from_cache=True)
        return self._obtain(deadline, None)

    def renew(self, rejected: AccessToken, deadline: Deadline) -> AccessToken:
        """Return another token than ``rejected`` (see ``TokenProvider``)."""
        return self._obtain(deadline, rejected.value)

    def forget(self) -> None:
        """Remove what is kept in memory and in the store."""
        with self._lock:
            self._held = None
            self._failure = None
            if self._store is not None:
                self._store.remove(self._sign_in.key())

    def _obtain(self, deadline: Deadline, rejected: Secret | None) -> AccessToken:
        asked_at = time.monotonic()
        with self._turn(deadline):
            known = self._newest(rejected)
            if known is not None:
                self._hide(known.token.reveal())
            held = self._held = None if known is None else self._hold(known)
            if held is not None and held.lasts(_RENEWED_BEFORE_EXPIRY):
                return held.token(from_cache=True)
            try:
                signed_in = self._sign_in_once(deadline, known, asked_at)
            except MdeFilesError:
                if held is not None and held.lasts(_USABLE_BEFORE_EXPIRY):
                    return held.token(from_cache=True)
                raise
            self._held = held = self._hold(signed_in)
            self._hide(signed_in.token.reveal())
            if self._store is not None:
                self._store.write(self._sign_in.key(), signed_in)
            return held.token(from_cache=False)

    def _hold(self, signed_in: SignedIn) -> _Held:
        """Return ``signed_in`` with its end; a token that is held already does not get another one."""
        held = self._held
        if held is not None and held.signed_in.token == signed_in.token:
            return _Held(signed_in, held.ends)
        return _Held(signed_in, host_clock.now() + signed_in.expires_at - time.time())

    @contextmanager
    def _turn(self, deadline: Deadline) -> Iterator[None]:
        if not self._lock.acquire(timeout=min(deadline.remaining(), threading.TIMEOUT_MAX)):
            raise TimeoutExceededError(
                f"The time budget of {deadline.seconds:g} s ran out while another call was signing in.",
                hint="Raise timeouts.total, or ask again once the sign-in is done.",
            )
        try:
            yield
        finally:
            self._lock.release()

    def _newest(self, rejected: Secret | None) -> SignedIn | None:
        """Return the sign-in that lasts longest, with the rejected token made out as expired, in the store too."""
        newest = _without(None if self._held is None else self._held.signed_in, rejected)
        if self._store is None:
            return newest
        stored = self._store.read(self._sign_in.key())
        usable = _without(stored, rejected)
        if usable is None:
            return newest
        if usable is not stored:
            self._store.write(self._sign_in.key(), usable)
        # Refresh tokens change hands with each use: the store has the latest one.
        return (
            usable
            if newest is None or usable.expires_at >= newest.expires_at
            else newest._replace(person=usable.person)
        )

    def _sign_in_once(self, deadline: Deadline, known: SignedIn | None, asked_at: float) -> SignedIn:
        """Sign in, unless that was refused just now or failed while this call waited for it."""
        failure = self._failure
        if failure is not None:
            refused = isinstance(failure, AuthFailedError) and time.monotonic() - self._failed_at < _REFUSAL_REMEMBERED
            awaited = self._failed_at >= asked_at and not isinstance(failure, TimeoutExceededError)
            if refused or awaited:
                raise copy.copy(failure)
        try:
            signed_in = self._sign_in.sign_in(deadline, known.person if known is not None else None)
        except MdeFilesError as error:
            self._failure, self._failed_at = copy.copy(error), time.monotonic()
            raise
        self._failure = None
        return signed_in


def _without(signed_in: SignedIn | None, rejected: Secret | None) -> SignedIn | None:
    if signed_in is None or signed_in.token != rejected:
        return signed_in
    return signed_in._replace(expires_at=0.0)
