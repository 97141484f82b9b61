"""The package: complete by the catalogue, its flavours as Cortex reads them, everything in its place."""

from __future__ import annotations

import json
import os
import re
import zipfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from mde_files import manifest
from mde_files.errors import InvalidConfigError
from mde_files.platforms import catalogue, packages, vendoring

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
OFFICIAL_SCHEMA = ROOT.parent / "shared" / "reference" / "cortex_flavor_schema.json"
ACTIONS = list(manifest.load().actions.values())
FLAVOUR_OF = {"file_stats": "MdeFiles_FileStats", "file_alerts": "MdeFiles_FileAlerts"}

# What Cortex's own reader of definitions and the maintainers of its public analyzers ask for.
TEXT = {"type": "string", "minLength": 1}
ITEM = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "description", "type", "multi", "required"],
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
        "description": TEXT,
        "type": {"enum": ["text", "string", "number", "boolean"]},
        "multi": {"const": False},
        "required": {"type": "boolean"},
        "defaultValue": {"type": ["string", "number", "boolean"]},
    },
    "allOf": [
        {
            "if": {"properties": {"type": {"const": kind}}, "required": ["defaultValue"]},
            "then": {"properties": {"defaultValue": {"type": asked}}},
        }
        for kind, asked in (("string", "string"), ("number", "number"), ("boolean", "boolean"))
    ],
}
RULES = {
    "type": "object",
    "required": [
        "name", "version", "author", "url", "license", "description", "dataTypeList", "command", "baseConfig", "config",
        "configurationItems",
    ],
    "properties": {
        "name": {"type": "string", "pattern": "^[A-Za-z0-9_]+$"},
        "version": {"type": "string", "pattern": "^[0-9]+[.][0-9]+([.][0-9]+)?$"},
        "author": TEXT,
        "url": {"type": "string", "pattern": "^https://"},
        "license": TEXT,
        "description": TEXT,
        "dataTypeList": {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"enum": ["hash", "file"]}},
        "command": {"type": "string", "pattern": "^[^/]+/[^/]+$"},
        "baseConfig": TEXT,
        "config": {
            "type": "object",
            "required": ["service", "check_tlp", "max_tlp", "check_pap", "max_pap"],
            "properties": {"service": {"enum": [action.id for action in ACTIONS]}},
        },
        "configurationItems": {"type": "array", "items": ITEM},
        "registration_required": {"type": "boolean"},
        "subscription_required": {"type": "boolean"},
        "free_subscription": {"type": "boolean"},
        "service_homepage": {"type": "string", "pattern": "^https://"},
        "service_logo": {"type": "object", "required": ["path"]},
    },
    "additionalProperties": False,
}  # fmt: skip
# Cortex gives these to every analyzer; declared once more, they would stand in the form twice.
OF_CORTEX = {
    "auto_extract_artifacts", "jobCache", "jobTimeout", "proxy_http", "proxy_https", "cacerts", "check_tlp", "max_tlp",
    "check_pap", "max_pap",
}  # fmt: skip


def schemas() -> Iterator[dict[str, Any]]:
    yield RULES
    if OFFICIAL_SCHEMA.is_file():
        yield json.loads(OFFICIAL_SCHEMA.read_text(encoding="utf-8"))


@pytest.fixture(params=ACTIONS, ids=FLAVOUR_OF)
def action(request: pytest.FixtureRequest) -> manifest.Action:
    return request.param


@pytest.fixture
def flavour(analyzer: Path, action: manifest.Action) -> dict[str, Any]:
    return json.loads((analyzer / f"{FLAVOUR_OF[action.id]}.json").read_text(encoding="utf-8"))


def test_every_action_has_a_flavour_and_templates(package: Path, analyzer: Path) -> None:
    assert {path.stem for path in analyzer.glob("*.json")} == set(FLAVOUR_OF.values())
    version = manifest.load().version.replace(".", "_")
    wanted = {f"{name}_{version}" for name in FLAVOUR_OF.values()}
    templates = package / "thehive-templates"
    assert {path.name for path in templates.iterdir()} == wanted
    with zipfile.ZipFile(package / "thehive-templates.zip") as zipped:
        assert {*zipped.namelist()} == {f"{name}/{kind}.html" for name in wanted for kind in ("short", "long")}
        for name in zipped.namelist():
            assert zipped.read(name) == (templates / name).read_bytes()


def test_flavours_are_as_cortex_reads_them(flavour: dict[str, Any], action: manifest.Action, analyzer: Path) -> None:
    for schema in schemas():
        jsonschema.Draft202012Validator(schema).validate(flavour)
    assert flavour["name"] == FLAVOUR_OF[action.id]
    assert flavour["version"] == manifest.load().version
    assert flavour["config"]["service"] == action.id
    assert os.access(analyzer.parent / flavour["command"], os.X_OK)
    assert (analyzer / flavour["service_logo"]["path"]).is_file()


