"""The unified integration, run as the server runs it, with only what the platform's image ships."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from tests.platforms.xsoar.conftest import report_of

from mde_files import manifest, schemas
from mde_files.emulator import Fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.platforms.xsoar.conftest import Instance, Pack

    from mde_files.emulator import Emulator

    Make = Callable[..., Instance]

SEEN = "3395856ce81f2b7382dee72602f798b642f14140"
SEEN_SHA256 = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"
ALERTED = "6532ec91d513acc05f43ee0aa3002599729fd3e1"
UNKNOWN = "0" * 39 + "1"
STATS, ALERTS = "mde-file-stats", "mde-file-alerts"

slow = pytest.mark.slow


def outputs(entry: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return what an entry puts under a path of the context, whatever it does with what is there."""
    found = [value for path, value in entry["EntryContext"].items() if path.partition("(")[0] == name]
    return found[0] if found else []


def records(report: dict[str, Any]) -> list[dict[str, Any]]:
    kept = [outputs(entry, f"MDEFiles.{name}") for entry in report["entries"] for name in ("FileStats", "FileAlerts")]
    return [record for many in kept for record in many]


def calls(emulator: Emulator, endpoint: str) -> int:
    return sum(request.endpoint == endpoint for request in emulator.requests)


def test_found_in_the_environment_of_the_tests_too(instance_of: Make) -> None:
    report = instance_of(sys.executable).run(STATS, {"file_hash": SEEN})
    assert [record["outcome"] for record in records(report)] == ["seen_in_organization"]


@slow
def test_the_image_has_no_more_than_the_integration_may_count_on(instance: Make) -> None:
    script = """
import importlib.util, sys
print([name for name in sys.argv[1:] if importlib.util.find_spec(name)])
"""
    lacking = ["jsonschema", "structlog", "platformdirs", "jmespath", "rpds", "fastjsonschema", "mde_files"]
    command = [instance().python, "-I", "-c", script, *lacking, "requests", "msal", "yaml", "cryptography"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "['requests', 'msal', 'yaml', 'cryptography']"


@slow
def test_a_file_that_was_seen(instance: Make) -> None:
    report = instance().run(STATS, {"file_hash": SEEN, "lookback_hours": "48"})
    (entry,) = report["entries"]
    assert (entry["Type"], entry["ContentsFormat"]) == (1, "json")
    (record,) = outputs(entry, "MDEFiles.FileStats")
    assert record == entry["Contents"]
    assert schemas.problems("record", record) == []
    assert (record["outcome"], record["file_stats"]["lookback_hours"]) == ("seen_in_organization", 48)
    assert record["caveats"] == []
    assert "Seen on" in entry["HumanReadable"]
    assert outputs(entry, "File") == [{"SHA1": SEEN}]
    assert outputs(entry, "DBotScore") == [{"Indicator": SEEN, "Type": "file", "Vendor": "MdeFiles", "Score": 0}]
    assert report["log"] == []


@slow
def test_a_file_that_nobody_knows_is_not_called_harmless(instance: Make) -> None:
    report = instance().run(STATS, {"file_hash": UNKNOWN})
    (entry,) = report["entries"]
    (record,) = outputs(entry, "MDEFiles.FileStats")
    assert record["outcome"] == "unknown_to_defender"
    assert [score["Score"] for score in outputs(entry, "DBotScore")] == [0]
    told = entry["HumanReadable"].lower()
    assert not [word for word in ("clean", "safe", "benign", "good") if word in told]


@slow
def test_several_hashes_give_an_entry_each_and_one_bad_hash_spoils_none(instance: Make) -> None:
    hashes = [ALERTED, "not-a-hash", SEEN_SHA256, ALERTED]
    one = instance()
    report = one.run(ALERTS, {"file_hash": ", ".join(hashes)})
    assert [entry["Type"] for entry in report["entries"]] == [1, 1, 4]
    found, resolved, failed = records(report)
    assert (found["outcome"], found["file_alerts"]["total"]) == ("alerts_found", 1)
    assert resolved["file"]["sha256"] == SEEN_SHA256
    assert outputs(report["entries"][1], "File")[0]["SHA1"] == SEEN
    assert (failed["outcome"], failed["error"]["code"]) == ("failed", "invalid_input")
    sentence = report["entries"][-1]["Contents"]
    assert "SHA-256 (64)" in sentence
    assert '(Files: "not-a-hash".)' in sentence
    as_list = one.run(ALERTS, {"file_hash": hashes})
    as_json = one.run(ALERTS, {"file_hash": json.dumps(hashes)})
    for again in (as_list, as_json):
        assert [record["record_id"] for record in records(again)] == [record["record_id"] for record in records(report)]


@slow
@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"file_hash": "zz"}, "hexadecimal"),
        ({}, "file_hash is required and missing"),
        ({"file_hash": " , "}, "file_hash is required and missing"),
        ({"file_hash": SEEN, "lookback_hours": "soon"}, "lookback_hours must be a whole number"),
        ({"file_hash": SEEN, "lookback_hours": "721"}, "lookback_hours must be at most 720, not 721"),
        ({"file_hash": "[1"}, "hexadecimal"),
    ],
)
def test_wrong_input_is_one_sentence(instance: Make, args: dict[str, Any], words: str) -> None:
    (entry,) = instance().run(STATS, args)["entries"]
    assert (entry["Type"], entry["ContentsFormat"]) == (4, "text")
    assert words in entry["Contents"]
    assert "Traceback" not in entry["Contents"]


