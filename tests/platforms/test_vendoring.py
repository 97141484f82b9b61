"""What a package carries of this project and of the libraries installed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mde_files import resources
from mde_files.errors import InvalidConfigError
from mde_files.platforms import vendoring

if TYPE_CHECKING:
    from pathlib import Path


def test_a_package_carries_source_data_and_licence(tmp_path: Path) -> None:
    package = vendoring.copy_own(tmp_path, without=vendoring.COMMAND_LINE)
    assert (package / "connector.py").is_file()
    assert "Apache License" in (package / "LICENSE").read_text(encoding="utf-8")
    manifest = (resources.data_directory() / "manifest.yaml").read_bytes()
    assert (package / "_data" / "manifest.yaml").read_bytes() == manifest
    for left_out in vendoring.COMMAND_LINE:
        assert not (package / left_out).exists()
    assert not list(package.rglob("__pycache__"))


def test_a_pure_library_is_copied_with_its_licence(tmp_path: Path) -> None:
    vendoring.copy_library("platformdirs", tmp_path)
    assert (tmp_path / "platformdirs" / "__init__.py").is_file()
    assert list(tmp_path.rglob("LICENSE*"))


def test_a_compiled_library_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfigError, match="'rpds-py' has compiled parts"):
        vendoring.copy_library("rpds-py", tmp_path)


def test_a_missing_library_is_named_with_the_command_that_installs_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        vendoring.copy_library("no-such-library", tmp_path)
    assert "pip install no-such-library" in caught.value.hint
