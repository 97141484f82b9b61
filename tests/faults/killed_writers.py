"""What is written while processes are killed, and what has to hold of it after each kill."""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tests.faults.killing import FindingError, Scenario

from mde_files import config, manifest, schemas
from mde_files.auth.token_file import TokenFile
from mde_files.auth.token_store import SignedIn
from mde_files.batch import result_lines, spreadsheet
from mde_files.batch.inputs import Item
from mde_files.batch.journal import Journal
from mde_files.batch.plan import Plan
from mde_files.batch.resumption import take_up
from mde_files.batch.tally import Tally
from mde_files.cache_entries import Answer
from mde_files.caching import PREFIX, AnswerCache
from mde_files.deadline import Deadline
from mde_files.playbook.attachment import Attachment
from mde_files.playbook.incident import read_incident
from mde_files.playbook.sinks.incident_file import IncidentFile
from mde_files.private_files import replace_text
from mde_files.quota import Quota
from mde_files.secret import Secret
from mde_files.state.sqlite import SqliteState

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.killing import Acknowledged, Writer

TENANT = "11111111-2222-3333-4444-555555555555"
CALL = manifest.load().calls["file_stats"]
EXAMPLES = schemas.load("record")["examples"]
PATIENCE = 30.0
WHEN = "2026-11-21T20:00:00Z"


class NoEvents:
    """A log in which nothing may appear: whatever is warned of is a finding."""

    def debug(self, event: str, **fields: object) -> None:
        pass

    info = debug

    def warning(self, event: str, **fields: object) -> None:
        message = f"warned: {event} {fields.get('reason', '')}"
        raise FindingError(message)


def record(action: str = "file_stats", **changes: Any) -> dict[str, Any]:
    example = next(one for one in EXAMPLES if one["action"] == action and one["outcome"] not in ("failed", "deferred"))
    made: dict[str, Any] = {**json.loads(json.dumps(example)), **changes}
    made["source"]["tenant_id"] = TENANT
    return made


@lru_cache(maxsize=1)
def configured() -> config.Config:
    return config.load(
        {
            "tenant_id": TENANT,
            "auth": {"method": "access_token", "access_token": "x"},
            "quota": {"windows": [{"calls": 60000, "seconds": 3600}], "max_wait_seconds": 0},
        }
    )


def leftovers(folder: Path, *expected: str) -> set[str]:
    return {file.name for file in folder.iterdir()} - set(expected)


