from __future__ import annotations

import os
import random
import struct
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mde_files.cache_entries import Answer, Entry, encode, new_holder
from mde_files.caching import PREFIX, AnswerCache, Served
from mde_files.config import CacheConfig
from mde_files.deadline import Deadline
from mde_files.errors import (
    ForbiddenError,
    MdeFilesError,
    NetworkError,
    StateUnavailableError,
    TimeoutExceededError,
    UpstreamError,
)
from mde_files.state.memory import MemoryState

if TYPE_CHECKING:
    from collections.abc import Callable

WHEN = "2026-11-21T20:00:00Z"


class World:
    """A cache on a clock that passes when told to, and a service that counts."""

    def __init__(self, **settings: Any) -> None:
        self.seconds = 100.0
        defaults = {"enabled": True, "stats_ttl": 60, "alerts_ttl": 60, "unknown_ttl": 5, "stale_if_error": 0}
        self.config = CacheConfig(**{**defaults, "max_megabytes": 1, **settings})
        self.state = MemoryState(lambda: self.seconds)
        self.cache = self.another_process()
        self.asked = 0
        self.error: MdeFilesError | None = None
        self.document: Any = {"sha1": "0" * 40}

    def another_process(self) -> AnswerCache:
        return AnswerCache(self.state, self.config)

    def ask(self) -> Answer:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return Answer(self.document, WHEN)

    def serve(
        self,
        key: str = "a",
        *,
        fresh: float = 60.0,
        max_age: float | None = None,
        cache: AnswerCache | None = None,
        ask: Callable[[], Answer] | None = None,
        seconds: float = 5.0,
    ) -> Served:
        return (cache or self.cache).serve(
            key,
            deadline=Deadline(seconds),
            fresh_seconds=lambda _answer: fresh,
            max_age=max_age,
            ask=ask or self.ask,
        )


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr("mde_files.caching.time.time", lambda: made.seconds)
    return made


def test_an_answer_is_asked_for_once_while_it_is_fresh(world: World) -> None:
    assert world.serve() == Served(Answer(world.document, WHEN), from_cache=False, age_seconds=0.0)
    world.seconds += 59
    assert world.serve() == Served(Answer(world.document, WHEN), from_cache=True, age_seconds=59.0)
    world.seconds += 2
    assert world.serve().from_cache is False
    assert world.asked == 2
    assert world.serve("b").from_cache is False


@pytest.mark.parametrize(("max_age", "asked"), [(None, 1), (30, 1), (9, 2), (0, 2)])
def test_whoever_wants_it_fresher_says_so(world: World, max_age: float | None, asked: int) -> None:
    world.serve()
    world.seconds += 10
    world.serve(max_age=max_age)
    assert world.asked == asked


def test_what_does_not_stay_fresh_is_not_kept(world: World) -> None:
    world.serve(fresh=0.0)
    assert world.state.size(PREFIX)[0] == 0
    world.serve(fresh=0.0)
    assert world.asked == 2


def test_a_failure_is_nobody_elses_answer(world: World) -> None:
    world.error = NetworkError("gone")
    with pytest.raises(NetworkError):
        world.serve()
    assert world.state.size(PREFIX)[0] == 0
    world.error = None
    assert world.serve().from_cache is False


@pytest.mark.parametrize(
    ("error", "stale_if_error", "age", "served"),
    [
        (NetworkError("gone"), 600, 300, True),
        (TimeoutExceededError("slow"), 600, 300, True),
        (UpstreamError("broken"), 600, 300, True),
        (UpstreamError("refused", retryable=False), 600, 300, False),
        (ForbiddenError("no"), 600, 300, False),
        (NetworkError("gone"), 600, 700, False),
        (NetworkError("gone"), 0, 61, False),
    ],
)
def test_an_old_answer_is_served_only_when_the_service_cannot_be_reached(
    monkeypatch: pytest.MonkeyPatch, error: MdeFilesError, stale_if_error: int, age: int, served: bool
) -> None:
    world = World(stale_if_error=stale_if_error)
    monkeypatch.setattr("mde_files.caching.time.time", lambda: world.seconds)
    world.serve()
    world.error = error
    world.seconds += age
    if not served:
        with pytest.raises(type(error)):
            world.serve()
        return
    old = world.serve()
    assert (old.stale, old.from_cache, old.age_seconds) == (True, True, float(age))
    assert world.serve(max_age=0).stale
    world.error = None
    assert world.serve().stale is False


