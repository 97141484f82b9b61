"""A state file whose bytes flipped, that was edited by hand, or that another version or another program wrote."""

from __future__ import annotations

import shutil
import sqlite3
import struct
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mde_files import config, manifest
from mde_files.cache_entries import Answer
from mde_files.caching import PREFIX, AnswerCache, Served
from mde_files.deadline import Deadline
from mde_files.errors import InvalidConfigError
from mde_files.quota import Quota
from mde_files.quota.slots import Slots
from mde_files.state import ResilientState
from mde_files.state.sqlite import SqliteState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.fault_table import FaultTable
    from tests.faults.conftest import RecordingLog

    from mde_files import Connector
    from mde_files.emulator import Emulator

ROOM = "spoiled state"
CALL = manifest.load().calls["file_stats"]
KEYS = [f"{number:064x}" for number in range(12)]
WHEN = "2026-11-21T20:00:00Z"
CONFIGURATION = config.load(
    {
        "tenant_id": "contoso.example",
        "auth": {"method": "access_token", "access_token": "x"},
        "quota": {"windows": [{"calls": 5, "seconds": 3600}], "max_wait_seconds": 0},
    }
)


def answer_to(key: str) -> dict[str, Any]:
    return {"question": key, "text": key * 20}


class Opened:
    """Cache and quota over one state file, as a process has them."""

    def __init__(self, path: Path, log: Any) -> None:
        self.state = ResilientState(lambda: SqliteState(path, log), required=False, log=log)
        self.quota = Quota(CONFIGURATION, self.state, application="app")
        self._cache = AnswerCache(self.state, CONFIGURATION.cache)

    def serve(self, key: str, fresh: float = 3600.0, seconds: float = 20.0) -> Served:
        return self._cache.serve(
            key,
            deadline=Deadline(seconds),
            fresh_seconds=lambda _answer: fresh,
            max_age=None,
            ask=lambda: Answer(answer_to(key), WHEN),
        )

    def use(self, times: int) -> None:
        for _ in range(times):
            with self.quota.slot(CALL, Deadline(60)):
                pass

    def used(self) -> int:
        return self.quota.usage(CALL)[0].used


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.sqlite3"


@pytest.fixture
def open_state(path: Path, log: Any) -> Iterator[Callable[[], Opened]]:
    made: list[Opened] = []

    def open_state() -> Opened:
        made.append(Opened(path, log))
        return made[-1]

    yield open_state
    for one in made:
        one.state.close()


def filled(path: Path, log: Any) -> None:
    """Make a file with answers to all keys and three calls counted."""
    opened = Opened(path, log)
    for key in KEYS:
        opened.serve(key)
    opened.use(3)
    opened.state.close()


def edit(path: Path, *statements: tuple[str, tuple[Any, ...]] | str) -> None:
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(*((statement,) if isinstance(statement, str) else statement))
    connection.close()


def judge(opened: Opened) -> str:
    """Ask everything and say what was wrong."""
    for key in KEYS:
        served = opened.serve(key)
        if served.answer.document != answer_to(key):
            return "another answer"
    before = opened.used()
    opened.use(1)
    # Whoever has to go on alone begins with a count of its own, and says so.
    alone = opened.state.degraded is not None
    return "answered rightly" if opened.used() == (1 if alone else before + 1) else "not counted"


