"""The SQLite file: who may read it, and what happens when it is spoiled, taken away, full or locked."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.redis_server import not_here

from mde_files.errors import InvalidConfigError
from mde_files.state import sqlite as sqlite_state
from mde_files.state import sqlite_file
from mde_files.state.interface import BackendUnavailableError
from mde_files.state.sqlite import SqliteState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.state.conftest import Clock, RecordingLog

ADD_ONE = """
import sys
from pathlib import Path
from mde_files.logs import EventLog
from mde_files.state.sqlite import SqliteState
state = SqliteState(Path(sys.argv[1]), EventLog())
for _ in range(int(sys.argv[2])):
    state.update("quota/count", lambda kept: (b"%d" % (int(kept or b"0") + 1), None), keep_seconds=60)
"""
DIE_INSIDE = """
import os, signal, sys
from pathlib import Path
from mde_files.logs import EventLog
from mde_files.state.sqlite import SqliteState
state = SqliteState(Path(sys.argv[1]), EventLog())
state.update("quota/count", lambda kept: (b"1", None), keep_seconds=60)
state.update("quota/count", lambda kept: os.kill(os.getpid(), signal.SIGKILL), keep_seconds=60)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "state.sqlite3"


@pytest.fixture
def make(path: Path, log: Any) -> Iterator[Callable[..., SqliteState]]:
    made: list[SqliteState] = []

    def make(**more: Any) -> SqliteState:
        made.append(SqliteState(path, log, **more))
        return made[-1]

    yield make
    for state in made:
        state.close()


def put(state: SqliteState, key: str, value: bytes, keep_seconds: float = 60.0) -> None:
    state.update(key, lambda _kept: (value, None), keep_seconds=keep_seconds)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def aside(path: Path) -> list[Path]:
    return sorted(file for file in path.parent.glob("*.corrupt-*") if not file.name.endswith("-wal"))


def run(source: str, *arguments: object) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(Path(sqlite_state.__file__).parents[2])}
    return subprocess.Popen([sys.executable, "-c", source, *map(str, arguments)], env=environment)


def test_only_the_owner_may_read_it(path: Path, make: Callable[..., SqliteState]) -> None:
    before = os.umask(0)
    try:
        put(make(), "cache/one", b"1")
    finally:
        os.umask(before)
    assert mode(path.parent) == 0o700
    files = list(path.parent.iterdir())
    assert {file.name for file in files} >= {"state.sqlite3", "state.sqlite3-wal"}
    assert {mode(file) for file in files} == {0o600}


def test_a_file_that_others_may_read_is_closed_to_them(path: Path, make: Callable[..., SqliteState]) -> None:
    put(make(), "cache/one", b"1")
    path.chmod(0o644)
    assert make().get("cache/one") == b"1"
    assert mode(path) == 0o600


def test_processes_never_lose_a_change(path: Path, make: Callable[..., SqliteState]) -> None:
    started = [run(ADD_ONE, path, 200) for _ in range(4)]
    assert [process.wait(60) for process in started] == [0] * 4
    assert make().get("quota/count") == b"800"


def test_a_process_killed_inside_a_change_leaves_what_was(path: Path, make: Callable[..., SqliteState]) -> None:
    assert run(DIE_INSIDE, path).wait(60) == -signal.SIGKILL
    state = make()
    assert state.get("quota/count") == b"1"
    put(state, "quota/count", b"2")
    assert state.get("quota/count") == b"2"


def open_files() -> list[str]:
    """Return the paths of this process's open files, where the system tells them."""
    folder = Path("/proc/self/fd")
    found = []
    for descriptor in folder.iterdir() if folder.is_dir() else ():
        with suppress(OSError):
            found.append(str(descriptor.readlink()))
    return found


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_forked_children_and_their_parent_go_on(make: Callable[..., SqliteState]) -> None:
    state = make()
    put(state, "quota/count", b"0")
    stop = threading.Event()

    def add() -> None:
        state.update("quota/count", lambda kept: (b"%d" % (int(kept or b"0") + 1), None), keep_seconds=60)

    def busy() -> None:
        while not stop.is_set():
            state.get("quota/count")

    thread = threading.Thread(target=busy)
    thread.start()
    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            try:
                inherited = [file for file in open_files() if "state.sqlite3" in file]
                for _ in range(50):
                    add()
                os._exit(1 if inherited else 0)
            finally:
                os._exit(2)
        children.append(child)
        add()
    for child in children:
        assert os.waitpid(child, 0)[1] == 0
    stop.set()
    thread.join(10)
    assert state.get("quota/count") == b"204"


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 4000])
def test_a_file_that_is_no_database_is_set_aside(
    path: Path, make: Callable[..., SqliteState], log: RecordingLog, content: bytes
) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    state = make()
    put(state, "cache/one", b"1")
    assert state.get("cache/one") == b"1"
    assert [file.read_bytes() for file in aside(path)] == [content]
    assert log.warnings() == ["state_set_aside"]


