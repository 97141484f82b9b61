"""The app's project as ``mde-files package splunk-soar`` writes it, and the SDK's command line that runs it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from tests.platforms.environments import python_of
from tests.platforms.test_running import as_platform_values

from mde_files.platforms import packages

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mde_files.emulator import Emulator
    from mde_files.platforms.packages import Built

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Ran(NamedTuple):
    """What a run of an action printed; the exit code says nothing."""

    text: str
    success: bool
    message: str
    data: list[dict[str, Any]]
    summary: str


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The package without the SDK at hand."""
    path = os.environ["PATH"]
    os.environ["PATH"] = str(tmp_path_factory.mktemp("empty"))
    try:
        return packages.build("splunk-soar", tmp_path_factory.mktemp("package"))
    finally:
        os.environ["PATH"] = path


@pytest.fixture(scope="session")
def sdk_python() -> Path:
    return python_of("splunk-soar")


@pytest.fixture(scope="session")
def packaged(sdk_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The package with the SDK at hand: its packager has made the ``.tgz``."""
    path = os.environ["PATH"]
    os.environ["PATH"] = f"{sdk_python.parent}{os.pathsep}{path}"
    try:
        return packages.build("splunk-soar", tmp_path_factory.mktemp("packaged"))
    finally:
        os.environ["PATH"] = path


@pytest.fixture
def asset(emulator: Emulator) -> dict[str, Any]:
    return as_platform_values(emulator.configuration())


@pytest.fixture
def run_action(built: Built, sdk_python: Path, asset: dict[str, Any], tmp_path: Path) -> Callable[..., Ran]:
    """Run an action by the SDK's command line: ``run_action(action, params, **changes of the asset)``."""
    project = tmp_path / "mde_files_soar"
    shutil.copytree(built.path, project)

    def run(action: str, params: dict[str, Any] | None = None, **changes: Any) -> Ran:
        (tmp_path / "asset.json").write_text(json.dumps({**asset, **changes}))
        (tmp_path / "params.json").write_text(json.dumps(params))
        words = [str(sdk_python), "src/app.py", "action", action, "-a", str(tmp_path / "asset.json")]
        words += ["-p", str(tmp_path / "params.json")] if params is not None else []
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        environment["PHANTOM_HOME"] = str(tmp_path / "soar")
        ran = subprocess.run(
            words, cwd=project, env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        text = _COLOURS.sub("", ran.stdout + ran.stderr)
        assert "Action success: " in text, text
        return Ran(
            text,
            success="Action success: True" in text,
            message=text.partition("Result message: ")[2].partition("\n")[0],
            data=json.loads(text.partition("Result data: ")[2].partition("\nResult summary:")[0]),
            summary=text.partition("Result summary: ")[2].partition("\n")[0],
        )

    return run
