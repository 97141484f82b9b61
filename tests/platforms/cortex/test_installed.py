"""The package installed as its README says: an environment of its own beside the launcher, nothing else there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import venv
from typing import TYPE_CHECKING, Any

import pytest
from tests.platforms.cortex.conftest import answered, job_of, lay

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.packaging]


@pytest.fixture(scope="module")
def installed(analyzer: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("analyzers") / analyzer.name
    shutil.copytree(analyzer, place)
    venv.create(place / ".venv", with_pip=True)
    pip = [str(place / ".venv" / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", "-r"]
    subprocess.run([*pip, str(place / "requirements.txt")], check=True, capture_output=True, timeout=600)
    return place


@pytest.mark.parametrize("service", ["file_stats", "file_alerts"])
def test_the_command_of_the_flavour_does_a_job(
    installed: Path, config: dict[str, Any], tmp_path: Path, service: str
) -> None:
    folder = lay(tmp_path / "job", job_of(config, service))
    # the interpreter of PATH has none of the libraries, the environment beside the launcher has them
    python = tmp_path / "bin"
    python.mkdir()
    (python / "python3").symlink_to(sys.base_exec_prefix + "/bin/python3")
    ran = subprocess.run(
        ["MdeFiles/mde_files_analyzer.py", str(folder)],  # noqa: S607 - as the flavour names it, below the folder
        cwd=installed.parent,
        env={"PATH": f"{python}:/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert answered(folder)["full"]["action"] == service


def test_the_dockerfile_copies_and_starts_what_is_there(
    installed: Path, config: dict[str, Any], tmp_path: Path
) -> None:
    text = (installed / "Dockerfile").read_text(encoding="utf-8")
    worker = tmp_path / "worker"
    shutil.copytree(installed, worker / "MdeFiles", ignore=shutil.ignore_patterns(".venv", "__pycache__"))
    environment = dict(re.findall(r"([A-Z_]+)=(\S+)", text[text.index("\nENV ") : text.index("\nENTRYPOINT")]))
    entry = re.search(r'ENTRYPOINT \["python3", "([^"]+)"\]', text)
    assert entry
    folder = lay(tmp_path / "job", job_of({**config, "state": None}, "file_stats"))
    ran = subprocess.run(
        [str(installed / ".venv" / "bin" / "python"), entry[1], str(folder)],
        cwd=worker,
        env={**environment, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert [caveat["code"] for caveat in answered(folder)["full"]["caveats"]] == ["quota_unshared"]
    assert not list(worker.rglob("__pycache__"))
