"""The playbook's file holds what SOAR exports, agrees with the app, and does what it says on a small stand-in."""

from __future__ import annotations

import ast
import json
import sys
import tarfile
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from mde_files import manifest
from mde_files.platforms import catalogue
from mde_files.platforms.splunk_soar import actions
from mde_files.platforms.splunk_soar.declarations import APP_ID
from mde_files.platforms.splunk_soar.playbook import ASSET, NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mde_files import Connector
    from mde_files.emulator import Emulator
    from mde_files.platforms.packages import Built

ACTIONS = {action.id.replace("_", " "): action for action in manifest.load().actions.values()}


@pytest.fixture
def files(built: Built) -> dict[str, str]:
    with tarfile.open(built.path.parent / f"{NAME}.tgz") as archive:
        return {row.name: archive.extractfile(row).read().decode() for row in archive}  # type: ignore[union-attr]


def test_python_and_drawing_are_one_playbook(files: dict[str, str]) -> None:
    assert sorted(files) == [f"{NAME}.json", f"{NAME}.py"]
    code, drawn = files[f"{NAME}.py"], json.loads(files[f"{NAME}.json"])
    functions = {node.name for node in ast.parse(code).body if isinstance(node, ast.FunctionDef)}
    nodes = drawn["coa"]["data"]["nodes"]
    assert {node["data"]["functionName"] for node in nodes.values()} == functions
    assert all(node["id"] == key == node["data"]["id"] for key, node in nodes.items())
    reached = {"0"} | {edge["targetNode"] for edge in drawn["coa"]["data"]["edges"]}
    assert reached == set(nodes)
    for node in nodes.values():
        assert node.get("userCode", "") in code
    assert all("userCode" in node for node in nodes.values() if node["type"] in {"code", "action"})


def test_it_names_actions_parameters_and_data_that_the_app_has(files: dict[str, str]) -> None:
    code, drawn = files[f"{NAME}.py"], json.loads(files[f"{NAME}.json"])
    drawn_actions = [node["data"] for node in drawn["coa"]["data"]["nodes"].values() if node["type"] == "action"]
    assert {data["action"] for data in drawn_actions} == set(ACTIONS)
    for data in drawn_actions:
        assert data["connectorId"] == APP_ID
        assert data["connector"] == manifest.load().document["name"]
        known = {parameter.name for parameter in catalogue.parameters(ACTIONS[data["action"]])}
        assert set(data["parameters"]) <= known
        assert f'phantom.act("{data["action"]}", parameters=parameters, name="{data["functionName"]}"' in code
        assert f'assets=["{ASSET}"]' in code
    assert f":action_result.data.*.{actions.MARKDOWN}" in code


class StandIn(ModuleType):
    """So much of ``phantom.rules`` as the playbook uses; actions are run by ``run``."""

    def __init__(self, artifacts: list[list[str | None]], run: Callable[[str, dict[str, Any]], dict[str, Any]]) -> None:
        super().__init__("phantom.rules")
        self.notes: list[dict[str, Any]] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._artifacts = artifacts
        self._run = run
        self._saved: dict[str, str] = {}
        self._results: dict[str, list[dict[str, Any]]] = {}

    def playbook_block(self) -> Callable[[Any], Any]:
        return lambda function: function

    def debug(self, _text: str) -> None:
        """Nothing is shown."""

    def save_run_data(self, key: str, value: str) -> None:
        self._saved[key] = value

    def get_run_data(self, key: str) -> str:
        return self._saved.get(key, "")

    def collect2(self, datapath: list[str], **_others: Any) -> list[list[Any]]:
        if datapath[0].startswith("artifact:"):
            return self._artifacts
        block = datapath[0].partition(":")[0]
        keys = [path.rpartition(".")[2] for path in datapath]
        rows = self._results.get(block, [])
        if ".data.*." in datapath[0]:
            return [[row["data"].get(key) for key in keys] for row in rows if row["data"]]
        return [[row[key] for key in keys] for row in rows]

    def act(self, action: str, parameters: list[dict[str, Any]], name: str, callback: Any, **_others: Any) -> None:
        self.asked += [(action, params) for params in parameters]
        self._results[name] = [self._run(action, params) for params in parameters]
        callback(container={"id": 1}, results=self._results[name])

    def add_note(self, **note: Any) -> None:
        self.notes.append(note)


@pytest.fixture
def play(
    files: dict[str, str], connect: Callable[..., Connector]
) -> Iterator[Callable[[list[list[str | None]]], StandIn]]:
    connector = connect()

    def run(action: str, params: dict[str, Any]) -> dict[str, Any]:
        try:
            output = actions.output(connector, ACTIONS[action].id, params)
        except Exception as error:  # noqa: BLE001 - the app tells any error as a message
            return {"status": "failed", "message": f"Action failure `x`\n# {error}", "data": {}}
        return {"status": "success", "message": output["summary"], "data": output}

    def play(artifacts: list[list[str | None]]) -> StandIn:
        rules = StandIn(artifacts, run)
        package = ModuleType("phantom")
        package.rules = rules  # type: ignore[attr-defined]
        sys.modules |= {"phantom": package, "phantom.rules": rules}
        space: dict[str, Any] = {}
        exec(compile(files[f"{NAME}.py"], NAME, "exec"), space)  # noqa: S102 - the playbook's own code
        space["on_start"]({"id": 1})
        return rules

    yield play
    for name in ("phantom", "phantom.rules"):
        sys.modules.pop(name, None)


def test_each_file_is_asked_once_and_noted(play: Callable[..., StandIn], emulator: Emulator) -> None:
    eicar = emulator.scenario.file("eicar").sha1
    rules = play([[eicar, "a" * 64, None, None], [None, None, f" {eicar.upper()} ", None], [None, None, None, None]])
    assert rules.asked == [("file stats", {"file_hash": eicar}), ("file alerts", {"file_hash": eicar})]
    (note,) = rules.notes
    assert note["note_format"] == "markdown"
    assert note["content"].count(eicar) == 2
    assert "Seen in the organization" in note["content"]
    assert "Alerts found" in note["content"]
    assert "Open questions" not in note["content"]


def test_what_failed_is_an_open_question_and_harmless(play: Callable[..., StandIn], emulator: Emulator) -> None:
    hostile = emulator.scenario.file("name-html").sha1
    (note,) = play([["nope", None, None, None], [hostile, None, None, None]]).notes
    questions = note["content"].partition("### Open questions\n\n")[2].splitlines()
    assert questions[0].startswith("- `Action failure 'x' # ")
    assert questions[0].endswith("`")
    assert "`<img src=x onerror=alert(1)>.exe`" in note["content"]


def test_without_hashes_nothing_happens(play: Callable[..., StandIn]) -> None:
    rules = play([[None, None, None, None]])
    assert (rules.asked, rules.notes) == ([], [])
