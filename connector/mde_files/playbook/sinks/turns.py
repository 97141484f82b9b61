"""One run at a time attaches to a place: two would both find nothing there and both write."""

from __future__ import annotations

import json
import os
import platform
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from mde_files.errors import StateUnavailableError, TimeoutExceededError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mde_files.deadline import Deadline
    from mde_files.state import State

_PREFIX = "attaching/"
_PAUSE = 0.05
_MARGIN = 5.0


@contextmanager
def turn(state: State, key: str, deadline: Deadline, sleep: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """Hold the turn for a place that nobody else who shares ``state`` has meanwhile.

    Somebody who died loses the turn: at once on this machine, else when its time is over.

    Args:
        state: Where turns are kept.
        key: The place.
        deadline: When the block is over at the latest, and how long to wait.
        sleep: Waits for seconds.

    Raises:
        TimeoutExceededError: Somebody else holds it for too long.
    """
    mine = json.dumps([platform.node(), os.getpid(), os.urandom(8).hex()]).encode()

    def take(kept: bytes | None) -> tuple[bytes | None, bool]:
        free = kept is None or _has_died(kept)
        return (mine, True) if free else (kept, False)

    def give_back(kept: bytes | None) -> tuple[bytes | None, None]:
        return (None if kept == mine else kept), None

    while not state.update(_PREFIX + key, take, keep_seconds=deadline.remaining() + _MARGIN):
        if deadline.remaining() <= _PAUSE:
            raise TimeoutExceededError(
                "Another run attaches to the same incident and does not come to an end.",
                hint="Try again when it is done.",
            )
        sleep(_PAUSE)
    try:
        yield
    finally:
        with suppress(StateUnavailableError):
            state.update(_PREFIX + key, give_back, keep_seconds=_MARGIN)


def _has_died(owner: bytes) -> bool:
    try:
        machine, process, _ = json.loads(owner)
        if os.name == "posix" and machine == platform.node():
            with suppress(PermissionError):
                os.kill(process, 0)
    except (ValueError, TypeError, OverflowError, ProcessLookupError):
        return True
    return False
