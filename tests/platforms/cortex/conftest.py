"""The built package, and jobs as Cortex lays them into a folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from tests.platforms.test_running import as_platform_values

from mde_files.platforms import packages

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mde_files.emulator import Emulator

SEEN = "3395856ce81f2b7382dee72602f798b642f14140"
UNKNOWN = "1" * 40


class Answered(NamedTuple):
    """What a job came to: exit code, answer, and what was said beside it."""

    code: int
    answer: dict[str, Any]
    stdout: str
    stderr: str

    @property
    def everything(self) -> str:
        return json.dumps(self.answer) + self.stdout + self.stderr


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a freshly built package."""
    return packages.build("cortex", tmp_path_factory.mktemp("cortex") / "package").path


@pytest.fixture(scope="session")
def analyzer(package: Path) -> Path:
    return package / "analyzers" / "MdeFiles"


@pytest.fixture
def config(emulator: Emulator) -> dict[str, Any]:
    """The part of a job's ``config`` that leads to the emulator, everything as text and unset ones null."""
    return {**as_platform_values(emulator.configuration()), "region": None, "state": "memory:"}


def flavour(analyzer: Path, name: str) -> dict[str, Any]:
    return json.loads((analyzer / f"MdeFiles_{name}.json").read_text(encoding="utf-8"))


def lay(folder: Path, job: Any, files: dict[str, bytes] | None = None) -> Path:
    """Write a job, or any bytes in its place, and the files beside it into a folder and return that."""
    (folder / "input").mkdir(parents=True, exist_ok=True)
    (folder / "output").mkdir(exist_ok=True)
    for name, content in (files or {}).items():
        (folder / "input" / name).write_bytes(content)
    text = job if isinstance(job, bytes) else json.dumps(job).encode()
    (folder / "input" / "input.json").write_bytes(text)
    return folder


def answered(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "output" / "output.json").read_bytes(), parse_constant=pytest.fail)


def launched(
    analyzer: Path, folder: Path, environment: dict[str, str] | None = None, *options: str, **more: Any
) -> subprocess.CompletedProcess[str]:
    """Start the launcher of the package with a folder as its argument; ``options`` are Python's own."""
    # only the package can provide the project
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [sys.executable, *options, str(analyzer / "mde_files_analyzer.py"), str(folder)]
    settings: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 120, **more}
    return subprocess.run(command, check=False, env={**inherited, **(environment or {})}, **settings)


@pytest.fixture
def run(analyzer: Path, tmp_path: Path) -> Callable[..., Answered]:
    """Run a job as Cortex does: the package's launcher as a process, with the job's folder as its argument."""

    def run(job: Any, *, files: dict[str, bytes] | None = None, environment: dict[str, str] | None = None) -> Answered:
        folder = lay(tmp_path / f"job-{len(list(tmp_path.iterdir()))}", job, files)
        ran = launched(analyzer, folder, environment)
        return Answered(ran.returncode, answered(folder), ran.stdout, ran.stderr)

    return run


def job_of(config: dict[str, Any], service: str, data: str = SEEN, **more: Any) -> dict[str, Any]:
    """Return a job as Cortex writes it."""
    limits = {"check_tlp": True, "max_tlp": 2, "check_pap": True, "max_pap": 2}
    return {
        "dataType": "hash",
        "data": data,
        "tlp": 2,
        "pap": 2,
        "message": "",
        "parameters": {},
        "config": {**limits, **config, "service": service, "auto_extract_artifacts": False},
        **more,
    }
