from __future__ import annotations

import json
import os
import stat
import threading
from typing import TYPE_CHECKING, Any

import pytest

from mde_files import schemas
from mde_files.emulator import Alert
from mde_files.errors import InvalidInputError, TimeoutExceededError
from mde_files.playbook.incident import read_incident

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Bench

FORMS = ("sentinel_incident", "sentinel_alert", "defender_incident", "graph_alert", "plain")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "incident.json"


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    assert schemas.problems("incident", document) == []
    return document


@pytest.mark.parametrize("form", FORMS)
def test_a_file_is_made_that_is_itself_an_incident(bench: Bench, path: Path, form: str) -> None:
    incident = bench.incident(form)
    attached = bench.attach(f"file:{path}", bench.attachment(add_tags=("mde-enriched",)), incident=incident)
    assert (attached.sink, attached.place, attached.status) == ("file", str(path), "created")
    document = read(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert document["tags"] == [*incident.tags, "mde-enriched"]
    (entry,) = document["enrichments"]
    assert entry["playbook"] == "enrich-incident-files"
    assert [record["outcome"] for record in entry["records"]] == ["seen_in_organization", "alerts_found"]
    assert all(schemas.problems("record", record) == [] for record in entry["records"])
    again = read_incident(document)
    assert again.format == "plain"
    assert (again.id, again.title, again.sentinel) == (incident.id, incident.title, incident.sentinel)
    assert {(file.hash, file.kind, file.names) for file in again.files} == {
        (file.hash, file.kind, file.names) for file in incident.files
    }


def test_the_second_run_leaves_the_file_alone_and_a_change_is_one_update(bench: Bench, path: Path) -> None:
    wanted = bench.attachment(add_tags=("mde-enriched",))
    bench.attach(f"file:{path}", wanted)
    before = path.read_bytes(), path.stat().st_ino
    bench.emulator.scenario.file("eicar").organization.prevalence = 11
    assert bench.attach(f"file:{path}", bench.attachment(add_tags=("mde-enriched",))).status == "unchanged"
    assert (path.read_bytes(), path.stat().st_ino) == before
    alert = bench.emulator.scenario.alert("eicar-prevented")
    bench.emulator.scenario.alerts.append(Alert("more", ["eicar"], {**alert.properties, "id": "da1_1"}))
    attached = bench.attach(f"file:{path}", bench.attachment(add_tags=("mde-enriched",)))
    assert attached.status == "updated"
    (entry,) = read(path)["enrichments"]
    assert entry["changes"] == list(attached.changes) == ["3395856ce81f: 1 new alert, 1 informational."]


def test_the_file_alone_knows_what_is_attached(bench: Bench, path: Path) -> None:
    bench.attach(f"file:{path}", bench.attachment())
    bench.connector.purge()
    bench.emulator.scenario.file("eicar").organization.prevalence = 11
    assert bench.attach(f"file:{path}", bench.attachment()).status == "unchanged"


def test_the_incident_that_is_read_from_a_file_can_be_enriched_in_it(bench: Bench, path: Path) -> None:
    path.write_text(json.dumps(bench.emulator.incident("eicar", "plain")), encoding="utf-8")
    path.chmod(0o640)
    bench.attach(f"file:{path}", incident=bench.incident("plain"))
    document = read(path)
    assert document["files"] == bench.emulator.incident("eicar", "plain")["files"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert bench.attach(f"file:{path}", incident=read_incident(document)).status == "unchanged"


def test_other_playbooks_and_earlier_answers_stay(bench: Bench, path: Path) -> None:
    wanted = bench.attachment("eicar")
    bench.attach(f"file:{path}", wanted._replace(playbook="rare-file-triage"))
    bench.attach(f"file:{path}", wanted)
    stats, alerts = wanted.records
    (changed,) = bench.records("rare-in-organization", actions=("file_stats",))
    failed = {**alerts, "outcome": "failed"}
    bench.attach(f"file:{path}", wanted._replace(records=(stats, changed), open_questions=(failed,)))
    first, second = read(path)["enrichments"]
    assert first["playbook"] == "rare-file-triage"
    assert second["records"] == [stats, changed, alerts]
    assert second["open_questions"] == [failed]


def test_a_dry_run_makes_no_file(bench: Bench, path: Path) -> None:
    attached = bench.attach(f"file:{path}", bench.attachment(add_tags=("x",)), dry_run=True)
    assert (attached.status, attached.tags_added) == ("would_create", ("x",))
    assert not path.exists()


def test_a_link_is_followed_and_kept(bench: Bench, path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to(path)
    bench.attach(f"file:{link}")
    assert link.is_symlink()
    assert read(path)["enrichments"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"\xff\xfe", "it is no text"),
        (b"[]", "is no plain incident"),
        (b'{"objectSchemaType": "Incident"}', "is no plain incident"),
        (b'{"id": "another", "files": []}', "is about another incident"),
    ],
)
def test_a_file_of_something_else_is_not_touched(bench: Bench, path: Path, content: bytes, words: str) -> None:
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match=words) as caught:
        bench.attach(f"file:{path}")
    assert "does not exist yet" in caught.value.hint
    assert path.read_bytes() == content


def test_a_folder_that_is_not_there_is_told(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="No such file or directory"):
        bench.attach(f"file:{tmp_path / 'missing' / 'incident.json'}")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InvalidInputError, match="cannot be read: Is a directory"):
        bench.attach(f"file:{tmp_path / 'folder'}")


def test_a_file_that_cannot_be_written_stays_whole(bench: Bench, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.attach(f"file:{path}")
    before = path.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InvalidInputError, match="No space left on device"):
        bench.attach(f"file:{path}", bench.attachment("rare-in-organization"))
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir() if entry.name.endswith(".new")] == []


def test_processes_that_share_no_state_take_turns(bench: Bench, path: Path) -> None:
    wanted = bench.attachment()
    connectors = [bench.connect(state="memory:") for _ in range(4)]

    def run(index: int) -> None:
        mine = wanted._replace(playbook=f"playbook-{index}", add_tags=(f"tag-{index}",))
        bench.attach(f"file:{path}", mine, connector=connectors[index])

    threads = [threading.Thread(target=run, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    document = read(path)
    assert sorted(entry["playbook"] for entry in document["enrichments"]) == [f"playbook-{n}" for n in range(4)]
    assert sorted(document["tags"]) == [*(f"tag-{n}" for n in range(4)), "triaged"]


def test_a_folder_that_stays_locked_is_told(bench: Bench, path: Path) -> None:
    import fcntl

    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(TimeoutExceededError, match="keeps the folder"):
            bench.attach(f"file:{path}", seconds=0.3)
    finally:
        os.close(descriptor)
    assert bench.attach(f"file:{path}").status == "created"
