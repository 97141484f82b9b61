"""The Redis server: out of reach, killed, back again, with a clock that is set, and with a password."""

from __future__ import annotations

import builtins
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis

from mde_files.errors import InvalidConfigError, StateUnavailableError
from mde_files.state import ResilientState, redis_state
from mde_files.state.interface import BackendUnavailableError
from mde_files.state.redis_scripts import CLOCK, SWAP
from mde_files.state.redis_state import RedisState

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.redis_server import RedisServer
    from tests.state.conftest import Clock, RecordingLog

PASSWORD = "canary-5e1f0a"
ADD_ONE = """
import sys
from mde_files.state.redis_state import RedisState
state = RedisState(sys.argv[1])
for _ in range(100):
    state.update("quota/count", lambda kept: (b"%d" % (int(kept or b"0") + 1), None), keep_seconds=60)
"""


def put(state: RedisState | ResilientState, key: str, value: bytes, keep_seconds: float = 60.0) -> None:
    state.update(key, lambda _kept: (value, None), keep_seconds=keep_seconds)


def test_processes_never_lose_a_change(redis_server: RedisServer) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(redis_state.__file__).parents[2])}
    command = [sys.executable, "-c", ADD_ONE, redis_server.url]
    started = [subprocess.Popen(command, env=environment) for _ in range(3)]
    assert [process.wait(60) for process in started] == [0] * 3
    assert RedisState(redis_server.url).get("quota/count") == b"300"


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_goes_on(redis_server: RedisServer) -> None:
    state = RedisState(redis_server.url)
    put(state, "quota/one", b"1")
    child = os.fork()
    if child == 0:
        try:
            put(state, "quota/one", (state.get("quota/one") or b"") + b"2")
        finally:
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert state.get("quota/one") == b"12"


def test_a_change_sent_twice_counts_once(redis_server: RedisServer) -> None:
    state = RedisState(redis_server.url)
    sent = state._scripts[SWAP]

    def twice(**what: Any) -> Any:
        sent(**what)
        return sent(**what)

    state._scripts[SWAP] = twice  # type: ignore[assignment]
    for _ in range(3):
        state.update("quota/count", lambda kept: (b"%d" % (int(kept or b"0") + 1), None), keep_seconds=60)
    assert state.get("quota/count") == b"3"