@slow
def test_a_wrong_secret_is_told_and_not_shown(instance: Make, emulator: Emulator) -> None:
    secret = "an-entirely-wrong-secret-0123456789"
    credentials = {"identifier": emulator.configuration()["client_id"], "password": secret}
    one = instance(credentials=credentials)
    report = one.run(STATS, {"file_hash": f"{SEEN},{ALERTED}"})
    (entry,) = report["entries"]
    assert entry["Type"] == 4
    assert "secret" in entry["Contents"]
    assert f'(Files: "{SEEN}", "{ALERTED}".)' in entry["Contents"]
    assert calls(emulator, "token") == 1
    tested = one.run("test-module")
    assert tested["entries"][0]["Type"] == 4
    assert secret not in json.dumps([report, tested])


@slow
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tenant_id": ""}, "tenant_id is required and missing. Correct the setting 'Tenant id'"),
        ({"quota_share": "2"}, "quota.share must be at most 1, not 2"),
        ({"proxy_url": "sesame-open-0123456789"}, "'Proxy URL'"),
        ({"state": "redis://127.0.0.1:1/0"}, "needs the package 'redis'"),
        ({"credentials": {"identifier": "", "password": ""}}, "client_id is missing"),
        ({"credentials": None}, "client_id is missing"),
    ],
)
def test_a_wrong_setting_is_one_sentence(instance: Make, changes: dict[str, Any], words: str) -> None:
    report = instance(**changes).run(STATS, {"file_hash": SEEN})
    (entry,) = report["entries"]
    assert entry["Type"] == 4
    assert words in entry["Contents"]
    assert "sesame" not in json.dumps(report)


@slow
def test_throttled_says_when_to_come_back(instance: Make, emulator: Emulator) -> None:
    emulator.scenario.faults = [Fault(kind="status", endpoint="file_stats", status=429, headers={"Retry-After": "120"})]
    report = instance().run(STATS, {"file_hash": SEEN})
    (entry,) = report["entries"]
    assert entry["Type"] == 4
    (record,) = outputs(entry, "MDEFiles.FileStats")
    assert record["outcome"] == "deferred"
    assert f"Try again from {record['error']['retry_at']}." in entry["Contents"]
    assert "DBotScore" not in json.dumps(entry)


@slow
def test_a_token_is_used_by_the_next_run_and_shown_by_none(instance: Make, emulator: Emulator) -> None:
    one = instance()
    first = one.run(STATS, {"file_hash": SEEN})
    second = one.run(ALERTS, {"file_hash": ALERTED})
    assert calls(emulator, "token") == 1
    context = json.loads(one.context.read_text())["context"]
    assert "tokens/" in context["mde_files"]
    shown = json.dumps([first, second])
    assert emulator.configuration()["auth"]["client_secret"] not in shown + one.context.read_text()
    assert "eyJ" not in shown


