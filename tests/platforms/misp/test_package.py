"""The folder that the server loads, as `mde-files package misp` writes it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mde_files import manifest
from mde_files.cli import main
from mde_files.platforms import catalogue
from mde_files.platforms.misp.package import REQUIREMENTS
from mde_files.platforms.packages import build

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("misp", tmp_path_factory.mktemp("package")).path


def test_the_command_writes_the_folder_and_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["package", "misp", "--output", str(tmp_path / "new"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert sorted(path.name for path in Path(said["path"]).iterdir()) == [
        "README.md",
        "expansion",
        "mde_files_library",
        "requirements.txt",
    ]
    assert len(said["steps"]) == 3
    (Path(said["path"]) / "expansion" / "of_an_earlier_version.py").touch()
    assert main(["package", "misp", "--output", str(tmp_path / "new"), "--json"]) == 0
    assert [path.name for path in (Path(said["path"]) / "expansion").iterdir()] == ["defender_file_enrichment.py"]


def test_the_package_offers_every_action_setting_and_parameter(folder: Path, tmp_path: Path) -> None:
    info = _in_package(folder, tmp_path, "json.dumps([module.version(), module.introspection()])")
    version, introspection = json.loads(info)
    readme = (folder / "README.md").read_text(encoding="utf-8")
    for setting in catalogue.settings():
        assert setting.name in version["config"]
        assert f"| `{setting.name}` | {setting.description}" in readme
    for action in manifest.load().actions.values():
        for parameter in catalogue.parameters(action):
            assert parameter.name == "file_hash" or parameter.name in version["config"]
        for permission in manifest.load().document["calls"][action.call]["permissions"]["application"]:
            assert f"`{permission}`" in readme
    assert {"md5", "sha1", "sha256", "filename|sha1"} <= set(introspection["input"])


def test_the_requirements_are_the_projects_own_and_pymisp(folder: Path) -> None:
    listed = re.search(r"^dependencies = \[(.*?)^\]", (ROOT / "pyproject.toml").read_text(), re.MULTILINE | re.DOTALL)
    assert listed
    own = set(re.findall(r'"(.+?)"', listed[1]))
    assert own == {line for line in REQUIREMENTS if not line.startswith("pymisp")}
    lines = (folder / "requirements.txt").read_text().splitlines()
    assert set(REQUIREMENTS) <= set(lines)
    assert any(line.startswith("# redis>=") for line in lines)


def test_the_package_carries_its_own_source_and_runs_from_there(folder: Path, tmp_path: Path) -> None:
    library = folder / "mde_files_library"
    assert [path.name for path in library.iterdir()] == ["mde_files"]
    place = _in_package(folder, tmp_path, "sys.modules['mde_files'].__file__")
    assert Path(place).is_relative_to(library)
    error = _in_package(folder, tmp_path, "module.dict_handler({})['error']")
    assert "attribute" in error


def test_what_is_missing_leaves_the_module_out_and_the_server_alive(folder: Path, tmp_path: Path) -> None:
    alone = tmp_path / "expansion"
    shutil.copytree(folder / "expansion", alone)
    without_source = _run(tmp_path, tmp_path, "''", [])
    assert without_source.stderr.splitlines()[-1].startswith("ImportError: the folder")
    # an interpreter without its site-packages finds no library at all
    without_libraries = _run(folder, tmp_path, "''", ["-S", "-E"])
    said = without_libraries.stderr.splitlines()[-1]
    assert said.startswith("ImportError: jmespath, jsonschema, msal")
    assert f"pip install -r {folder / 'requirements.txt'}" in said


def _in_package(folder: Path, elsewhere: Path, expression: str) -> str:
    ran = _run(folder, elsewhere, expression, [])
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def _run(folder: Path, elsewhere: Path, expression: str, options: list[str]) -> subprocess.CompletedProcess[str]:
    """Load the module by its path, as the server does; pymisp counts as installed."""
    program = (
        "import importlib.util, json, sys, types\n"
        + ("" if options else "sys.modules['pymisp'] = stand_in = types.ModuleType('pymisp')\n")
        + ("" if options else "stand_in.__spec__ = importlib.util.spec_from_loader('pymisp', None)\n")
        + f"spec = importlib.util.spec_from_file_location('defender_file_enrichment', "
        f"{str(folder / 'expansion' / 'defender_file_enrichment.py')!r})\n"
        "module = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(module)\n"
        f"print({expression})\n"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [sys.executable, *options, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=elsewhere,
        env=environment,
    )
