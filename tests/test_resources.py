"""Files that ship with the package are found wherever the package lies."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import mde_files
from mde_files import resources

_ASK = "from mde_files import manifest, schemas; print(manifest.load().version, schemas.load('record')['title'])"


def test_what_is_not_there_is_an_error() -> None:
    assert resources.read("manifest.yaml") == (resources.data_directory() / "manifest.yaml").read_bytes()
    with pytest.raises(OSError, match="none"):
        resources.read("schemas/none.schema.json")


def test_they_are_found_in_an_archive(tmp_path: Path) -> None:
    package = tmp_path / "top" / "mde_files"
    shutil.copytree(Path(mde_files.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__", "_data"))
    for name in ("manifest.yaml", "schemas/record.schema.json"):
        (package / "_data" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(resources.data_directory() / name, package / "_data" / name)
    archive = shutil.make_archive(str(tmp_path / "archive"), "zip", package.parent)
    ran = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {archive!r}); {_ASK}"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={},
        check=False,
    )
    assert ran.stdout.startswith("0."), ran.stderr