def fill(state: SqliteState) -> None:
    for number in range(100):
        put(state, f"cache/{number}", bytes([number]) * 3000)


def test_a_half_written_file_is_set_aside(path: Path, make: Callable[..., SqliteState], log: RecordingLog) -> None:
    first = make()
    fill(first)
    first.close()
    os.truncate(path, path.stat().st_size // 2)
    state = make()
    fill(state)
    assert state.get("cache/99") == b"c" * 3000
    assert len(aside(path)) == 1
    assert log.warnings() == ["state_set_aside"]


def test_a_file_spoiled_while_in_use_is_set_aside(
    path: Path, make: Callable[..., SqliteState], log: RecordingLog
) -> None:
    state = make()
    fill(state)
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    other.close()
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xa5" * (path.stat().st_size - 100))
    put(state, "cache/one", b"1")
    assert state.get("cache/one") == b"1"
    assert state.get("cache/99") is None
    assert len(aside(path)) == 1
    assert log.warnings() == ["state_set_aside"]


def test_two_that_find_the_file_spoiled_share_the_new_one(
    path: Path, make: Callable[..., SqliteState], log: RecordingLog
) -> None:
    path.parent.mkdir()
    path.write_bytes(b"garbage" * 1000)
    started = [run(ADD_ONE, path, 50) for _ in range(4)]
    assert [process.wait(60) for process in started] == [0] * 4
    assert make().get("quota/count") == b"200"
    assert len(aside(path)) == 1


def test_whoever_is_late_does_not_set_the_new_file_aside(path: Path, make: Callable[..., SqliteState]) -> None:
    put(make(), "cache/one", b"1")
    assert sqlite_file.set_aside(path, path.stat().st_ino + 1) is None
    assert aside(path) == []
    assert make().get("cache/one") == b"1"


def test_only_the_newest_files_set_aside_are_kept(path: Path, make: Callable[..., SqliteState]) -> None:
    path.parent.mkdir()
    for number in range(5):
        path.write_bytes(b"%d" % number * 500)
        make().close()
    assert [file.read_bytes()[:1] for file in aside(path)] == [b"2", b"3", b"4"]
    assert make().purge() == 0
    assert aside(path) == []


@pytest.mark.parametrize("version", [2, 99])
def test_a_file_of_a_newer_version_is_left_alone(
    path: Path, make: Callable[..., SqliteState], log: RecordingLog, version: int
) -> None:
    make().close()
    with sqlite3.connect(path) as other:
        other.execute(f"PRAGMA user_version = {version}")
    other.close()
    with pytest.raises(BackendUnavailableError, match="newer mde-files"):
        make()
    assert aside(path) == []
    assert log.events == []


def test_a_file_of_an_older_version_is_set_aside(
    path: Path, make: Callable[..., SqliteState], log: RecordingLog
) -> None:
    first = make()
    put(first, "cache/one", b"1")
    first.close()
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 0")
    other.close()
    state = make()
    assert state.get("cache/one") is None
    assert log.warnings() == ["state_set_aside"]
    assert "version" in log.events[0][2]["reason"]


def test_another_programs_database_is_left_alone(path: Path, make: Callable[..., SqliteState]) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE customers (name TEXT)")
    other.close()
    with pytest.raises(InvalidConfigError, match="another program's database"):
        make()
    assert aside(path) == []


def test_a_removed_file_is_made_anew(path: Path, make: Callable[..., SqliteState], log: RecordingLog) -> None:
    state = make()
    put(state, "cache/one", b"1")
    for file in path.parent.iterdir():
        file.unlink()
    assert state.get("cache/one") is None
    put(state, "cache/one", b"2")
    assert make().get("cache/one") == b"2"
    assert log.events == []


def test_missing_tables_are_set_aside(path: Path, make: Callable[..., SqliteState]) -> None:
    state = make()
    with sqlite3.connect(path) as other:
        other.execute("DROP TABLE entries")
    other.close()
    put(state, "cache/one", b"1")
    assert state.get("cache/one") == b"1"
    assert len(aside(path)) == 1


def test_purged_bytes_leave_the_disk(path: Path, make: Callable[..., SqliteState]) -> None:
    state = make()
    put(state, "quota/one", b"kept")
    put(state, "cache/one", b"secret-command-line" * 50)
    assert state.purge("cache/") == 1
    assert state.get("quota/one") == b"kept"
    state.close()
    assert b"secret-command-line" not in path.read_bytes()
    assert not list(path.parent.glob("*-wal"))


def test_expired_entries_leave_the_disk_with_time(make: Callable[..., SqliteState], clock: Clock) -> None:
    state = make(clock=clock)
    put(state, "cache/one", b"x" * 1000, keep_seconds=10)
    clock.seconds += 700
    put(state, "quota/two", b"y")
    rows = state._run(lambda connection: connection.execute("SELECT key FROM entries").fetchall())
    assert rows == [("quota/two",)]
    assert state.size() == (1, 256)


def test_after_a_restart_of_the_machine_time_goes_on_from_where_it_stood(
    make: Callable[..., SqliteState], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make(clock=clock, boot=lambda: "first")
    put(first, "quota/one", b"1", keep_seconds=4000)
    stood = first.now()
    wall = time.time()
    for later, seconds in ((3600.0, 5.0), (-1e6, 70000.0), (1e9, 0.0)):
        monkeypatch.setattr(time, "time", lambda later=later: wall + later)
        again = make(clock=lambda seconds=seconds: seconds, boot=lambda later=later: f"boot {later}")
        assert again.now() == stood
        assert again.get("quota/one") == b"1"
        assert (
            make(clock=lambda seconds=seconds: seconds + 7, boot=lambda later=later: f"boot {later}").now() == stood + 7
        )


def test_age_counts_while_the_machine_is_off(
    make: Callable[..., SqliteState], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make(clock=clock, boot=lambda: "first")
    put(first, "cache/month", b"1", keep_seconds=30 * 86400)
    wall = time.time()
    monkeypatch.setattr(time, "time", lambda: wall + 40 * 86400)
    moment = [0.0]
    again = make(clock=lambda: moment[0], boot=lambda: "second")
    assert again.get("cache/month") == b"1"
    moment[0] = 2 * 86400.0
    assert again.get("cache/month") is None


def test_two_processes_that_start_after_a_restart_agree(make: Callable[..., SqliteState], clock: Clock) -> None:
    first = make(clock=clock, boot=lambda: "first")
    clock.seconds += 60
    put(first, "quota/one", b"1")
    one = make(clock=lambda: 50.0, boot=lambda: "second")
    # What the other finds that waited for the first to set the clock.
    assert one._rebase(one._connected(), "second")[1] == 10.0
    assert one.now() == first.now() == 60.0


def test_a_folder_is_no_file(path: Path, make: Callable[..., SqliteState]) -> None:
    path.mkdir(parents=True)
    with pytest.raises(BackendUnavailableError, match="no ordinary file"):
        make()


def test_a_path_through_a_file_is_out_of_reach(path: Path, make: Callable[..., SqliteState]) -> None:
    path.parent.write_text("a file where the folder should be")
    with pytest.raises(BackendUnavailableError, match=r"state\.sqlite3"):
        make()


def test_a_file_that_cannot_be_renamed_is_out_of_reach(
    path: Path, make: Callable[..., SqliteState], monkeypatch: pytest.MonkeyPatch
) -> None:
    path.parent.mkdir()
    path.write_bytes(b"garbage" * 1000)

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(BackendUnavailableError, match="cannot be renamed: Operation not permitted"):
        make()


def test_a_lock_held_by_another_is_waited_for_and_not_for_ever(
    path: Path, make: Callable[..., SqliteState], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "BUSY_SECONDS", 0.3)
    state = make()
    put(state, "cache/one", b"1")
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.1, lambda: other.execute("COMMIT")).start()
    put(state, "cache/one", b"2")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(BackendUnavailableError, match="locked"):
        put(state, "cache/one", b"3")
    other.execute("COMMIT")
    other.close()
    put(state, "cache/one", b"4")
    assert state.get("cache/one") == b"4"


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(folder)]
    try:
        done = subprocess.run(mounting, capture_output=True, check=False, timeout=30).returncode == 0
    except OSError:
        done = False
    if not done:
        not_here("a small file system can be mounted by root only")
    try:
        yield folder
    finally:
        subprocess.run([str(shutil.which("umount")), "-l", str(folder)], check=True, timeout=30)


def test_a_full_disk_is_told_and_leaves_a_whole_file(tmp_path: Path, log: RecordingLog) -> None:
    with small_disk(tmp_path / "disk") as disk:
        state = SqliteState(disk / "state.sqlite3", log)  # type: ignore[arg-type]
        put(state, "cache/one", b"1")
        with pytest.raises(BackendUnavailableError, match="full"):
            put(state, "cache/large", b"x" * 1_000_000)
        assert state.get("cache/one") == b"1"
        state.close()
        with pytest.raises(OSError, match="No space"):
            (disk / "more").write_bytes(b"x" * 1_000_000)
        with pytest.raises(BackendUnavailableError):
            SqliteState(disk / "new" / "state.sqlite3", log)  # type: ignore[arg-type]
    assert log.events == []


def test_a_read_only_disk_is_told(tmp_path: Path, log: RecordingLog) -> None:
    with small_disk(tmp_path / "disk") as disk:
        SqliteState(disk / "state.sqlite3", log).close()  # type: ignore[arg-type]
        subprocess.run([str(shutil.which("mount")), "-o", "remount,ro", str(disk)], check=True, timeout=30)
        for place in (disk / "state.sqlite3", disk / "new.sqlite3"):
            with pytest.raises(BackendUnavailableError, match="cannot be used"):
                put(SqliteState(place, log), "cache/one", b"1")  # type: ignore[arg-type]
    assert log.events == []
