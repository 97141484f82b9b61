"""Keeps tokens between processes in one JSON file that only its owner may read."""

from __future__ import annotations

import hashlib
import json
import math
import os
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files.auth.tokens import is_token_text
from mde_files.private_files import make_folder
from mde_files.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from mde_files.config import Config

LONGEST_TOKEN_LIFE = 172800.0
_FORMAT = 1
_MAX_BYTES = 1_048_576
_MAX_ENTRIES = 32
_PERSON_LIFE = 90 * 86400.0
_ABANDONED_AFTER = 3600.0
_OWNER_ONLY = 0o600
_OTHERS = 0o077
_SUFFIX = ".new"


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

    Several processes may share it: each write merges with what is there and replaces the file as a whole.

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
        now = time.time()
        entry: dict[str, Any] = {
            "access_token": signed_in.token.reveal(),
            "expires_at": signed_in.expires_at,
            "stored_at": now,
        }
        if signed_in.person is not None:
            entry["person"] = signed_in.person.reveal()
        self._replace({**self._entries(), key: entry}, now)

    def remove(self, key: str) -> None:
        """Drop what is kept under ``key``, and the file itself when nothing is left in it."""
        entries = self._entries()
        entries.pop(key, None)
        self._replace(entries, time.time())

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
        descriptor = os.open(self._path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
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

    def _replace(self, entries: dict[str, Any], now: float) -> None:
        kept = dict(
            sorted(
                ((key, entry) for key, entry in entries.items() if _is_worth_keeping(entry, now)),
                key=lambda item: float(item[1]["stored_at"]),
                reverse=True,
            )[:_MAX_ENTRIES]
        )
        try:
            self._sweep(now)
            if kept:
                self._put(kept)
            else:
                self._path.unlink(missing_ok=True)
        except OSError as error:
            self._tell(error.strerror or type(error).__name__)

    def _put(self, entries: dict[str, Any]) -> None:
        content = _encoded(entries)
        while len(content) > _MAX_BYTES and len(entries) > 1:
            entries.popitem()
            content = _encoded(entries)
        make_folder(self._path.parent)
        # mkstemp gives mode 0600 from the first moment on.
        descriptor, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.", suffix=_SUFFIX)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            Path(temporary).replace(self._path)
        except BaseException:
            with suppress(OSError):
                Path(temporary).unlink()
            raise

    def _sweep(self, now: float) -> None:
        """Remove what a process that was killed while writing left behind."""
        for leftover in self._path.parent.glob(f".{self._path.name}.*{_SUFFIX}"):
            with suppress(OSError):
                if leftover.stat().st_mtime < now - _ABANDONED_AFTER:
                    leftover.unlink()

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
    if max(expires_at, stored_at) > time.time() + LONGEST_TOKEN_LIFE:
        return None
    return SignedIn(Secret(token), expires_at, None if person is None else Secret(person))


def _is_worth_keeping(entry: object, now: float) -> bool:
    signed_in = _signed_in(entry)
    if signed_in is None or not isinstance(entry, dict):
        return False
    return signed_in.expires_at > now or (signed_in.person is not None and entry["stored_at"] > now - _PERSON_LIFE)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
