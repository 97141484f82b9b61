from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from mde_files import cli, schemas
from mde_files.console import Console
from mde_files.emulator import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from mde_files.emulator import Emulator

EICAR = "3395856ce81f2b7382dee72602f798b642f14140"
PLAYBOOKS = ["enrich-incident-files", "file-alert-sweep", "rare-file-triage"]


class Ran:
    """What a command wrote and how it ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*words: object) -> Ran:
        code = cli.main(["playbook", *map(str, words)])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Ran(code, captured.out, captured.err)

    return run


@pytest.fixture
def settings(config_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MDE_FILES_CONFIG", str(config_file))
    monkeypatch.setenv("MDE_FILES_STATE", "memory:")
    return config_file


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    original = Console.__init__

    def at_a_terminal(self: Console, *, as_json: bool) -> None:
        original(self, as_json=as_json)
        self.as_json = as_json

    monkeypatch.setattr(Console, "__init__", at_a_terminal)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.yaml"
    path.write_text("id: own\ntitle: Own\ndescription: D\nsteps:\n  - id: stats\n    acton: file_stats\n")
    return path


def test_the_shipped_playbooks_are_listed(run: Any, terminal: None) -> None:
    ran = run("list")
    assert ran.code == 0
    assert all(f"{name}: " in ran.out for name in PLAYBOOKS)
    listed = run("list", "--json").document["playbooks"]
    assert [playbook["id"] for playbook in listed] == PLAYBOOKS
    assert run("--json", "list").document["playbooks"] == listed


def test_a_playbook_is_shown_with_its_header(run: Any, terminal: None, tmp_path: Path) -> None:
    ran = run("show", "rare-file-triage")
    assert ran.out.startswith("# Triage of rare files\n")
    assert run("show", "rare-file-triage", "--json").document["playbook"]["id"] == "rare-file-triage"
    (tmp_path / "odd.yaml").write_text("# \x1b[2J\nid: [\n")
    assert "\\u001b[2J" in run("show", tmp_path / "odd.yaml").out
    broken = run("show", tmp_path / "odd.yaml", "--json")
    assert broken.code == 2
    assert "odd.yaml:" in broken.document["error"]["message"]


def test_mistakes_are_told_with_file_line_and_column(run: Any, terminal: None, own: Path) -> None:
    ran = run("validate", own, "rare-file-triage")
    assert ran.code == 2
    assert f"{own}:6:5: There is no key \"acton\".\n    Did you mean 'action'?" in ran.out
    assert "rare-file-triage.yaml: valid" in ran.out
    document = run("validate", own, "--json").document
    assert document["valid"] is False
    assert document["playbooks"][0]["mistakes"] == [
        {"line": 6, "column": 5, "message": 'There is no key "acton".', "hint": "Did you mean 'action'?"}
    ]
    assert run("validate", *PLAYBOOKS).code == 0
    own.write_text(own.read_text().replace("title: Own\n", ""))
    assert f'{own}:1:1: "title" is required and missing.\n{own}:5:5' in run("validate", own).out
    fixed = "title: Own\n" + own.read_text().replace("acton", "when: file.hash\n    action")
    own.write_text(fixed)
    assert run("validate", own).code == 0


def test_a_run_writes_its_report_as_json(run: Any, settings: Path, incident_path: Any, tmp_path: Path) -> None:
    sink = tmp_path / "enriched.json"
    words = ("run", "enrich-incident-files", "--incident", incident_path("graph_alert"), "--sink", f"file:{sink}")
    ran = run(*words)
    assert ran.code == 0
    assert schemas.problems("playbook_report", ran.document) == []
    assert ran.document["attached"][0]["status"] == "created"
    assert schemas.problems("incident", json.loads(sink.read_text())) == []
    assert run(*words).document["attached"][0]["status"] == "unchanged"


def test_a_run_is_told_to_people(run: Any, settings: Path, terminal: None, incident_path: Any) -> None:
    ran = run("run", "rare-file-triage", "--incident", incident_path("defender_incident"))
    assert ran.code == 0
    assert "Triage of rare files: incident 2201 (Malware incident on one endpoint)" in ran.out
    assert f"  {EICAR}  <img src=x onerror=alert(1)>.com, =cmd|" in ran.out
    assert "note: Rare in the organization" in ran.out
    assert "tags: rare-in-organization" in ran.out
    assert "attached nowhere" in ran.err


def test_an_incident_comes_from_standard_input_with_a_byte_order_mark(
    run: Any, settings: Path, incident_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"\xef\xbb\xbf" + incident_path("plain").read_bytes()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    ran = run("run", "enrich-incident-files", "--incident", "-", "--set", "lookback_hours=24", "--max-files", "1")
    assert ran.code == 0
    assert ran.document["parameters"] == {"lookback_hours": 24}
    assert ran.document["files_left_out"] == 2


def test_a_dry_run_asks_nothing(
    run: Any, settings: Path, incident_path: Any, emulator: Emulator, tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    ran = run("run", "enrich-incident-files", "--incident", incident_path("plain"), "--dry-run", "--report", page)
    assert ran.code == 0
    assert ran.document["plan"]["calls"]
    assert [request for request in emulator.requests if request.path.startswith("/api/")] == []
    assert not page.exists()


def test_a_page_is_written(run: Any, settings: Path, incident_path: Any, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    words = ("run", "enrich-incident-files", "--incident", incident_path("sentinel_incident"))
    ran = run(*words, "--report", page)
    assert ran.code == 0
    assert str(page) in ran.err
    text = page.read_text(encoding="utf-8")
    assert EICAR in text
    assert "<img src=x" not in text
    assert run(*words, "--report", tmp_path).code == 2
    assert run(*words, "--report", tmp_path / "none" / "report.html").code == 2


def test_one_incident_of_a_list_is_chosen(run: Any, settings: Path, incident_document: Any, tmp_path: Path) -> None:
    listed = incident_document("defender_incident")
    listed["value"].append({**listed["value"][0], "incidentId": 7, "alerts": []})
    path = tmp_path / "incidents.json"
    path.write_text(json.dumps(listed))
    words = ("run", "enrich-incident-files", "--incident", path)
    assert "--incident-id" in run(*words).document["error"]["hint"]
    chosen = run(*words, "--incident-id", "7")
    assert chosen.document["incident"]["id"] == "7"
    assert "left_alone" in chosen.document


def test_a_format_can_be_forced(run: Any, settings: Path, incident_path: Any) -> None:
    words = ("run", "enrich-incident-files", "--incident", incident_path("plain"), "--incident-format")
    assert "SystemAlertId" in run(*words, "sentinel_alert").document["error"]["message"]
    assert run(*words, "plain").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "task"),
        (("walk",), "invalid choice"),
        (("run",), "NAME|PATH"),
        (("run", "enrich-incident-files"), "No incident is given"),
        (("run", "nothing", "--incident", "INCIDENT"), "no playbook"),
        (("run", "enrich-incident-files", "--incident", "/does/not/exist.json"), "cannot be read"),
        (("run", "enrich-incident-files", "--incident", "NO_JSON"), "no valid JSON"),
        (("run", "enrich-incident-files", "--incident", "INCIDENT", "--set", "hours"), "NAME=VALUE"),
        (("run", "enrich-incident-files", "--incident", "INCIDENT", "--set", "hours=1"), "no parameter"),
        (("run", "enrich-incident-files", "--incident", "INCIDENT", "--set", "lookback_hours=0"), "at least 1"),
        (("run", "enrich-incident-files", "--incident", "INCIDENT", "--sink", "printer"), "no sink"),
        (("run", "enrich-incident-files", "--incident", "INCIDENT", "--max-files", "0"), "at least 1"),
        (("run", "enrich-incident-files", "--incident", "INCIDENT", "--max-files", "x"), "max-files"),
        (("run", "enrich-incident-files", "--incident", "INCIDENT", "--service", "graph"), "exclude each other"),
        (("run", "enrich-incident-files", "--service", "graph"), "needs --incident-id"),
        (("validate",), "PATH"),
        (("validate", "/does/not/exist.yaml"), "cannot be read"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_right(
    run: Any, settings: Path, incident_path: Any, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    (tmp_path / "no.json").write_text("{")
    known = {"INCIDENT": str(incident_path("plain")), "NO_JSON": str(tmp_path / "no.json")}
    ran = run(*(known.get(word, word) for word in words), *(["--json"] if words and words[0] != "walk" else []))
    assert ran.code == 2
    assert said in ran.err
    assert ran.document["error"]["code"] == "invalid_input"


def test_a_partial_run_ends_with_7_and_a_deferred_one_with_5(
    run: Any, settings: Path, incident_path: Any, emulator: Emulator
) -> None:
    words = ("run", "rare-file-triage", "--incident", incident_path("plain"))
    emulator.scenario.faults.append(Fault("html", endpoint="file_stats", id="ransomware", status=200))
    assert run(*words).code == 7
    emulator.scenario.faults[:] = [
        Fault("status", endpoint="file_stats", id="ransomware", status=429, headers={"Retry-After": "600"})
    ]
    ran = run(*words)
    assert ran.code == 5
    assert ran.document["open"][0]["retry_at"]


@pytest.mark.parametrize(
    ("service", "incident_id", "form", "attached_to"),
    [
        ("sentinel", "73e01a99-5cd7-4139-a149-9f2736ff2ab5", "sentinel_incident", ["sentinel", "graph"]),
        ("graph", "42", "graph_alert", ["graph"]),
        ("graph", "41", "graph_alert", ["graph"]),
        ("defender", "42", "defender_incident", ["graph"]),
        ("defender", "41", "defender_incident", ["graph"]),
    ],
)
def test_an_incident_is_read_from_its_service_and_attached_to_once(
    run: Any, settings: Path, service: str, incident_id: str, form: str, attached_to: list[str]
) -> None:
    words = ["run", "enrich-incident-files", "--service", service, "--incident-id", incident_id]
    for sink in attached_to:
        words += ["--sink", sink]
    first = run(*words)
    assert first.code == 0
    assert first.document["incident"]["incident_format"] == form
    assert EICAR in [file["hash"] for file in first.document["files"]]
    assert [(one["sink"], one["status"]) for one in first.document["attached"]] == [
        (sink, "created") for sink in attached_to
    ]
    assert [one["status"] for one in run(*words).document["attached"]] == ["unchanged"] * len(attached_to)


def test_an_incident_that_a_service_does_not_know_is_an_error(run: Any, settings: Path) -> None:
    ran = run("run", "enrich-incident-files", "--service", "graph", "--incident-id", "999", "--json")
    assert ran.code == 2
    assert "no incident 999" in ran.document["error"]["message"]