def test_a_failed_refresh_takes_nothing_away(world: World) -> None:
    world.serve(fresh=3600)
    world.error = NetworkError("gone")
    world.seconds += 1
    with pytest.raises(NetworkError):
        world.serve(fresh=3600, max_age=0)
    world.seconds += 3000
    assert world.serve(fresh=3600).from_cache


def test_many_who_ask_at_once_cost_one_call(world: World) -> None:
    inside = threading.Event()

    def slow() -> Answer:
        inside.set()
        time.sleep(0.1)
        return world.ask()

    processes = [world.another_process() for _ in range(4)]
    with ThreadPoolExecutor(16) as pool:
        served = list(pool.map(lambda n: world.serve(cache=processes[n % 4], ask=slow), range(16)))
    assert world.asked == 1
    assert sum(not one.from_cache for one in served) == 1


def test_people_who_want_it_fresh_at_the_same_moment_share_a_call(world: World) -> None:
    world.serve()
    world.seconds += 1

    def slow() -> Answer:
        time.sleep(0.1)
        world.seconds += 0.1
        return world.ask()

    def wait(seconds: float) -> None:
        time.sleep(seconds)
        world.seconds += 0.01

    def ask(_: int) -> Served:
        return world.serve(max_age=0, ask=slow, cache=AnswerCache(world.state, world.config, sleep=wait))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, range(4)))
    assert world.asked == 2


def test_an_answer_that_another_kept_meanwhile_outlives_the_lease_beside_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = world.state.get
    seen: list[bytes | None] = []

    def look_too_early(_key: str) -> None:
        monkeypatch.setattr(world.state, "get", look)
        world.serve(cache=world.another_process(), fresh=600)
        world.seconds += 1

    def ask() -> Answer:
        world.seconds += 300
        seen.append(look(PREFIX + "a"))
        return world.ask()

    monkeypatch.setattr(world.state, "get", look_too_early)
    assert world.serve(fresh=600, max_age=0, seconds=5.0, ask=ask).from_cache is False
    assert seen != [None]


def test_nobody_waits_for_another_thread_beyond_their_own_time(world: World) -> None:
    released = threading.Event()

    def stuck() -> Answer:
        released.wait(10)
        return world.ask()

    with ThreadPoolExecutor(1) as pool:
        leader = pool.submit(lambda: world.serve(ask=stuck, seconds=20))
        while not world.cache._flights:
            time.sleep(0.001)
        with pytest.raises(TimeoutExceededError, match="asking the same"):
            world.serve(seconds=0.1)
        released.set()
        assert leader.result().from_cache is False


def test_an_answer_outlives_the_loss_of_its_state(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: object, **__: object) -> None:
        raise StateUnavailableError("lost")

    def ask() -> Answer:
        monkeypatch.setattr(world.state, "update", lost)
        return world.ask()

    assert world.serve(ask=ask).answer.document == world.document


def test_the_lease_of_somebody_who_died_runs_out(world: World) -> None:
    class Killed(BaseException):
        pass

    def dies() -> Answer:
        world.cache._finish = lambda *_: None  # type: ignore[method-assign]
        raise Killed

    with pytest.raises(Killed):
        world.serve(ask=dies, seconds=20.0)
    waiting = world.another_process()
    with pytest.raises(TimeoutExceededError, match="asking the same"):
        world.serve(cache=waiting, seconds=0.2)
    world.seconds += 21
    assert world.serve(cache=waiting).from_cache is False


