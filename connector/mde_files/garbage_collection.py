"""Lets Python look for garbage seldom in the processes of the command line.

Starting makes hundreds of thousands of objects, and nearly all of them stay. At its usual pace Python looks through
them hundreds of times meanwhile, and once more when the process ends: together a fifth of a short command.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_OBJECTS = 50_000


@contextmanager
def collected_seldom() -> Iterator[None]:
    """Look for garbage only after many new objects inside the block, which is the whole work of this process."""
    gc.set_threshold(_OBJECTS)
    try:
        yield
    finally:
        # What is left goes with the process.
        gc.freeze()
