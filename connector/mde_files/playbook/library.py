"""Finds playbooks: those that ship with the package, by name, and files of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mde_files import resources, schemas
from mde_files.errors import InvalidInputError
from mde_files.playbook.validation import load

if TYPE_CHECKING:
    from mde_files.playbook.definition import Playbook

_SUFFIXES = (".yaml", ".yml")
_LARGEST_BYTES = 400_000


def shipped() -> tuple[Path, ...]:
    """Return the files of the playbooks that ship with the package, by name."""
    return tuple(sorted((resources.data_directory() / "playbooks").glob("*.yaml")))


def find(name: str) -> Path:
    """Return the file of the playbook that is meant: a shipped one's name, or a path.

    Raises:
        InvalidInputError: There is no such playbook.
    """
    named = {path.stem: path for path in shipped()}
    if name in named:
        return named[name]
    path = Path(name)
    if path.suffix in _SUFFIXES or len(path.parts) > 1:
        return path
    from difflib import get_close_matches

    near = get_close_matches(name, named, n=1)
    raise InvalidInputError(
        f"There is no playbook {schemas.shown(name)}.",
        hint=f"Did you mean {near[0]!r}?" if near else f"Playbooks: {', '.join(named)}; or give the path of a file.",
    )


def read(path: Path) -> str:
    """Return the text of a playbook's file.

    Raises:
        InvalidInputError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_BYTES + 1)
        return content.decode("utf-8")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise InvalidInputError(
            f"The playbook {schemas.shown(str(path))} cannot be read: {reason}.", hint="Name an existing file."
        ) from None


def open_playbook(name: str) -> Playbook:
    """Return the playbook that ``name`` stands for: a shipped one's name, or a path.

    Raises:
        InvalidInputError: There is none, or there are mistakes in it.
    """
    path = find(name)
    return load(read(path), str(path))
