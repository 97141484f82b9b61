"""What callers notice of the quota: who gets in, who waits, who is told to come back, and when."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from tests.quota.conftest import CALL, OTHER_CALL, configured, windows

from mde_files import config
from mde_files.deadline import Deadline
from mde_files.errors import InvalidConfigError, QuotaExhaustedError, StateUnavailableError
from mde_files.quota import Quota
from mde_files.state import BackendUnavailableError, ResilientState
from mde_files.state.memory import MemoryState
from mde_files.timestamps import parse_timestamp

if TYPE_CHECKING:
    from tests.quota.conftest import World


def seconds_until(moment: str | None) -> float:
    assert moment is not None
    return (parse_timestamp(moment) - datetime.now(timezone.utc)).total_seconds()


def test_the_manifests_allowance_holds_by_default(world: World) -> None:
    quota = world.quota()
    world.call(quota, 100)
    with pytest.raises(QuotaExhaustedError) as caught:
        world.call(quota)
    assert caught.value.retryable
    assert 59 <= seconds_until(caught.value.retry_at) <= 61
    assert caught.value.retry_at is not None
    assert caught.value.retry_at in caught.value.hint
    world.seconds += 60
    world.call(quota, 100)
    usage = quota.usage(CALL)
    assert [(window.seconds, window.limit, window.used, window.left) for window in usage] == [
        (60, 100, 100, 0),
        (3600, 1500, 200, 1300),
    ]
    assert usage[1].room_at is None
    assert 59 <= seconds_until(usage[0].room_at) <= 61


def test_the_hour_counts_too(world: World) -> None:
    quota = world.quota(per_minute=10, per_hour=15)
    world.call(quota, 10)
    world.seconds += 60
    world.call(quota, 5)
    world.seconds += 60
    with pytest.raises(QuotaExhaustedError) as caught:
        world.call(quota)
    assert 3479 <= seconds_until(caught.value.retry_at) <= 3481


def test_a_slot_is_freed_one_window_after_the_answer(world: World) -> None:
    quota = world.quota(windows=windows((1, 60)))
    with quota.slot(CALL, world.deadline()):
        world.seconds += 30
    world.seconds += 59.99
    with pytest.raises(QuotaExhaustedError):
        world.call(quota)
    world.seconds += 0.01
    world.call(quota)


def test_a_slot_is_freed_when_the_attempt_fails(world: World) -> None:
    quota = world.quota(windows=windows((1, 60)))
    with pytest.raises(ZeroDivisionError), quota.slot(CALL, world.deadline()):
        raise ZeroDivisionError
    world.seconds += 60
    world.call(quota)


def test_a_slot_whose_holder_died_counts_as_answered_at_its_deadline(world: World) -> None:
    quota = world.quota(windows=windows((1, 60)))
    dead = quota.slot(CALL, world.deadline(20))
    dead.__enter__()
    world.seconds += 79.99
    with pytest.raises(QuotaExhaustedError) as caught:
        world.call(quota)
    assert seconds_until(caught.value.retry_at) <= 2
    world.seconds += 0.01
    world.call(quota)


def test_an_answer_after_the_deadline_counts_from_the_answer(world: World) -> None:
    quota = world.quota(windows=windows((1, 60)))
    with quota.slot(CALL, world.deadline(5)):
        world.seconds += 300
    world.seconds += 59
    with pytest.raises(QuotaExhaustedError):
        world.call(quota)


def test_a_call_waits_exactly_until_there_is_room(world: World) -> None:
    quota = world.quota(windows=windows((2, 10)), max_wait_seconds=20)
    world.call(quota)
    world.seconds += 4
    world.call(quota, 2)
    assert world.waits == [6]
    world.call(quota)
    assert world.waits == [6, 4]


def test_nothing_waits_beyond_the_longest_wait_or_the_deadline(world: World) -> None:
    quota = world.quota(windows=windows((1, 30)), max_wait_seconds=20)
    world.call(quota)
    with pytest.raises(QuotaExhaustedError):
        world.call(quota)
    assert world.waits == []
    world.seconds += 15
    with pytest.raises(QuotaExhaustedError):
        world.call(quota, deadline=14)
    assert world.waits == []
    world.call(quota, deadline=16)
    assert world.waits == [15]


def test_what_was_waited_already_is_not_waited_again(world: World) -> None:
    quota = world.quota(windows=windows((1, 10)), max_wait_seconds=15)
    world.call(quota)
    sleep = world.sleep

    def overtaken(seconds: float) -> None:
        sleep(seconds)
        world.call(world.quota(windows=windows((1, 10))))

    quota._sleep = overtaken
    with pytest.raises(QuotaExhaustedError):
        world.call(quota)
    assert world.waits == [10]


def test_waiting_elsewhere_counts_towards_the_longest_wait(world: World) -> None:
    quota = world.quota(windows=windows((1, 10)), max_wait_seconds=20)
    world.call(quota)
    with quota.slot(CALL, world.deadline(), waited=5) as queued:
        assert queued == 10
    with pytest.raises(QuotaExhaustedError), quota.slot(CALL, world.deadline(), waited=15):
        pass
    world.seconds += 10
    with quota.slot(CALL, world.deadline(), waited=100) as queued:
        assert queued == 0


def test_calls_under_way_are_expected_to_end(world: World) -> None:
    quota = world.quota(windows=windows((1, 10)), max_wait_seconds=15)
    under_way = quota.slot(CALL, world.deadline(60))
    under_way.__enter__()
    sleep = world.sleep

    def answered(seconds: float) -> None:
        if not world.waits:
            world.seconds += 1
            under_way.__exit__(None, None, None)
            world.seconds -= 1
        sleep(seconds)

    quota._sleep = answered
    world.call(quota)
    assert world.waits == [10, 1]


@pytest.mark.parametrize(
    ("calls", "share", "limit"), [(100, 1.0, 100), (100, 0.29, 29), (100, 0.5, 50), (3, 0.5, 1), (1, 0.01, 1)]
)
def test_a_share_divides_the_allowance(world: World, calls: int, share: float, limit: int) -> None:
    quota = world.quota(windows=windows((calls, 60)), share=share)
    assert quota.usage(CALL)[0].limit == limit
    world.call(quota, limit)
    with pytest.raises(QuotaExhaustedError):
        world.call(quota)


@pytest.mark.parametrize(
    ("calls", "reserve", "limit"), [(100, 0.2, 80), (10, 0.0, 10), (10, 0.3, 7), (1, 0.2, 1), (2, 0.9, 1)]
)
def test_a_batch_never_touches_the_reserved_part(world: World, calls: int, reserve: float, limit: int) -> None:
    settings: dict[str, Any] = {"windows": windows((calls, 60)), "reserve_interactive": reserve}
    batch = world.quota("batch", **settings)
    world.call(batch, limit)
    with pytest.raises(QuotaExhaustedError):
        world.call(batch)
    world.call(world.quota("playbook", **settings), calls - limit)
    with pytest.raises(QuotaExhaustedError):
        world.call(world.quota("interactive", **settings))


def test_tenants_applications_and_endpoints_are_counted_apart(world: World) -> None:
    settings: dict[str, Any] = {"windows": windows((1, 60))}
    world.call(world.quota(**settings))
    world.call(world.quota(**settings), call=OTHER_CALL)
    world.call(world.quota(application="app/other", **settings))
    elsewhere = configured(**settings)._replace(tenant_id="fabrikam.example")
    world.call(Quota(elsewhere, world.state, application="app"))
    with pytest.raises(QuotaExhaustedError):
        world.call(world.quota("playbook", **settings))


def test_a_pause_holds_for_everybody_and_for_one_endpoint(world: World) -> None:
    quota = world.quota(windows=windows((10, 60)), max_wait_seconds=8)
    quota.pause(CALL, 30)
    quota.pause(CALL, 5)
    other = world.quota("batch", windows=windows((10, 60)))
    assert 29 <= seconds_until(other.usage(CALL)[0].paused_until) <= 31
    with pytest.raises(QuotaExhaustedError) as caught:
        world.call(other)
    assert 29 <= seconds_until(caught.value.retry_at) <= 31
    world.call(other, call=OTHER_CALL)
    world.seconds += 25
    world.call(quota)
    assert world.waits == [5]
    assert quota.usage(CALL)[0].paused_until is None


@pytest.mark.parametrize(("asked", "paused"), [(0, 0), (-5, 0), (float("nan"), 0), (1e300, 60), (float("inf"), 60)])
def test_no_pause_is_longer_than_the_longest_window(world: World, asked: float, paused: float) -> None:
    quota = world.quota(windows=windows((10, 60)))
    quota.pause(CALL, asked)
    paused_until = quota.usage(CALL)[0].paused_until
    assert (0 if paused_until is None else round(seconds_until(paused_until), -1)) == paused


def test_usage_changes_nothing(world: World) -> None:
    quota = world.quota()
    usage = quota.usage(CALL)
    assert [(window.used, window.left, window.room_at, window.paused_until) for window in usage] == [
        (0, 100, None, None),
        (0, 1500, None, None),
    ]
    assert world.state.size() == (0, 0)


def test_jumps_of_the_wall_clock_free_nothing_and_hold_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    quota = world.quota(windows=windows((1, 60)), max_wait_seconds=120)
    world.call(quota)
    for wall in (0.0, -1e9, 4e9, float("nan")):
        monkeypatch.setattr(time, "time", lambda wall=wall: wall)
        world.call(quota)
    assert world.waits == [60] * 4


def test_a_clock_set_back_never_costs_more_than_one_window(world: World) -> None:
    quota = world.quota(windows=windows((2, 60)), max_wait_seconds=120)
    world.call(quota)
    quota.pause(CALL, 50)
    world.seconds += 50
    dead = quota.slot(CALL, world.deadline(5))
    dead.__enter__()
    world.seconds -= 900
    assert quota.usage(CALL)[0].used == 2
    world.call(quota, deadline=120)
    assert sum(world.waits) == pytest.approx(60, abs=0.01)
    world.call(quota, deadline=120)
    assert sum(world.waits) == pytest.approx(65, abs=0.01)


def test_threads_share_one_allowance_and_queue_for_it() -> None:
    settings = configured(windows=windows((10, 0.5)), max_wait_seconds=30)
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        time.sleep(seconds)

    quota = Quota(settings, MemoryState(), application="app", sleep=sleep)
    taken: list[float] = []

    def ask() -> None:
        for _ in range(5):
            with quota.slot(CALL, Deadline(60)):
                taken.append(time.monotonic())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    taken.sort()
    assert len(taken) == 40
    assert all(later - earlier >= 0.499 for earlier, later in zip(taken, taken[10:], strict=False))
    assert len(waits) < 40


def test_whoever_waits_for_a_turn_is_told_when_patience_ends() -> None:
    settings = configured(windows=windows((1, 1.0)), max_wait_seconds=1.2)
    quota = Quota(settings, MemoryState(), application="app", sleep=lambda seconds: time.sleep(seconds + 0.6))
    with quota.slot(CALL, Deadline(60)):
        pass
    outcomes: list[str] = []

    def ask() -> None:
        try:
            with quota.slot(CALL, Deadline(60)):
                outcomes.append("asked")
        except QuotaExhaustedError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    # Whoever waited for a turn until patience ended looks once more and finds the room the sleeper missed.
    assert sorted(outcomes) == ["asked", "quota_exhausted", "quota_exhausted"]


def test_an_answer_is_handed_on_although_the_state_is_lost_meanwhile(world: World) -> None:
    class Lost(MemoryState):
        lost = False

        def update(self, key: str, change: Any, *, keep_seconds: float) -> Any:
            if self.lost:
                raise BackendUnavailableError("the test took it away")
            return super().update(key, change, keep_seconds=keep_seconds)

    class Silent:
        def warning(self, event: str, **fields: object) -> None: ...

    backend = Lost(world.clock)
    state = ResilientState(lambda: backend, required=True, log=Silent())  # type: ignore[arg-type]
    quota = Quota(configured(windows=windows((1, 60))), state, application="app")
    with quota.slot(CALL, world.deadline()):
        backend.lost = True
    with pytest.raises(StateUnavailableError):
        world.call(quota)
    backend.lost = False
    world.seconds += 61
    with pytest.raises(QuotaExhaustedError):
        world.call(quota)
    world.seconds += 60
    world.call(quota)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "windows"),
        ([{"calls": 0, "seconds": 1}], "at least 1"),
        ([{"calls": 1, "seconds": 0}], "more than 0"),
        ([{"calls": 1}], "seconds is required"),
        ([{"calls": 1, "seconds": 1, "hours": 1}], "no setting 'hours'"),
        ("100 per minute", "must be a list"),
    ],
)
def test_windows_in_the_configuration_are_checked(given: Any, words: str) -> None:
    with pytest.raises(InvalidConfigError, match=words):
        configured(windows=given)


def test_windows_in_the_configuration_replace_minute_and_hour() -> None:
    assert configured().quota.windows is None
    made = configured(windows=windows((100, 10), (300, 40)), per_minute=7)
    assert made.quota.windows == ((100, 10.0), (300, 40.0))
    usage = Quota(made, MemoryState(), application="app").usage(CALL)
    assert [(window.limit, window.seconds) for window in usage] == [(100, 10), (300, 40)]
    assert isinstance(made, config.Config)
