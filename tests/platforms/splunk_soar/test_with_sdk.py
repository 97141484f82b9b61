"""The SDK itself runs the app's actions against the emulator, generates its manifest and builds its package."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from mde_files import Connector, manifest, schemas
from mde_files.platforms import catalogue
from mde_files.platforms.splunk_soar import declarations

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.platforms.splunk_soar.conftest import Ran

    from mde_files.emulator import Emulator
    from mde_files.platforms.packages import Built

pytestmark = pytest.mark.slow
_DATATYPES = {"string": "string", "integer": "numeric", "number": "numeric", "boolean": "boolean"}
_WRONG_SECRET = "wrong~secret.of-the_enrichment~application~that-nobody-has"
_UNKNOWN = "00000000000000000000000000000000000000aa"


@pytest.mark.parametrize("action", ["file_stats", "file_alerts"])
def test_a_known_file(run_action: Callable[..., Ran], asset: dict[str, Any], emulator: Emulator, action: str) -> None:
    ran = run_action(action, {"file_hash": emulator.scenario.file("eicar").sha1})
    assert ran.success
    (output,) = ran.data
    assert output.pop("markdown")
    assert schemas.problems("record", output) == []
    assert output["outcome"] in {"seen_in_organization", "alerts_found"}
    assert ran.message == output["summary"]
    assert f"'outcome': '{output['outcome']}'" in ran.summary
    assert asset["auth_client_secret"] not in ran.text
    assert "Warning" not in ran.text


@pytest.mark.parametrize("label", ["eicar", "odd-alerts", "name-html", "name-terminal"])
def test_nothing_of_a_record_is_lost(run_action: Callable[..., Ran], emulator: Emulator, label: str) -> None:
    """What the declared classes do not know would silently be left out."""
    file = emulator.scenario.file(label)
    for action in ("file_stats", "file_alerts"):
        (output,) = run_action(action, {"file_hash": file.sha1}, limits_max_evidence=2).data
        with Connector.from_config(
            {**emulator.configuration(), "state": "memory:", "limits": {"max_evidence": 2}}
        ) as connector:
            record = connector.run(action, {"file_hash": file.sha1})
        for one in (record, output):
            for key in ("retrieved_at", "age_seconds", "from_cache"):
                one["source"].pop(key, None)
        output.pop("markdown")
        assert output == record


@pytest.mark.parametrize(("action", "outcome"), [("file_stats", "unknown_to_defender"), ("file_alerts", "no_alerts")])
def test_an_unknown_file_is_a_finding(run_action: Callable[..., Ran], action: str, outcome: str) -> None:
    ran = run_action(action, {"file_hash": _UNKNOWN})
    assert ran.success
    assert ran.data[0]["outcome"] == outcome


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"file_hash": "nope"}, "file_hash"),
        ({"file_hash": _UNKNOWN, "lookback_hours": 100000}, "lookback_hours"),
        ({"file_hash": _UNKNOWN, "lookback_hours": "soon"}, "lookback_hours"),
    ],
)
def test_a_wrong_parameter_fails_in_one_sentence(
    run_action: Callable[..., Ran], params: dict[str, Any], said: str
) -> None:
    ran = run_action("file_stats", params)
    assert not ran.success
    assert ran.message.startswith("Action failure in file stats: ")
    assert said in ran.message
    assert "Traceback" not in ran.text


def test_numbers_may_arrive_as_text(run_action: Callable[..., Ran]) -> None:
    ran = run_action("file_stats", {"file_hash": _UNKNOWN, "lookback_hours": "48"}, quota_share="0.5")
    assert ran.success


@pytest.mark.parametrize("action", ["file_stats", "file_alerts", "test_connectivity"])
def test_a_wrong_secret_fails_with_what_to_do(run_action: Callable[..., Ran], action: str) -> None:
    params = None if action == "test_connectivity" else {"file_hash": _UNKNOWN}
    ran = run_action(action, params, auth_client_secret=_WRONG_SECRET)
    assert not ran.success
    assert "client secret" in ran.message.lower()
    assert _WRONG_SECRET not in ran.text
    assert "Traceback" not in ran.text


def test_a_wrong_setting_is_named_as_the_form_names_it(run_action: Callable[..., Ran]) -> None:
    ran = run_action("file_stats", {"file_hash": _UNKNOWN}, quota_share="a lot")
    assert ran.message.startswith("Asset misconfiguration in file stats: ")
    assert "'Share of the quota'" in ran.message


def test_connectivity_tells_what_it_looked_at(run_action: Callable[..., Ran], asset: dict[str, Any]) -> None:
    ran = run_action("test_connectivity")
    assert ran.success
    assert "ok: 'Get file statistics' answers." in ran.text
    assert asset["auth_client_secret"] not in ran.text


def test_processes_share_quota_and_tokens(run_action: Callable[..., Ran], emulator: Emulator, tmp_path: Path) -> None:
    settings = {"quota_per_minute": 1, "quota_max_wait_seconds": 0, "cache_enabled": False}
    assert run_action("file_stats", {"file_hash": _UNKNOWN}, **settings).success
    ran = run_action("file_stats", {"file_hash": _UNKNOWN}, **settings)
    assert not ran.success
    assert "Try again from " in ran.message
    assert list((tmp_path / "soar" / "local_data" / "app_states").rglob("mde-files.sqlite3"))


def test_an_unexpected_error_shows_no_traceback(run_action: Callable[..., Ran], tmp_path: Path) -> None:
    broken = tmp_path / "mde_files_soar/src/lib/mde_files/platforms/splunk_soar/actions.py"
    broken.write_text(broken.read_text().replace("connector.run(", "connector.no_such_thing("))
    ran = run_action("file_stats", {"file_hash": _UNKNOWN})
    assert "An error of mde-files itself: " in ran.message
    assert "Traceback" not in ran.text


_VIEW = """
import importlib, json, sys
sys.path.insert(0, "..")
app = importlib.import_module("mde_files_soar.src.app")
from soar_sdk.action_results import ActionResult
result = ActionResult(True, "")
for record in json.load(open("../records.json")):
    result.add_data(record)
