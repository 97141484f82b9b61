"""A Redis server that is restarted, paused, slow, out of memory, read-only, emptied, cut off or locked."""

from __future__ import annotations

import signal
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import redis
from tests.faults.cutting_proxy import CuttingProxy

from mde_files import config, manifest
from mde_files.deadline import Deadline
from mde_files.errors import StateUnavailableError
from mde_files.quota import Quota
from mde_files.state import ResilientState
from mde_files.state.interface import BackendUnavailableError
from mde_files.state.redis_state import RedisState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.fault_table import FaultTable
    from tests.faults.conftest import RecordingLog
    from tests.redis_server import RedisServer

    from mde_files import Connector
    from mde_files.emulator import Emulator

ROOM = "Redis in trouble"
CALL = manifest.load().calls["file_stats"]
RETRY_SECONDS = 0.3
BUDGET = 10.0
PASSWORD = "canary-77ab"


def configured(calls: int = 1000) -> config.Config:
    return config.load(
        {
            "tenant_id": "contoso.example",
            "auth": {"method": "access_token", "access_token": "x"},
            "quota": {"windows": [{"calls": calls, "seconds": 3600}], "max_wait_seconds": 0},
        }
    )


def command(server: RedisServer, *words: str) -> Any:
    with redis.Redis.from_url(server.url) as client:
        return client.execute_command(*words)


def restart(server: RedisServer) -> None:
    server.stop()
    server.start()


def kill_connections(server: RedisServer) -> None:
    command(server, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


def change_password(server: RedisServer) -> None:
    command(server, "CONFIG", "SET", "requirepass", PASSWORD)
    with redis.Redis(port=server.port, password=PASSWORD) as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


def restore_password(server: RedisServer) -> None:
    with redis.Redis(port=server.port, password=PASSWORD) as client:
        client.execute_command("CONFIG", "SET", "requirepass", "")


class Trouble(NamedTuple):
    """What happens to a server, and how it ends.

    ``reads``: whether answers that are kept can be read meanwhile; ``lasts``: whether it is still out of order when
    something is asked; ``forgets``: whether what was kept is gone.
    """

    name: str
    begin: Callable[[RedisServer], Any]
    end: Callable[[RedisServer], Any] = lambda _server: None
    lasts: bool = True
    forgets: bool = False


TROUBLES = [
    Trouble("killed", lambda server: server.stop(), lambda server: server.start(), forgets=True),
    Trouble("restarted", restart, lasts=False, forgets=True),
    Trouble("emptied (FLUSHALL)", lambda server: command(server, "FLUSHALL"), lasts=False, forgets=True),
    Trouble("all connections dropped", kill_connections, lasts=False),
    Trouble("scripts forgotten", lambda server: command(server, "SCRIPT", "FLUSH"), lasts=False),
    Trouble(
        "paused (SIGSTOP)", lambda server: server.signal(signal.SIGSTOP), lambda server: server.signal(signal.SIGCONT)
    ),
    Trouble(
        "out of memory",
        lambda server: command(server, "CONFIG", "SET", "maxmemory", "1"),
        lambda server: command(server, "CONFIG", "SET", "maxmemory", "0"),
    ),
    Trouble(
        "a read-only replica",
        lambda server: command(server, "REPLICAOF", "127.0.0.1", "9"),
        lambda server: command(server, "REPLICAOF", "NO", "ONE"),
    ),
    Trouble(
        "a replica that lost its master",
        lambda server: (
            command(server, "CONFIG", "SET", "replica-serve-stale-data", "no"),
            command(server, "REPLICAOF", "127.0.0.1", "9"),
        ),
        lambda server: command(server, "REPLICAOF", "NO", "ONE"),
    ),
    Trouble("given another password", change_password, restore_password),
    Trouble(
        "its bookkeeping overwritten",
        lambda server: [command(server, "SET", "{mde-files}:" + name, "x") for name in ("clock", "sizes", "totals")],
        lambda server: command(server, "FLUSHALL"),
        forgets=True,
    ),
]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mde_files.state.resilient._RETRY_SECONDS", RETRY_SECONDS)
    monkeypatch.setattr("mde_files.state.redis_state._TIMEOUT_SECONDS", 1.0)


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.name)
class TestInTheMiddle:
    def test_answers_are_right_and_in_time(
        self,
        start_redis: Callable[..., RedisServer],
        emulator: Emulator,
        connect: Callable[..., Connector],
        capsys: pytest.CaptureFixture[str],
        fault_table: FaultTable,
        trouble: Trouble,
    ) -> None:
        server = start_redis()
        settings = {"state": server.url, "timeouts": {"connect": 5, "read": 5, "total": BUDGET}}
        connector = connect(**settings)
        label = emulator.scenario.file
        known, other, later = (label(name).sha1 for name in ("eicar", "rare-in-organization", "known-globally-only"))
        first = connector.file_stats(known)
        trouble.begin(server)
        begun = time.monotonic()
        records = [connector.file_stats(sha1) for sha1 in (known, other, known)]
        seconds = time.monotonic() - begun
        digests = {record["file"]["sha1"]: record["content_digest"] for record in records}
        right = digests[known] == first["content_digest"] != digests[other]
        told = [any(caveat["code"] == "quota_unshared" for caveat in record["caveats"]) for record in records]
        said = "right" if right else "wrong"
        # Whoever counts alone says so.
        said += ", told" if any(told) else ", shared"
        fault = f"{trouble.name}: what three asks answer"
        fault_table.row(ROOM, fault, "right, told" if trouble.lasts else "right, shared", said, seconds, within=BUDGET)
        assert PASSWORD not in capsys.readouterr().err
        trouble.end(server)
        time.sleep(RETRY_SECONDS + 0.1)
        connector.file_alerts(known)
        back = connector.file_stats(later)
        again = connect(**settings)
        shared = again.degraded is None and again.file_stats(later)["source"]["from_cache"]
        counted = again.quota_usage()["file_stats"][0].used
        # What was asked while everybody counted alone is in nobody's common count.
        least = 1 if trouble.forgets else 2
        said = "shared again" if shared and counted >= least and not back["caveats"] else f"{counted} counted"
        fault_table.row(ROOM, f"{trouble.name}: afterwards", "shared again", said)

    def test_where_it_is_required_nothing_is_asked_without_it(
        self,
        start_redis: Callable[..., RedisServer],
        emulator: Emulator,
        connect: Callable[..., Connector],
        fault_table: FaultTable,
        trouble: Trouble,
    ) -> None:
        server = start_redis()
        connector = connect(state=server.url, state_required=True, timeouts={"connect": 5, "read": 5, "total": BUDGET})
        known, other = (emulator.scenario.file(label).sha1 for label in ("eicar", "rare-in-organization"))
        connector.file_stats(known)
        asked = emulator.accepted["file_stats"]
        trouble.begin(server)
        begun = time.monotonic()
        record = connector.record_of("file_stats", {"file_hash": other})
        seconds = time.monotonic() - begun
        said = record.get("error", {}).get("code", record["outcome"])
        if trouble.lasts and emulator.accepted["file_stats"] != asked:
            said = "asked although nobody counts"
        expected = "state_unavailable" if trouble.lasts else "seen_in_organization"
        fault_table.row(ROOM, f"{trouble.name}, state_required", expected, said, seconds, within=BUDGET)
        trouble.end(server)
        outcome = connector.record_of("file_stats", {"file_hash": other})["outcome"]
        fault_table.row(ROOM, f"{trouble.name}, state_required, afterwards", "seen_in_organization", outcome)


