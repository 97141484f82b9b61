"""The project is complete by the catalogue, runs without this checkout, and fails in one sentence."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib import metadata
from typing import TYPE_CHECKING, Any

import pytest

from mde_files import manifest
from mde_files.errors import InvalidConfigError, InvalidInputError
from mde_files.platforms import catalogue, packages
from mde_files.platforms.splunk_soar.declarations import class_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mde_files.platforms.packages import Built

ACTIONS = list(manifest.load().actions.values())
_TYPES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}
Fields = dict[str, dict[str, tuple[str, dict[str, Any]]]]


@pytest.fixture(scope="module")
def declared(built: Built) -> Fields:
    """The declared classes: for each its fields with their annotation and the values of their keywords."""
    tree = ast.parse((built.path / "src/lib/mde_files_declared.py").read_text())
    classes: Fields = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            classes[node.name] = {
                field.target.id: (ast.unparse(field.annotation), _keywords(field.value))
                for field in node.body
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
            }
    return classes


def _keywords(call: ast.expr | None) -> dict[str, Any]:
    assert isinstance(call, ast.Call)
    return {
        str(word.arg): ast.literal_eval(word.value)
        for word in call.keywords
        if not isinstance(word.value, ast.Attribute)
    }


def test_every_setting_is_in_the_asset(declared: Fields) -> None:
    for setting in catalogue.settings():
        annotation, told = declared["Asset"][setting.name]
        assert _TYPES[annotation.removesuffix(" | None")] == setting.kind
        assert annotation.endswith("None") is not setting.required
        assert setting.title.lower() in told["description"].lower()
        assert setting.description in told["description"]
        assert told.get("sensitive", False) is setting.secret
        assert told.get("default") == setting.default
        assert tuple(told.get("value_list", ())) == setting.choices
    assert len(declared["Asset"]) == len(catalogue.settings())


@pytest.mark.parametrize("action", ACTIONS, ids=[action.id for action in ACTIONS])
def test_every_action_has_its_parameters_and_outputs(action: manifest.Action, built: Built, declared: Fields) -> None:
    params = declared[class_name(action, "Params")]
    for parameter in catalogue.parameters(action):
        annotation, told = params[parameter.name]
        assert _TYPES[annotation.removesuffix(" | None")] == parameter.kind
        assert annotation.endswith("None") is not parameter.required
        assert told.get("default") == parameter.default
    assert set(params["file_hash"][1]["cef_types"]) == {"hash", "sha1", "sha256", "md5"}
    paths = dict(_paths(declared, class_name(action, "Output")))
    assert paths == {
        **{output.path: output.kind for output in catalogue.outputs(action)},
        "markdown": "string",
    }
    app = (built.path / "src/app.py").read_text()
    assert f"def {action.id}(" in app
    assert f"def {action.id}_view(" in app
    assert f'template="{action.id}.html"' in app
    assert (built.path / "templates" / f"{action.id}.html").is_file()
    readme = (built.path / "README.md").read_text()
    for output in catalogue.outputs(action):
        assert f"| action_result.data.*.{output.path.replace('[]', '.*')} |" in readme


def _paths(declared: Fields, name: str, prefix: str = "") -> Iterator[tuple[str, str]]:
    for field, (annotation, told) in declared[name].items():
        kind, path = annotation.removesuffix(" | None"), prefix + told.get("alias", field)
        while kind.startswith("list["):
            kind, path = kind[len("list[") : -1], f"{path}[]"
        if kind in _TYPES:
            yield path, _TYPES[kind]
        else:
            yield from _paths(declared, kind, f"{path}.")


def test_hashes_and_names_have_menus(declared: Fields) -> None:
    assert declared["File"]["sha1"][1]["cef_types"] == ["sha1", "hash"]
    assert declared["File"]["sha256"][1]["cef_types"] == ["sha256", "hash"]
    assert declared["Devices"]["name"][1]["cef_types"] == ["host name"]
    assert declared["Devices"]["machine_id"][1]["cef_types"] == ["defender atp device id"]
    assert declared["Evidence"]["sha1"][1]["cef_types"] == ["sha1", "hash"]
    assert "cef_types" not in declared["Source"]["vendor"][1]


def test_readme_names_every_setting_and_permission(built: Built) -> None:
    readme = (built.path / "README.md").read_text()
    for setting in catalogue.settings():
        assert f"| {setting.title} | {setting.name} |" in readme
    assert "- File.Read.All" in readme
    assert "- Alert.Read.All" in readme


def test_the_app_needs_what_this_project_needs(built: Built) -> None:
    text = (built.path / "pyproject.toml").read_text()
    needed = re.findall(r'^  "(.+)",$', text.partition("dependencies = [")[2].partition("]")[0], re.MULTILINE)
    assert needed[0] == "splunk-soar-sdk==7.0.3"
    for row in metadata.requires("mde-files") or ():
        if "extra ==" not in row:
            assert row in needed
    assert f'version = "{manifest.load().version}"' in text


def test_the_project_runs_without_this_checkout(built: Built) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import mde_files, mde_files.check, mde_files.platforms.splunk_soar.views\n"
        "from mde_files import manifest, schemas\n"
        "from mde_files.platforms.splunk_soar import actions\n"
        "settings = {'tenant_id': 'a.example', 'client_id': '0' * 8 + '-0000-4000-8000-' + '0' * 12}\n"
        "actions.connector({**settings, 'auth_client_secret': 'y' * 20, 'state': 'memory:'}, '', '', print).close()\n"
        "print(manifest.load().version, schemas.load('record')['title'], mde_files.__file__)\n"
    )
    library = built.path / "src" / "lib"
    ran = subprocess.run(
        [sys.executable, "-I", "-c", code, str(library)], capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.stdout.startswith(manifest.load().version), ran.stderr
    assert str(library) in ran.stdout


def test_nothing_that_is_carried_imports_what_is_left_out(built: Built) -> None:
    library = built.path / "src" / "lib"
    modules = {
        ".".join(path.relative_to(library).with_suffix("").parts).removesuffix(".__init__")
        for path in library.rglob("*.py")
    }
    assert not {name for name in modules if name.startswith(("mde_files.emulator", "mde_files.commands"))}
    missing = set()
    for path in library.rglob("*.py"):
        for name in _imported(ast.parse(path.read_text())):
            if name.partition(".")[0] == "mde_files" and name not in modules:
                missing.add((path.name, name))
    assert missing <= _REACHED_ONLY_FROM_THE_COMMAND_LINE


# A playbook's report is written by the command line, which the app does not have.
_REACHED_ONLY_FROM_THE_COMMAND_LINE = {("file_run.py", "mde_files.render.html_report")}


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    if isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
    for child in ast.iter_child_nodes(node):
        yield from _imported(child)


def test_steps_name_what_was_written(built: Built) -> None:
    steps = "\n".join(built.steps)
    assert built.path.name == "mde_files_soar"
    assert "uv run build_package.py" in steps
    assert (built.path / "build_package.py").is_file()
    assert "enrich_container_files.tgz" in steps
    assert (built.path.parent / "enrich_container_files.tgz").is_file()


def test_what_an_earlier_version_left_is_gone(tmp_path: Path) -> None:
    packages.build("splunk-soar", tmp_path)
    left = tmp_path / "mde_files_soar" / "src" / "lib" / "mde_files" / "gone.py"
    left.write_text("")
    packages.build("splunk-soar", tmp_path)
    assert not left.exists()


@pytest.mark.parametrize("taken", ["file", "file/below", "mde_files_soar"])
def test_a_folder_that_cannot_be_written_is_one_error(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken.partition("/")[0]).write_text("")
    with pytest.raises(InvalidInputError, match="cannot be written"):
        packages.build("splunk-soar", tmp_path / taken if "soar" not in taken else tmp_path)


def test_what_is_not_installed_cannot_say_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", missing)
    with pytest.raises(InvalidConfigError, match="not installed") as caught:
        packages.build("splunk-soar", tmp_path)
    assert "pip install" in caught.value.hint


@pytest.mark.parametrize(
    ("packager", "expected"),
    [
        ('touch "$(dirname "$1")/mde_files_soar.tgz"', "ready to install"),
        ("echo first; echo 'no index\x1b[2J' >&2; exit 1", "failed (no index\\u001b[2J)"),
        ("exit 0", "failed (no reason given)"),
    ],
)
def test_the_sdk_at_hand_builds_right_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packager: str, expected: str
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, text in (("soarapps", ""), ("python", packager)):
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    built = packages.build("splunk-soar", tmp_path / "out")
    assert expected in built.steps[0]
    assert (built.path.suffix == ".tgz") is ("ready" in expected)
    assert ("uv run" in built.steps[0]) is ("ready" not in expected)
