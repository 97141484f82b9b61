from __future__ import annotations

import csv
import io
import json
import os
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from mde_files import cli
from mde_files.batch.interruption import Interruption
from mde_files.commands.emulator import write_configuration
from mde_files.console import Console
from mde_files.emulator import Fault

from .conftest import FakeEnricher, Output, start

if TYPE_CHECKING:
    from pathlib import Path

    from mde_files.emulator import Emulator

EICAR = "3395856ce81f2b7382dee72602f798b642f14140"


@pytest.fixture
def hash_file(hashes: list[str], tmp_path: Path) -> Path:
    path = tmp_path / "hashes.txt"
    path.write_text("\n".join(["# thirty", *hashes]) + "\n")
    return path


def configure(config_file: Path, emulator: Emulator, **changes: Any) -> None:
    write_configuration({**emulator.configuration(), **changes}, config_file.parent)


def test_thirty_hashes_cost_thirty_calls_and_have_thirty_lines(
    batch: Any, hash_file: Path, output: Output, emulator: Emulator
) -> None:
    ended = batch(hash_file)
    assert ended.code == 0
    assert output.outcomes == {(line, "file_stats"): "seen_in_organization" for line in range(2, 32)}
    assert emulator.accepted == {"file_stats": 30}
    assert ended.summary["complete"] is True
    assert ended.summary["outcomes"] == {"file_stats": {"seen_in_organization": 30}}
    assert (ended.summary["inputs"], ended.summary["distinct"], ended.summary["missing"]) == (30, 30, 0)
    assert "30 results to find" in ended.err
    assert output.path.stat().st_mode & 0o777 == 0o600


def test_duplicates_and_other_spellings_cost_nothing_more(
    batch: Any, hashes: list[str], output: Output, emulator: Emulator, tmp_path: Path
) -> None:
    path = tmp_path / "hashes.txt"
    path.write_text("".join(f"{value}\n  {value.upper()}\n{value}\n" for value in hashes[:10]))
    ended = batch(path, "--action", "both", "--no-cache", "--quiet")
    assert ended.code == 0
    assert ended.err == ""
    assert len(output.outcomes) == 60
    assert emulator.accepted == {"file_stats": 10, "file_alerts": 10}


def test_the_output_is_for_pipes_and_people(
    batch: Any, hash_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Console, "__init__", lambda self, *, as_json: setattr(self, "as_json", as_json))
    ended = batch(hash_file)
    assert "30 of 30 results in" in ended.out
    assert "file_stats   seen_in_organization" in ended.out
    other = tmp_path / "bad.txt"
    other.write_text("nonsense\n")
    ended = batch(other, to=tmp_path / "bad.jsonl")
    assert ended.code == 2
    assert "invalid_input" in ended.out


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("a.csv", "host;hash\nx;{0}\ny;{1}\n", ["--column", "hash"]),
        ("a.tsv", "host\thash\nx\t{0}\ny\t{1}\n", ["--column", "hash"]),
        ("a.export", "host,hash\nx,{0}\ny,{1}\n", ["--column", "hash"]),
        ("a.jsonl", '{{"file": {{"sha1": "{0}"}}}}\n{{"file": {{"sha1": "{1}"}}}}\n', ["--field", "file.sha1"]),
        ("a.events", '{{"file": {{"sha1": "{0}"}}}}\n{{"file": {{"sha1": "{1}"}}}}\n', ["--field", "file.sha1"]),
        ("a.csv", "{0}\n{1}\n", ["--format", "text"]),
        ("a.log", "saw {0} at noon\nand ({1})\n", ["--extract"]),
        ("a.csv", "saw,{0}\nand,{1}\n", ["--extract"]),
        ("a.jsonl", '{{"text": "saw {0} and {1}"}}\n', ["--extract", "--field", "text"]),
        ("-", "{0}\n{1}\n", []),
    ],
)
def test_inputs_come_in_many_forms(
    batch: Any,
    hashes: list[str],
    output: Output,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    content: str,
    options: list[str],
) -> None:
    text = content.format(*hashes)
    (tmp_path / name).write_text(text)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(text.encode()))))
    assert batch(name if name == "-" else tmp_path / name, *options, "--quiet").code == 0
    assert sorted(result["input"] for result in output.results) == sorted(hashes[:2])


