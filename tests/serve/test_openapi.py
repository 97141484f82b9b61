"""The OpenAPI document says everything there is, and nothing that is not so: judged by the tools others use."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator
from tests.platforms.environments import python_of

from mde_files import manifest, schemas
from mde_files.platforms import catalogue
from mde_files.playbook.library import open_playbook, shipped
from mde_files.serve.problems import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.serve.conftest import Served

    from mde_files.emulator import Emulator


@pytest.fixture(scope="module")
def tools() -> Path:
    """The folder of the programs that judge."""
    return python_of("http").parent


def resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        found: Any = document
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = {**found, **{key: value for key, value in part.items() if key != "$ref"}}
    return part


def outputs(document: dict[str, Any], schema: dict[str, Any], path: str = "") -> set[str]:
    schema = resolved(document, schema)
    if "properties" in schema:
        return {
            found
            for name, inner in schema["properties"].items()
            for found in outputs(document, inner, f"{path}.{name}" if path else name)
        }
    if schema.get("type") == "array":
        return outputs(document, schema["items"], f"{path}[]")
    return {path}


@pytest.mark.parametrize("action", list(manifest.load().actions.values()), ids=list(manifest.load().actions))
def test_every_action_parameter_and_output_is_declared(server: Served, action: manifest.Action) -> None:
    document = server.openapi("analyst")
    operation = document["paths"][f"/actions/{action.id}"]["post"]
    body = resolved(document, operation["requestBody"]["content"]["application/json"]["schema"])
    assert {name: name in body["required"] for name in body["properties"]} == {
        parameter.name: parameter.required for parameter in catalogue.parameters(action)
    }
    hours = Draft202012Validator(body["properties"].get("lookback_hours", True))
    assert all(map(hours.is_valid, [1, 720, "1", "720"]))
    assert "lookback_hours" not in body["properties"] or not any(map(hours.is_valid, [0, 721, "0", "721", "x", None]))
    result = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert outputs(document, result) == {output.path for output in catalogue.outputs(action)}
    outcomes = set(resolved(document, result)["properties"]["outcome"]["enum"])
    assert outcomes == set(action.outcomes) - {"deferred", "failed"}
    assert operation["description"] == action.description


@pytest.mark.parametrize("name", [path.stem for path in shipped()])
def test_every_playbook_and_its_parameters_are_declared(server: Served, name: str) -> None:
    document = server.openapi("analyst")
    operation = document["paths"][f"/playbooks/{name}/runs"]["post"]
    declared = {option["name"] for option in operation["parameters"]}
    assert declared == {"sink", "dry_run", *open_playbook(name).parameters}
    result = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert set(resolved(document, result)["properties"]) == set(schemas.load("playbook_report")["properties"])


def test_every_status_and_example_is_declared(server: Served) -> None:
    document = server.openapi("analyst")
    for path, item in document["paths"].items():
        if "post" not in item:
            continue
        operation = item["post"]
        assert {int(status) for status in operation["responses"]} == {200} | {kind.status for kind in KINDS.values()}
        body = operation["requestBody"]["content"]["application/json"]
        validator = Draft202012Validator({**body["schema"], "components": document["components"]})
        assert body["examples"]
        for example in body["examples"].values():
            assert validator.is_valid(example["value"]), path
            assert server.post(path, example["value"]).status_code == 200
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
        for example in schema.get("examples", []):
            server.check(schema, example, "analyst")


@pytest.mark.slow
def test_the_document_is_openapi(server: Served, tools: Path, tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(server.openapi("analyst")))
    ran = subprocess.run(
        [str(tools / "openapi-spec-validator"), "--schema", "3.1", str(path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.slow
@pytest.mark.parametrize("with_key", [True, False], ids=["with a key", "without a key"])
def test_schemathesis_finds_nothing(
    start: Callable[..., Served],
    configuration: dict[str, Any],
    emulator: Emulator,
    tools: Path,
    tmp_path: Path,
    with_key: bool,
) -> None:
    server = start({**configuration, "log": {"level": "info"}}, {"analyst": None})
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(server.openapi("analyst")))
    command = [str(tools / "schemathesis"), "run", str(path), "--url", server.url]
    command += ["--checks", "all", "--continue-on-failure", "--max-examples", "50" if with_key else "10"]
    command += ["--request-timeout", "60", "--warnings", "off", "--no-color"]
    if with_key:
        command += ["--header", f"X-API-Key: {server.keys['analyst']}"]
    ran = subprocess.run(
        command,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-8000:]
    assert "No issues found" in ran.stdout
    events = [line for line in server.log.splitlines() if "event=request" in line]
    answered = {line.partition("path=")[2].split()[0] for line in events if "path=" in line and "status=200" in line}
    assert answered == ({*server.openapi("analyst")["paths"]} if with_key else {"/health", "/openapi.json"})
    assert "internal_error" not in server.log
    assert server.keys["analyst"] not in server.log
