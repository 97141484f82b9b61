"""Going over to this process's memory, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mde_files.state import BackendUnavailableError, ResilientState, host_clock
from mde_files.state.memory import MemoryState

if TYPE_CHECKING:
    from tests.state.conftest import RecordingLog


def test_within_a_change_the_clock_is_that_of_the_state_being_changed(log: RecordingLog) -> None:
    outcomes = [False, False, True]

    def connect() -> MemoryState:
        if outcomes.pop(0):
            return MemoryState(clock=lambda: -1e6)
        raise BackendUnavailableError("nobody is there")

    # At every look the time to try again has come, also in the middle of a change.
    ticks = iter(range(0, 10**6, 1000))
    state = ResilientState(connect, required=False, log=log, clock=lambda: next(ticks))  # type: ignore[arg-type]
    moments: list[float] = []

    def look(_kept: bytes | None) -> tuple[bytes, None]:
        moments.append(state.now())
        return b"", None

    state.update("quota/one", look, keep_seconds=60)
    assert abs(moments[0] - host_clock.now()) < 60
    assert state.now() == -1e6
    assert log.warnings() == ["state_degraded", "state_shared_again"]


def test_an_error_of_the_change_itself_is_not_the_states(log: RecordingLog) -> None:
    state = ResilientState(MemoryState, required=True, log=log)  # type: ignore[arg-type]

    def fail(_kept: bytes | None) -> tuple[bytes, None]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        state.update("quota/one", fail, keep_seconds=60)
    assert (state.shared, state.degraded) == (False, None)
