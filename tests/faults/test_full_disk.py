"""A disk without room: for the state, tokens, the output of a batch, reports and incident files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import mde_files
from mde_files.auth.token_file import TokenFile
from mde_files.auth.token_store import SignedIn
from mde_files.commands.emulator import write_configuration
from mde_files.deadline import Deadline
from mde_files.playbook.attachment import Attachment
from mde_files.playbook.incident import read_incident
from mde_files.playbook.sinks import open_sink
from mde_files.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fault_table import FaultTable
    from tests.faults.conftest import Disk

    from mde_files import Connector
    from mde_files.emulator import Emulator

ROOM = "full disk"
LIMITED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
os.execv(sys.argv[2], sys.argv[2:])
"""


class Ended:
    """How a command ended, and what it said."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr
        for sign in ("Traceback", "An error of mde-files itself"):
            assert sign not in (self.err or "")

    @property
    def error(self) -> str:
        """The code of the error on standard output."""
        code: str = json.loads(self.out)["error"]["code"]
        return code


def run(*words: object, config_file: Path, most_bytes: int | None = None, **more: Any) -> Ended:
    """Run a command; ``most_bytes`` is the size beyond which no file can grow."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(mde_files.__file__).parents[1]),
        "MDE_FILES_CONFIG": str(config_file),
    }

    command = [sys.executable, "-m", "mde_files", *map(str, words)]
    if most_bytes is not None:
        command = [sys.executable, "-c", LIMITED, str(most_bytes), *command]
    return Ended(
        subprocess.run(
            command, env=environment, check=False, timeout=60, **{"capture_output": True, "text": True, **more}
        )
    )


@pytest.fixture
def sha1(emulator: Emulator) -> str:
    return emulator.scenario.file("eicar").sha1


class TestState:
    def test_answers_are_given_and_the_lack_of_a_common_count_is_told(
        self, disk: Disk, sha1: str, connect: Callable[..., Connector], fault_table: FaultTable, capsys: Any
    ) -> None:
        connector = connect(state=f"sqlite:///{disk.folder}/state.sqlite3")
        before = connector.file_stats(sha1)
        disk.fill()
        records = [connector.file_alerts(sha1) for _ in range(3)] + [connector.file_stats(sha1)]
        caveats = [{caveat["code"] for caveat in record["caveats"]} for record in records]
        told = capsys.readouterr().err.count("state_degraded")
        said = "answered with quota_unshared, told once"
        if records[-1]["content_digest"] != before["content_digest"] or told != 1:
            said = f"told {told} times"
        if not all("quota_unshared" in codes for codes in caveats):
            said = f"caveats {caveats}"
        fault_table.row(ROOM, "full while answers and quota are kept", "answered with quota_unshared, told once", said)
        disk.empty()
        again = connect(state=f"sqlite:///{disk.folder}/state.sqlite3")
        usage = again.quota_usage()["file_stats"][0].used
        kept = again.file_stats(sha1)["source"]["from_cache"]
        fault_table.row(
            ROOM,
            "what was kept before, once there is room",
            "answer and count kept",
            "answer and count kept" if (usage, kept) == (1, True) else f"{usage} counted, cached: {kept}",
        )

    def test_a_state_that_is_required_is_an_error(
        self, disk: Disk, sha1: str, connect: Callable[..., Connector], fault_table: FaultTable
    ) -> None:
        connector = connect(state=f"sqlite:///{disk.folder}/state.sqlite3", state_required=True)
        connector.file_stats(sha1)
        disk.fill()
        record = connector.record_of("file_alerts", {"file_hash": sha1})
        fault_table.row(ROOM, "full, and the state is required", "state_unavailable", record["error"]["code"])

    @pytest.mark.parametrize("most_bytes", [0, 4096, 40_000, 200_000])
    def test_files_that_cannot_grow(
        self, emulator: Emulator, tmp_path: Path, sha1: str, fault_table: FaultTable, most_bytes: int
    ) -> None:
        settings = {**emulator.configuration(), "state": f"sqlite:///{tmp_path}/state.sqlite3"}
        config_file = write_configuration(settings, tmp_path)
        run("file-stats", sha1, config_file=config_file)
        ended = run("file-alerts", sha1, "--json", config_file=config_file, most_bytes=most_bytes)
        record = json.loads(ended.out)
        fault = f"no file can grow beyond {most_bytes:,} bytes (RLIMIT_FSIZE)"
        fault_table.row(ROOM, fault, "alerts_found", record["outcome"])
        again = json.loads(run("file-stats", sha1, "--json", config_file=config_file).out)
        assert again["source"]["from_cache"]


