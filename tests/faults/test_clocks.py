"""Clocks that jump by hours and years, forward and back."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from mde_files import config, manifest
from mde_files.auth.renewal import RenewingTokenProvider
from mde_files.auth.token_file import TokenFile
from mde_files.auth.token_store import SignedIn
from mde_files.batch.inputs import Item
from mde_files.batch.lanes import Lanes
from mde_files.batch.plan import Plan
from mde_files.cache_entries import Answer, Entry, encode
from mde_files.caching import PREFIX, AnswerCache
from mde_files.deadline import Deadline
from mde_files.quota import Quota
from mde_files.secret import Secret
from mde_files.state import host_clock
from mde_files.state.redis_state import RedisState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.fault_table import FaultTable
    from tests.redis_server import RedisServer

    from mde_files import Connector
    from mde_files.emulator import Emulator
    from mde_files.state.sqlite import SqliteState

    OpenSqlite = Callable[..., SqliteState]

ROOM = "clocks"
HOUR, YEAR = 3600.0, 365 * 86400.0
JUMPS = {
    "an hour forward": HOUR,
    "an hour back": -HOUR,
    "a year forward": YEAR,
    "a year back": -YEAR,
    "to 1970": -50 * YEAR,
    "to 2090": 64 * YEAR,
}
CALL = manifest.load().calls["file_stats"]
CONFIGURATION = config.load(
    {
        "tenant_id": "contoso.example",
        "auth": {"method": "access_token", "access_token": "x"},
        "quota": {"windows": [{"calls": 3, "seconds": 60}], "max_wait_seconds": 0},
    }
)
WHEN = "2026-11-21T20:00:00Z"


class Clock:
    """Seconds since the machine was started, which pass when told to."""

    def __init__(self) -> None:
        self.seconds = 100_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", "redis"])
def open_state(
    request: pytest.FixtureRequest, tmp_path: Path, open_sqlite: OpenSqlite, clock: Clock
) -> Iterator[Callable[[], Any]]:
    made: list[Any] = []

    def open_state() -> Any:
        if request.param == "sqlite":
            made.append(open_sqlite(tmp_path / "state.sqlite3", clock=clock))
        else:
            made.append(RedisState(request.getfixturevalue("redis_server").url))
        return made[-1]

    yield open_state
    for state in made:
        state.close()


class Asking:
    """A cache, and how often the service was asked."""

    def __init__(self, state: Any) -> None:
        self.cache = AnswerCache(state, CONFIGURATION.cache)
        self.asked = 0

    def __call__(self, key: str = "a", fresh: float = 1800.0, seconds: float = 5.0) -> Any:
        def ask() -> Answer:
            self.asked += 1
            return Answer({"number": self.asked}, WHEN)

        return self.cache.serve(
            key, deadline=Deadline(seconds), fresh_seconds=lambda _answer: fresh, max_age=None, ask=ask
        )


@pytest.mark.parametrize("jump", JUMPS)
class TestWallClock:
    def test_answers_neither_live_for_ever_nor_die_at_once(
        self, open_state: Callable[[], Any], wall: Callable[[float], None], fault_table: FaultTable, jump: str
    ) -> None:
        ask = Asking(open_state())
        ask()
        wall(JUMPS[jump])
        ages = [ask().age_seconds for _ in range(3)]
        # One asked anew at most, then kept again; and never younger than it is.
        said = "kept" if ask.asked <= 2 and all(0 <= age < 60 for age in ages) else f"asked {ask.asked}, ages {ages}"
        fault_table.row(ROOM, f"the wall clock jumps {jump}: cached answers", "kept", said)
        wall(0)
        before = ask.asked
        ask()
        ask()
        said = "kept" if ask.asked - before <= 1 else f"asked {ask.asked - before} times"
        fault_table.row(ROOM, f"the wall clock jumps {jump} and back: cached answers", "kept", said)

    def test_answers_grow_old_in_time(
        self,
        tmp_path: Path,
        open_sqlite: OpenSqlite,
        clock: Clock,
        wall: Callable[[float], None],
        fault_table: FaultTable,
        jump: str,
    ) -> None:
        ask = Asking(open_sqlite(tmp_path / "state.sqlite3", clock=clock))
        wall(JUMPS[jump])
        ask(fresh=600)
        # It was stored by the wrong clock, which is set right before the answer is old.
        wall(0)
        clock.seconds += 601
        ask(fresh=600)
        said = "asked anew" if ask.asked == 2 else "served although it is old"
        fault_table.row(ROOM, f"the wall clock jumps {jump}: an answer grows old", "asked anew", said)

    def test_the_count_stays(
        self, open_state: Callable[[], Any], wall: Callable[[float], None], fault_table: FaultTable, jump: str
    ) -> None:
        quota = Quota(CONFIGURATION, open_state(), application="app")
        for _ in range(2):
            with quota.slot(CALL, Deadline(30)):
                pass
        quota.pause(CALL, 30)
        wall(JUMPS[jump])
        other = Quota(CONFIGURATION, open_state(), application="app")
        usage = other.usage(CALL)[0]
        said = "2 counted, paused" if usage.paused_until else "not paused"
        if usage.used != 2:
            said = f"{usage.used} counted"
        fault_table.row(ROOM, f"the wall clock jumps {jump}: quota and pause", "2 counted, paused", said)

    def test_a_lease_of_another_machine_runs_out(
        self,
        tmp_path: Path,
        open_sqlite: OpenSqlite,
        clock: Clock,
        wall: Callable[[float], None],
        fault_table: FaultTable,
        jump: str,
    ) -> None:
        state = open_sqlite(tmp_path / "state.sqlite3", clock=clock)
        elsewhere = Entry(b"\x01" * 16, state.now() + 60, 0.0, 0.0, 0.0, b"")
        state.update(PREFIX + "a", lambda _kept: (encode("a", elsewhere), None), keep_seconds=600)
        wall(JUMPS[jump])
        clock.seconds += 61
        ask = Asking(state)
        ask()
        fault_table.row(ROOM, f"the wall clock jumps {jump}: a dead lease", "1 asked", f"{ask.asked} asked")

    def test_a_batch_that_waits_comes_back(
        self, wall: Callable[[float], None], fault_table: FaultTable, jump: str
    ) -> None:
        plan = Plan([Item(1, "0" * 40)], ("file_stats",))
        moment = [1000.0]
        lanes = Lanes(plan, clock=lambda: moment[0])
        retry_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))
        error = {"code": "quota_exhausted", "message": "m", "hint": "h", "retryable": True, "retry_at": retry_at}
        wall(JUMPS[jump])
        question = lanes.take(1)
        assert question is not None
        lanes.settle(question, {"outcome": "deferred", "error": error})
        held = lanes.hold_seconds() or 0.0
        moment[0] += 86400
        again = lanes.take(1)
        said = "asked again within a day" if 0 < held <= 86400 and again == question else f"held {held:.0f} s"
        fault_table.row(ROOM, f"the wall clock jumps {jump}: a deferred question", "asked again within a day", said)


class SigningIn:
    """A sign-in whose tokens live for an hour."""

    def __init__(self) -> None:
        self.times = 0

    def key(self) -> str:
        return "key"

    def sign_in(self, deadline: Deadline, person: Secret | None) -> SignedIn:  # noqa: ARG002 - the protocol's
        self.times += 1
        return SignedIn(Secret(f"token.{self.times}"), time.time() + HOUR, Secret("refresh"))


@pytest.mark.parametrize("jump", JUMPS)
class TestTokens:
    def test_no_token_is_used_beyond_its_life(
        self, wall: Callable[[float], None], monkeypatch: pytest.MonkeyPatch, fault_table: FaultTable, jump: str
    ) -> None:
        moment = [5000.0]
        monkeypatch.setattr(host_clock, "now", lambda: moment[0])
        signing_in = SigningIn()
        provider = RenewingTokenProvider(signing_in, None)
        provider.token(Deadline(5))
        wall(JUMPS[jump])
        moment[0] += HOUR
        token = provider.token(Deadline(5))
        said = "renewed" if token.value.reveal() == "token.2" else "used beyond its life"
        fault_table.row(ROOM, f"the wall clock jumps {jump}: a token in memory", "renewed", said)
        provider.token(Deadline(5))
        assert signing_in.times == 2

    def test_a_token_from_the_future_is_not_used_and_the_person_stays_signed_in(
        self, tmp_path: Path, wall: Callable[[float], None], fault_table: FaultTable, jump: str
    ) -> None:
        told: list[str] = []
        file = TokenFile(tmp_path / "tokens.json", told.append)
        signing_in = SigningIn()
        RenewingTokenProvider(signing_in, file).token(Deadline(5))
        wall(JUMPS[jump])
        kept = file.read("key")
        person = kept is not None and kept.person is not None
        RenewingTokenProvider(signing_in, file).token(Deadline(5))
        RenewingTokenProvider(signing_in, file).token(Deadline(5))
        said = f"{signing_in.times - 1} sign-in, the person {'known' if person else 'forgotten'}"
        fault_table.row(ROOM, f"the wall clock jumps {jump}: a kept token", "1 sign-in, the person known", said)
        assert told == []
        assert json.loads((tmp_path / "tokens.json").read_text())["sign_ins"].keys() == {"key"}


class TestMachine:
    """The clock of the machine itself, which only a restored snapshot sets back."""

    @pytest.mark.parametrize("back", [30.0, HOUR, YEAR])
    def test_a_restored_snapshot(
        self,
        tmp_path: Path,
        open_sqlite: OpenSqlite,
        clock: Clock,
        fault_table: FaultTable,
        back: float,
    ) -> None:
        clock.seconds = 2 * YEAR
        path = tmp_path / "state.sqlite3"
        before = open_sqlite(path, clock=clock)
        ask = Asking(before)
        clock.seconds += HOUR
        ask()
        quota = Quota(CONFIGURATION, before, application="app")
        for _ in range(2):
            with quota.slot(CALL, Deadline(5)):
                pass
        before.close()
        clock.seconds -= back
        after = open_sqlite(path, clock=clock)
        quota = Quota(CONFIGURATION, after, application="app")
        used = quota.usage(CALL)[0].used
        asks = Asking(after)
        asks()
        with quota.slot(CALL, Deadline(5)):
            pass
        clock.seconds += 61
        free = quota.usage(CALL)[0].used == 0
        said = "counted, free after a window" if used == 2 and free and asks.asked <= 1 else f"{used} counted, {free}"
        fault_table.row(ROOM, f"the machine's clock goes back by {back:,.0f} s", "counted, free after a window", said)

    def test_a_long_sleep_frees_what_it_should(
        self, tmp_path: Path, open_sqlite: OpenSqlite, clock: Clock, fault_table: FaultTable
    ) -> None:
        state = open_sqlite(tmp_path / "state.sqlite3", clock=clock)
        quota = Quota(CONFIGURATION, state, application="app")
        ask = Asking(state)
        ask()
        with quota.slot(CALL, Deadline(5)):
            pass
        clock.seconds += YEAR
        ask()
        said = f"{quota.usage(CALL)[0].used} counted, asked {ask.asked} times"
        fault_table.row(ROOM, "the machine sleeps for a year", "0 counted, asked 2 times", said)


def test_the_redis_servers_clock_jumps(
    redis_server: RedisServer, fault_table: FaultTable, emulator: Emulator, connect: Callable[..., Connector]
) -> None:
    import redis

    from mde_files.state.redis_scripts import CLOCK

    connector = connect(state=redis_server.url)
    sha1 = emulator.scenario.file("eicar").sha1
    connector.file_stats(sha1)
    for hours in (1, 24 * 365, -1, -24 * 365):
        with redis.Redis.from_url(redis_server.url) as client:
            shift = int(client.hget(CLOCK, "shift") or 0)
            client.hset(CLOCK, "shift", shift + int(hours * HOUR * 10**6))
        record = connector.file_stats(sha1)
        used = connector.quota_usage()["file_stats"][0].used
        said = f"{'kept' if record['source']['from_cache'] else 'asked anew'}, {used} counted"
        fault_table.row(ROOM, f"the Redis server's clock jumps by {hours:,} h", "kept, 1 counted", said)
