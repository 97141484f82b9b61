"""A job as Cortex hands it over and takes it back: JSON files in a folder, or standard input and output."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from mde_files.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_USUAL_FOLDER = "/job"
_DEEPEST = 50
_HINT = (
    'A job is a JSON object with "dataType", "data" and "config", as Cortex writes it into input/input.json of the '
    "job's folder."
)


class JobFolder:
    """Where a job lies.

    Args:
        path: The job's folder; ``None``: the job comes from standard input and is answered on standard output.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path

    @classmethod
    def of(cls, arguments: Sequence[str]) -> JobFolder:
        """Return the place that the program's arguments name: a folder, by default ``/job``, if a job lies in it."""
        path = Path(arguments[0] if arguments else _USUAL_FOLDER)
        return cls(path if (path / "input" / "input.json").is_file() else None)

    def read(self) -> dict[str, Any]:
        """Return the job.

        Raises:
            InvalidInputError: There is none, or it is no JSON object.
        """
        try:
            text = self._bytes().decode("utf-8-sig")
            document = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        except (ValueError, RecursionError):
            raise InvalidInputError(f"{self._name()} is no valid JSON.", hint=_HINT) from None
        if not isinstance(document, dict):
            raise InvalidInputError(f"{self._name()} is JSON, but no object.", hint=_HINT)
        if _depth(document) > _DEEPEST:
            raise InvalidInputError(f"{self._name()} is nested deeper than {_DEEPEST} levels.", hint=_HINT)
        return document

    def attachment(self, name: object) -> Path:
        """Return the path of a file that belongs to the job.

        Raises:
            InvalidInputError: It is not there, or not in the job's folder.
        """
        if not isinstance(name, str) or self.path is None:
            raise InvalidInputError("The job names no file that lies in its folder.", hint=_HINT)
        path = self.path / "input" / name
        if Path(name).name != name or not path.is_file():
            raise InvalidInputError("The file that the job names does not lie in its folder.", hint=_HINT)
        return path

    def certificate_authorities(self) -> Path | None:
        """Return the file into which Cortex writes its setting ``cacerts``, or ``None``."""
        path = self.path / "input" / "cacerts" if self.path is not None else None
        return path if path is not None and path.is_file() else None

    def write(self, document: object) -> None:
        """Write the answer.

        Raises:
            OSError: It cannot be written.
        """
        text = json.dumps(document)  # ASCII, which every locale writes and which holds halves of surrogate pairs too
        if self.path is None:
            sys.stdout.write(text)
            sys.stdout.flush()
            return
        folder = self.path / "output"
        folder.mkdir(exist_ok=True)
        (folder / "output.json").write_text(text, encoding="ascii")

    def _bytes(self) -> bytes:
        try:
            if self.path is not None:
                return (self.path / "input" / "input.json").read_bytes()
            # sys.stdin is None in a process that was started without one
            found = b"" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.buffer.read()
        except OSError as error:
            raise InvalidInputError(f"{self._name()} cannot be read: {error.strerror}.", hint=_HINT) from None
        if not found.strip():
            raise InvalidInputError("There is no job: no input/input.json, nothing on standard input.", hint=_HINT)
        return found

    def _name(self) -> str:
        return "Standard input" if self.path is None else "input/input.json"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


def _depth(document: object) -> int:
    level, depth = [document], 0
    while level:
        depth += 1
        level = [inner for value in level for inner in _inside(value)]
    return depth


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
