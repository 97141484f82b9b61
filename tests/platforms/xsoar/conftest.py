"""The built pack, and its integration run as the server runs it."""

from __future__ import annotations

import json
import subprocess
import zipfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml
from tests.platforms import environments
from tests.platforms.test_running import as_platform_values

from mde_files.platforms import packages

if TYPE_CHECKING:
    from collections.abc import Callable

    from mde_files.emulator import Emulator

STAND_IN = Path(__file__).with_name("stand_in.py")


class Pack(NamedTuple):
    """What ``mde-files package xsoar`` wrote, and documents of the zip."""

    folder: Path
    archive: Path
    integration: dict[str, Any]
    playbook: dict[str, Any]
    script: Path


def yaml_of(archive: Path, start: str) -> dict[str, Any]:
    with zipfile.ZipFile(archive) as file:
        (name,) = [name for name in file.namelist() if name.startswith(start) and name.endswith(".yml")]
        document: dict[str, Any] = yaml.safe_load(file.read(name))
        return document


@pytest.fixture(scope="session")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    output = tmp_path_factory.mktemp("xsoar")
    built = packages.build("xsoar", output)
    integration = yaml_of(built.path, "Integrations/")
    script = tmp_path_factory.mktemp("script") / "unified.py"
    script.write_text(integration["script"]["script"], encoding="utf-8")
    return Pack(output / "Packs" / "MdeFiles", built.path, integration, yaml_of(built.path, "Playbooks/"), script)


class Instance:
    """An instance of the integration: its parameters and its context."""

    def __init__(self, python: str, script: Path, folder: Path, params: dict[str, Any]) -> None:
        self.python = python
        self.script = script
        self.params = params
        self.context = folder / "integration-context.json"
        self._folder = folder
        self._jobs = 0

    def start(self, command: str, args: dict[str, Any] | None = None, **more: Any) -> subprocess.Popen[str]:
        self._jobs += 1
        job = self._folder / f"job-{self._jobs}.json"
        described = {"command": command, "args": args or {}, "params": self.params, "context": str(self.context)}
        job.write_text(json.dumps({**described, **more}))
        # -I: neither this checkout nor anything else of this environment can be imported.
        line = [self.python, "-I", str(STAND_IN), str(self.script), str(job)]
        return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={})

    def run(self, command: str, args: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        return report_of(self.start(command, args, **more))


def report_of(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert err == ""
    report: dict[str, Any] = json.loads(out)
    assert set(report["statuses"]) == {0}, "the platform wants 0, also after an error"
    return report


def params_of(configuration: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a configuration as the platform hands it over: one field for id and secret, everything as text."""
    values = as_platform_values(configuration)
    credentials = {"identifier": values.pop("client_id", ""), "password": values.pop("auth_client_secret", "")}
    return {**values, "credentials": credentials, "proxy": False, "proxy_url": "", "md5": False, **changes}


@pytest.fixture(scope="session")
def sdk() -> Path:
    """The interpreter of demisto-sdk's environment."""
    return environments.python_of("xsoar")


@pytest.fixture(scope="session")
def image() -> Path:
    """The interpreter of an environment with what the platform's image ships."""
    return environments.python_of("xsoar-image")


@pytest.fixture
def instance_of(emulator: Emulator, pack: Pack, tmp_path: Path) -> Callable[..., Instance]:
    """Make an instance that runs in some environment, with some parameters changed."""

    def make(python: Path | str, script: Path | None = None, **changes: Any) -> Instance:
        params = params_of(emulator.configuration(), **changes)
        return Instance(str(python), script or pack.script, tmp_path, params)

    return make


@pytest.fixture
def instance(image: Path, instance_of: Callable[..., Instance]) -> Callable[..., Instance]:
    """Make an instance that runs in the image's environment: ``instance(quota_per_minute="3")``."""
    return partial(instance_of, image)
