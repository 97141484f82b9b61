"""Keeps one token ready: from memory, else the token file, else a sign-in, of which only one runs at a time."""

from __future__ import annotations

import copy
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from mde_files.auth.tokens import AccessToken
from mde_files.errors import AuthFailedError, MdeFilesError, TimeoutExceededError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mde_files.auth.token_file import SignedIn, TokenFile
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


class RenewingTokenProvider:
    """Hands out the token of a sign-in and renews it before it expires.

    A refused sign-in is not tried again for half a minute: many calls with a wrong secret make one request, not many.
    A sign-in that fails does no harm while the last token is still valid.

    Args:
        sign_in: Gets a new token.
        token_file: Where tokens are kept between processes; ``None`` keeps them in memory only.
        hide: Told of each token, which must not be shown anywhere.
    """

    def __init__(
        self, sign_in: SignIn, token_file: TokenFile | None, hide: Callable[[str], None] = lambda _token: None
    ) -> None:
        self._sign_in = sign_in
        self._file = token_file
        self._hide = hide
        self._known: SignedIn | None = None
        self._failure: MdeFilesError | None = None
        self._failed_at = 0.0
        self._lock = threading.Lock()

    def token(self, deadline: Deadline) -> AccessToken:
        """Return a valid token (see ``TokenProvider``)."""
        known = self._known
        if known is not None and _lasts(known, _RENEWED_BEFORE_EXPIRY):
            return AccessToken(known.token, known.expires_at, from_cache=True)
        return self._obtain(deadline, None)

    def renew(self, rejected: AccessToken, deadline: Deadline) -> AccessToken:
        """Return another token than ``rejected`` (see ``TokenProvider``)."""
        return self._obtain(deadline, rejected.value)

    def forget(self) -> None:
        """Remove what is kept in memory and in the token file."""
        with self._lock:
            self._known = None
            self._failure = None
            if self._file is not None:
                self._file.remove(self._sign_in.key())

    def _obtain(self, deadline: Deadline, rejected: Secret | None) -> AccessToken:
        asked_at = time.monotonic()
        with self._turn(deadline):
            self._known = known = self._newest(rejected)
            if known is not None:
                self._hide(known.token.reveal())
            if known is not None and _lasts(known, _RENEWED_BEFORE_EXPIRY):
                return AccessToken(known.token, known.expires_at, from_cache=True)
            try:
                signed_in = self._sign_in_once(deadline, known, asked_at)
            except MdeFilesError:
                if known is not None and _lasts(known, _USABLE_BEFORE_EXPIRY):
                    return AccessToken(known.token, known.expires_at, from_cache=True)
                raise
            self._known = signed_in
            self._hide(signed_in.token.reveal())
            if self._file is not None:
                self._file.write(self._sign_in.key(), signed_in)
            return AccessToken(signed_in.token, signed_in.expires_at, from_cache=False)

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
        """Return the sign-in that lasts longest, with the rejected token made out as expired, in the file too."""
        newest = _without(self._known, rejected)
        if self._file is None:
            return newest
        stored = self._file.read(self._sign_in.key())
        usable = _without(stored, rejected)
        if usable is None:
            return newest
        if usable is not stored:
            self._file.write(self._sign_in.key(), usable)
        # Refresh tokens change hands with each use: the file has the latest one.
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


def _lasts(signed_in: SignedIn, seconds: float) -> bool:
    return signed_in.expires_at - seconds > time.time()


def _without(signed_in: SignedIn | None, rejected: Secret | None) -> SignedIn | None:
    if signed_in is None or signed_in.token != rejected:
        return signed_in
    return signed_in._replace(expires_at=0.0)
