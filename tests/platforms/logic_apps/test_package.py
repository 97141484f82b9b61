"""The custom connector says everything there is, in the words that the portals know, and each of its calls works."""

from __future__ import annotations

import json
import struct
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from tests.platforms.environments import python_of

from mde_files import cli, manifest, schemas
from mde_files.platforms import catalogue
from mde_files.playbook.library import open_playbook, shipped
from mde_files.serve import openapi
from mde_files.serve.operations import operations, pascal_case, playbooks

if TYPE_CHECKING:
    from pathlib import Path

_MOST_BYTES = 1024 * 1024


@pytest.fixture
def package(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert cli.main(["package", "logic-apps", "--output", str(tmp_path), "--json"]) == 0
    built = json.loads(capsys.readouterr().out)
    folder = tmp_path / "mde-files-logic-apps"
    assert built["path"] == str(folder)
    assert all(step.endswith(".") for step in built["steps"])
    return folder


@pytest.fixture
def definition(package: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((package / "apiDefinition.swagger.json").read_text())
    return document


def outputs(schema: dict[str, Any], path: str = "") -> set[str]:
    if "properties" in schema:
        return {
            found
            for name, inner in schema["properties"].items()
            for found in outputs(inner, f"{path}.{name}" if path else name)
        }
    return outputs(schema["items"], f"{path}[]") if schema.get("type") == "array" else {path}


def parts(part: Any) -> Any:
    if isinstance(part, dict):
        yield part
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from parts(inner)


@pytest.mark.parametrize("action", list(manifest.load().actions.values()), ids=list(manifest.load().actions))
def test_every_action_parameter_and_output_is_there(definition: dict[str, Any], action: manifest.Action) -> None:
    operation = definition["paths"][f"/actions/{action.id}"]["post"]
    assert operation["operationId"] == pascal_case(action.id)
    (body,) = operation["parameters"]
    assert {name: name in body["schema"]["required"] for name in body["schema"]["properties"]} == {
        parameter.name: parameter.required for parameter in catalogue.parameters(action)
    }
    for parameter in catalogue.parameters(action):
        declared = body["schema"]["properties"][parameter.name]
        assert (declared["type"], declared["description"]) == (parameter.kind, parameter.description)
        assert declared.get("default") == parameter.default
        assert declared["x-ms-summary"]
    result = operation["responses"]["200"]["schema"]
    assert outputs(result) == {output.path for output in catalogue.outputs(action)}


@pytest.mark.parametrize("name", [path.stem for path in shipped()])
def test_every_playbook_and_its_parameters_are_there(definition: dict[str, Any], name: str) -> None:
    operation = definition["paths"][f"/playbooks/{name}/runs"]["post"]
    *options, body = operation["parameters"]
    assert {option["name"] for option in options} == {"sink", "dry_run", *open_playbook(name).parameters}
    assert next(option for option in options if option["name"] == "sink")["enum"] == ["sentinel", "graph", "webhook"]
    assert (body["in"], body["schema"]["type"], body["required"]) == ("body", "object", True)
    assert outputs(operation["responses"]["200"]["schema"]) >= {"records[]", "errors[].code", "open[].retry_at"}


def test_both_documents_offer_the_same(definition: dict[str, Any]) -> None:
    served = openapi.document(operations(playbooks()), entra=True)
    posts = {path: item["post"]["operationId"] for path, item in served["paths"].items() if "post" in item}
    assert {path: item["post"]["operationId"] for path, item in definition["paths"].items()} == posts
    (scheme,) = definition["securityDefinitions"].values()
    declared = served["components"]["securitySchemes"]["api_key"]
    assert {key: declared[key] for key in ("type", "in", "name")} == scheme


def test_only_what_openapi_2_knows_is_used_and_everything_has_a_name(definition: dict[str, Any]) -> None:
    unknown = {"const", "anyOf", "oneOf", "allOf", "not", "if", "then", "$defs", "$ref", "examples", "nullable"}
    for part in parts(definition["paths"]):
        assert not isinstance(part.get("type"), list)
        assert not {key for key in unknown & set(part) if not isinstance(part.get("properties"), dict)}
        assert part.get("x-ms-visibility", "none") in ("none", "important", "advanced", "internal")
        for inner in part.get("properties", {}).values():
            if isinstance(inner, dict) and "type" in inner:
                assert inner["x-ms-summary"]
    ids = [item["post"]["operationId"] for item in definition["paths"].values()]
    assert len(set(ids)) == len(ids)
    assert all(name.isalnum() and name[0].isupper() for name in ids)
    problem = definition["paths"]["/actions/file_stats"]["post"]["responses"]["default"]["schema"]
    assert set(problem["properties"]) == set(schemas.load("problem")["properties"])


def test_the_files_name_each_other_and_the_connection_asks_for_host_and_key(
    package: Path, definition: dict[str, Any]
) -> None:
    settings = json.loads((package / "settings.json").read_text())
    for name in ("apiProperties", "apiDefinition", "icon"):
        assert (package / settings[name]).is_file()
    properties = json.loads((package / "apiProperties.json").read_text())["properties"]
    asked = properties["connectionParameters"]
    assert {name: parameter["type"] for name, parameter in asked.items()} == {
        "host": "string",
        "api_key": "securestring",
    }
    assert set(definition["securityDefinitions"]) < set(asked)
    (policy,) = properties["policyTemplateInstances"]
    assert "@connectionParameters('host')" in policy["parameters"]["x-ms-apimTemplateParameter.urlTemplate"]
    about = manifest.load().document
    assert (definition["info"]["title"], definition["info"]["version"]) == (about["name"], about["version"])
    readme = (package / "README.md").read_text()
    assert definition["host"] in readme
    assert "enrich-incident-files" in {path.stem for path in shipped()}
    assert open_playbook("enrich-incident-files").title in readme
    assert (package / "apiDefinition.swagger.json").stat().st_size < _MOST_BYTES


def test_the_icon_is_a_square_picture_of_the_size_that_is_asked_for(package: Path) -> None:
    content = (package / "icon.png").read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", content[16:24])
    assert width == height
    assert 100 <= width <= 230


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").write_text("")
    assert cli.main(["package", "logic-apps", "--output", str(tmp_path / "taken"), "--json"]) == 2
    assert "cannot be written" in json.loads(capsys.readouterr().out)["error"]["message"]


@pytest.fixture(scope="module")
def validator() -> Path:
    return python_of("http").with_name("openapi-spec-validator")


@pytest.mark.slow
def test_the_definition_is_openapi(package: Path, validator: Path) -> None:
    ran = subprocess.run(
        [
            str(validator),
            "--schema",
            "2.0",
            str(package / "apiDefinition.swagger.json"),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