@slow
def test_an_answer_is_used_by_the_next_run(instance: Make, emulator: Emulator) -> None:
    one = instance()
    one.run(STATS, {"file_hash": SEEN})
    again = one.run(STATS, {"file_hash": SEEN})
    assert records(again)[0]["source"]["from_cache"] is True
    assert calls(emulator, "file_stats") == 1
    assert (again["reads"], again["writes"]) == (1, 0)


@slow
def test_processes_share_the_quota_in_the_context(instance: Make, emulator: Emulator) -> None:
    one = instance(quota_per_minute="3", quota_max_wait_seconds="0")
    hashes = [file.sha1 for file in emulator.scenario.files if file.sha1][:6]
    started = [one.start(STATS, {"file_hash": file_hash}) for file_hash in hashes]
    found = [record for process in started for record in records(report_of(process))]
    deferred = [record for record in found if record["outcome"] == "deferred"]
    assert (len(found), len(deferred)) == (6, 3)
    assert {record["error"]["code"] for record in deferred} == {"quota_exhausted"}
    assert calls(emulator, "file_stats") == 3


@slow
def test_without_versions_each_run_counts_for_itself_and_says_so(instance: Make) -> None:
    report = instance().run(STATS, {"file_hash": SEEN}, versioned=False)
    (record,) = records(report)
    assert record["outcome"] == "seen_in_organization"
    assert [caveat["code"] for caveat in record["caveats"]] == ["quota_unshared"]
    (line,) = report["log"]
    assert line.startswith("error mde-files: {")
    assert "versioned integration context" in line


@slow
def test_the_instance_is_tested_without_its_context(instance: Make, emulator: Emulator) -> None:
    one = instance()
    assert one.run("test-module")["entries"] == ["ok"]
    assert not one.context.exists()
    assert {"token", "file_info", "file_stats", "file_alerts"} <= {request.endpoint for request in emulator.requests}
    emulator.scenario.faults = [Fault(kind="status", endpoint="file_alerts", status=403)]
    (entry,) = one.run("test-module")["entries"]
    permission = manifest.load().calls["file_alerts"].permissions.application[0]
    assert entry["Type"] == 4
    assert permission in entry["Contents"]


@slow
def test_a_process_that_is_kept_starts_fast_and_takes_a_new_script(instance: Make, pack: Pack, tmp_path: Path) -> None:
    text = pack.script.read_text(encoding="utf-8")
    older = tmp_path / "older.py"
    older.write_text(text.replace("seen_in_organization", "seen_long_ago").replace("DIGEST = '", "DIGEST = 'older-"))
    report = instance(cache_enabled="false").run(STATS, {"file_hash": SEEN}, scripts=[str(older)], times=2)
    summaries = [entry.get("Contents") for entry in report["entries"]]
    assert "seen_in_organization" not in json.dumps(summaries[0])
    assert [records({"entries": [entry]})[0]["outcome"] for entry in report["entries"][1:]] == [
        "seen_in_organization",
        "seen_in_organization",
    ]
    assert report["seconds"][2] < report["seconds"][0]


@slow
def test_an_error_nobody_expected_is_one_sentence(instance: Make, pack: Pack, tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    text = pack.script.read_text(encoding="utf-8")
    broken.write_text(text.replace("def _answer(platform: Platform) -> None:", "def _answer(platform):\n    1 / 0\n"))
    (entry,) = instance(script=broken).run(STATS, {"file_hash": SEEN})["entries"]
    assert entry["Contents"].startswith("An error of mde-files itself: ZeroDivisionError.")


@slow
def test_a_command_that_is_not_ours(instance: Make) -> None:
    (entry,) = instance().run("fetch-incidents")["entries"]
    assert "mde-file-stats, mde-file-alerts" in entry["Contents"]
