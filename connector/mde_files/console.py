"""What a command writes: results on standard output, words for people on standard error."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mde_files.errors import StateUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mde_files.errors import MdeFilesError

EXIT_BUG = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


class Console:
    """The two streams of a command.

    Args:
        as_json: Results are JSON even where standard output is a terminal.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json or not sys.stdout.isatty()

    @property
    def colour(self) -> bool:
        """Whether results may be coloured (not by ``NO_COLOR``, see no-color.org)."""
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def write(self, text: str) -> None:
        """Write lines of a result to standard output.

        Raises:
            StateUnavailableError: They cannot be written: the disk behind it is full or broken.
            BrokenPipeError: Its reader has gone.
        """
        try:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            # What is still in the buffer would fail again when the process ends.
            self.detach()
            raise StateUnavailableError(
                f"The result cannot be written to standard output: {error.strerror}.",
                hint="Make room and ask again; what the service answered is kept for a while where there is a cache.",
            ) from None

    def write_json(self, document: Mapping[str, Any]) -> None:
        """Write a result as JSON; only ASCII, so that no terminal is moved by what it carries."""
        import json

        self.write(json.dumps(document, indent=2 if sys.stdout.isatty() else None))

    def write_record(self, record: Mapping[str, Any]) -> None:
        """Write a record, as JSON or for people."""
        if self.as_json:
            self.write_json(record)
        else:
            self.write_readable(record)

    def write_readable(self, record: Mapping[str, Any]) -> None:
        """Write a record for people."""
        from mde_files.render.terminal import render

        self.write(render(record, colour=self.colour))

    def say(self, text: str) -> None:
        """Write a sentence for people to standard error, where it can be written."""
        with suppress(OSError):
            sys.stderr.write(text + "\n")
            sys.stderr.flush()

    def fail(self, error: MdeFilesError, record: Mapping[str, Any] | None = None) -> None:
        """Say what went wrong; with JSON, standard output still carries exactly one object.

        Args:
            error: What went wrong.
            record: The record of the failure, where one can be made.
        """
        from mde_files.render.escaping import for_terminal

        self.say(f"mde-files: {for_terminal(error.message, 1000)}")
        if error.hint:
            self.say(f"  {for_terminal(error.hint, 1000)}")
        if error.retry_at:
            self.say(f"  Try again from {error.retry_at}.")
        if self.as_json:
            self.write_json(record if record is not None else {"error": error.as_dict()})

    def fail_by_bug(self, error: Exception) -> None:
        """Say that the program itself is at fault, without a traceback."""
        place = ""
        if error.__traceback__ is not None:
            last = error.__traceback__
            while last.tb_next is not None:
                last = last.tb_next
            place = f" in {last.tb_frame.f_code.co_name}, line {last.tb_lineno}"
        message = f"An error of mde-files itself: {type(error).__name__}{place}."
        hint = "Please report it with this line and what you did."
        self.say(f"mde-files: {message}\n  {hint}")
        if self.as_json:
            self.write_json({"error": {"code": "internal_error", "message": message, "hint": hint, "retryable": False}})

    def detach(self) -> None:
        """Leave standard output alone after its reader has gone."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
