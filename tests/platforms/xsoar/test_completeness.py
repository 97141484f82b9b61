"""Nothing of the manifest is missing in the pack, and nothing in it is made up."""

from __future__ import annotations

import ast
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from mde_files import manifest
from mde_files.platforms import catalogue, packages

if TYPE_CHECKING:
    from pathlib import Path

    from tests.platforms.xsoar.conftest import Pack

COMMANDS = {"file_stats": "mde-file-stats", "file_alerts": "mde-file-alerts"}
PATHS = {"file_stats": "MDEFiles.FileStats", "file_alerts": "MDEFiles.FileAlerts"}
CREDENTIALS = {"client_id", "auth_client_secret"}
RENAMED = {"proxy": "proxy_url"}
KINDS = {"string": "String", "integer": "Number", "number": "Number", "boolean": "Boolean"}
ENCRYPTED = (4, 14)


def command(pack: Pack, action: str) -> dict[str, Any]:
    (found,) = [row for row in pack.integration["script"]["commands"] if row["name"] == COMMANDS[action]]
    return found


def test_every_setting_has_a_field(pack: Pack) -> None:
    fields = {row["name"]: row for row in pack.integration["configuration"]}
    expected = {RENAMED.get(setting.name, setting.name) for setting in catalogue.settings()} - CREDENTIALS
    assert set(fields) == expected | {"credentials", "proxy"}
    for setting in catalogue.settings():
        if setting.name in CREDENTIALS:
            continue
        field = fields[RENAMED.get(setting.name, setting.name)]
        assert (field["display"], field["required"]) == (setting.title, setting.required)
        assert (field["type"] in ENCRYPTED) is setting.secret
        assert field.get("options", []) == list(setting.choices)
        if setting.kind == "boolean":
            assert (field["type"], field["defaultvalue"]) == (8, json.dumps(setting.default))
    secret = next(setting for setting in catalogue.settings() if setting.name == "auth_client_secret")
    assert (fields["credentials"]["type"], fields["credentials"]["displaypassword"]) == (9, secret.title)


@pytest.mark.parametrize("action", list(manifest.load().actions))
def test_every_parameter_and_output_is_declared(pack: Pack, action: str) -> None:
    declared = manifest.load().actions[action]
    row = command(pack, action)
    assert row["description"] == declared.description
    assert {argument["name"]: argument["required"] for argument in row["arguments"]} == {
        parameter.name: parameter.required for parameter in catalogue.parameters(declared)
    }
    own = {output["contextPath"]: output["type"] for output in row["outputs"] if output["contextPath"][:3] == "MDE"}
    assert own == {
        f"{PATHS[action]}.{output.path.replace('[]', '')}": "Date"
        if output.format == "timestamp"
        else KINDS[output.kind]
        for output in catalogue.outputs(declared)
    }
    assert len(row["outputs"]) == len({output["contextPath"] for output in row["outputs"]})
    assert {"File.SHA1", "DBotScore.Score"} <= {output["contextPath"] for output in row["outputs"]}


def test_every_action_has_a_command_and_every_command_a_playbook_task(pack: Pack) -> None:
    assert set(COMMANDS) == set(manifest.load().actions)
    assert len(pack.integration["script"]["commands"]) == len(COMMANDS)
    tasks = [task for task in pack.playbook["tasks"].values() if task["task"]["iscommand"]]
    assert {task["task"]["script"] for task in tasks} == {f"|||{name}" for name in COMMANDS.values()}
    for task in tasks:
        assert (task["note"], task["continueonerror"]) == (True, True)
        assert set(task["scriptarguments"]) <= {
            argument["name"] for argument in command(pack, "file_stats")["arguments"]
        }


def test_the_sources_and_the_zip_say_the_same(pack: Pack) -> None:
    sources = yaml.safe_load((pack.folder / "Integrations/MdeFiles/MdeFiles.yml").read_text(encoding="utf-8"))
    unified = {key: value for key, value in pack.integration.items() if key not in ("image", "detaileddescription")}
    script = unified["script"].pop("script")
    assert sources["script"].pop("script") == "-"
    assert sources == unified
    source = (pack.folder / "Integrations/MdeFiles/MdeFiles.py").read_text(encoding="utf-8")
    imports = "import demistomock as demisto\nfrom CommonServerPython import *\n\n"
    assert source.replace(imports, "") == script
    (playbook,) = (pack.folder / "Playbooks").glob("*.yml")
    assert yaml.safe_load(playbook.read_text(encoding="utf-8")) == pack.playbook


def test_the_script_shows_each_source_as_it_is(pack: Pack) -> None:
    script = pack.script.read_text(encoding="utf-8")
    tree = ast.parse(script)
    (table,) = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "SOURCES"
    ]
    files = ast.literal_eval(table)
    for name, content in files.items():
        assert content in script, f"{name} is written as escapes"
    left_out = ("emulator", "batch", "worker", "commands", "playbook")
    assert not [name for name in files if name.split("/")[1].removesuffix(".py") in left_out]
    assert not [name for name in files if name.startswith("mde_files/platforms/") and "xsoar" not in name][2:]


def test_a_person_finds_every_command_and_output_in_the_readme(pack: Pack) -> None:
    readme = (pack.folder / "Integrations/MdeFiles/README.md").read_text(encoding="utf-8")
    for action in COMMANDS:
        for output in command(pack, action)["outputs"]:
            assert f"| {output['contextPath']} |" in readme
    for call in ("file_info", "file_stats", "file_alerts"):
        assert manifest.load().calls[call].permissions.application[0] in readme


def test_nothing_calls_absence_safety(pack: Pack) -> None:
    for path in pack.folder.rglob("*.md"):
        words = set(path.read_text(encoding="utf-8").lower().replace(",", " ").split())
        assert not words & {"safe", "good", "benign"}


def test_the_same_is_built_every_time(pack: Pack, tmp_path: Path) -> None:
    again = packages.build("xsoar", tmp_path)
    assert again.path.read_bytes() == pack.archive.read_bytes()
    assert len(again.steps) == 3
    with zipfile.ZipFile(again.path) as file:
        metadata = json.loads(file.read("metadata.json"))
    assert metadata["currentVersion"] == manifest.load().version
