"""Hands out an access token that somebody else obtained."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from mde_files.auth.claims import decode_claims
from mde_files.auth.tokens import AccessToken, is_token_text, moment_text
from mde_files.config import read_secret_file
from mde_files.errors import AuthFailedError, InvalidConfigError
from mde_files.secret import Secret

if TYPE_CHECKING:
    from pathlib import Path

    from mde_files.deadline import Deadline
    from mde_files.logs import EventLog

_SCHEME = "bearer "


class ReadyTokenProvider:
    """Hands out the token of the configuration, or that of a file, which is read anew each time.

    Args:
        token: The token, or ``None`` to read ``path``.
        path: File with the token; whoever writes it renews it.
        log: Told what it must not show.
    """

    def __init__(self, token: Secret | None, path: Path | None, log: EventLog) -> None:
        self._log = log
        self._token = token
        self._path = path
        self._key = "auth.access_token" if token is not None else "auth.access_token_file"

    def token(self, deadline: Deadline) -> AccessToken:  # noqa: ARG002 - nothing here takes time
        """Return the token.

        Raises:
            AuthFailedError: It has expired, by its own claims.
            InvalidConfigError: There is none, or the text is no token.
        """
        text = self._text()
        try:
            expires_at = decode_claims(text).exp
        except ValueError:
            expires_at = None
        if expires_at is not None and expires_at <= time.time():
            raise AuthFailedError(
                f"The access token in {self._key} has expired{_since(expires_at)}.", hint=self._hint()
            )
        return AccessToken(Secret(text), math.inf if expires_at is None else expires_at, from_cache=False)

    def renew(self, rejected: AccessToken, deadline: Deadline) -> AccessToken:
        """Return the token of the file, if it is another one by now.

        Raises:
            AuthFailedError: It is still the rejected one.
        """
        token = self.token(deadline)
        if token.value == rejected.value:
            raise AuthFailedError(f"The service refused the access token in {self._key}.", hint=self._hint())
        return token

    def forget(self) -> None:
        """Do nothing: the token is not this package's."""

    def _text(self) -> str:
        text = self._token.reveal() if self._token is not None else ""
        if self._path is not None and self._token is None:
            text = read_secret_file(self._key, self._path)
        text = text.strip()
        if text[: len(_SCHEME)].lower() == _SCHEME:
            text = text[len(_SCHEME) :].strip()
        if not is_token_text(text):
            raise InvalidConfigError(
                f"{self._key} holds no access token: it is empty or has spaces or special characters in it.",
                hint="Give the bare token, as one line.",
            )
        self._log.hide(text)
        return text

    def _hint(self) -> str:
        return f"Get a new token and put it into {self._key}; other values of auth.method renew theirs by themselves."


def _since(expires_at: float) -> str:
    return f" at {moment_text(expires_at)}" if expires_at > 0 else ""
