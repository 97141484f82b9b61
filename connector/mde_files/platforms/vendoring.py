"""Puts this project's own source into a package, which no package index offers, and names the libraries it needs."""

from __future__ import annotations

import re
import shutil
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import mde_files
from mde_files import resources
from mde_files.errors import InvalidConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# What only people's commands and servers of this project's own need, as paths below the package.
COMMAND_LINE = frozenset(
    {
        "__main__.py",
        "batch",
        "cli.py",
        "commands",
        "console.py",
        "emulator",
        "mcp_server",
        "serve",
        "validators/generate.py",
        "worker",
    }
)
_EXTRA = re.compile("extra *== *[\"']([^\"']+)[\"']")
_OWN = Path(mde_files.__file__).parent
_DATA = ("manifest.yaml", "schemas", "playbooks")


def licence_file() -> Path:
    """Return the file of this project's licence, of an installed package or of a checkout."""
    for file in metadata.files("mde-files") or ():
        path = Path(str(file.locate()))
        if file.name == "LICENSE" and path.is_file():
            return path
    return resources.data_directory() / "LICENSE"


def public_libraries(extras: Collection[str]) -> Iterator[str]:
    """Yield the libraries of the package index that this project and some of its extras need, as pip takes them.

    Raises:
        InvalidConfigError: This project is not installed here, so that it is not known.
    """
    try:
        required = metadata.requires("mde-files") or []
    except metadata.PackageNotFoundError:
        raise InvalidConfigError(
            "Which libraries the package needs is not known: mde-files is not installed here, it only lies here.",
            hint="Install it (pip install .) and package with the installed command.",
        ) from None
    for line in sorted(required):
        extra = _EXTRA.search(line)
        if extra is None:
            yield line
        elif extra[1] in extras:
            yield line.partition(";")[0].strip()


def own_files(*, without: Collection[str] = ()) -> Iterator[tuple[str, Path]]:
    """Yield the files of this project as an installed package has them: name below ``mde_files/`` and path.

    Args:
        without: Rooms and modules that the platform has no use for, as paths below the package: ``emulator``,
            ``cli.py``.
    """
    skipped = set(without)
    for path in sorted(_OWN.rglob("*")):
        name = path.relative_to(_OWN)
        parents = {parent.as_posix() for parent in (name, *name.parents)}
        if path.is_file() and "__pycache__" not in name.parts and name.parts[0] != "_data" and not parents & skipped:
            yield name.as_posix(), path
    top = resources.data_directory()
    for part in _DATA:
        for path in sorted([top / part] if (top / part).is_file() else (top / part).iterdir()):
            yield f"_data/{path.relative_to(top).as_posix()}", path


def copy_own(destination: Path, *, without: Collection[str] = ()) -> Path:
    """Copy this project's package and licence into ``destination`` and return the folder of the package."""
    _copy(licence_file(), destination / "mde_files" / "LICENSE")
    for name, path in own_files(without=without):
        _copy(path, destination / "mde_files" / name)
    return destination / "mde_files"


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