@pytest.fixture
def proxy(redis_server: RedisServer) -> Iterator[CuttingProxy]:
    proxy = CuttingProxy(redis_server.port)
    yield proxy
    proxy.close()


@pytest.mark.parametrize("times", [300, pytest.param(2000, marks=pytest.mark.slow)])
def test_connections_cut_in_the_middle_of_answers_lose_no_count(
    redis_server: RedisServer, proxy: CuttingProxy, fault_table: FaultTable, times: int
) -> None:
    state = RedisState(f"redis://127.0.0.1:{proxy.port}/0")
    quota = Quota(configured(60_000), state, application="app")
    proxy.cut_one_in = 4
    taken = refused = 0
    begun = time.monotonic()
    for _ in range(times):
        try:
            with quota.slot(CALL, Deadline(30)):
                taken += 1
        except BackendUnavailableError:
            refused += 1
    seconds = time.monotonic() - begun
    proxy.cut_one_in = 0
    state.close()
    used = Quota(configured(60_000), RedisState(redis_server.url), application="app").usage(CALL)[0].used
    within = taken <= used <= taken + refused
    said = "every slot counted once" if within else f"{taken} taken, {refused} unsure, {used} counted"
    assert proxy.cuts > times // 10
    fault_table.row(
        ROOM, f"answers cut in the middle ({times:,} slots)", "every slot counted once", said, seconds, within=120
    )


