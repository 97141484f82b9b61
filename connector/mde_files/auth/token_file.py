"""Keeps tokens between processes in one JSON file that only its owner may read."""

from __future__ import annotations

import json
import os
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mde_files.auth.token_store import decoded, encoded, is_worth_keeping

if TYPE_CHECKING:
    from collections.abc import Callable

    from mde_files.auth.token_store import SignedIn

_FORMAT = 1
_MAX_BYTES = 1_048_576
_MAX_ENTRIES = 32
_ABANDONED_AFTER = 3600.0
_OWNER_ONLY = 0o600
_OTHERS = 0o077
_SUFFIX = ".new"


class TokenFile:
    """A file of sign-ins by key; implements ``TokenStore``. What cannot be written is told once.

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
        return decoded(self._entries().get(key))

    def write(self, key: str, signed_in: SignedIn) -> None:
        """Keep ``signed_in`` under ``key``; drop what has expired and the oldest of too many entries."""
        self._replace({**self._entries(), key: encoded(signed_in)}, time.time())

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
                ((key, entry) for key, entry in entries.items() if is_worth_keeping(entry, now)),
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
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
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


def _encoded(entries: dict[str, Any]) -> bytes:
    return json.dumps({"format": _FORMAT, "sign_ins": entries}).encode("ascii")
