"""What a sign-in yields, who hands it out, and how a request carries it."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeGuard

from requests.auth import AuthBase

if TYPE_CHECKING:
    from requests import PreparedRequest

    from mde_files.deadline import Deadline
    from mde_files.secret import Secret

_TOKEN_TEXT = re.compile(r"[\x21-\x7e]{1,16384}")


class AccessToken(NamedTuple):
    """A token for the files API.

    Attributes:
        value: The token itself.
        expires_at: Seconds since 1970; infinite where the token does not tell.
        from_cache: Whether it was at hand before it was asked for, rather than the fruit of a sign-in just now.
    """

    value: Secret
    expires_at: float
    from_cache: bool


class TokenProvider(Protocol):
    """Hands out access tokens; safe to use from many threads."""

    def token(self, deadline: Deadline) -> AccessToken:
        """Return a token that is valid for now: a known one, or a new one once it is about to expire.

        Raises:
            AuthFailedError: The sign-in was refused, or somebody has to sign in in person.
            InvalidConfigError: A credential cannot be used as it is.
            NetworkError: The sign-in host could not be reached or trusted.
            ThrottledError: The sign-in host asks to come back later.
            TimeoutExceededError: The sign-in did not end before the deadline.
            UpstreamError: The sign-in host has a problem of its own.
            UpstreamInvalidError: What answered is no sign-in service.
        """

    def renew(self, rejected: AccessToken, deadline: Deadline) -> AccessToken:
        """Return another token than the one the service rejected, which is given up everywhere.

        A token that another thread or process got in the meantime is used before signing in anew.

        Raises:
            MdeFilesError: As :meth:`token`.
        """

    def forget(self) -> None:
        """Remove what is kept in memory and between processes."""


class BearerAuth(AuthBase):
    """Sets the ``Authorization`` header; as an auth object it also keeps ``.netrc`` from replacing the header."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the header to ``request``."""
        request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return request


def is_token_text(value: object) -> TypeGuard[str]:
    """Tell whether ``value`` can stand in a header: visible ASCII, without spaces and line breaks."""
    return isinstance(value, str) and _TOKEN_TEXT.fullmatch(value) is not None


def moment_text(epoch_seconds: float) -> str:
    """Return seconds since 1970 as RFC 3339 UTC in whole seconds."""
    return datetime.fromtimestamp(epoch_seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