context = {"QS": {}, "container": 4, "app": 1, "no_connection": False, "google_maps_key": False}
print(app.file_alerts_view("file_alerts", [({"total_objects": 1, "total_objects_successful": 1}, [result])], context))
assert context["prerender"]
"""


def test_the_view_escapes_hostile_names(
    run_action: Callable[..., Ran], sdk_python: Path, emulator: Emulator, tmp_path: Path
) -> None:
    hostile = emulator.scenario.file("name-html").sha1
    ran = run_action("file_alerts", {"file_hash": hostile})
    (tmp_path / "records.json").write_text(json.dumps(ran.data))
    page = _html(sdk_python, tmp_path)
    assert "View Function Error" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;.exe" in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert f"context_menu(this, [{{'contains': [&#34;sha1&#34;, &#34;hash&#34;], 'value': '{hostile}' }}], 0, 4" in page
    assert "File alerts" in page
    (tmp_path / "records.json").write_text("[]")
    assert "There is no record of this run" in _html(sdk_python, tmp_path)


def _html(sdk_python: Path, folder: Path) -> str:
    ran = subprocess.run(
        [str(sdk_python), "-c", _VIEW],
        cwd=folder / "mde_files_soar",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def _in_package(packaged: Built) -> dict[str, bytes]:
    with tarfile.open(packaged.path) as archive:
        return {
            row.name.partition("/")[2]: archive.extractfile(row).read()  # type: ignore[union-attr]
            for row in archive
            if row.isfile()
        }


def test_the_package_holds_everything(packaged: Built, built: Built) -> None:
    assert packaged.path.name == "mde_files_soar.tgz", packaged.steps
    held = _in_package(packaged)
    for path in built.path.rglob("*"):
        name = path.relative_to(built.path).as_posix()
        if path.is_file() and name not in {"pyproject.toml", "build_package.py"} and "__pycache__" not in name:
            assert held[name] == path.read_bytes()
    wheels = " ".join(held)
    for library in ("splunk_soar_sdk", "jsonschema", "msal", "platformdirs", "pyyaml", "structlog", "rpds_py"):
        assert f"wheels/shared/{library}-" in wheels.lower()
    assert "LICENSE" in held
    assert not [name for name in held if name.endswith((".pyc", "uv.lock"))]


def test_the_manifest_is_what_the_catalogue_demands(packaged: Built, sdk_python: Path, tmp_path: Path) -> None:
    project = packaged.path.parent
    command = [str(sdk_python.parent / "soarapps"), "manifests", "create", str(tmp_path / "manifest.json"), "."]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run(command, cwd=project, env=environment, check=True, capture_output=True, timeout=120)
    made = json.loads((tmp_path / "manifest.json").read_text())
    inside = json.loads(_in_package(packaged)["manifest.json"])
    for one in (made, inside):
        one.pop("utctime_updated")
        one.pop("pip313_dependencies")
    assert made == inside

    document = manifest.load().document
    assert (made["name"], made["app_version"], made["license"]) == (
        document["name"],
        document["version"],
        document["license"],
    )
    assert (made["publisher"], made["product_vendor"], made["product_name"], made["appid"]) == (
        document["publisher"],
        document["vendor"],
        document["product"],
        declarations.APP_ID,
    )
    for setting in catalogue.settings():
        entered = made["configuration"].pop(setting.name)
        assert entered["data_type"] == ("password" if setting.secret else _DATATYPES[setting.kind])
        assert entered["required"] is setting.required
        assert entered.get("default") == setting.default
        assert tuple(entered.get("value_list", ())) == setting.choices
        assert setting.description in entered["description"]
    assert made["configuration"] == {}

    declared = {action["identifier"]: action for action in made["actions"]}
    assert declared.pop("test_connectivity")["type"] == "test"
    for action in manifest.load().actions.values():
        row = declared.pop(action.id)
        assert (row["type"], row["read_only"], row["description"]) == ("investigate", True, action.description)
        assert row["render"] == {"type": "custom", "view": f"src.app.{action.id}_view"}
        wanted = {parameter.name: parameter for parameter in catalogue.parameters(action)}
        assert set(row["parameters"]) == set(wanted)
        for name, entered in row["parameters"].items():
            assert entered["data_type"] == _DATATYPES[wanted[name].kind]
            assert entered["required"] is wanted[name].required
            assert entered.get("default") == wanted[name].default
        given = {one["data_path"]: one for one in row["output"]}
        for output in catalogue.outputs(action):
            one = given[f"action_result.data.*.{output.path.replace('[]', '.*')}"]
            assert one["data_type"] == _DATATYPES[output.kind]
            if output.format in {"sha1", "sha256", "md5"}:
                assert one["contains"] == [output.format, "hash"]
        assert given["action_result.summary.outcome"]["data_type"] == "string"
    assert declared == {}
