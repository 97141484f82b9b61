"""State of one process: bounded by the life of its entries, whole after a fork."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from mde_files.state.memory import MemoryState

if TYPE_CHECKING:
    from tests.state.conftest import Clock


def test_dead_entries_do_not_pile_up(clock: Clock) -> None:
    state = MemoryState(clock)
    for number in range(2000):
        clock.seconds += 1
        state.update(f"cache/{number}", lambda _kept: (b"x", None), keep_seconds=10)
    assert len(state._entries) < 200


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_child_forked_while_another_thread_is_at_work_goes_on() -> None:
    state = MemoryState()
    inside, go_on = threading.Event(), threading.Event()

    def change(_kept: bytes | None) -> tuple[bytes, None]:
        inside.set()
        go_on.wait(10)
        return b"1", None

    thread = threading.Thread(target=lambda: state.update("quota/one", change, keep_seconds=60))
    thread.start()
    inside.wait(10)
    threading.Timer(0.1, go_on.set).start()
    child = os.fork()
    if child == 0:
        try:
            state.update("quota/one", lambda kept: ((kept or b"") + b"2", None), keep_seconds=60)
            os._exit(0 if state.get("quota/one") == b"12" else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    thread.join(10)
    assert state.get("quota/one") == b"1"
