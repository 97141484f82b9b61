"""The platforms' own tools, each in an environment of its own, since their requirements exclude each other.

``python -m tests.platforms.environments [NAME ...]`` makes them below ``.sdk/`` (or ``$MDE_FILES_SDK_ENVIRONMENTS``).
Tests that need one which is not there skip and name this command.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
_DONE = "requirements-installed.txt"


class Environment(NamedTuple):
    """What an environment holds, and the versions of Python its tool runs on, the preferred one first."""

    pythons: tuple[str, ...]
    requirements: tuple[str, ...]


ENVIRONMENTS = {
    # The packager imports the app, so the libraries of the app are there too.
    "splunk-soar": Environment(
        ("3.13",),
        (
            *("splunk-soar-sdk==7.0.3", "uv>=0.5", "jmespath>=1.0", "jsonschema>=4.21", "msal>=1.35"),
            *("platformdirs>=4.2", "pyyaml>=6.0.1", "redis>=5", "structlog>=24.1", "urllib3>=2.6"),
        ),
    ),
    "xsoar": Environment(("3.11",), ("demisto-sdk==1.39.13",)),
    # What the image demisto/crypto:1.0.0.13447173 ships, as far as the integration counts on it.
    "xsoar-image": Environment(
        ("3.12",), ("msal==1.39.0", "cryptography==50.0.2", "requests==2.34.2", "pyyaml==6.0.3", "urllib3==2.8.0")
    ),
    # cortexutils to compare answers with, and the AngularJS that TheHive compiles report templates with.
    "cortex": Environment(("3.11", "3.12", "3.13"), ("cortexutils==2.2.1", "XStatic-Angular==1.8.2.3")),
    "misp": Environment(
        ("3.11", "3.12"),
        (
            "misp-modules==3.1.0",
            "requests",
            "msal",
            "jsonschema",
            "pyyaml",
            "structlog",
            "platformdirs",
            "jmespath",
            "urllib3",
        ),
    ),
    "http": Environment(("3.11", "3.12", "3.13"), ("schemathesis==4.32.5", "openapi-spec-validator==0.9.0")),
}


# Read once: the tests themselves run without any variable of this project.
FOLDER = Path(os.environ.get("MDE_FILES_SDK_ENVIRONMENTS", ROOT / ".sdk"))


def python_of(name: str) -> Path:
    """Return the interpreter of an environment; the test that asks is skipped where it is not there."""
    python = FOLDER / name / "bin" / "python"
    if not (FOLDER / name / _DONE).is_file():
        pytest.skip(f"the tools of {name} are not installed; make them with: python -m tests.platforms.environments")
    return python


def make(name: str) -> None:
    """Make an environment, unless it is there with the same requirements."""
    environment = ENVIRONMENTS[name]
    place = FOLDER / name
    wanted = "\n".join(environment.requirements)
    if (place / _DONE).is_file() and (place / _DONE).read_text() == wanted:
        return
    shutil.rmtree(place, ignore_errors=True)
    subprocess.run([_interpreter(environment.pythons), "-m", "venv", str(place)], check=True)
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *environment.requirements], check=True)
    (place / _DONE).write_text(wanted)


def _interpreter(versions: tuple[str, ...]) -> str:
    for version in versions:
        candidates = [f"python{version}", *map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))]
        for candidate in candidates:
            found = shutil.which(candidate)
            if found and _is(found, version):
                return found
    sys.exit(f"None of Python {', '.join(versions)} is installed; one is needed for these tools.")


def _is(python: str, version: str) -> bool:
    asked = [python, "-c", "import sys, venv; print('%d.%d' % sys.version_info[:2])"]
    ran = subprocess.run(asked, capture_output=True, text=True, check=False)
    return ran.stdout.strip() == version


if __name__ == "__main__":
    for chosen in sys.argv[1:] or ENVIRONMENTS:
        make(chosen)
