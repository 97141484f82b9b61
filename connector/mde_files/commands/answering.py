"""Runs one action for a command and writes its record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files.commands.options import connector
from mde_files.errors import InvalidInputError, MdeFilesError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from mde_files.answers import Asking
    from mde_files.console import Console


def answer(
    arguments: argparse.Namespace, console: Console, action: str, params: Mapping[str, Any], asking: Asking
) -> int:
    """Write the record of ``action``, or the record of its failure, and return the exit code."""
    with connector(arguments, console) as connected:
        try:
            record = connected.run(action, params, asking)
        except MdeFilesError as error:
            known = action in connected.manifest.actions
            failure = connected.failure(action, params, error) if known else None
            console.fail(error, failure)
            return error.exit_code
    if arguments.output_format == "stix":
        from mde_files.render.stix import bundle

        console.write(bundle([record]))
    else:
        console.write_record(record)
    return 0


def lookback(text: str | None) -> dict[str, Any]:
    """Return the parameter that ``--lookback-hours`` stands for; the input schema judges it."""
    if text is not None and not text.strip():
        raise InvalidInputError("--lookback-hours is empty.", hint="Give 1 to 720 hours.")
    return {} if text is None else {"lookback_hours": text}
