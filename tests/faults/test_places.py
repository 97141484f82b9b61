"""Files and folders that are read-only, taken away, replaced by something else, or laid by somebody else."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.redis_server import not_here

from mde_files.auth.token_file import TokenFile
from mde_files.auth.token_store import SignedIn
from mde_files.batch import journal as journals
from mde_files.batch.journal import Journal
from mde_files.deadline import Deadline
from mde_files.errors import MdeFilesError, StateUnavailableError
from mde_files.playbook.attachment import Attachment
from mde_files.playbook.incident import read_incident
from mde_files.playbook.sinks import open_sink
from mde_files.private_files import replace_text
from mde_files.secret import Secret
from mde_files.state import ResilientState
from mde_files.state.interface import BackendUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.fault_table import FaultTable
    from tests.faults.conftest import Disk, RecordingLog

    from mde_files import Connector
    from mde_files.emulator import Emulator
    from mde_files.state.sqlite import SqliteState

    OpenSqlite = Callable[..., SqliteState]

ROOM = "files and folders"
NOBODY = 65534


def put(state: SqliteState, key: str = "cache/one", value: bytes = b"1") -> None:
    state.update(key, lambda _kept: (value, None), keep_seconds=60)


def token(value: str = "a.b.c") -> SignedIn:
    return SignedIn(Secret(value), time.time() + 3600)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Be a user without privileges for a while: permissions do not hold root up."""
    if os.geteuid() != 0:
        not_here("only root can become somebody else")
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.fixture
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder like /tmp: anybody may lay files there, and remove only their own."""
    folder = Path("/tmp") / f"mde-files-tests-{os.getpid()}-{time.monotonic_ns()}"  # noqa: S108 - that is the point
    folder.mkdir()
    folder.chmod(0o1777)
    yield folder
    import shutil

    shutil.rmtree(folder)


@pytest.fixture
def attach(emulator: Emulator, connect: Callable[..., Connector]) -> Callable[..., Any]:
    """Attach a finding to an incident file, as a run does."""
    connector = connect()
    found = Attachment("playbook", "Files", (connector.file_stats(emulator.scenario.file("eicar").sha1),))
    incident = read_incident(emulator.incident("eicar", "plain"))

    def attach(path: Path, seconds: float = 10.0) -> Any:
        sink = open_sink(f"file:{path}", connector)
        return sink.attach(incident, found, dry_run=False, deadline=Deadline(seconds))

    return attach


def outcome(action: Callable[[], Any]) -> str:
    """Return the code of the error that ``action`` ends with."""
    try:
        action()
    except MdeFilesError as error:
        return error.code if error.message and error.hint else "an error that says nothing"
    except BackendUnavailableError as error:
        return f"out of reach: {error.reason.rpartition('(')[2].rstrip(')')}"
    return "done"


class TestReadOnly:
    def test_a_read_only_disk(
        self, disk: Disk, open_sqlite: OpenSqlite, attach: Callable[..., Any], fault_table: FaultTable
    ) -> None:
        open_sqlite(disk.folder / "state.sqlite3").close()
        told: list[str] = []
        TokenFile(disk.folder / "tokens.json", told.append).write("key", token())
        attach(disk.folder / "incident.json")
        journal = Journal(disk.folder / "out.jsonl", resume=False)
        journal.close()
        disk.make_read_only()
        tokens = TokenFile(disk.folder / "tokens.json", told.append)
        tokens.write("key", token("new"))
        tokens.remove("key")
        kept = tokens.read("key")
        said = "told once, the earlier token read" if len(told) == 1 and kept is not None else f"told {told}"
        fault_table.row(ROOM, "read-only disk: tokens", "told once, the earlier token read", said)
        for what, action, expected in (
            ("batch output", lambda: Journal(disk.folder / "out.jsonl", resume=True), "invalid_input"),
            ("new batch output", lambda: Journal(disk.folder / "new.jsonl", resume=False), "invalid_input"),
            ("incident file", lambda: attach(disk.folder / "new.json"), "invalid_input"),
            (
                "state",
                lambda: put(open_sqlite(disk.folder / "state.sqlite3")),
                "out of reach: unable to open database file",
            ),
        ):
            fault_table.row(ROOM, f"read-only disk: {what}", expected, outcome(action))
        assert attach(disk.folder / "incident.json").status == "unchanged"
        with pytest.raises(OSError, match="Read-only"):
            replace_text(disk.folder / "report.html", "x")

    def test_a_folder_that_may_not_be_written_to(
        self, shared: Path, open_sqlite: OpenSqlite, fault_table: FaultTable
    ) -> None:
        closed = shared / "closed"
        closed.mkdir(mode=0o755)
        told: list[str] = []
        with as_nobody():
            TokenFile(closed / "tokens.json", told.append).write("key", token())
            state = outcome(lambda: open_sqlite(closed / "state.sqlite3"))
            journal = outcome(lambda: Journal(closed / "out.jsonl", resume=False))
        fault_table.row(ROOM, "folder of another user: tokens", "Permission denied", ", ".join(told))
        fault_table.row(ROOM, "folder of another user: state", "out of reach: Permission denied", state)
        fault_table.row(ROOM, "folder of another user: batch output", "invalid_input", journal)


class TestTakenAway:
    def test_the_folder_of_the_state_is_removed(
        self, emulator: Emulator, tmp_path: Path, connect: Callable[..., Connector], fault_table: FaultTable
    ) -> None:
        import shutil

        place = tmp_path / "state"
        connector = connect(state=f"sqlite:///{place}/state.sqlite3", token_cache=str(place / "tokens.json"))
        sha1 = emulator.scenario.file("eicar").sha1
        connector.file_stats(sha1)
        shutil.rmtree(place)
        record = connector.file_stats(sha1)
        said = "answered, made anew" if (place / "state.sqlite3").is_file() and not record["caveats"] else "not made"
        fault_table.row(ROOM, "the folder of the state is removed under the process", "answered, made anew", said)
        shutil.rmtree(place)
        place.write_text("a file where the folder was")
        record = connector.file_stats(sha1)
        codes = [caveat["code"] for caveat in record["caveats"]]
        fault = "the folder of the state is replaced by a file"
        fault_table.row(ROOM, fault, "answered with quota_unshared", f"answered with {' '.join(codes)}")

    @pytest.mark.parametrize("how", ["removed", "replaced", "its folder removed"])
    def test_a_batch_does_not_call_lost_lines_written(self, tmp_path: Path, fault_table: FaultTable, how: str) -> None:
        folder = tmp_path / "folder"
        folder.mkdir()
        journal = Journal(folder / "out.jsonl", resume=False)
        journal.append([b'{"line":1}\n'])
        journal.path.unlink()
        if how == "replaced":
            journal.path.write_bytes(b"")
        elif how == "its folder removed":
            folder.rmdir()
        fault = f"a batch's output is {how} while it writes"
        fault_table.row(ROOM, fault, "state_unavailable", outcome(lambda: journal.append([b'{"line":2}\n'])))
        with pytest.raises(StateUnavailableError):
            journal.sync()
        if how != "replaced":
            with pytest.raises(StateUnavailableError):
                list(journal.lines())
        journal.close()

    def test_a_batch_that_comes_while_another_tidies_up_gets_the_new_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault_table: FaultTable
    ) -> None:
        path = tmp_path / "out.jsonl"
        first = Journal(path, resume=True)
        first.append([b'{"line":1}\n', b'{"line":2}\n'])
        lock = journals.fcntl.flock

        def tidied_first(descriptor: int, operation: int) -> None:
            monkeypatch.setattr(journals.fcntl, "flock", lock)
            first.keep(lambda offset: offset > 0)
            first.close()
            lock(descriptor, operation)

        monkeypatch.setattr(journals.fcntl, "flock", tidied_first)
        second = Journal(path, resume=True)
        second.append([b'{"line":3}\n'])
        second.close()
        said = "written where people find it" if path.read_bytes() == b'{"line":2}\n{"line":3}\n' else "lost"
        fault = "a batch opens the output while another one replaces it"
        fault_table.row(ROOM, fault, "written where people find it", said)

    def test_an_incident_file_that_is_removed_is_made_again(
        self, tmp_path: Path, attach: Callable[..., Any], fault_table: FaultTable
    ) -> None:
        path = tmp_path / "folder" / "incident.json"
        path.parent.mkdir()
        attach(path)
        path.unlink()
        status = attach(path).status
        fault_table.row(ROOM, "an incident file is removed between two runs", "created", status)
        path.unlink()
        path.parent.rmdir()
        said = outcome(lambda: attach(path))
        fault_table.row(ROOM, "an incident file's folder is removed", "invalid_input", said)


def make(kind: str, path: Path) -> None:
    """Put something that is no file where a file is expected."""
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "link to a device":
        path.symlink_to("/dev/zero")
    else:
        path.symlink_to(path.with_name("nothing"))


KINDS = ("folder", "pipe", "link to a device", "link to nothing")


@pytest.mark.parametrize("kind", KINDS)
class TestNoFile:
    def test_state(self, tmp_path: Path, open_sqlite: OpenSqlite, fault_table: FaultTable, kind: str) -> None:
        path = tmp_path / "state.sqlite3"
        state = open_sqlite(path)
        put(state)
        for file in tmp_path.glob("state.sqlite3*"):
            file.unlink()
        make(kind, path)
        begun = time.monotonic()
        said = outcome(lambda: put(state))
        expected = "No such file or directory" if kind == "link to nothing" else "it is no ordinary file"
        fault_table.row(
            ROOM, f"{kind} instead of: state", f"out of reach: {expected}", said, time.monotonic() - begun, within=5
        )
        assert path.is_symlink() or not path.is_file()

    def test_tokens(self, tmp_path: Path, fault_table: FaultTable, kind: str) -> None:
        path = tmp_path / "tokens.json"
        make(kind, path)
        told: list[str] = []
        file = TokenFile(path, told.append)
        begun = time.monotonic()
        assert file.read("key") is None
        file.write("key", token())
        kept = file.read("key")
        said = "replaced" if kept is not None and not path.is_symlink() else ", ".join(told)
        expected = "Is a directory" if kind == "folder" else "replaced"
        fault_table.row(ROOM, f"{kind} instead of: tokens", expected, said, time.monotonic() - begun, within=5)

    def test_batch_output(self, tmp_path: Path, fault_table: FaultTable, kind: str) -> None:
        path = tmp_path / "out.jsonl"
        make(kind, path)
        begun = time.monotonic()

        def write() -> None:
            journal = Journal(path, resume=True)
            list(journal.lines())
            journal.append([b'{"line":1}\n'])
            journal.close()

        said = outcome(write)
        expected = "done" if kind == "link to nothing" else "invalid_input"
        fault_table.row(ROOM, f"{kind} instead of: batch output", expected, said, time.monotonic() - begun, within=5)

    def test_incident_file(
        self, tmp_path: Path, attach: Callable[..., Any], fault_table: FaultTable, kind: str
    ) -> None:
        path = tmp_path / "incident.json"
        make(kind, path)
        begun = time.monotonic()
        said = outcome(lambda: attach(path))
        expected = "done" if kind == "link to nothing" else "invalid_input"
        fault_table.row(ROOM, f"{kind} instead of: incident file", expected, said, time.monotonic() - begun, within=5)

    def test_report(self, tmp_path: Path, fault_table: FaultTable, kind: str) -> None:
        path = tmp_path / "report.html"
        make(kind, path)
        try:
            replace_text(path, "<html></html>")
            said = "replaced" if path.is_file() and not path.is_symlink() else "written elsewhere"
        except IsADirectoryError:
            said = "told"
        fault_table.row(ROOM, f"{kind} instead of: report", "told" if kind == "folder" else "replaced", said)
        assert [file for file in tmp_path.iterdir() if file.name.endswith(".new")] == []


class TestSomebodyElse:
    """In a folder where anybody can lay files."""

    def test_a_link_to_a_file_of_mine_changes_nothing_of_it(
        self, shared: Path, tmp_path: Path, open_sqlite: OpenSqlite, fault_table: FaultTable
    ) -> None:
        mine = tmp_path / "page.html"
        mine.write_text("for everybody")
        mine.chmod(0o644)
        with as_nobody():
            for name in ("tokens.json", "state.sqlite3"):
                (shared / name).symlink_to(mine)
        told: list[str] = []
        TokenFile(shared / "tokens.json", told.append).read("key")
        said = outcome(lambda: open_sqlite(shared / "state.sqlite3"))
        fault_table.row(
            ROOM, "another user's link in place of the state", "out of reach: it belongs to another user", said
        )
        unchanged = (mine.read_text(), mine.stat().st_mode & 0o777) == ("for everybody", 0o644)
        fault_table.row(
            ROOM, "another user's links to a file of mine", "unchanged", "unchanged" if unchanged else "changed"
        )

    def test_a_file_another_user_laid_ready_gets_nothing_to_read(
        self, shared: Path, open_sqlite: OpenSqlite, fault_table: FaultTable
    ) -> None:
        with as_nobody():
            for name in ("tokens.json", "state.sqlite3"):
                (shared / name).touch()
                (shared / name).chmod(0o666)
        told: list[str] = []
        file = TokenFile(shared / "tokens.json", told.append)
        file.write("key", token("canary-token"))
        said = outcome(lambda: put(open_sqlite(shared / "state.sqlite3")))
        fault_table.row(
            ROOM, "a state file that another user laid ready", "out of reach: it belongs to another user", said
        )
        with as_nobody():
            seen = b""
            for path in shared.iterdir():
                try:
                    seen += path.read_bytes()
                except PermissionError:
                    continue
        said = "nothing to read" if b"canary-token" not in seen else "the token"
        fault_table.row(ROOM, "a token file that another user laid ready", "nothing to read", said)

    def test_others_may_not_read_what_an_earlier_mode_allowed(
        self, shared: Path, open_sqlite: OpenSqlite, fault_table: FaultTable
    ) -> None:
        state = open_sqlite(shared / "state.sqlite3")
        put(state)
        state.close()
        file = TokenFile(shared / "tokens.json", pytest.fail)
        file.write("key", token())
        for path in shared.iterdir():
            path.chmod(0o666)
        put(open_sqlite(shared / "state.sqlite3"))
        assert file.read("key") is not None
        modes = {path.name: mode(path) for path in shared.iterdir() if not path.name.endswith("-shm")}
        said = "closed" if set(modes.values()) == {0o600} else str(modes)
        fault_table.row(ROOM, "state and tokens readable by everybody", "closed", said)

    def test_a_folder_somebody_keeps_locked_holds_nobody_up_for_long(
        self,
        tmp_path: Path,
        open_sqlite: OpenSqlite,
        attach: Callable[..., Any],
        fault_table: FaultTable,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        import fcntl

        monkeypatch.setattr("mde_files.state.sqlite_file._LOCK_SECONDS", 0.5)
        monkeypatch.setattr("mde_files.auth.token_file._LOCK_SECONDS", 0.5)
        (tmp_path / "state.sqlite3").write_bytes(b"garbage" * 1000)
        locked = os.open(tmp_path, os.O_RDONLY)
        fcntl.flock(locked, fcntl.LOCK_EX)
        file = TokenFile(tmp_path / "tokens.json", pytest.fail)
        begun = time.monotonic()
        file.write("key", token())
        said = "kept all the same" if file.read("key") is not None else "not kept"
        seconds = time.monotonic() - begun
        fault_table.row(ROOM, "a locked folder: tokens", "kept all the same", said, seconds, within=5)
        begun = time.monotonic()
        reason = outcome(lambda: open_sqlite(tmp_path / "state.sqlite3"))
        said = "out of reach" if "locked" in reason else reason
        seconds = time.monotonic() - begun
        fault_table.row(ROOM, "a locked folder: spoiled state", "out of reach", said, seconds, within=5)
        begun = time.monotonic()
        said = outcome(lambda: attach(tmp_path / "incident.json", 0.5))
        seconds = time.monotonic() - begun
        fault_table.row(ROOM, "a locked folder: incident file", "timeout", said, seconds, within=5)
        os.close(locked)

    def test_locks_that_a_file_system_lacks_are_not_missed(
        self, tmp_path: Path, attach: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, fault_table: FaultTable
    ) -> None:
        import errno
        import fcntl

        def unsupported(_descriptor: int, _operation: int) -> None:
            raise OSError(errno.ENOLCK, "No locks available")

        monkeypatch.setattr(fcntl, "flock", unsupported)
        file = TokenFile(tmp_path / "tokens.json", pytest.fail)
        file.write("key", token())
        replace_text(tmp_path / "report.html", "x")
        said = f"{attach(tmp_path / 'incident.json').status}, {'kept' if file.read('key') else 'not kept'}"
        fault_table.row(ROOM, "a file system without locks", "created, kept", said)


def test_tokens_of_many_threads_and_processes_all_stay(tmp_path: Path, fault_table: FaultTable) -> None:
    path = tmp_path / "tokens.json"

    def work(number: int) -> None:
        for turn in range(5):
            TokenFile(path, pytest.fail).write(f"key{number}", token(f"{number}.{turn}"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    kept = [TokenFile(path, pytest.fail).read(f"key{number}") for number in range(8)]
    whole = all(one is not None and one.token.reveal().endswith(".4") for one in kept)
    fault_table.row(ROOM, "eight write tokens at once", "none lost", "none lost" if whole else "lost")
    assert len(json.loads(path.read_bytes())["sign_ins"]) == 8


def test_threads_do_not_wait_one_after_the_other_for_a_lock(
    tmp_path: Path,
    log: RecordingLog,
    open_sqlite: OpenSqlite,
    monkeypatch: pytest.MonkeyPatch,
    fault_table: FaultTable,
) -> None:
    monkeypatch.setattr("mde_files.state.sqlite_file.BUSY_SECONDS", 1.0)
    path = tmp_path / "state.sqlite3"
    state = ResilientState(lambda: open_sqlite(path), required=False, log=log)
    # As a process that was stopped in the middle of a change leaves it.
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    def write(number: int) -> None:
        state.update(f"quota/{number}", lambda _kept: (b"1", None), keep_seconds=60)

    begun = time.monotonic()
    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    seconds = time.monotonic() - begun
    other.execute("COMMIT")
    other.close()
    said = f"each written, told {len(log.warnings)} time" if state.size("quota/")[0] == 8 else "lost"
    fault_table.row(
        ROOM,
        "the state is locked by a stopped process, eight threads",
        "each written, told 1 time",
        said,
        seconds,
        within=4,
    )
    state.close()