def test_a_process_that_died_is_not_waited_for(world: World) -> None:
    with subprocess.Popen(["/bin/true"]) as gone:
        gone.wait()
    holder = struct.pack("<II8s", *struct.unpack("<I", new_holder()[:4]), gone.pid, b"somebody")
    elsewhere = struct.pack("<II8s", 1, gone.pid, b"somebody")
    leased = Entry(holder, world.seconds + 60, 0.0, 0.0, 0.0, b"")
    world.state.update(PREFIX + "a", lambda _: (encode("a", leased), None), keep_seconds=60)
    assert world.serve(seconds=0.5).from_cache is False
    on_another_machine = encode("b", leased._replace(holder=elsewhere))
    world.state.update(PREFIX + "b", lambda _: (on_another_machine, None), keep_seconds=60)
    with pytest.raises(TimeoutExceededError):
        world.serve("b", seconds=0.1)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of processes that nobody has taken notice of")
def test_a_process_that_died_is_not_waited_for_although_its_parent_has_not_noticed(world: World) -> None:
    with subprocess.Popen(["/bin/true"]) as gone:
        os.waitid(os.P_PID, gone.pid, os.WEXITED | os.WNOWAIT)
        holder = struct.pack("<II8s", *struct.unpack("<I", new_holder()[:4]), gone.pid, b"somebody")
        leased = Entry(holder, world.seconds + 60, 0.0, 0.0, 0.0, b"")
        world.state.update(PREFIX + "a", lambda _: (encode("a", leased), None), keep_seconds=60)
        assert world.serve(seconds=0.5).from_cache is False


def test_an_answer_that_came_after_the_lease_ran_out_is_kept_all_the_same(world: World) -> None:
    def overtaken() -> Answer:
        world.seconds += 50
        world.serve(cache=world.another_process(), fresh=600)
        return world.ask()

    world.serve(ask=overtaken, seconds=20.0, fresh=600)
    assert world.asked == 2
    assert world.serve(fresh=600).from_cache


@pytest.mark.parametrize(
    "damage", [lambda kept: kept[:-1] + b"?", lambda kept: kept[:10], lambda kept: b"MDF0" + kept[4:]]
)
def test_an_entry_that_was_tampered_with_counts_as_nothing(world: World, damage: Callable[[bytes], bytes]) -> None:
    world.serve()
    kept = world.state.get(PREFIX + "a") or b""
    world.state.update(PREFIX + "a", lambda _: (damage(kept), None), keep_seconds=60)
    assert world.serve().from_cache is False


def test_clocks_that_jump_never_make_an_answer_younger(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    wall = [1000.0]
    monkeypatch.setattr("mde_files.caching.time.time", lambda: wall[0])
    world.serve()
    wall[0] -= 500_000
    assert world.serve().age_seconds == 0
    wall[0] += 1_000_000
    assert world.serve().from_cache is False
    world.seconds -= 50
    assert world.serve(fresh=600).from_cache is False


def test_the_cache_stays_within_its_bounds(world: World) -> None:
    world.document = {"text": random.Random(7).randbytes(30_000).hex()}
    for number in range(200):
        world.serve(f"key-{number}")
    entries, size = world.state.size(PREFIX)
    assert entries < 200
    assert size <= 4 * 1024 * 1024
    world.document = {"text": random.Random(7).randbytes(400_000).hex()}
    world.serve("too-large")
    world.serve("too-large")
    assert world.state.get(PREFIX + "too-large") is None


json_documents = st.none() | st.dictionaries(
    st.text(max_size=20), st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=20)
)


@given(json_documents)
def test_whatever_the_service_said_comes_back_unchanged(document: Any) -> None:
    world = World()
    world.document = document
    first = world.serve()
    assert world.serve().answer == first.answer == Answer(document, WHEN)