class TestEditedByHand:
    def test_an_answer_to_another_question_is_not_given(
        self, path: Path, log: RecordingLog, open_state: Callable[[], Opened], fault_table: FaultTable
    ) -> None:
        filled(path, log)
        with sqlite3.connect(path) as connection:
            rows = dict(connection.execute("SELECT key, value FROM entries WHERE key LIKE 'cache/%'"))
        connection.close()
        keys = list(rows)
        rotated = zip(keys, [*keys[1:], keys[0]], strict=True)
        edit(path, *(("UPDATE entries SET value = ? WHERE key = ?", (rows[other], key)) for key, other in rotated))
        fault_table.row(ROOM, "the answers in the cache change places", "answered rightly", judge(open_state()))
        assert log.warnings == []

    def test_a_record_never_tells_of_another_files_alerts(
        self, emulator: Emulator, connect: Callable[..., Connector], path: Path, fault_table: FaultTable
    ) -> None:
        settings = {"state": f"sqlite:///{path}"}
        first, second = emulator.scenario.file("eicar").sha1, emulator.scenario.file("rare-in-organization").sha1
        before = {sha1: connect(**settings).file_alerts(sha1)["content_digest"] for sha1 in (first, second)}
        with sqlite3.connect(path) as connection:
            found = connection.execute("SELECT key, value FROM entries WHERE key LIKE 'cache/%'").fetchall()
        connection.close()
        (one, its), (other, others) = found
        edit(
            path,
            ("UPDATE entries SET value = ? WHERE key = ?", (others, one)),
            ("UPDATE entries SET value = ? WHERE key = ?", (its, other)),
        )
        after = {sha1: connect(**settings).file_alerts(sha1)["content_digest"] for sha1 in (first, second)}
        said = "answered rightly" if after == before else "another answer"
        fault_table.row(ROOM, "two files' alerts change places in the cache", "answered rightly", said)

    def test_an_old_answer_is_not_made_young(
        self, path: Path, open_state: Callable[[], Opened], fault_table: FaultTable
    ) -> None:
        opened = open_state()
        opened.serve(KEYS[0], fresh=0.05)
        time.sleep(0.1)
        with sqlite3.connect(path) as connection:
            ((value,),) = connection.execute("SELECT value FROM entries WHERE key = ?", (PREFIX + KEYS[0],)).fetchall()
        connection.close()
        # Magic, holder, lease; then when it was stored on both clocks.
        place = struct.calcsize("<4s16sd")
        edited = value[:place] + struct.pack("<dd", opened.state.now(), time.time()) + value[place + 16 :]
        edit(path, ("UPDATE entries SET value = ? WHERE key = ?", (edited, PREFIX + KEYS[0])))
        served = opened.serve(KEYS[0], fresh=0.05)
        said = "asked anew" if not served.from_cache else f"served as {served.age_seconds:.0f} s old"
        fault_table.row(ROOM, "the time of an answer is edited", "asked anew", said)

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE entries SET value = 'text'",
            "UPDATE entries SET value = 7",
            "UPDATE entries SET value = x''",
            "UPDATE entries SET value = zeroblob(200)",
            "UPDATE entries SET value = substr(value, 1, length(value) - 3)",
            "UPDATE entries SET expires = 'never'",
            "UPDATE entries SET expires = 9e999",
            "UPDATE entries SET expires = -9e999",
            "UPDATE entries SET written = 'long ago'",
            "UPDATE entries SET counted = 'much'",
            "UPDATE entries SET counted = 9223372036854775807",
            "UPDATE entries SET counted = -9223372036854775807",
            "UPDATE totals SET counted = 'much'",
            "UPDATE totals SET counted = 9223372036854775807",
            "DELETE FROM totals",
            "DELETE FROM clock",
            "INSERT INTO clock SELECT * FROM clock",
            "UPDATE clock SET boot = x'ff'",
            "UPDATE clock SET boot = 'about noon'",
            "UPDATE clock SET boot = 'another'",
            "UPDATE clock SET shift = 'a bit'",
            "UPDATE clock SET shift = 9e999",
            "UPDATE clock SET shift = 1e300",
            "UPDATE clock SET shift = -1e300",
            "UPDATE clock SET shift = shift + 31536000",
            "UPDATE clock SET shift = shift - 31536000",
            "UPDATE clock SET wall = 'noon', boot = 'another'",
            "UPDATE clock SET wall = -9e999, boot = 'another'",
            "UPDATE clock SET swept = 'yesterday'",
            "UPDATE clock SET swept = 9e999",
            "UPDATE clock SET swept = -9e999",
            "DROP TABLE clock",
            "DROP TABLE totals",
            "ALTER TABLE entries RENAME COLUMN expires TO expiry",
        ],
    )
    def test_wrong_values_are_survived(
        self, path: Path, log: RecordingLog, open_state: Callable[[], Opened], fault_table: FaultTable, change: str
    ) -> None:
        filled(path, log)
        edit(path, change)
        opened = open_state()
        said = judge(opened)
        opened.state.evict(PREFIX, 4096)
        opened.state.size()
        if opened.state.degraded is not None:
            said = opened.state.degraded
        fault_table.row(ROOM, f"edited by hand: {change}", "answered rightly", said)


