"""The package as people install it: built, put into an empty environment, run from there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from mde_files import manifest, resources

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.packaging


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(directory), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    (built,) = directory.glob("*.whl")
    return built


def test_the_wheel_carries_manifest_schemas_playbooks_and_types(wheel: Path) -> None:
    carried = set(zipfile.ZipFile(wheel).namelist())
    expected = {"mde_files/py.typed", "mde_files/_data/manifest.yaml", "mde_files/emulator/scenarios/default.yaml"}
    for folder in ("schemas", "playbooks"):
        files = (resources.data_directory() / folder).iterdir()
        expected |= {f"mde_files/_data/{folder}/{path.name}" for path in files}
    assert expected <= carried
    assert not [name for name in carried if name.startswith("tests/")]


def test_the_version_is_the_manifests(wheel: Path) -> None:
    assert wheel.name.startswith(f"mde_files-{manifest.load().version}-")


def test_the_demo_runs_from_the_wheel_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "empty", with_pip=True)
    binaries = tmp_path / "empty" / "bin"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    install = [str(binaries / "pip"), "install", "--quiet", "--disable-pip-version-check", f"{wheel}[emulator]"]
    subprocess.run(install, check=True, capture_output=True, timeout=600, cwd=tmp_path, env=environment)
    demo = [str(binaries / "mde-files"), "demo", "--json"]
    ran = subprocess.run(demo, check=True, capture_output=True, text=True, timeout=120, cwd=tmp_path, env=environment)
    outcomes = {record["outcome"] for record in json.loads(ran.stdout)["records"]}
    assert outcomes == {outcome for action in manifest.load().actions.values() for outcome in action.outcomes}
    plain = subprocess.run(
        [str(binaries / "python"), "-c", "import mde_files; print(mde_files.__file__)"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env=environment,
    )
    assert str(tmp_path) in plain.stdout
