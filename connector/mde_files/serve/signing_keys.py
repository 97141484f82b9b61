"""The keys a directory of Microsoft Entra ID signs its tokens with: kept for a day, asked for anew when one is new."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

import jwt

from mde_files.deadline import Deadline
from mde_files.errors import MdeFilesError, UpstreamError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mde_files.connector import Connector

_FRESH_SECONDS = 24 * 3600.0
# Anybody can send a token that names a key nobody knows; that must not become a request each time.
_PAUSE_SECONDS = 60.0
_ASKING_SECONDS = 10.0
_OK = 200


class SigningKeys:
    """The keys of one directory. Thread-safe.

    Args:
        connector: Names the directory and its authority, and lends its connections.
        clock: Source of seconds; it must never go backwards.
    """

    def __init__(self, connector: Connector, clock: Callable[[], float] = time.monotonic) -> None:
        config = connector.config
        self._url = f"{config.endpoints.authority}/{config.tenant_id}/discovery/v2.0/keys"
        self._connector = connector
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._asked_at = float("-inf")
        self._answered_at = float("-inf")

    def get(self, key_id: str) -> jwt.PyJWK | None:
        """Return the key with this id; ``None``: the directory has none.

        Raises:
            MdeFilesError: The directory could not be asked, and nothing is known that could serve instead.
        """
        with self._lock:
            now = self._clock()
            fresh = now - self._answered_at < _FRESH_SECONDS
            if (key_id not in self._keys or not fresh) and now - self._asked_at >= _PAUSE_SECONDS:
                self._asked_at = now
                try:
                    self._keys = self._ask()
                    self._answered_at = now
                except MdeFilesError:
                    if key_id not in self._keys or now - self._answered_at >= 2 * _FRESH_SECONDS:
                        raise
            elif now - self._answered_at >= 2 * _FRESH_SECONDS:
                raise UpstreamError(
                    "The keys of the directory could not be asked for a moment ago.", hint="Try again in a minute."
                )
            return self._keys.get(key_id)

    def _ask(self) -> Mapping[str, jwt.PyJWK]:
        answer = self._connector.service.http().request("GET", self._url, deadline=Deadline(_ASKING_SECONDS))
        try:
            document: Any = json.loads(answer.body) if answer.status == _OK else None
            listed = [key for key in document["keys"] if key.get("kty") == "RSA" and key.get("use", "sig") == "sig"]
            return {key["kid"]: jwt.PyJWK(key, algorithm="RS256") for key in listed}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, jwt.PyJWTError):
            raise UpstreamError(
                f"The directory did not answer with its keys (status {answer.status}).",
                hint="Check authority and tenant_id.",
                http_status=answer.status,
            ) from None