def test_every_setting_and_parameter_can_be_entered(flavour: dict[str, Any], action: manifest.Action) -> None:
    items = {item["name"]: item for item in flavour["configurationItems"]}
    assert len(items) == len(flavour["configurationItems"])
    assert not set(items) & OF_CORTEX
    parameters = {parameter.name: parameter for parameter in catalogue.parameters(action)}
    # the one parameter that a job gives by its observable
    del parameters["file_hash"]
    assert set(items) == {setting.name for setting in catalogue.settings()} | set(parameters)
    for setting in catalogue.settings():
        item = items[setting.name]
        assert item["required"] is setting.required
        assert setting.description in item["description"]
        assert all(choice in item["description"] for choice in setting.choices)
        assert item["type"] in {"string": ("string", "text"), "boolean": ("boolean",)}.get(setting.kind, ("number",))
        # the credential that is entered names the method, unless a default stands in its way
        assert item.get("defaultValue") == (None if setting.key == "auth.method" else setting.default)
    for parameter in parameters.values():
        assert parameter.description in items[parameter.name]["description"]
        # a record says whether the look-back was chosen or left to the default
        assert "defaultValue" not in items[parameter.name]


def test_the_catalogue_for_docker_names_the_image_the_package_builds(package: Path, analyzer: Path) -> None:
    listed = json.loads((package / "analyzers.json").read_text(encoding="utf-8"))
    for one in listed:
        image = one.pop("dockerImage")
        assert f"docker build -t {image} " in (analyzer / "Dockerfile").read_text(encoding="utf-8")
        own = json.loads((analyzer / f"{one['name']}.json").read_text(encoding="utf-8"))
        # with a command, a Cortex that runs both would have two ways to go
        del own["command"]
        assert one == own
    assert {one["name"] for one in listed} == set(FLAVOUR_OF.values())


def test_the_package_carries_the_project_and_names_the_rest(analyzer: Path) -> None:
    assert {"connector.py", "_data/manifest.yaml", "_data/schemas/record.schema.json"} <= {
        path.relative_to(analyzer / "mde_files").as_posix() for path in (analyzer / "mde_files").rglob("*")
    }
    assert not (analyzer / "mde_files" / "emulator").exists()
    assert {path.parent.name for path in (analyzer / "mde_files" / "platforms").glob("*/*.py")} == {"cortex"}
    lines = (analyzer / "requirements.txt").read_text(encoding="utf-8").splitlines()
    names = {re.split("[^A-Za-z0-9_-]", line)[0].lower() for line in lines}
    assert {"requests", "msal", "pyyaml", "jsonschema", "platformdirs", "structlog"} <= names
    assert ("redis" in names) == ("redis" in (metadata.metadata("mde-files").get_all("Provides-Extra") or []))
    assert not names & {"mde-files", "celery", "starlette", "cortexutils"}


def test_nothing_of_cortexutils_is_imported(analyzer: Path) -> None:
    for path in analyzer.rglob("*.py"):
        assert not re.search(r"^\s*(import|from)\s+cortexutils", path.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_readme_names_every_setting_and_permission(analyzer: Path) -> None:
    text = (analyzer / "README.md").read_text(encoding="utf-8")
    for setting in catalogue.settings():
        assert f"`{setting.name}`" in text
    for name in ("file_stats", "file_alerts", "file_info"):
        assert manifest.load().calls[name].permissions.application[0] in text
    for name in ("README.md", "Dockerfile"):
        assert not re.search("@[A-Z_]+@", (analyzer / name).read_text(encoding="utf-8"))


def test_building_again_replaces_the_package_and_nothing_else(tmp_path: Path) -> None:
    first = packages.build("cortex", tmp_path)
    analyzer = tmp_path / "analyzers" / "MdeFiles"
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    (analyzer / ".venv").mkdir()
    (analyzer / "mde_files" / "of_an_older_version.py").touch()
    (analyzer / "MdeFiles_Older.json").touch()
    other = tmp_path / "analyzers" / "Another"
    other.mkdir()
    assert packages.build("cortex", tmp_path) == first
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert (analyzer / ".venv").is_dir()
    assert other.is_dir()


def test_the_steps_name_what_was_built(tmp_path: Path) -> None:
    built = packages.build("cortex", tmp_path)
    assert built.path == tmp_path
    assert len(built.steps) == 3
    for name in ("analyzers.json", "thehive-templates.zip"):
        assert (tmp_path / name).is_file()
        assert any(name in step for step in built.steps)


def test_without_an_installed_project_the_libraries_are_not_guessed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", missing)
    with pytest.raises(InvalidConfigError, match="not installed here"):
        packages.build("cortex", tmp_path)


def test_libraries_of_other_parts_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    required = [
        "requests>=2",
        'tomli>=2; python_version < "3.11"',
        'redis>=5; extra == "redis"',
        "celery>=5; extra == 'celery'",
        'mde-files[celery,redis]; extra == "all"',
    ]
    monkeypatch.setattr(metadata, "requires", lambda _: required)
    assert list(vendoring.public_libraries({"redis"})) == [
        "redis>=5",
        "requests>=2",
        'tomli>=2; python_version < "3.11"',
    ]