def test_a_slow_server_takes_no_budget_away(
    proxy: CuttingProxy,
    emulator: Emulator,
    connect: Callable[..., Connector],
    fault_table: FaultTable,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mde_files.state.redis_state._TIMEOUT_SECONDS", 2.0)
    connector = connect(state=f"redis://127.0.0.1:{proxy.port}/0", timeouts={"connect": 5, "read": 5, "total": 10})
    connector.file_stats(emulator.scenario.file("eicar").sha1)
    proxy.delay = 1.5
    begun = time.monotonic()
    record = connector.record_of("file_stats", {"file_hash": emulator.scenario.file("rare-in-organization").sha1})
    seconds = time.monotonic() - begun
    fault_table.row(ROOM, "every answer takes 1.5 s", "seen_in_organization", record["outcome"], seconds, within=10)


def test_threads_do_not_wait_one_after_the_other_for_a_paused_server(
    start_redis: Callable[..., RedisServer], log: RecordingLog, fault_table: FaultTable
) -> None:
    server = start_redis()
    state = ResilientState(lambda: RedisState(server.url), required=False, log=log)  # type: ignore[arg-type]
    server.signal(signal.SIGSTOP)
    begun = time.monotonic()

    def write(number: int) -> None:
        state.update(f"quota/{number}", lambda _kept: (b"1", None), keep_seconds=60)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    seconds = time.monotonic() - begun
    server.signal(signal.SIGCONT)
    said = f"each in its own memory, told {len(log.warnings)} time" if state.size("quota/")[0] in (0, 8) else "lost"
    fault_table.row(
        ROOM, "paused while eight threads write", "each in its own memory, told 1 time", said, seconds, within=6
    )


def test_a_server_without_memory_can_be_purged_and_keeps_counting(
    start_redis: Callable[..., RedisServer], fault_table: FaultTable
) -> None:
    server = start_redis()
    state = RedisState(server.url)
    quota = Quota(configured(), state, application="app")
    with quota.slot(CALL, Deadline(30)):
        pass
    for number in range(50):
        state.update(f"cache/{number}", lambda _kept: (b"x" * 1000, None), keep_seconds=60)
    command(server, "CONFIG", "SET", "maxmemory", "1")
    with pytest.raises(BackendUnavailableError, match="OutOfMemory"):
        state.update("cache/new", lambda _kept: (b"x" * 1000, None), keep_seconds=60)
    for _ in range(3):
        with quota.slot(CALL, Deadline(30)):
            pass
    fault_table.row(ROOM, "out of memory: the count that is there", "4", str(quota.usage(CALL)[0].used))
    evicted = state.evict("cache/", 10_000)
    removed = state.purge("cache/")
    said = "removed" if evicted + removed == 50 and state.size() == (1, 256) else f"{evicted} and {removed}"
    fault_table.row(ROOM, "out of memory: evict and purge", "removed", said)


def test_an_entry_overwritten_by_hand_is_told_or_counts_as_nothing(
    redis_server: RedisServer, fault_table: FaultTable
) -> None:
    state = RedisState(redis_server.url)
    quota = Quota(configured(), state, application="app")
    with quota.slot(CALL, Deadline(30)):
        pass
    with redis.Redis.from_url(redis_server.url) as client:
        (name,) = client.keys("{mde-files}:entry:quota/*")
        outcomes = []
        for value in (b"", b"short", b"12345678", b"x" * 300):
            client.set(name, value)
            with quota.slot(CALL, Deadline(30)):
                outcomes.append(quota.usage(CALL)[0].used)
    said = "counted anew" if outcomes == [1, 1, 1, 1] else str(outcomes)
    fault_table.row(ROOM, "a quota entry overwritten by hand", "counted anew", said)


def test_a_required_server_that_is_paused_stops_nobody_for_long(
    start_redis: Callable[..., RedisServer], log: RecordingLog, fault_table: FaultTable
) -> None:
    server = start_redis()
    state = ResilientState(lambda: RedisState(server.url), required=True, log=log)  # type: ignore[arg-type]
    server.signal(signal.SIGSTOP)
    codes: list[str] = []

    def write(number: int) -> None:
        try:
            state.update(f"quota/{number}", lambda _kept: (b"1", None), keep_seconds=60)
        except StateUnavailableError as error:
            codes.append(error.code)

    begun = time.monotonic()
    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    seconds = time.monotonic() - begun
    server.signal(signal.SIGCONT)
    said = " ".join(sorted(set(codes))) if len(codes) == 8 else f"{len(codes)} of 8 told"
    fault_table.row(ROOM, "paused and required, eight threads", "state_unavailable", said, seconds, within=6)
