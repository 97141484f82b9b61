from __future__ import annotations

import errno
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mde_files.batch import journal as journals
from mde_files.batch import result_lines
from mde_files.batch.inputs import Item
from mde_files.batch.journal import Journal
from mde_files.batch.plan import Plan
from mde_files.batch.resumption import take_up
from mde_files.batch.tally import Tally
from mde_files.errors import (
    InvalidInputError,
    MdeFilesError,
    NetworkError,
    QuotaExhaustedError,
    StateUnavailableError,
)

from .conftest import TENANT, FakeEnricher, record, sha1

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ITEMS = [Item(number, sha1(number % 4)) for number in range(1, 7)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "out.jsonl"


@pytest.fixture
def opened(path: Path) -> Iterator[Callable[..., Journal]]:
    made: list[Journal] = []

    def opened(*, resume: bool = True) -> Journal:
        while made:
            made.pop().close()
        made.append(Journal(path, resume=resume))
        return made[-1]

    yield opened
    for journal in made:
        journal.close()


def lines_of(items: list[Item], answer: dict[str, Any] | None = None) -> list[bytes]:
    return [
        line
        for item in items
        for line in result_lines.written([item], answer or record("file_stats", item.text.strip().lower()))
    ]


def resume(journal: Journal, items: list[Item] = ITEMS, actions: tuple[str, ...] = ("file_stats",)) -> Plan:
    plan = Plan(items, actions)
    tally = Tally()
    take_up(journal, plan, tally, tenant_id=lambda _tenant: TENANT, lookback_hours=720)
    assert tally.written == sum(1 for _ in journal.lines())
    return plan


def open_lines(plan: Plan, action: str = "file_stats") -> list[int]:
    return sorted(item.line for key in plan.groups for item in plan.take_open(action, key))


def failed(error: MdeFilesError, value: str) -> dict[str, Any]:
    return FakeEnricher().failure("file_stats", {"file_hash": value}, error)


def test_lines_are_there_at_once_and_for_the_owner_only(opened: Any, path: Path) -> None:
    journal = opened(resume=False)
    journal.append(lines_of(ITEMS[:2]))
    assert path.read_bytes() == b"".join(lines_of(ITEMS[:2]))
    assert path.stat().st_mode & 0o777 == 0o600
    assert [line for _, line in journal.lines()] == lines_of(ITEMS[:2])


def test_an_output_that_exists_is_refused(opened: Any, path: Path) -> None:
    path.write_text("mine")
    with pytest.raises(InvalidInputError, match="exists already") as caught:
        opened(resume=False)
    assert "--resume" in caught.value.hint
    assert path.read_text() == "mine"


def test_an_output_that_cannot_be_made_is_refused(path: Path) -> None:
    with pytest.raises(InvalidInputError, match="cannot be written: No such file"):
        Journal(path / "deeper", resume=True)
    with pytest.raises(InvalidInputError, match="Is a directory"):
        Journal(path.parent, resume=True)


def test_two_batches_never_share_an_output(opened: Any, path: Path) -> None:
    opened()
    with pytest.raises(InvalidInputError, match="Another batch is writing"):
        Journal(path, resume=True)


def test_where_there_are_no_locks_it_works_without(opened: Any, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(_descriptor: int, _how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(journals.fcntl, "flock", no_locks)
    opened().append(lines_of(ITEMS[:1]))
    monkeypatch.setattr(journals, "fcntl", None)
    deferred = failed(QuotaExhaustedError("x"), ITEMS[1].text)
    journal = opened()
    journal.append(lines_of(ITEMS[1:2], deferred))
    assert open_lines(resume(journal)) == [2, 3, 4, 6]
    assert path.read_bytes() == b"".join(lines_of([ITEMS[0], ITEMS[4]]))


def test_what_was_answered_is_not_asked_again(opened: Any) -> None:
    opened().append(lines_of(ITEMS[:2]))
    assert open_lines(resume(opened())) == [3, 4]


def test_an_input_like_an_answered_one_has_its_answer(opened: Any, path: Path) -> None:
    items = [Item(1, sha1(1)), Item(2, f" {sha1(1).upper()}"), Item(3, sha1(1), "contoso")]
    opened().append(lines_of(items[:1]))
    assert open_lines(resume(opened(), items)) == [3]
    first, second = map(json.loads, path.read_text().splitlines())
    assert (second["line"], second["input"]) == (2, f" {sha1(1).upper()}")
    assert first["record"] == second["record"]


@pytest.mark.parametrize(
    ("error", "asked_again"),
    [
        (QuotaExhaustedError("x", retry_at="2026-11-21T20:00:00Z"), True),
        (NetworkError("x"), True),
        (MdeFilesError("x"), True),
        (InvalidInputError("x"), False),
    ],
)
def test_what_failed_is_asked_again_unless_the_input_is_at_fault(
    opened: Any, path: Path, error: MdeFilesError, asked_again: bool
) -> None:
    items = [Item(1, "nonsense"), Item(2, sha1(2))]
    opened().append([*lines_of(items[:1], failed(error, "nonsense")), *lines_of(items[1:])])
    assert open_lines(resume(opened(), items)) == ([1] if asked_again else [])
    assert len(path.read_bytes().splitlines()) == (1 if asked_again else 2)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_line_that_is_there_twice_is_kept_once(opened: Any, path: Path) -> None:
    opened().append(lines_of([ITEMS[0], ITEMS[0], ITEMS[1]]))
    resume(opened())
    assert [json.loads(line)["line"] for line in path.read_text().splitlines()] == [1, 2, 5, 6]


def test_actions_are_answered_one_by_one(opened: Any) -> None:
    opened().append(lines_of(ITEMS[:1]))
    plan = resume(opened(), ITEMS, ("file_stats", "file_alerts"))
    assert open_lines(plan, "file_alerts") == [1, 2, 3, 4, 5, 6]
    assert open_lines(plan) == [2, 3, 4, 6]


@given(data=st.data())
def test_torn_anywhere_it_is_repaired(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("torn") / "out.jsonl"
    whole = b"".join(lines_of(ITEMS[:3]))
    size = data.draw(st.integers(0, len(whole)))
    zeros = data.draw(st.sampled_from([0, 0, 1, 700]))
    path.write_bytes(whole[:size] + b"\0" * zeros)
    complete = whole[:size].count(b"\n")
    journal = Journal(path, resume=True)
    try:
        plan = resume(journal)
        # Lines 1 and 5, and 2 and 6, ask the same.
        answered = {1: {1, 5}, 2: {2, 6}, 3: {3}}
        left = set(range(1, 7)).difference(*(answered[number] for number in range(1, complete + 1)))
        assert open_lines(plan) == sorted(left)
        journal.append(lines_of([item for item in ITEMS if item.line in left]))
    finally:
        journal.close()
    assert sorted(json.loads(line)["line"] for line in path.read_bytes().splitlines()) == [1, 2, 3, 4, 5, 6]


def answer(**changes: Any) -> bytes:
    return json.dumps({"line": 1, "input": ITEMS[0].text, "record": {**record(), **changes}}).encode() + b"\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"my notes", "Line 1 .* nothing that a batch wrote"),
        (b"my notes\n", "nothing that a batch wrote"),
        (b"{}\n", "nothing that a batch wrote"),
        (b"[]\n", "nothing that a batch wrote"),
        (b"7\n", "nothing that a batch wrote"),
        (b"[" * 100_000 + b"\n", "nothing that a batch wrote"),
        (b'{"line":1,"input":"a","record":{}}\n', "nothing that a batch wrote"),
        (b'{"line":1,"input":"a","record":7}\n', "nothing that a batch wrote"),
        (answer(outcome="\x1b[31m"), "nothing that a batch wrote"),
        (answer(outcome=["failed"]), "nothing that a batch wrote"),
        (answer(outcome="failed", error=7), "nothing that a batch wrote"),
        (answer(file_stats=[]), "nothing that a batch wrote"),
        (answer(action="file_\x1balerts"), r"holds an answer to 'file_.+u001balerts'"),
        (answer(source={"tenant_id": "99999999"}), "another tenant"),
        (answer(file_stats={"lookback_hours": 24}), "looks back 24 hours and this run 720"),
        (b"".join(lines_of([Item(1, "other")])), "answers line 1 with 'other'"),
        (b"".join(lines_of([Item(99, sha1(1))])), "answers line 99"),
        (b"".join(lines_of([Item(1, sha1(1), "contoso")])), "answers line 1"),
    ],
)
def test_the_output_of_something_else_is_refused_and_left_alone(
    opened: Any, path: Path, content: bytes, said: str
) -> None:
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match=said) as caught:
        resume(opened())
    assert caught.value.hint
    assert path.read_bytes() == content


class FullDisk:
    """Lets ``room`` bytes through, then every write fails."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
        self.room = room
        self._write = os.write
        monkeypatch.setattr("mde_files.batch.journal.os.write", self.write)

    def write(self, descriptor: int, block: Any) -> int:
        part = bytes(block[: self.room])
        if not part:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.room -= len(part)
        return self._write(descriptor, part)


def test_a_full_disk_leaves_no_torn_line(opened: Any, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = opened()
    first, second = lines_of(ITEMS[:2])
    FullDisk(monkeypatch, len(first) + 10)
    journal.append([first])
    with pytest.raises(StateUnavailableError, match="No space left on device") as caught:
        journal.append([second])
    assert "--resume" in caught.value.hint
    assert path.read_bytes() == first


def test_a_full_disk_while_tidying_up_loses_nothing(opened: Any, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deferred = failed(QuotaExhaustedError("x"), ITEMS[2].text)
    opened().append([*lines_of([*ITEMS[:2], ITEMS[4], ITEMS[5]]), *lines_of(ITEMS[2:3], deferred)])
    before = path.read_bytes()
    journal = opened()
    FullDisk(monkeypatch, 100)
    with pytest.raises(StateUnavailableError):
        resume(journal)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    monkeypatch.undo()
    assert open_lines(resume(journal)) == [3, 4]
    journal.append(lines_of([ITEMS[2], ITEMS[3]]))
    assert len(path.read_bytes().splitlines()) == 6


@pytest.mark.parametrize("call", ["os.fsync", "Path.replace", "os.open"])
def test_other_troubles_of_a_disk_are_told(opened: Any, path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    opened().append(lines_of(ITEMS[:1], failed(NetworkError("x"), ITEMS[0].text)))
    before = path.read_bytes()
    journal = opened()

    def broken(*_arguments: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    place = "pathlib.Path.replace" if call == "Path.replace" else f"mde_files.batch.journal.{call}"
    monkeypatch.setattr(place, broken)
    with pytest.raises(StateUnavailableError, match="Input/output error"):
        resume(journal)
    monkeypatch.undo()
    assert path.read_bytes() == before


def test_lines_reach_the_disk_at_intervals(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr("mde_files.batch.journal.os.fsync", synced.append)
    journal = Journal(path, resume=False, sync_seconds=3600)
    journal.append(lines_of(ITEMS[:1]))
    assert not synced
    journal.close()
    journal = Journal(path, resume=True, sync_seconds=0)
    journal.append(lines_of(ITEMS[:1]))
    assert len(synced) == 1
    journal.close()


def test_many_inputs_with_a_large_answer_are_written_in_blocks(opened: Any, path: Path) -> None:
    large = {**record(), "summary": "x" * 300_000}
    opened().append(result_lines.written([Item(number, "a") for number in range(1, 11)], large))
    assert [json.loads(line)["line"] for line in path.read_bytes().splitlines()] == list(range(1, 11))
