"""Keeps tokens between processes in one JSON file that only its owner may read."""

from __future__ import annotations

import json
import os
import stat
import time
from typing import TYPE_CHECKING, Any

from mde_files.auth.token_store import decoded, encoded, worth_keeping
from mde_files.deadline import Deadline
from mde_files.private_files import make_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mde_files.auth.token_store import SignedIn

_FORMAT = 1
_MAX_BYTES = 1_048_576
_MAX_ENTRIES = 32
_LOCK_SECONDS = 2.0
_OWNER_ONLY = 0o600
_OTHERS = 0o077


class TokenFile:
    """A file of sign-ins by key; implements ``TokenStore``. What cannot be written is told once.

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
        return decoded(self._entries().get(key))

    def write(self, key: str, signed_in: SignedIn) -> None:
        """Keep ``signed_in`` under ``key``; drop what has expired and the oldest of too many entries."""
        entry = encoded(signed_in)
        self._change(lambda entries: {**entries, key: entry})

    def remove(self, key: str) -> None:
        """Drop what is kept under ``key``, and the file itself when nothing is left in it."""
        if os.path.lexists(self._path):
            self._change(lambda entries: {kept: entry for kept, entry in entries.items() if kept != key})

    def _change(self, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        from mde_files.folder_lock import folder_lock

        folder = self._path.parent
        try:
            make_folder(folder)
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
        worth = ((key, worth_keeping(entry, now)) for key, entry in entries.items())
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


def _encoded(entries: dict[str, Any]) -> bytes:
    return json.dumps({"format": _FORMAT, "sign_ins": entries}).encode("ascii")
