"""``mde-files file-alerts``: the alerts a file took part in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mde_files.commands.answering import answer
from mde_files.commands.options import add_freshness, add_output_format, asking, parser

if TYPE_CHECKING:
    from mde_files.console import Console


def run(words: list[str], console: Console) -> int:
    """Write the record of a file's alerts."""
    made = parser("file-alerts", "The alerts a file took part in, most severe first.", connects=True)
    made.add_argument("hash", metavar="HASH", help="SHA-1, SHA-256 or, where enabled, MD5 of the file")
    add_freshness(made, "0, asked afresh")
    add_output_format(made)
    arguments = made.parse_args(words)
    return answer(arguments, console, "file_alerts", {"file_hash": arguments.hash}, asking(arguments, max_age=0.0))