class State(Scenario):
    """Counts, slots of the quota and cached answers in one SQLite file."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.path = folder / "place" / "state.sqlite3"
        self.acknowledged = 0
        self.writers = 0

    def write(self, writer: Writer) -> None:
        state = SqliteState(self.path, NoEvents())  # type: ignore[arg-type]
        quota = Quota(configured(), state, application="app")
        cache = AnswerCache(state, configured().cache)
        while True:
            with quota.slot(CALL, Deadline(60)):
                writer.acknowledge(1)
            number = writer.chance.randrange(20)
            # Large enough that SQLite moves its log into the file again and again.
            document = {"sha1": f"{number}", "text": os.urandom(writer.chance.randrange(60_000)).hex()}
            cache.serve(
                f"{number}",
                deadline=Deadline(60),
                fresh_seconds=lambda _answer: 3600.0,
                max_age=0.0,
                ask=lambda document=document: Answer(document, WHEN),
            )
            if not writer.chance.randrange(30):
                state.evict(PREFIX, 500_000)

    def judge(self, killed: list[Acknowledged]) -> None:
        self.acknowledged += sum(len(one.values) for one in killed)
        self.writers += len(killed)
        state = SqliteState(self.path, NoEvents())  # type: ignore[arg-type]
        try:
            quota = Quota(configured(), state, application="app")
            used = quota.usage(CALL)[0].used
            if not self.acknowledged <= used <= self.acknowledged + self.writers:
                message = f"{self.acknowledged} slots acknowledged, {used} counted"
                raise FindingError(message)
            # A lease of somebody who was killed holds nobody up.
            served = AnswerCache(state, configured().cache).serve(
                f"{self.writers % 20}",
                deadline=Deadline(PATIENCE),
                fresh_seconds=lambda _answer: 3600.0,
                max_age=None,
                ask=lambda: Answer(None, WHEN),
            )
            document = served.answer.document
            if document is not None and document["sha1"] != f"{self.writers % 20}":
                message = "the cache answered another question"
                raise FindingError(message)
        finally:
            state.close()
        if self.writers % 5 == 0:
            with sqlite3.connect(self.path) as connection:
                whole = connection.execute("PRAGMA integrity_check").fetchall()
            connection.close()
            if whole != [("ok",)]:
                message = f"integrity: {whole[:2]}"
                raise FindingError(message)
        more = leftovers(self.path.parent, "state.sqlite3", "state.sqlite3-wal", "state.sqlite3-shm")
        if more:
            message = f"left behind: {sorted(more)}"
            raise FindingError(message)


class FreshState(State):
    """The same; every other kill finds no file yet, so that its making is what is killed."""

    rounds = 1


class Tokens(Scenario):
    """Sign-ins of several processes in one file."""

    rounds = 5

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.path = folder / "place" / "tokens.json"
        self.latest: dict[int, int] = {}

    def write(self, writer: Writer) -> None:
        file = TokenFile(self.path, warned)
        turn = 0
        while True:
            turn += 1
            file.write(key(writer.number), SignedIn(Secret(f"{turn}." + "x" * 2000), time.time() + 3600))
            writer.acknowledge(turn)

    def judge(self, killed: list[Acknowledged]) -> None:
        for one in killed:
            if one.values:
                self.latest[one.writer] = one.values[-1]
        if self.path.exists():
            json.loads(self.path.read_bytes())
        file = TokenFile(self.path, warned)
        for writer, turn in self.latest.items():
            kept = file.read(key(writer))
            if kept is None or int(kept.token.reveal().partition(".")[0]) not in (turn, turn + 1):
                message = "a token that was kept is gone" if kept is None else "an older token came back"
                raise FindingError(message)
        file.write("last", SignedIn(Secret("last"), time.time() + 3600))
        more = leftovers(self.path.parent, "tokens.json")
        if more:
            message = f"{len(more)} temporary file(s) with tokens left behind"
            raise FindingError(message)


def key(writer: int) -> str:
    return f"writer-{writer % 16}"


def warned(reason: str) -> None:
    message = f"warned: {reason}"
    raise FindingError(message)


ITEMS = [Item(number, f"{number:040x}") for number in range(1, 61)]


class Batch(Scenario):
    """The output of a batch that is resumed each time, with its CSV at the end of each go."""

    rounds = 20

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.path = folder / "out.csv.jsonl"
        self.csv = folder / "out.csv"
        self.acknowledged: set[int] = set()

    def write(self, writer: Writer) -> None:
        while True:
            try:
                self._resume(writer)
            except BusyError:
                continue

    def _resume(self, writer: Writer) -> None:
        from mde_files.errors import InvalidInputError

        try:
            journal = Journal(self.path, resume=True)
        except InvalidInputError:
            raise BusyError from None
        plan = Plan(ITEMS, ("file_stats",))
        resumed(journal, plan)
        waiting = [group for group in plan.groups if plan.is_open("file_stats", group)]
        writer.chance.shuffle(waiting)
        for group in waiting[: writer.chance.randrange(1, 12)]:
            items = plan.take_open("file_stats", group)
            is_settled = writer.chance.randrange(3) > 0
            answer = answered(group.value) if is_settled else deferred(group.value)
            journal.append(result_lines.written(items, answer))
            if is_settled:
                for item in items:
                    writer.acknowledge(item.line)
        spreadsheet.write(journal, self.csv)
        journal.close()

    def judge(self, killed: list[Acknowledged]) -> None:
        self.acknowledged |= {value for one in killed for value in one.values}
        if self.path.exists():
            torn = self.path.read_bytes().rpartition(b"\n")[2]
            if torn and not result_lines.is_torn(torn):
                message = "something at the end that is no beginning of a line"
                raise FindingError(message)
        if self.csv.exists():
            content = self.csv.read_bytes().decode()
            rows = list(csv.reader(io.StringIO(content, newline="")))
            if not content.endswith("\r\n") or {len(row) for row in rows} != {len(spreadsheet.COLUMNS)}:
                message = "half a CSV"
                raise FindingError(message)
        journal = Journal(self.path, resume=True)
        plan = Plan(ITEMS, ("file_stats",))
        resumed(journal, plan)
        journal.close()
        still_open = {item.line for group in plan.groups for item in plan.take_open("file_stats", group)}
        if self.acknowledged & still_open:
            message = f"{len(self.acknowledged & still_open)} acknowledged line(s) lost"
            raise FindingError(message)
        more = leftovers(self.folder, "out.csv.jsonl", "out.csv", ".out.csv.new", ".out.csv.jsonl.new")
        if more:
            message = f"left behind: {sorted(more)}"
            raise FindingError(message)


class BusyError(Exception):
    """Another writer has the output."""


def resumed(journal: Journal, plan: Plan) -> None:
    take_up(journal, plan, Tally(), tenant_id=lambda _tenant: TENANT, lookback_hours=720)


def answered(value: str) -> dict[str, Any]:
    return record(file={"sha1": value, "queried": value, "queried_type": "sha1"})


def deferred(value: str) -> dict[str, Any]:
    error = {"code": "quota_exhausted", "message": "later", "hint": "wait", "retryable": True}
    made = {**answered(value), "outcome": "deferred", "error": error}
    del made["file_stats"]
    return made


class Incidents(Scenario):
    """FindingErrors of two playbooks attached to one incident file."""

    rounds = 10

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.path = folder / "incident.json"
        self.latest: dict[int, int] = {}
        self.incident = read_incident(schemas.load("incident")["examples"][0])

    def write(self, writer: Writer) -> None:
        place = IncidentFile(self.path, self.incident, time.sleep)
        turn = 0
        while True:
            turn += 1
            found = Attachment(f"playbook-{writer.number % 8}", f"{turn}", (record(),))
            place.write(found, (), Deadline(PATIENCE))
            place.tag([f"tag-{writer.number % 8}"], Deadline(PATIENCE))
            writer.acknowledge(turn)

    def judge(self, killed: list[Acknowledged]) -> None:
        playbooks = {one.writer % 8: one.values[-1] for one in killed if one.values}
        self.latest |= playbooks
        place = IncidentFile(self.path, self.incident, time.sleep)
        for number, turn in playbooks.items():
            title = self._title(number)
            if title is None or int(title) not in (turn, turn + 1):
                message = f"attached {turn}, found {title}"
                raise FindingError(message)
        for number in self.latest:
            if self._title(number) is None:
                message = "what another playbook attached is gone"
                raise FindingError(message)
        place.tag(["last"], Deadline(PATIENCE))
        document = json.loads(self.path.read_bytes())
        if schemas.problems("incident", document):
            message = "no incident any more"
            raise FindingError(message)
        more = leftovers(self.folder, "incident.json")
        if more:
            message = f"{len(more)} temporary file(s) left behind"
            raise FindingError(message)

    def _title(self, number: int) -> str | None:
        document = json.loads(self.path.read_bytes())
        entries = {entry["playbook"]: entry["title"] for entry in document.get("enrichments", ())}
        return entries.get(f"playbook-{number}")


class Report(Scenario):
    """A page that is written again and again."""

    rounds = 20

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.path = folder / "report.html"
        self.was_there = False

    def write(self, writer: Writer) -> None:
        while True:
            replace_text(self.path, f"<html>{writer.number}{'x' * writer.chance.randrange(500_000)}</html>")
            writer.acknowledge(1)

    def judge(self, killed: list[Acknowledged]) -> None:
        self.was_there |= any(one.values for one in killed)
        if self.path.exists() or self.was_there:
            text = self.path.read_text(encoding="utf-8")
            if not (text.startswith("<html>") and text.endswith("</html>")):
                message = "half a page"
                raise FindingError(message)
        replace_text(self.path, "<html></html>")
        more = leftovers(self.folder, "report.html")
        if more:
            message = f"{len(more)} temporary file(s) left behind"
            raise FindingError(message)
