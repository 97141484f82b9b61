"""Whatever callers do, the service never counts too many calls, and no call is refused while there is room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.quota.conftest import CALL, World, windows

from mde_files.errors import QuotaExhaustedError
from mde_files.quota.slots import Slots

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

# Eighths of a second are exact in binary and in milliseconds.
EIGHTHS = st.integers(0, 80).map(lambda eighths: eighths / 8)


class Attempt(NamedTuple):
    """A slot under way; the service sees the call at a part of the way between taking and answer."""

    slot: AbstractContextManager[None]
    taken: float
    deadline: float
    arrives_at_part: float
    dies: bool


STEPS = st.one_of(
    st.tuples(st.just("wait"), EIGHTHS),
    st.tuples(st.just("take"), EIGHTHS, st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.booleans()),
    st.tuples(st.just("answer"), st.integers(0, 30)),
    st.tuples(st.just("pause"), EIGHTHS),
)


class Model:
    """What the law says, beside the quota that has to agree."""

    def __init__(self, limits: list[tuple[int, int]]) -> None:
        self.world = World()
        self.quota = self.world.quota(windows=windows(*limits))
        self.limits = limits
        self.under_way: list[Attempt] = []
        self.dead: list[Attempt] = []
        self.ends: list[float] = []
        self.arrivals: list[float] = []
        self.paused_until = 0.0

    def has_room(self) -> bool:
        now = self.world.seconds
        counted = self.ends + [attempt.deadline for attempt in self.under_way]
        return now >= self.paused_until and all(
            sum(end > now - seconds for end in counted) < calls for calls, seconds in self.limits
        )

    def take(self, seconds: float, arrives_at_part: float, dies: bool) -> None:
        has_room = self.has_room()
        slot = self.quota.slot(CALL, self.world.deadline(seconds))
        try:
            slot.__enter__()
        except QuotaExhaustedError:
            assert not has_room
        else:
            assert has_room
            now = self.world.seconds
            self.under_way.append(Attempt(slot, now, now + seconds, arrives_at_part, dies))

    def answer(self, number: int) -> None:
        if self.under_way:
            attempt = self.under_way.pop(number % len(self.under_way))
            if attempt.dies:
                # Kept, since Python would end the block of a context manager that nobody holds any more.
                self.dead.append(attempt)
            else:
                attempt.slot.__exit__(None, None, None)
            self.settle(attempt, attempt.deadline if attempt.dies else self.world.seconds)

    def settle(self, attempt: Attempt, end: float) -> None:
        # An attempt is given up at its deadline: nothing arrives after it.
        on_the_way = min(end, attempt.deadline) - attempt.taken
        self.arrivals.append(attempt.taken + on_the_way * attempt.arrives_at_part)
        self.ends.append(end)

    def pause(self, seconds: float) -> None:
        self.quota.pause(CALL, seconds)
        longest = max(seconds for _, seconds in self.limits)
        self.paused_until = max(self.paused_until, self.world.seconds + min(seconds, longest))

    def wait(self, seconds: float) -> None:
        self.world.seconds += seconds


@settings(max_examples=400, deadline=None)
@given(
    st.lists(STEPS, max_size=120),
    st.lists(st.tuples(st.integers(1, 6), st.integers(1, 30)), min_size=1, max_size=3),
)
def test_never_too_many_and_never_too_few(steps: list[tuple[Any, ...]], limits: list[tuple[int, int]]) -> None:
    model = Model(limits)
    for step, *values in steps:
        getattr(model, step)(*values)
    for attempt in model.under_way:
        model.settle(attempt, attempt.deadline)
    for calls, seconds in limits:
        for last in model.arrivals:
            assert sum(last - seconds < arrival <= last for arrival in model.arrivals) <= calls


@settings(max_examples=100, deadline=None)
@given(st.lists(EIGHTHS, max_size=40), st.integers(1, 5), st.integers(1, 20))
def test_a_wait_ends_exactly_when_there_is_room(pauses: list[float], calls: int, seconds: int) -> None:
    world = World()
    quota = world.quota(windows=windows((calls, seconds)), max_wait_seconds=600)
    taken: list[float] = []
    for pause in pauses:
        world.seconds += pause
        asked = world.seconds
        world.call(quota, deadline=600)
        free = taken[-calls] + seconds if len(taken) >= calls else asked
        assert world.seconds == max(asked, free)
        taken.append(world.seconds)


@given(st.binary(max_size=200) | st.binary(max_size=80).map(lambda tail: Slots(None, 5, 9).packed() + tail))
def test_any_bytes_can_be_read(document: bytes) -> None:
    now = 10**12
    slots = Slots(document, now, 60_000)
    assert slots.used(now, 60_000) >= 0
    assert slots.room_at(now, [(1, 60_000)]) <= now + 60_000
    slots.hold(1, now, 5)
    slots.answer(1, now)
    again = Slots(slots.packed(), now + 1, 60_000)
    assert again.packed() == slots.packed()


@given(st.lists(st.integers(0, 200), max_size=8), st.integers(0, 200), st.integers(1, 100))
def test_times_beyond_now_count_as_now(steps: list[int], back: int, length: int) -> None:
    now = 10**6
    slots = Slots(None, now, 10**6)
    answered = []
    for step in steps:
        now += step
        slots.answer(7, now)
        answered.append(now)
    now -= back
    set_back = Slots(slots.packed(), now, 10**6)
    assert set_back.mended is any(moment > now + 1 for moment in answered)
    for later in (0, length - 1, length, length + 1):
        used = set_back.used(now + later, length)
        assert used == sum(min(moment, now + 1) > now + later - length for moment in answered)
    assert not Slots(set_back.packed(), now, 10**6).mended


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 2**31 + 2**29), min_size=1, max_size=12))
def test_counts_stay_right_over_months(steps: list[int]) -> None:
    now, longest = 10**12, 3_600_000
    document: bytes | None = None
    answered: list[int] = []
    for step in steps:
        for pause in (step, 1000):
            now += pause
            slots = Slots(document, now, longest)
            assert slots.used(now, longest) == sum(moment > now - longest for moment in answered)
            slots.answer(7, now)
            answered.append(now)
            document = slots.packed()


def test_busy_slots_stay_small_over_months() -> None:
    now, longest = 10**12, 3_600_000
    document: bytes | None = None
    for _ in range(3000):
        now += 1_000_000
        slots = Slots(document, now, longest)
        slots.answer(7, now)
        document = slots.packed()
    assert document is not None
    assert Slots(document, now, longest).used(now, longest) == 4
    assert len(document) < 60