def test_csv_is_made_at_the_end_and_resumed_by_its_journal(
    batch: Any, hashes: list[str], emulator: Emulator, tmp_path: Path
) -> None:
    path = tmp_path / "hashes.txt"
    path.write_text(f"{hashes[0]}\n=1+1\n{EICAR}\n")
    emulator.scenario.faults.append(Fault("plain_404", id="eicar"))
    to = tmp_path / "out.csv"
    assert batch(path, "--action", "both", to=to).code == 7
    with to.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["line"], row["input"]) for row in rows] == [
        ("1", hashes[0]),
        ("1", hashes[0]),
        ("2", "'=1+1"),
        ("2", "'=1+1"),
        ("3", EICAR),
        ("3", EICAR),
    ]
    assert {row["error_code"] for row in rows[4:]} == {"wrong_endpoint"}
    assert batch(path, "--action", "both", to=to).code == 2
    emulator.scenario.faults.clear()
    emulator.reset()
    ended = batch(path, "--action", "both", "--resume", to=to)
    assert ended.code == 7
    assert emulator.accepted == {"file_stats": 1, "file_alerts": 1}
    with to.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert any(row["high_alerts"] != "" for row in rows if row["input"] == EICAR)
    assert len(rows) == 6
    assert len(Output(tmp_path / "out.csv.jsonl").outcomes) == 6


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "FILE|-"),
        (["missing.txt"], "cannot be read: No such file"),
        (["."], "cannot be read: Is a directory"),
        (["a\0b"], "it is no path"),
        (["in.csv"], "--column is missing"),
        (["in.csv", "--column", "x"], "no column 'x'"),
        (["in.jsonl"], "--field is missing"),
        (["in.txt", "--column", "x", "--format", "text"], "--column does not go with"),
        (["in.txt", "--tenant-column", "x"], "--tenant-column does not go with"),
        (["in.csv", "--column", "x", "--field", "y"], "--field does not go with"),
        (["in.txt", "--tenant", "fabrikam"], "names no tenants"),
        (["in.txt", "--workers", "0"], "--workers is no number from 1 to 64"),
        (["in.txt", "--workers", "65"], "--workers is no number"),
        (["in.txt", "--workers", "many"], "--workers is no number"),
        (["in.txt", "--lookback-hours", "721"], "--lookback-hours is no number from 1 to 720"),
        (["in.txt", "--lookback-hours", ""], "--lookback-hours is no number"),
        (["in.txt", "--action", "scan"], "invalid choice"),
        (["in.txt", "--format", "xml"], "invalid choice"),
        (["in.txt", "--max-age", "x"], "--max-age"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_written(
    batch: Any, tmp_path: Path, output: Output, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.csv").write_text("host,hash\n")
    (tmp_path / "in.jsonl").write_text("{}\n")
    (tmp_path / "in.txt").write_text(EICAR)
    ended = batch(*words)
    assert ended.code == (3 if "tenants" in said else 2)
    assert said in ended.err
    assert "error" in ended.summary
    assert not output.path.exists()


@pytest.mark.parametrize("to", ["there.jsonl", "there.csv", "elsewhere/out.jsonl", "", "folder.csv"])
def test_an_output_that_exists_or_cannot_exist_is_refused(
    batch: Any, hash_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.jsonl").write_text("mine")
    (tmp_path / "there.csv.jsonl").write_text("mine")
    (tmp_path / "folder.csv").mkdir()
    ended = batch(hash_file, to=to)
    assert ended.code == 2
    assert not (tmp_path / "folder.csv.jsonl").exists()
    assert "exists already" in ended.err or "cannot be written" in ended.err
    assert (tmp_path / "there.jsonl").read_text() == "mine"


def test_nothing_to_ask_is_done(batch: Any, tmp_path: Path, output: Output) -> None:
    path = tmp_path / "empty.txt"
    path.write_text("# nothing\n\n")
    ended = batch(path)
    assert ended.code == 0
    assert ended.summary["results"] == 0
    assert output.results == []


def test_a_complete_batch_is_not_begun_again(batch: Any, hash_file: Path, output: Output, emulator: Emulator) -> None:
    batch(hash_file, "--resume")
    before = output.path.read_bytes()
    emulator.reset()
    ended = batch(hash_file, "--resume")
    assert ended.code == 0
    assert (ended.summary["asked"], ended.summary["results"], ended.summary["complete"]) == (0, 30, True)
    assert output.path.read_bytes() == before
    assert emulator.requests == []


def test_a_report_shows_each_finding_once(
    batch: Any, hashes: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, page = tmp_path / "hashes.txt", tmp_path / "report.html"
    path.write_text(f"{hashes[0]}\n{EICAR}\n{EICAR}\n")
    assert batch(path, "--report", str(page)).code == 0
    text = page.read_text(encoding="utf-8")
    assert "Files of a batch" in text
    assert text.count('<th scope="row"') == 2
    monkeypatch.setattr("mde_files.batch.web_page.MOST_RECORDS", 1)
    assert batch(path, "--resume", "--report", str(page)).code == 0
    assert "further results are not shown" in page.read_text(encoding="utf-8")
    ended = batch(path, "--resume", "--report", str(tmp_path / "none" / "report.html"))
    assert ended.code == 2
    page.unlink()
    page.mkdir()
    ended = batch(path, "--resume", "--report", str(page))
    assert ended.code == 3
    assert "cannot be written" in ended.err


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        ("other", [], "which this input does not have"),
        (None, ["--action", "file_alerts"], "which is not asked now"),
        (None, ["--lookback-hours", "24"], "looks back 720 hours and this run 24"),
    ],
)
def test_another_batch_is_not_resumed(
    batch: Any, hash_file: Path, output: Output, content: str | None, options: list[str], said: str
) -> None:
    batch(hash_file)
    before = output.path.read_bytes()
    if content:
        hash_file.write_text(f"#\n{content}\n")
    ended = batch(hash_file, "--resume", *options)
    assert ended.code == 2
    assert said in ended.err
    assert output.path.read_bytes() == before


def test_without_room_the_rest_is_deferred_and_resumed(
    batch: Any, hash_file: Path, output: Output, emulator: Emulator, config_file: Path
) -> None:
    quota = {"windows": [{"calls": 20, "seconds": 3}], "reserve_interactive": 0.5, "max_wait_seconds": 0.1}
    configure(config_file, emulator, quota=quota)
    ended = batch(hash_file, "--action", "file_stats")
    assert ended.code == 7
    assert "The quota has room for 10 calls of file_stats now" in ended.err
    assert list(output.outcomes.values()).count("deferred") == 20
    assert emulator.accepted == {"file_stats": 10}
    assert ended.summary["retry_at"]
    assert "--resume" in ended.summary["resume"]
    assert f"Go on from {ended.summary['retry_at']} with:" in ended.err
    deadline = time.monotonic() + 40
    while ended.code == 7:
        assert time.monotonic() < deadline
        time.sleep(1)
        ended = batch(hash_file, "--resume")
    assert ended.code == 0
    assert set(output.outcomes.values()) == {"seen_in_organization"}
    assert emulator.accepted == {"file_stats": 30}


def test_with_waiting_all_is_answered_and_the_quota_kept(
    batch: Any, hash_file: Path, output: Output, emulator: Emulator, config_file: Path
) -> None:
    quota = {"windows": [{"calls": 20, "seconds": 2}], "reserve_interactive": 0.5, "max_wait_seconds": 0.1}
    configure(config_file, emulator, quota=quota)
    ended = batch(hash_file, "--wait")
    assert ended.code == 0
    assert "The quota makes it last at least 4 s." in ended.err
    assert set(output.outcomes.values()) == {"seen_in_organization"}
    assert len(output.outcomes) == emulator.accepted["file_stats"] == 30


def test_a_wrong_secret_is_tried_a_few_times_and_not_for_every_input(
    batch: Any, hash_file: Path, output: Output, emulator: Emulator, config_file: Path
) -> None:
    auth = {"method": "client_secret", "client_secret": "wrong-wrong-wrong-wrong"}
    configure(config_file, emulator, auth=auth)
    ended = batch(hash_file, "--workers", "2")
    assert ended.code == 3
    assert len(output.outcomes) == 30
    assert ended.summary["errors"] == {"auth_failed": 30}
    assert sum("token" in request.path for request in emulator.requests) < 10
    configure(config_file, emulator)
    assert batch(hash_file, "--resume").code == 0
    assert set(output.outcomes.values()) == {"seen_in_organization"}


def test_rows_may_name_tenants(
    batch: Any, hashes: list[str], output: Output, emulator: Emulator, config_file: Path, tmp_path: Path
) -> None:
    own = emulator.configuration()
    tenants = {"contoso": {}, "same": {"tenant_id": own["tenant_id"]}}
    configure(config_file, emulator, tenants=tenants)
    path = tmp_path / "hashes.csv"
    path.write_text(f"sha1,who\n{hashes[0]},contoso\n{hashes[0]},same\n{hashes[0]},\n")
    words = [path, "--column", "sha1", "--tenant-column", "who"]
    assert batch(*words).code == 0
    assert {result["line"]: result.get("tenant") for result in output.results} == {2: "contoso", 3: "same", 4: None}
    assert batch(*words, "--resume").summary["asked"] == 0
    path.write_text(f"sha1,who\n{hashes[0]},fabrikam\n")
    ended = batch(*words, to=tmp_path / "other.jsonl")
    assert ended.code == 2
    assert "Line 2 of the input names a tenant" in ended.err


def test_a_disk_that_fills_up_is_told_with_the_way_on(
    batch: Any, hash_file: Path, fake: FakeEnricher, output: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    left = [20]

    def full(descriptor: int, block: bytes) -> int:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        return write(descriptor, block)

    monkeypatch.setattr("mde_files.batch.journal.os.write", full)
    ended = batch(hash_file)
    assert ended.code == 3
    assert "No space left on device" in ended.err
    assert "--resume" in ended.err
    monkeypatch.undo()
    assert len(output.results) == 20


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_second_signal_ends_it_at_once(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with Interruption() as interruption:
        signal.raise_signal(number)
        assert interruption.requested
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert signal.getsignal(number) is before


def test_elsewhere_than_in_the_main_thread_signals_are_left_alone() -> None:
    from concurrent.futures import ThreadPoolExecutor

    before = signal.getsignal(signal.SIGINT)

    def enter() -> bool:
        with Interruption() as interruption:
            return interruption.requested or signal.getsignal(signal.SIGINT) is not before

    with ThreadPoolExecutor() as pool:
        assert pool.submit(enter).result() is False


def test_interrupted_twice_it_says_how_to_go_on(
    batch: Any, hash_file: Path, fake: FakeEnricher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_self: Any, _seconds: float) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("mde_files.batch.questions.Workers.next_answer", interrupt)
    ended = batch(hash_file)
    assert ended.code == 130
    assert "go on with:" in ended.err
    assert "--resume" in ended.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_ends_in_good_order_and_is_resumed(
    batch: Any, hash_file: Path, output: Output, emulator: Emulator, config_file: Path, number: signal.Signals
) -> None:
    emulator.scenario.latency.service = 0.3
    with start(hash_file, output, config_file, "--workers", "2") as process:
        wait_for_lines(output, 3)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Stopping: waiting for" in err
    assert f"batch {hash_file} --output {output.path} --workers 2 --resume" in err
    summary = json.loads(out)
    assert (summary["interrupted"], summary["complete"]) == (True, False)
    assert summary["results"] == len(output.outcomes) == emulator.accepted["file_stats"] < 30
    emulator.scenario.latency.service = 0
    assert batch(hash_file, "--resume").code == 0
    assert emulator.accepted["file_stats"] == 30


def wait_for_lines(output: Output, count: int) -> None:
    deadline = time.monotonic() + 30
    while not output.path.exists() or output.path.read_bytes().count(b"\n") < count:
        assert time.monotonic() < deadline, "nothing was written"
        time.sleep(0.01)


def test_help_explains_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["batch", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "goes on where it was" in said
    assert "7 some were not" in said