def test_endless_competition_ends(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    state, other = RedisState(redis_server.url), RedisState(redis_server.url)
    monkeypatch.setattr(redis_state, "_MOST_TRIES", 8)

    def change(kept: bytes | None) -> tuple[bytes, None]:
        put(other, "quota/one", (kept or b"") + b"x")
        return b"mine", None

    with pytest.raises(BackendUnavailableError, match="too many at once"):
        state.update("quota/one", change, keep_seconds=60)


def test_nobody_listening_is_told_without_the_password() -> None:
    with pytest.raises(BackendUnavailableError) as caught:
        RedisState(f"redis://user:{PASSWORD}@127.0.0.1:9/0")
    assert "127.0.0.1" in caught.value.reason
    assert PASSWORD not in repr(caught.value)


def test_a_server_that_hangs_is_not_waited_for_for_ever(
    start_redis: Callable[..., RedisServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_state, "_TIMEOUT_SECONDS", 0.2)
    server = start_redis()
    state = RedisState(server.url)
    server.signal(signal.SIGSTOP)
    with pytest.raises(BackendUnavailableError, match="TimeoutError"):
        put(state, "quota/one", b"1")
    server.signal(signal.SIGCONT)
    put(state, "quota/one", b"1")
    assert state.get("quota/one") == b"1"


def test_a_password_is_used_and_never_told(start_redis: Callable[..., RedisServer], log: RecordingLog) -> None:
    server = start_redis(PASSWORD)
    put(RedisState(server.url), "quota/one", b"1")
    wrong = server.url.replace(PASSWORD, PASSWORD + "x")
    state = ResilientState(lambda: RedisState(wrong), required=False, log=log)  # type: ignore[arg-type]
    assert state.degraded is not None
    assert "AuthenticationError" in state.degraded
    assert PASSWORD not in state.degraded + repr(log.events)
    with pytest.raises(StateUnavailableError) as caught:
        ResilientState(lambda: RedisState(wrong), required=True, log=log)  # type: ignore[arg-type]
    assert PASSWORD not in str(caught.value.as_dict())


def test_a_server_killed_midway_degrades_once_and_comes_back(
    start_redis: Callable[..., RedisServer], log: RecordingLog, clock: Clock
) -> None:
    server = start_redis()
    state = ResilientState(lambda: RedisState(server.url), required=False, log=log, clock=clock)  # type: ignore[arg-type]
    put(state, "quota/one", b"1")
    assert (state.shared, state.degraded) == (True, None)
    server.stop()
    for value in (b"2", b"3"):
        put(state, "quota/one", value)
        assert state.get("quota/one") == value
    assert not state.shared
    assert state.degraded is not None
    assert state.degraded.startswith("The shared state is out of reach: the Redis server '127.0.0.1'")
    clock.seconds += 31
    assert state.get("quota/one") == b"3"
    assert log.warnings() == ["state_degraded"]
    server.start()
    assert state.get("quota/one") == b"3"
    clock.seconds += 31
    assert state.get("quota/one") is None
    assert (state.shared, state.degraded) == (True, None)
    assert log.warnings() == ["state_degraded", "state_shared_again"]
    state.close()


def test_a_required_server_killed_midway_is_an_error_until_it_is_back(
    start_redis: Callable[..., RedisServer], log: RecordingLog
) -> None:
    server = start_redis()
    state = ResilientState(lambda: RedisState(server.url), required=True, log=log)  # type: ignore[arg-type]
    put(state, "quota/one", b"1")
    server.stop()
    with pytest.raises(StateUnavailableError, match="required and out of reach"):
        put(state, "quota/one", b"2")
    server.start()
    put(state, "quota/one", b"3")
    assert state.get("quota/one") == b"3"
    assert log.events == []


def test_when_the_servers_clock_is_set_forward_time_does_not_jump(redis_server: RedisServer) -> None:
    state = RedisState(redis_server.url)
    put(state, "quota/one", b"1", keep_seconds=600)
    before = state.now()
    with redis.Redis.from_url(redis_server.url) as client:
        client.hset(CLOCK, "shift", 7200 * 10**6)
    assert state.get("quota/one") == b"1"
    assert 0 <= state.now() - before < 10
    other = RedisState(redis_server.url)
    assert 0 <= other.now() - before < 10


def test_when_the_servers_clock_is_set_back_time_goes_on(redis_server: RedisServer) -> None:
    state = RedisState(redis_server.url)
    put(state, "quota/one", b"1", keep_seconds=600)
    before = state.now()
    with redis.Redis.from_url(redis_server.url) as client:
        client.hset(CLOCK, "shift", -7200 * 10**6)
    for process in (state, RedisState(redis_server.url)):
        put(process, "quota/one", b"1", keep_seconds=600)
        assert before - 1 <= process.now() < before + 10


def test_time_is_asked_anew_when_it_is_old(redis_server: RedisServer, clock: Clock) -> None:
    state = RedisState(redis_server.url, clock=clock)
    first = state.now()
    clock.seconds += 20
    assert 20 <= state.now() - first < 25
    clock.seconds += 20
    assert state.now() - first < 10


@pytest.mark.parametrize("url", ["redis://127.0.0.1:port/0", "redis://127.0.0.1:99999999/0", "redis://[half/0"])
def test_a_url_that_cannot_be_read_is_told(url: str) -> None:
    with pytest.raises((InvalidConfigError, BackendUnavailableError)) as caught:
        RedisState(url)
    assert url not in str(caught.value)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name.startswith("redis"):
            raise ImportError(name=name)
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InvalidConfigError) as caught:
        RedisState("redis://127.0.0.1:9/0")
    assert "pip install 'mde-files[redis]'" in caught.value.hint


def test_threads_of_one_process_wait_for_each_other(redis_server: RedisServer) -> None:
    state = RedisState(redis_server.url)
    tries: list[bytes | None] = []

    def change(kept: bytes | None) -> tuple[bytes, None]:
        tries.append(kept)
        return b"%d" % (int(kept or b"0") + 1), None

    def count() -> None:
        for _ in range(20):
            state.update("quota/count", change, keep_seconds=60)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(tries) == 80
