from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mde_files import cli, manifest, schemas
from mde_files.console import Console
from mde_files.emulator import Fault

if TYPE_CHECKING:
    from mde_files.emulator import Emulator

EICAR = "3395856ce81f2b7382dee72602f798b642f14140"


class Ran:
    """What a command wrote and how it ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*words: str) -> Ran:
        code = cli.main(words)
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Ran(code, captured.out, captured.err)

    return run


@pytest.fixture
def settings(config_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MDE_FILES_CONFIG", str(config_file))
    return config_file


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Console, "colour", False)
    original = Console.__init__

    def at_a_terminal(self: Console, *, as_json: bool) -> None:
        original(self, as_json=as_json)
        self.as_json = as_json

    monkeypatch.setattr(Console, "__init__", at_a_terminal)


def test_a_record_is_written_as_json_where_no_terminal_reads(run: Any, settings: Path) -> None:
    ran = run("file-stats", EICAR, "--lookback-hours", "48")
    assert ran.code == 0
    assert ran.document["outcome"] == "seen_in_organization"
    assert ran.document["file_stats"]["lookback_hours"] == 48
    assert schemas.problems("record", ran.document) == []
    assert ran.err == ""


def test_a_record_is_written_for_people_at_a_terminal(run: Any, settings: Path, terminal: None) -> None:
    ran = run("file-alerts", EICAR)
    assert ran.code == 0
    assert "alerts_found" in ran.out
    assert "malware was detected" in ran.out
    assert run("file-alerts", EICAR, "--json").document["outcome"] == "alerts_found"


@pytest.mark.parametrize("way", ["argument", "file", "stdin"])
def test_run_takes_parameters_three_ways(
    run: Any, settings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    params = json.dumps({"file_hash": EICAR, "lookback_hours": "24"})
    (tmp_path / "params.json").write_text(params)
    monkeypatch.setattr("sys.stdin", io.StringIO(params))
    given = {"argument": params, "file": f"@{tmp_path / 'params.json'}", "stdin": "-"}[way]
    ran = run("run", "file_stats", "--params", given)
    assert (ran.code, ran.document["file_stats"]["lookback_hours"]) == (0, 24)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["file-stats", EICAR[:-1]], "39 digits"),
        (["file-stats", EICAR + "0"], "41 digits"),
        (["file-stats", "z" * 40], "not hexadecimal"),
        (["file-stats", "a" * 128], "SHA-512"),
        (["file-stats", ""], "file_hash"),
        (["file-stats", "../../etc/passwd"], "not hexadecimal"),
        (["file-stats", "https://example.com"], "not hexadecimal"),
        (["file-stats", EICAR, "--lookback-hours", "0"], "at least 1, not 0"),
        (["file-stats", EICAR, "--lookback-hours", "-1"], "at least 1, not -1"),
        (["file-stats", EICAR, "--lookback-hours", "721"], "at most 720"),
        (["file-stats", EICAR, "--lookback-hours", "1.5"], "a whole number"),
        (["file-stats", EICAR, "--lookback-hours", "x"], "a whole number"),
        (["file-stats", EICAR, "--lookback-hours", ""], "empty"),
        (["run", "file_machines", "--params", "{}"], "no action"),
        (["run", "file_stats", "--params", "{"], "no valid JSON"),
        (["run", "file_stats", "--params", "[]"], "no JSON object"),
        (["run", "file_stats", "--params", "@/does/not/exist"], "cannot be read"),
        (["run", "file_stats", "--params", "@/\x00"], "no valid JSON"),
        (["run", "file_stats"], "--params"),
        (["file-stats"], "HASH"),
        (["file-stats", EICAR, "--nonsense"], "--nonsense"),
        (["file-stat", EICAR], "no command 'file-stat'"),
        (["manifest", "--schema", "nothing"], "no such schema"),
        (["emulator", "--port", "70000"], "no port"),
        (["emulator", "--port", "many"], "invalid int value"),
    ],
)
def test_wrong_usage_ends_with_2_and_one_json_object(run: Any, settings: Path, words: list[str], said: str) -> None:
    ran = run(*words, "--json")
    assert ran.code == 2
    assert said in ran.err
    error = ran.document["error"]
    assert error["code"] == "invalid_input"
    assert error["hint"]
    if "outcome" in ran.document:
        assert schemas.problems("record", ran.document) == []


@pytest.mark.parametrize("text", [EICAR.upper(), f"  {EICAR} "])
def test_upper_case_and_spaces_are_accepted(run: Any, settings: Path, text: str) -> None:
    assert run("file-stats", text).document["file"]["queried"] == EICAR


FAULTS = [
    (Fault("status", endpoint="service", status=403), 4, "forbidden"),
    (Fault("status", endpoint="service", status=429, headers={"Retry-After": "600"}), 5, "throttled"),
    (Fault("html", endpoint="service", status=200), 6, "upstream_invalid"),
    (Fault("truncated_json", endpoint="service"), 6, "upstream_invalid"),
    (Fault("plain_404", endpoint="service"), 6, "wrong_endpoint"),
    (Fault("redirect", endpoint="service", status=302), 6, "wrong_endpoint"),
    (Fault("other_file", endpoint="service", file="ransomware"), 6, "upstream_invalid"),
    (Fault("error_with_200", endpoint="service"), 6, "upstream_invalid"),
    (Fault("empty", endpoint="service"), 6, "upstream_invalid"),
    (Fault("unauthorized", endpoint="service"), 3, "auth_failed"),
    (Fault("oversized", endpoint="service", size=3_000_000), 6, "upstream_invalid"),
    (Fault("oversized", endpoint="service", size=3_000_000, compressed=True), 6, "upstream_invalid"),
]


@pytest.mark.parametrize(("fault", "code", "name"), FAULTS, ids=lambda value: getattr(value, "kind", None))
def test_each_failure_of_the_service_has_its_exit_code_and_record(
    run: Any, settings: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, fault: Fault, code: int, name: str
) -> None:
    monkeypatch.setenv("MDE_FILES_LIMITS__MAX_RESPONSE_BYTES", "2000000")
    emulator.scenario.faults.append(fault)
    ran = run("file-stats", EICAR, "--json")
    assert ran.code == code
    assert ran.document["error"]["code"] == name
    assert ran.document["outcome"] == ("deferred" if code == 5 else "failed")
    assert schemas.problems("record", ran.document) == []
    assert ran.document["error"]["message"] in ran.err


@pytest.mark.parametrize(
    ("variable", "value", "code", "words"),
    [
        ("AUTH__CLIENT_SECRET", "wrong-wrong-wrong-wrong", 3, "secret"),
        ("CLIENT_ID", "77777777-7777-7777-7777-777777777777", 3, "application"),
        ("TENANT_ID", "77777777-7777-7777-7777-777777777777", 3, "tenant"),
        ("SCOPE", "https://api.nowhere.example/.default", 3, "scope"),
        ("CLOUD", "moon", 3, "cloud"),
        ("CA_BUNDLE", "/does/not/exist.pem", 3, "ca_bundle"),
        ("TENANTID", "x", 3, "Did you mean 'tenant_id'"),
        ("BASE_URL", "https://name.invalid", 6, "could not be resolved"),
        ("BASE_URL", "https://127.0.0.1:9", 6, "refused the connection"),
        ("BASE_URL", "http://192.0.2.1", 3, "not protected"),
        ("TIMEOUTS__TOTAL", "0.000001", 6, "time budget"),
    ],
)
def test_each_wrong_setting_has_its_exit_code_and_its_words(
    run: Any, settings: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, code: int, words: str
) -> None:
    monkeypatch.setattr("mde_files.transport.exchange.MAX_ATTEMPTS", 1)
    monkeypatch.setenv(f"MDE_FILES_{variable}", value)
    ran = run("file-stats", EICAR, "--json")
    assert ran.code == code
    assert words in ran.err
    assert "error" in ran.document


def test_a_token_for_the_wrong_audience_is_explained(run: Any, settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MDE_FILES_CLOUD", "commercial")
    monkeypatch.setenv("MDE_FILES_SCOPE", "https://api.security.microsoft.com/.default")
    ran = run("file-stats", EICAR)
    assert ran.code == 4
    assert (
        "the audience 'https://api.security.microsoft.com', not for 'https://api.securitycenter.microsoft.com'"
        in ran.err
    )


def test_a_certificate_nobody_vouches_for_is_explained(
    run: Any, settings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import trustme

    other = tmp_path / "other-ca.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    monkeypatch.setenv("MDE_FILES_CA_BUNDLE", str(other))
    ran = run("file-stats", EICAR)
    assert ran.code == 6
    assert "not trusted" in ran.err
    assert "ca_bundle" in ran.err


def test_an_expired_secret_is_named(run: Any, emulator: Emulator, tmp_path: Path) -> None:
    from mde_files.commands.emulator import write_configuration

    expired = emulator.scenario.application("expired-secret")
    path = write_configuration(emulator.configuration(expired.client_id), tmp_path)
    ran = run("file-stats", EICAR, "--config", str(path))
    assert ran.code == 3
    assert "expired" in ran.err


def test_without_a_configuration_the_way_to_one_is_shown(run: Any) -> None:
    ran = run("file-stats", EICAR)
    assert ran.code == 3
    assert "MDE_FILES_TENANT_ID" in ran.err
    assert "mde-files demo" in ran.err


def test_logs_go_to_standard_error_in_the_form_asked_for(run: Any, settings: Path, emulator: Emulator) -> None:
    ran = run("file-stats", EICAR, "--log-level", "info", "--log-format", "json")
    events = [json.loads(line) for line in ran.err.splitlines()]
    attempts = [event for event in events if event["event"] == "http_attempt"]
    assert attempts[0]["status"] == 200
    assert attempts[0]["action"] == "file_stats"
    assert emulator.configuration()["auth"]["client_secret"] not in ran.err
    assert ran.document["outcome"] == "seen_in_organization"


def test_check_is_for_people_and_machines(
    run: Any, settings: Path, terminal: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = run("check")
    assert ran.code == 0
    assert "Everything works." in ran.out
    assert run("check", "--json").document["ok"] is True
    monkeypatch.setenv("MDE_FILES_AUTH__CLIENT_SECRET", "wrong-wrong-wrong-wrong")
    ran = run("check")
    assert ran.code == 3
    assert "FAILED   sign_in" in ran.out


def test_demo_shows_each_outcome_and_what_to_try_next(run: Any, terminal: None) -> None:
    ran = run("demo")
    assert ran.code == 0
    for action in manifest.load().actions.values():
        for outcome in action.outcomes:
            assert outcome in ran.out
    assert "mde-files emulator" in ran.out
    page = Path(re.search(r"(/\S+)/report\.html", ran.out).group(1)) / "report.html"  # type: ignore[union-attr]
    assert "<h1>Suspicious files on several devices</h1>" in page.read_text(encoding="utf-8")
    assert page.stat().st_mode & 0o777 == 0o600
    shown = run("demo", "--json").document
    assert all(schemas.problems("record", record) == [] for record in shown["records"])
    incident = json.loads((Path(shown["folder"]) / "incident.json").read_text(encoding="utf-8"))
    assert incident["enrichments"]
    assert shown["playbook"]["attached"][0]["status"] == "created"


def test_records_are_exported_as_stix(run: Any, settings: Path) -> None:
    for words in (["file-stats", EICAR], ["file-alerts", EICAR]):
        bundle = run(*words, "--output-format", "stix").document
        assert bundle["type"] == "bundle"
        assert {"file", "note"} <= {each["type"] for each in bundle["objects"]}


def test_help_needs_no_configuration_and_names_every_command(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    ran = run("--help")
    assert ran.code == 0
    for name in cli.COMMANDS:
        assert f"  {name} " in ran.out
        with pytest.raises(SystemExit) as ended:
            cli.main([name, "--help"])
        assert ended.value.code == 0
        assert f"usage: mde-files {name}" in capsys.readouterr().out
    assert run().code == 2


def test_version_and_manifest_are_printed(run: Any, terminal: None) -> None:
    version = manifest.load().version
    assert run("version").out == f"mde-files {version}\n"
    assert run("--version", "--json").document == {"name": "mde-files", "version": version}
    assert run("manifest").out.startswith("# What the plugin is")
    assert run("manifest", "--json").document["version"] == version
    assert run("manifest", "--schema", "record").document["title"]


def test_an_interruption_ends_with_130(run: Any, settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_arguments: object, **_named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mde_files.connector.Connector.run", interrupted)
    assert run("file-stats", EICAR).code == 130


def test_a_bug_is_one_sentence_and_exit_code_1(run: Any, settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object, **_named: object) -> None:
        raise ZeroDivisionError("with-a-secret-in-it")

    monkeypatch.setattr("mde_files.connector.Connector.run", broken)
    ran = run("file-stats", EICAR, "--json")
    assert ran.code == 1
    assert ran.document["error"]["code"] == "internal_error"
    assert "ZeroDivisionError in broken" in ran.err
    assert "with-a-secret-in-it" not in ran.err


def test_a_reader_that_goes_away_is_no_failure(settings: Path) -> None:
    command = f"{sys.executable} -m mde_files manifest --schema record | true"
    finished = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, timeout=60, check=True)
    assert finished.stderr == ""


@pytest.mark.parametrize("as_json", [True, False])
def test_the_emulator_says_how_to_use_it(run: Any, tmp_path: Path, as_json: bool) -> None:
    threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGTERM)).start()
    ran = run("emulator", "--directory", str(tmp_path), *(["--json"] if as_json else []))
    assert ran.code == 0
    assert "has stopped" in ran.err
    if as_json:
        assert ran.document["configuration"]["base_url"] == ran.document["base_url"]
    else:
        assert f"export MDE_FILES_CONFIG={tmp_path / 'config.yaml'}" in ran.out
        assert "client_secret:" in ran.out


def test_a_scenario_of_ones_own_is_served_or_explained(run: Any, tmp_path: Path) -> None:
    broken = tmp_path / "scenario.yaml"
    broken.write_text("files: 7\n")
    ran = run("emulator", "--scenario", str(broken), "--json")
    assert ran.code == 3
    assert str(broken) in ran.err


def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    console = Console(as_json=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert (console.as_json, console.colour) == (False, True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert console.colour is False


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_emulator_and_commands_work_in_two_terminals(ending: signal.Signals, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "mde_files", "emulator", "--directory", str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as started:
        try:
            use_it_from_another_terminal(started)
        finally:
            started.send_signal(ending)
            assert started.wait(20) == 0


def use_it_from_another_terminal(started: subprocess.Popen[str]) -> None:
    assert started.stdout is not None
    lines = [started.stdout.readline()]
    while not lines[-1].strip().startswith("mde-files file-alerts"):
        lines.append(started.stdout.readline())
        assert lines[-1], "the emulator ended early"
    export = next(line.strip() for line in lines if line.strip().startswith("export MDE_FILES_CONFIG="))
    path = export.partition("=")[2]
    assert Path(path).stat().st_mode & 0o777 == 0o600
    for words in (["check"], ["file-stats", EICAR], ["file-alerts", EICAR]):
        ran = subprocess.run(
            [sys.executable, "-m", "mde_files", *words, "--json"],
            env={**os.environ, "MDE_FILES_CONFIG": path},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert json.loads(ran.stdout)
