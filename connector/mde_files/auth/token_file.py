"""Keeps tokens between processes in one JSON file that only its owner may read."""

from __future__ import annotations

import hashlib
import json
import math
import os
import stat
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files.auth.tokens import is_token_text
from mde_files.deadline import Deadline
from mde_files.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mde_files.config import Config

LONGEST_TOKEN_LIFE = 172800.0
_FORMAT = 1
_MAX_BYTES = 1_048_576
_MAX_ENTRIES = 32
_SKEW = 60.0
_PERSON_LIFE = 90 * 86400.0
_LOCK_SECONDS = 2.0
_OWNER_ONLY = 0o600
_OTHERS = 0o077


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


class TokenFile:
    """A file of sign-ins by key. It never raises: what cannot be read is absent, what cannot be written is told once.

    Several processes may share it: they write one at a time, and each write merges with what is there and replaces the
    file as a whole.

    Args:
        path: The file; its folder is made when missing.
        warn: Told why the file cannot be written.
    """

    def __init__(self, path: Path, warn: Callable[[str], None]) -> None:
        self._path = path
        self._warn = warn
        self._warned = False

    def read(self, key: str) -> SignedIn | None:
        """Return what is kept under ``key``, expired or not."""
        return _signed_in(self._entries().get(key))

    def write(self, key: str, signed_in: SignedIn) -> None:
        """Keep ``signed_in`` under ``key``; drop what has expired and the oldest of too many entries."""
        entry: dict[str, Any] = {
            "access_token": signed_in.token.reveal(),
            "expires_at": signed_in.expires_at,
            "stored_at": time.time(),
        }
        if signed_in.person is not None:
            entry["person"] = signed_in.person.reveal()
        self._change(lambda entries: {**entries, key: entry})

    def remove(self, key: str) -> None:
        """Drop what is kept under ``key``, and the file itself when nothing is left in it."""
        if os.path.lexists(self._path):
            self._change(lambda entries: {kept: entry for kept, entry in entries.items() if kept != key})

    def _change(self, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        from mde_files.folder_lock import folder_lock

        folder = self._path.parent
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Who does not get the lock in time writes all the same: a token that is lost costs a sign-in.
            with folder_lock(folder, Deadline(_LOCK_SECONDS).remaining):
                self._replace(change(self._entries()))
        except OSError as error:
            self._tell(error.strerror or type(error).__name__)

    def _entries(self) -> dict[str, Any]:
        try:
            content = self._content()
            document = json.loads(content) if content else None
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(document, dict) or document.get("format") != _FORMAT:
            return {}
        entries = document.get("sign_ins")
        return entries if isinstance(entries, dict) else {}

    def _content(self) -> bytes:
        # A link that somebody put there must not lead to another file, whose mode would be changed below.
        descriptor = os.open(self._path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return b""
            if hasattr(os, "geteuid"):
                if status.st_uid != os.geteuid():
                    return b""
                if status.st_mode & _OTHERS:
                    os.fchmod(descriptor, _OWNER_ONLY)
            content = file.read(_MAX_BYTES + 1)
        return content if len(content) <= _MAX_BYTES else b""

    def _replace(self, entries: dict[str, Any]) -> None:
        from mde_files.private_files import replace_bytes

        now = time.time()
        worth = ((key, _worth_keeping(entry, now)) for key, entry in entries.items())
        kept = dict(
            sorted(
                ((key, entry) for key, entry in worth if entry is not None),
                key=lambda item: float(item[1]["stored_at"]),
                reverse=True,
            )[:_MAX_ENTRIES]
        )
        content = _encoded(kept)
        while len(content) > _MAX_BYTES and len(kept) > 1:
            kept.popitem()
            content = _encoded(kept)
        if kept:
            replace_bytes(self._path, content)
        else:
            self._path.unlink(missing_ok=True)

    def _tell(self, reason: str) -> None:
        if not self._warned:
            self._warned = True
            self._warn(reason)


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


def _encoded(entries: dict[str, Any]) -> bytes:
    return json.dumps({"format": _FORMAT, "sign_ins": entries}).encode("ascii")


def _signed_in(entry: object) -> SignedIn | None:
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


def _worth_keeping(entry: object, now: float) -> dict[str, Any] | None:
    """Return an entry as it is kept; ``None`` when it is of no use any more."""
    signed_in = _signed_in(entry)
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
