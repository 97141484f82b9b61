from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mde_files.deadline import Deadline

SECONDS = st.floats(0, 1e6)


def test_it_counts_down_to_nothing() -> None:
    now = [100.0]
    deadline = Deadline(5, clock=lambda: now[0])
    assert (deadline.seconds, deadline.remaining(), deadline.expired) == (5, 5.0, False)
    now[0] = 104.0
    assert (deadline.remaining(), deadline.expired) == (1.0, False)
    now[0] = 105.0
    assert (deadline.remaining(), deadline.expired) == (0.0, True)
    now[0] = 500.0
    assert (deadline.remaining(), deadline.expired) == (0.0, True)


def test_the_usual_clock_goes_on() -> None:
    assert 0 < Deadline(60).remaining() <= 60
    assert Deadline(0).expired


@given(SECONDS, st.lists(SECONDS))
def test_what_remains_is_never_negative_and_never_grows(seconds: float, steps: list[float]) -> None:
    now = [0.0]
    deadline = Deadline(seconds, clock=lambda: now[0])
    left = deadline.remaining()
    for step in steps:
        now[0] += step
        assert 0 <= deadline.remaining() <= left
        left = deadline.remaining()
        assert deadline.expired is (left == 0)