class TestFlippedBytes:
    @pytest.fixture
    def whole(self, tmp_path: Path, log: RecordingLog) -> Path:
        path = tmp_path / "whole.sqlite3"
        filled(path, log)
        edit(path, "PRAGMA wal_checkpoint(TRUNCATE)")
        return path

    @pytest.mark.parametrize("examples", [100, pytest.param(5000, marks=pytest.mark.slow)])
    def test_nothing_is_answered_wrongly(
        self, whole: Path, tmp_path: Path, fault_table: FaultTable, examples: int
    ) -> None:
        content = whole.read_bytes()
        flips = st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(1, 255)), min_size=1, max_size=20)
        cut = st.none() | st.integers(0, len(content))

        @given(flips, cut)
        @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
        def damaged(flips: list[tuple[int, int]], cut: int | None) -> None:
            folder = tmp_path / "damaged"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            spoiled = bytearray(content[:cut])
            for place, pattern in flips:
                if place < len(spoiled):
                    spoiled[place] ^= pattern
            (folder / "state.sqlite3").write_bytes(spoiled)
            try:
                opened = Opened(folder / "state.sqlite3", Quiet())
            except InvalidConfigError:
                # Mark and tables have both become another program's.
                assert spoiled[68:72] != content[68:72]
                return
            try:
                said = judge(opened)
                opened.state.evict(PREFIX, 4096)
            finally:
                opened.state.close()
            # A flipped bit in a count makes another count.
            assert said in ("answered rightly", "not counted")

        begun = time.monotonic()
        damaged()
        fault_table.row(
            ROOM,
            f"bytes flip at random in the SQLite file ({examples:,} files)",
            "answered rightly",
            "answered rightly",
            time.monotonic() - begun,
        )


class Quiet:
    """A log that nobody reads."""

    def debug(self, event: str, **fields: object) -> None:
        pass

    info = warning = debug


class TestVersions:
    def test_two_versions_that_run_at_the_same_time_do_not_fight(
        self, path: Path, open_state: Callable[[], Opened], fault_table: FaultTable
    ) -> None:
        opened = open_state()
        opened.use(2)
        # A newer version comes and brings a file of its own.
        edit(path, "PRAGMA user_version = 2", "UPDATE entries SET value = zeroblob(50)")
        opened.state.close()
        for _ in range(3):
            again = open_state()
            again.use(1)
            assert not again.state.shared
        assert "newer" in (again.state.degraded or "")
        with sqlite3.connect(path) as connection:
            kept = connection.execute("SELECT count(*) FROM entries WHERE value = zeroblob(50)").fetchone()[0]
        connection.close()
        others = [file.name for file in path.parent.iterdir() if "corrupt" in file.name]
        said = "told, and the newer file left alone" if (kept, others) == (1, []) else f"{kept} kept, {others}"
        fault_table.row(ROOM, "a newer version has the file", "told, and the newer file left alone", said)

    def test_a_quota_that_another_hand_wrote_holds_nobody_up_for_longer_than_a_day(
        self, fault_table: FaultTable
    ) -> None:
        longest, now = 3_600_000, 10_000_000_000
        far = struct.pack("<BQQI", 1, 2**60, 2**63, 1) + struct.pack("<QQI", 1, 2**62, 2**32 - 1)
        slots = Slots(far, now, longest)
        room_at = slots.room_at(now, [(1, longest)])
        later = now + 86_400_000 + longest + 2
        free = Slots(slots.packed(), later, longest).used(later, longest) == 0
        said = "free after a day" if free and room_at <= now + longest + 1 else f"{(room_at - now) / 1000:.0f} s"
        fault_table.row(ROOM, "a quota entry names times far away", "free after a day", said)

    @given(st.binary(max_size=200), st.integers(0, 2**45))
    def test_no_quota_entry_can_break_the_count(self, document: bytes, now: int) -> None:
        slots = Slots(b"\x01" + document, now, 3_600_000)
        slots.hold(1, now, 1000)
        packed = slots.packed()
        assert Slots(packed, now, 3_600_000).used(now, 3_600_000) >= 1


def test_another_programs_file_is_left_alone(
    path: Path, log: RecordingLog, fault_table: FaultTable, connect: Callable[..., Connector], emulator: Emulator
) -> None:
    edit(path, "CREATE TABLE customers (name TEXT)")
    before = path.read_bytes()
    record = connect(state=f"sqlite:///{path}").record_of(
        "file_stats", {"file_hash": emulator.scenario.file("eicar").sha1}
    )
    said = record.get("error", {}).get("code", record["outcome"])
    assert path.read_bytes() == before
    fault_table.row(ROOM, "the state names another program's database", "invalid_config", said)
