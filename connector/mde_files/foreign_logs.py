"""Keeps what libraries log about our requests out of the program's logs.

At level debug, urllib3 tells whole paths, and those of webhooks are secrets; MSAL tells what a sign-in service sent,
which may repeat a credential. Every request has an event of our own, in which secrets are blacked out.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ours: ContextVar[bool] = ContextVar("ours", default=False)


class _NothingOfOurs(logging.Filter):
    def filter(self, _record: logging.LogRecord) -> bool:
        return not _ours.get()


_FILTER = _NothingOfOurs()


@contextmanager
def kept_out(*libraries: str) -> Iterator[None]:
    """Let the loggers of some libraries, and those below them, write nothing from inside the block."""
    known = len(logging.root.manager.loggerDict)
    for name in libraries:
        for logger in _loggers(name, known):
            logger.addFilter(_FILTER)
    token = _ours.set(True)
    try:
        yield
    finally:
        _ours.reset(token)


@lru_cache(maxsize=8)
def _loggers(library: str, _known: int) -> list[logging.Logger]:
    """Return the loggers of a library; they are looked for again as soon as more loggers are known."""
    below = [name for name in list(logging.root.manager.loggerDict) if name.startswith(f"{library}.")]
    return [logging.getLogger(name) for name in (library, *below)]
