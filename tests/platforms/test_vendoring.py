"""What a package carries of this project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mde_files import resources
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
