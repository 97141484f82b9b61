"""API keys: made here once, known to the server by their SHA-256 only."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mde_files.serve.settings import ApiKey

HEADER = "X-API-Key"
PREFIX = "mdef_"
_BYTES = 32


def new_key() -> str:
    """Return a new key: 256 random bits, so that a plain digest of it tells nothing."""
    return PREFIX + secrets.token_urlsafe(_BYTES)


def digest(key: str) -> bytes:
    """Return what the configuration keeps of a key: its SHA-256."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def matching(given: str, known: Iterable[ApiKey]) -> ApiKey | None:
    """Return the key that ``given`` is, or ``None``; it takes as long whichever it is."""
    asked = digest(given)
    found = None
    for key in known:
        if hmac.compare_digest(asked, key.digest):
            found = key
    return found
