"""Makes files and folders that only their owner may read; files are written whole or not at all."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING

try:
    import fcntl
except ImportError:  # pragma: no cover - no such machine is at hand
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from pathlib import Path

_OWNER_ONLY = 0o600
_FOLDER_OF_OWNER_ONLY = 0o700
_SUFFIX = ".new"


def make_folder(path: Path) -> None:
    """Make ``path`` and what is missing above it, all for the owner only; what exists stays as it is.

    Raises:
        OSError: It cannot be made.
    """
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=_FOLDER_OF_OWNER_ONLY, exist_ok=True)
    path.mkdir(exist_ok=True)


def replace_text(path: Path, text: str) -> None:
    """Put ``text`` into ``path`` (UTF-8, mode 0600) as :func:`replace_bytes` does.

    Raises:
        OSError: It cannot be written.
    """
    replace_bytes(path, text.encode("utf-8", "replace"))


def replace_bytes(path: Path, content: bytes, *, mode: int = _OWNER_ONLY, to_disk: bool = False) -> None:
    """Put ``content`` into ``path``; what was there stays until the new content is written.

    What processes that were killed while writing the same file left behind is removed.

    Args:
        path: The file.
        content: What it shall hold.
        mode: Who may use it; until it is whole, its owner only.
        to_disk: Whether to wait until it is on the disk itself.

    Raises:
        OSError: It cannot be written.
    """
    _sweep(path)
    descriptor, fresh = _made(path)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            if to_disk:
                os.fsync(descriptor)
            if mode != _OWNER_ONLY:
                os.chmod(fresh, mode)  # noqa: PTH101 - the name comes from mkstemp
            # While it is still locked: nobody takes it for abandoned.
            if fcntl is not None:
                os.replace(fresh, path)  # noqa: PTH105 - the name comes from mkstemp
        if fcntl is None:  # pragma: no cover - no such machine is at hand
            os.replace(fresh, path)  # noqa: PTH105 - the name comes from mkstemp
    except BaseException:
        with suppress(OSError):
            os.unlink(fresh)  # noqa: PTH108 - the name comes from mkstemp
        raise


def _made(path: Path) -> tuple[int, str]:
    """Return a new file beside ``path`` that is locked, so that it can be told from one whose writer was killed."""
    while True:
        descriptor, fresh = tempfile.mkstemp(prefix=f".{path.name}.", suffix=_SUFFIX, dir=path.parent)
        if fcntl is None:  # pragma: no cover - no such machine is at hand
            return descriptor, fresh
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        # Somebody who sweeps can have found it in the moment before it was locked.
        if os.fstat(descriptor).st_nlink:
            return descriptor, fresh
        os.close(descriptor)


def _sweep(path: Path) -> None:
    if fcntl is None:  # pragma: no cover - no such machine is at hand
        return
    # What mkstemp makes of the name, and nothing else.
    name = re.compile(re.escape(f".{path.name}.") + "[a-z0-9_]{8}" + re.escape(_SUFFIX))
    with suppress(OSError), os.scandir(path.parent) as files:
        for file in files:
            if name.fullmatch(file.name):
                with suppress(OSError):
                    _remove_abandoned(file.path)


def _remove_abandoned(path: str) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(path)  # noqa: PTH108 - on a descriptor's name
    finally:
        os.close(descriptor)
