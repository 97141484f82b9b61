"""Writes files that only their owner may read, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def replace_text(path: Path, text: str) -> None:
    """Put ``text`` into ``path`` (UTF-8, mode 0600); what was there stays until the new text is written.

    Raises:
        OSError: It cannot be written.
    """
    descriptor, fresh = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
        os.replace(fresh, path)  # noqa: PTH105 - the name comes from mkstemp
    except BaseException:
        with suppress(OSError):
            os.unlink(fresh)  # noqa: PTH108 - the name comes from mkstemp
        raise
