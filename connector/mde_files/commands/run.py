"""``mde-files run``: an action with its parameters as JSON, as a platform sends them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mde_files.commands.answering import answer
from mde_files.commands.options import add_freshness, add_output_format, asking, parser
from mde_files.errors import InvalidInputError

if TYPE_CHECKING:
    from mde_files.console import Console


def run(words: list[str], console: Console) -> int:
    """Write the record of the action."""
    made = parser("run", "Run an action by its id.", connects=True)
    made.add_argument("action", metavar="ACTION", help="file_stats or file_alerts")
    made.add_argument(
        "--params", required=True, metavar="JSON|@FILE|-", help="parameters: JSON, a file or standard input"
    )
    add_freshness(made, "what the configuration says")
    add_output_format(made)
    arguments = made.parse_args(words)
    return answer(arguments, console, arguments.action, _params(arguments.params), asking(arguments))


def _params(given: str) -> dict[str, Any]:
    try:
        if given == "-":
            text = sys.stdin.read()
        elif given.startswith("@"):
            text = Path(given[1:]).read_text(encoding="utf-8")
        else:
            text = given
        params = json.loads(text)
    except OSError as error:
        raise InvalidInputError(
            f"The file {given[1:]!r} cannot be read: {error.strerror}.", hint="Name an existing file after @."
        ) from None
    except (ValueError, RecursionError):
        raise InvalidInputError(
            "--params is no valid JSON.",
            hint='Write it like this: \'{"file_hash": "0991a395da64e1c5fbe8732ed11e6be064081d9f"}\'',
        ) from None
    if not isinstance(params, dict):
        raise InvalidInputError("--params is no JSON object.", hint='Parameters are written as {"name": value}.')
    return params