class TestTokens:
    def test_earlier_tokens_stay_and_the_new_one_is_used(self, disk: Disk, fault_table: FaultTable) -> None:
        told: list[str] = []
        file = TokenFile(disk.folder / "tokens.json", told.append)
        file.write("one", SignedIn(Secret("first"), time.time() + 3600))
        disk.fill()
        file.write("two", SignedIn(Secret("second"), time.time() + 3600))
        file.write("one", SignedIn(Secret("third"), time.time() + 3600))
        kept = file.read("one")
        left = {path.name for path in disk.folder.iterdir()}
        said = "told, earlier tokens kept"
        if told != ["No space left on device"] or kept is None or kept.token.reveal() != "first":
            said = f"told {told}"
        if left != {"tokens.json", "filler"}:
            said = f"left {left}"
        fault_table.row(ROOM, "full while a token is kept", "told, earlier tokens kept", said)


class TestBatch:
    @pytest.fixture
    def inputs(self, emulator: Emulator, tmp_path: Path) -> Path:
        from mde_files.emulator.scenario import File, Organization

        hashes = [f"{number:040x}" for number in range(400)]
        emulator.scenario.files += [File(f"f{one}", one, organization=Organization(prevalence=3)) for one in hashes]
        path = tmp_path / "hashes.txt"
        path.write_text("\n".join(hashes))
        return path

    def test_it_ends_with_whole_lines_and_goes_on(
        self, disk: Disk, inputs: Path, emulator: Emulator, config_file: Path, fault_table: FaultTable, tmp_path: Path
    ) -> None:
        settings = {**emulator.configuration(), "quota": {"windows": [{"calls": 60000, "seconds": 60}]}}
        config_file = write_configuration(settings, tmp_path)
        output = disk.folder / "out.csv"
        journal = disk.folder / "out.csv.jsonl"
        (disk.folder / "ballast").write_bytes(b"x" * 800_000)
        words = ("batch", inputs, "--output", output, "--quiet", "--resume", "--json")
        begun = time.monotonic()
        first = run(*words, config_file=config_file)
        fault_table.row(ROOM, "full while a batch writes", "state_unavailable", first.error, time.monotonic() - begun)
        lines = journal.read_bytes()
        assert lines.endswith(b"\n")
        written = [json.loads(line)["line"] for line in lines.splitlines()]
        assert 0 < len(written) < 400
        (disk.folder / "ballast").unlink()
        asked = len(emulator.requests)
        # Room for the lines, and not for the CSV.
        with (disk.folder / "ballast").open("wb") as ballast:
            ballast.write(b"x" * 420_000)
        second = run(*words, config_file=config_file)
        third = second
        if second.code:
            fault_table.row(ROOM, "full while a batch writes its CSV or goes on", "state_unavailable", second.error)
            assert not output.exists()
            (disk.folder / "ballast").unlink()
            third = run(*words, config_file=config_file)
        results = [json.loads(line) for line in journal.read_bytes().splitlines()]
        whole = sorted(result["line"] for result in results) == list(range(1, 401)) and third.code == 0
        repeated = len([one for one in emulator.requests[asked:] if one.path.endswith("/stats")]) - (400 - len(written))
        said = "complete, nothing asked twice" if whole and repeated <= 8 else f"{len(results)} lines, {repeated} again"
        fault_table.row(ROOM, "resumed once there is room", "complete, nothing asked twice", said)
        left = {path.name for path in disk.folder.iterdir()} - {"ballast"}
        assert left == {"out.csv", "out.csv.jsonl"}

    def test_no_room_for_the_report_keeps_the_earlier_one(
        self, disk: Disk, inputs: Path, config_file: Path, tmp_path: Path, fault_table: FaultTable
    ) -> None:
        report = disk.folder / "report.html"
        report.write_text("the report of yesterday")
        disk.fill()
        inputs.write_text("\n".join(inputs.read_text().splitlines()[:5]))
        words = ("batch", inputs, "--output", tmp_path / "out.jsonl", "--report", report, "--quiet", "--json")
        ended = run(*words, config_file=config_file)
        assert len((tmp_path / "out.jsonl").read_bytes().splitlines()) == 5
        said = ended.error if report.read_text() == "the report of yesterday" else "the earlier report is gone"
        fault_table.row(ROOM, "full while a report is written", "state_unavailable", said)
        assert {path.name for path in disk.folder.iterdir()} == {"report.html", "filler"}


