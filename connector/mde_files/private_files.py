"""Makes files and folders that only their owner may read; files are written whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_OWNER_ONLY = 0o700


def make_folder(path: Path) -> None:
    """Make ``path`` and what is missing above it, all for the owner only; what exists stays as it is.

    Raises:
        OSError: It cannot be made.
    """
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=_OWNER_ONLY, exist_ok=True)
    path.mkdir(exist_ok=True)


def replace_text(path: Path, text: str) -> None:
    """Put ``text`` into ``path`` (UTF-8, mode 0600); what was there stays until the new text is written.

    Raises:
        OSError: It cannot be written.
    """
    replace_bytes(path, text.encode("utf-8", errors="replace"))


def replace_bytes(path: Path, content: bytes) -> None:
    """Put ``content`` into ``path``, as :func:`replace_text` does.

    Raises:
        OSError: It cannot be written.
    """
    import tempfile

    descriptor, fresh = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.replace(fresh, path)  # noqa: PTH105 - the name comes from mkstemp
    except BaseException:
        with suppress(OSError):
            os.unlink(fresh)  # noqa: PTH108 - the name comes from mkstemp
        raise
