"""Jobs in, reports out: the launcher of the built package, run as Cortex runs it, against the emulator."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.platforms.cortex.conftest import SEEN, UNKNOWN, answered, flavour, job_of, launched, lay

from mde_files import schemas
from mde_files.connector import Connector
from mde_files.platforms.cortex import launcher
from mde_files.platforms.cortex.analyzer import main
from mde_files.platforms.cortex.connection import STATE_FOLDER_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from mde_files.emulator import Emulator

SECRET = "Q7~kf0w9-2mV.hS4xZp8LrT1bN6cYd3uJaEgWiOo"
EICAR_SHA256 = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}" + rb"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def record_in(answer: dict[str, Any]) -> dict[str, Any]:
    record = {key: value for key, value in answer["full"].items() if key not in ("readable", "shown")}
    assert schemas.problems("record", record) == []
    return record


def test_statistics_of_a_seen_file(run: Callable[..., Any], analyzer: Path, config: dict[str, Any]) -> None:
    service = flavour(analyzer, "FileStats")["config"]["service"]
    done = run(job_of(config, service, parameters={"lookback_hours": "24"}))
    assert (done.code, done.stdout, done.stderr) == (0, "", "")
    assert done.answer["success"] is True
    record = record_in(done.answer)
    assert (record["action"], record["outcome"]) == ("file_stats", "seen_in_organization")
    assert record["file_stats"]["lookback_hours"] == 24
    assert "**Seen in the organization**" in done.answer["full"]["readable"]
    tags = [tuple(tag.values()) for tag in done.answer["summary"]["taxonomies"]]
    assert tags == [
        ("info", "Defender", "Organization", "2 devices in the last 24 hours"),
        ("info", "Defender", "Worldwide", "184,233 devices"),
    ]
    assert {"dataType": "filename", "data": "eicar.com", "message": "Name of the file", "tlp": 2} in (
        done.answer["artifacts"]
    )
    assert done.answer["operations"] == []


def test_alerts_of_a_seen_file(run: Callable[..., Any], analyzer: Path, config: dict[str, Any]) -> None:
    service = flavour(analyzer, "FileAlerts")["config"]["service"]
    done = run(job_of(config, service, EICAR_SHA256.upper()))
    assert done.code == 0
    record = record_in(done.answer)
    assert (record["action"], record["outcome"]) == ("file_alerts", "alerts_found")
    levels = {tag["predicate"]: tag["level"] for tag in done.answer["summary"]["taxonomies"]}
    assert levels == {"Alerts": "suspicious", "Determination": "malicious"}
    found = {(artifact["dataType"], artifact["data"]) for artifact in done.answer["artifacts"]}
    assert {("hash", SEEN), ("fqdn", "ws-0142.contoso.example"), ("other", "CONTOSO\\riley")} <= found
    assert ("hash", EICAR_SHA256) not in found


@pytest.mark.parametrize(("service", "outcome"), [("file_stats", "unknown_to_defender"), ("file_alerts", "no_alerts")])
def test_absence_is_a_finding_and_no_verdict(
    run: Callable[..., Any], config: dict[str, Any], service: str, outcome: str
) -> None:
    done = run(job_of(config, service, UNKNOWN))
    assert done.code == 0
    assert record_in(done.answer)["outcome"] == outcome
    assert {tag["level"] for tag in done.answer["summary"]["taxonomies"]} == {"info"}
    assert "safe" not in done.everything.lower().replace("safely", "")


def test_a_file_is_asked_about_by_its_sha1(run: Callable[..., Any], config: dict[str, Any]) -> None:
    job = job_of(config, "file_stats", dataType="file", file="attachment12", filename="eicar.com", contentType="a/b")
    del job["data"]
    done = run(job, files={"attachment12": EICAR})
    assert done.code == 0, done.answer
    assert record_in(done.answer)["file"]["sha1"] == SEEN
    assert ("hash", SEEN) in {(artifact["dataType"], artifact["data"]) for artifact in done.answer["artifacts"]}


def test_without_a_folder_standard_input_and_output_are_used(
    analyzer: Path, config: dict[str, Any], tmp_path: Path
) -> None:
    nothing = tmp_path / "nothing"
    done = launched(analyzer, nothing, input=json.dumps(job_of(config, "file_stats")))
    assert done.returncode == 0
    assert json.loads(done.stdout)["full"]["outcome"] == "seen_in_organization"
    empty = launched(analyzer, nothing, stdin=subprocess.DEVNULL)
    assert empty.returncode == 1
    assert json.loads(empty.stdout)["errorMessage"].startswith("There is no job: ")


def test_a_refused_secret_is_one_sentence_without_the_secret(run: Callable[..., Any], config: dict[str, Any]) -> None:
    others = {
        "auth_access_token": SECRET + "t",
        "proxy": {"http": f"http://user:{SECRET}p@127.0.0.1:9"},
        "proxy_https": f"http://user:{SECRET}p@127.0.0.1:9",
        "a_key_of_cortex": SECRET + "k",
    }
    job = job_of({**config, **others, "auth_client_secret": SECRET}, "file_stats", message=f"pasted: {SECRET}")
    done = run(job)
    assert done.code == 1
    assert done.answer["success"] is False
    assert "secret" in done.answer["errorMessage"]
    assert SECRET not in done.everything
    assert done.answer["input"]["config"]["auth_client_secret"] == "REMOVED"
    assert done.answer["input"]["config"]["client_id"] == config["client_id"]
    assert done.answer["input"]["data"] == SEEN
    assert "Traceback" not in done.everything


@pytest.mark.parametrize(
    ("changes", "settings", "said"),
    [
        ({"data": "xyz"}, {}, "not hexadecimal"),
        ({"data": None}, {}, "data is missing"),
        ({"dataType": None}, {}, "dataType is missing"),
        ({"dataType": "url"}, {}, 'does not support the data type "url"'),
        ({"dataType": "file"}, {}, "no file"),
        ({"dataType": "file", "file": "../input/input.json"}, {}, "does not lie in its folder"),
        ({"config": []}, {}, "config must be a JSON object"),
        ({"parameters": {"lookback_hours": 9999}}, {}, "lookback_hours must be at most 720"),
        ({}, {"service": "file_magic"}, "config.service names no action"),
        ({}, {"tenant_id": None}, "'Tenant id'"),
        ({}, {"lookback_hours": "soon"}, "lookback_hours must be a whole number"),
        ({}, {"check_tlp": "perhaps"}, "check_tlp must be true or false"),
        ({"tlp": "RED"}, {}, "tlp and config.max_tlp must be whole numbers"),
        ({"tlp": 3}, {}, "TLP is higher than allowed."),
        ({"pap": 3}, {}, "PAP is higher than allowed."),
    ],
)
def test_each_mistake_is_one_sentence(
    config: dict[str, Any],
    tmp_path: Path,
    emulator: Emulator,
    changes: dict[str, Any],
    settings: dict[str, Any],
    said: str,
) -> None:
    job = job_of(config, "file_stats")
    job["config"] |= settings
    folder = lay(tmp_path, {**job, **changes})
    assert main([str(folder)]) == 1
    answer = answered(folder)
    assert said in answer["errorMessage"]
    assert set(answer) == {"success", "errorMessage", "input"}
    assert not emulator.requests


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b'{"tlp": NaN}',
        b'{"tlp": 1e999}',
        b"[" * 5000,
        b'{"a":' * 99 + b"1" + b"}" * 99,
    ],
)
def test_what_is_no_job_is_told(tmp_path: Path, text: bytes) -> None:
    folder = lay(tmp_path, text)
    assert main([str(folder)]) == 1
    answer = answered(folder)
    assert answer["input"] == {}
    assert any(said in answer["errorMessage"] for said in ("JSON", "nested", "no job"))


def test_an_answer_that_cannot_be_written_is_told(
    run: Callable[..., Any], analyzer: Path, config: dict[str, Any], tmp_path: Path
) -> None:
    folder = tmp_path / "blocked"
    (folder / "input").mkdir(parents=True)
    (folder / "input" / "input.json").write_text(json.dumps(job_of(config, "file_stats")))
    (folder / "output").write_text("in the way")
    ran = launched(analyzer, folder)
    assert ran.returncode == 1
    assert ran.stderr == f"The answer cannot be written to {folder / 'output'}: File exists. Check the job's folder.\n"


def test_what_comes_too_early_fails_and_says_when_to_try_again(
    run: Callable[..., Any], config: dict[str, Any], tmp_path: Path
) -> None:
    shared = {**config, "state": f"sqlite:///{tmp_path / 'state' / 's.sqlite3'}", "cache_enabled": "false"}
    shared |= {"quota_per_minute": 1, "quota_max_wait_seconds": 0}
    assert run(job_of(shared, "file_stats")).code == 0
    late = run(job_of(shared, "file_stats"))
    assert late.code == 1
    assert "Try again from 20" in late.answer["errorMessage"]


def test_jobs_in_containers_share_what_is_mounted(
    run: Callable[..., Any], config: dict[str, Any], tmp_path: Path
) -> None:
    volume = tmp_path / "volume"
    volume.mkdir()
    unset = {key: value for key, value in config.items() if key != "state"}
    first = run(job_of(unset, "file_stats"), environment={STATE_FOLDER_VARIABLE: str(volume)})
    second = run(job_of(unset, "file_stats"), environment={STATE_FOLDER_VARIABLE: str(volume)})
    assert [done.answer["full"]["source"]["from_cache"] for done in (first, second)] == [False, True]
    assert {"state.sqlite3", "tokens.json"} <= {path.name for path in volume.iterdir()}
    assert first.answer["full"]["caveats"] == []


def test_a_container_that_shares_nothing_says_so(
    run: Callable[..., Any], config: dict[str, Any], tmp_path: Path
) -> None:
    unset = {key: value for key, value in config.items() if key != "state"}
    done = run(job_of(unset, "file_stats"), environment={STATE_FOLDER_VARIABLE: str(tmp_path / "no-volume")})
    assert done.code == 0
    assert [caveat["code"] for caveat in done.answer["full"]["caveats"]] == ["quota_unshared"]
    assert "state_degraded" in done.stderr


@pytest.mark.parametrize(
    "given",
    [
        {"proxy": {"https": "http://127.0.0.1:9"}},
        {"proxy_https": "http://127.0.0.1:9"},
        {"proxy": "http://127.0.0.1:9", "proxy_https": "http://other.invalid:1"},
        {"proxy": {"http": "http://127.0.0.1:9"}, "proxy_http": "http://127.0.0.1:9"},
    ],
)
def test_the_proxy_of_cortex_is_used(run: Callable[..., Any], config: dict[str, Any], given: dict[str, Any]) -> None:
    away = {**config, "authority": "https://login.invalid", "base_url": "https://api.invalid", **given}
    done = run(job_of(away, "file_stats"))
    assert done.code == 1
    assert "The proxy on the way to login.invalid cannot be reached" in done.answer["errorMessage"]


def test_the_certificate_authorities_of_cortex_are_trusted(
    run: Callable[..., Any], config: dict[str, Any], tmp_path: Path
) -> None:
    bundle = Path(config["ca_bundle"]).read_bytes()
    untold = {**config, "ca_bundle": None}
    assert "certificate" in run(job_of(untold, "file_stats")).answer["errorMessage"]
    job = job_of({**untold, "cacerts": bundle.decode()}, "file_stats")
    assert run(job, files={"cacerts": bundle}).code == 0


def test_a_missing_library_is_named(analyzer: Path, config: dict[str, Any], tmp_path: Path) -> None:
    folder = lay(tmp_path / "job", job_of(config, "file_stats"))
    # -S leaves out every installed library
    ran = launched(analyzer, folder, None, "-S")
    assert ran.returncode == 1
    assert "is missing. Install what the analyzer's requirements.txt lists" in answered(folder)["errorMessage"]
    assert "Traceback" not in ran.stderr


def test_a_bug_is_told_without_its_text(
    config: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(Connector, "run", broken)
    folder = lay(tmp_path, job_of(config, "file_stats"))
    assert main([str(folder)]) == 1
    assert answered(folder)["errorMessage"].startswith("An error of mde-files itself: RuntimeError.")
    assert SECRET not in json.dumps(answered(folder))


@pytest.mark.parametrize("mounted", [True, False])
def test_a_file_nobody_knows_is_a_finding_whatever_is_mounted(
    config: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, mounted: bool
) -> None:
    monkeypatch.setenv(STATE_FOLDER_VARIABLE, str(tmp_path if mounted else tmp_path / "no-volume"))
    bundle = Path(config["ca_bundle"]).read_bytes()
    job = job_of({**config, "state": "", "ca_bundle": None}, "file_stats", dataType="file", file="attachment")
    folder = lay(tmp_path / "job", job, {"attachment": b"nobody has this", "cacerts": bundle})
    assert launcher.start([str(folder)]) == 0
    record = record_in(answered(folder))
    assert record["outcome"] == "unknown_to_defender"
    assert record["file"]["queried_type"] == "sha1"
    assert [caveat["code"] for caveat in record["caveats"]] == ([] if mounted else ["quota_unshared"])


def test_a_python_that_is_too_old_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(launcher, "_OLDEST", (9, 0))
    assert launcher.start(["/nowhere"]) == 1
    assert capsys.readouterr().err.startswith("This analyzer needs Python 3.10 or newer")