class TestIncidentFile:
    def test_what_was_attached_stays(
        self, disk: Disk, emulator: Emulator, connect: Callable[..., Connector], sha1: str, fault_table: FaultTable
    ) -> None:
        from mde_files.errors import InvalidInputError

        connector = connect()
        incident = read_incident(emulator.incident("eicar", "plain"))
        path = disk.folder / "incident.json"
        sink = open_sink(f"file:{path}", connector)
        found = Attachment("enrich-incident-files", "Files", (connector.file_stats(sha1),))
        sink.attach(incident, found, dry_run=False, deadline=Deadline(20))
        before = path.read_bytes()
        disk.fill()
        more = found._replace(records=(*found.records, connector.file_alerts(sha1)))
        with pytest.raises(InvalidInputError, match="No space left on device") as caught:
            sink.attach(incident, more, dry_run=False, deadline=Deadline(20))
        kept = path.read_bytes() == before and {file.name for file in disk.folder.iterdir()} == {path.name, "filler"}
        said = caught.value.code if kept else "the earlier findings are gone"
        fault_table.row(ROOM, "full while findings are attached", "invalid_input", said)
        disk.empty()
        attached = sink.attach(incident, more, dry_run=False, deadline=Deadline(20))
        fault_table.row(ROOM, "attached again once there is room", "updated", attached.status)


@pytest.mark.parametrize(
    "words", [["version"], ["manifest"], ["file-stats"], ["file-stats", "--json"], ["quota"], ["--help"]]
)
def test_an_answer_that_could_not_be_written_is_no_success(
    words: list[str], sha1: str, config_file: Path, fault_table: FaultTable
) -> None:
    with Path("/dev/full").open("w") as full:
        given = [words[0], sha1, *words[1:]] if words[0] == "file-stats" else words
        ended = run(*given, config_file=config_file, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    said = "a failure that names the reason" if ended.code and "No space left" in ended.err else f"{ended.code}"
    fault = f"standard output is full: {' '.join(words)}"
    fault_table.row(ROOM, fault, "a failure that names the reason", said)


@pytest.mark.parametrize("state", ["memory:", "redis://127.0.0.1:9/0"])
def test_an_answer_is_worth_more_than_the_words_about_it(
    emulator: Emulator, sha1: str, tmp_path: Path, fault_table: FaultTable, state: str
) -> None:
    settings = {**emulator.configuration(), "state": state, "log": {"level": "debug"}}
    config_file = write_configuration(settings, tmp_path)
    with Path("/dev/full").open("w") as full:
        words = ("file-stats", sha1, "--json")
        ended = run(*words, config_file=config_file, capture_output=False, stdout=subprocess.PIPE, stderr=full)
    said = json.loads(ended.out)["outcome"] if ended.code == 0 else f"exit code {ended.code}"
    fault_table.row(ROOM, f"standard error is full, state {state}", "seen_in_organization", said)


def test_a_batch_goes_on_when_nobody_can_read_its_progress(
    sha1: str, config_file: Path, tmp_path: Path, fault_table: FaultTable
) -> None:
    inputs = tmp_path / "hashes.txt"
    inputs.write_text(sha1)
    with Path("/dev/full").open("w") as full:
        words = ("batch", inputs, "--output", tmp_path / "out.jsonl")
        ended = run(*words, config_file=config_file, capture_output=False, stdout=subprocess.PIPE, stderr=full)
    lines = len((tmp_path / "out.jsonl").read_bytes().splitlines())
    fault_table.row(
        ROOM, "standard error is full: batch", "exit code 0, 1 line", f"exit code {ended.code}, {lines} line"
    )
