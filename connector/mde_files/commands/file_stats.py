"""``mde-files file-stats``: how common a file is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mde_files.commands.answering import answer, lookback
from mde_files.commands.options import add_freshness, add_output_format, asking, parser

if TYPE_CHECKING:
    from mde_files.console import Console


def run(words: list[str], console: Console) -> int:
    """Write the record of a file's statistics."""
    made = parser("file-stats", "How common a file is in the organization and worldwide.", connects=True)
    made.add_argument("hash", metavar="HASH", help="SHA-1, SHA-256 or, where enabled, MD5 of the file")
    made.add_argument(
        "--lookback-hours",
        metavar="N",
        help="hours the organization's numbers look back, 1 to 720 (default 720)",
    )
    add_freshness(made, "what the configuration says")
    add_output_format(made)
    arguments = made.parse_args(words)
    params = {"file_hash": arguments.hash, **lookback(arguments.lookback_hours)}
    return answer(arguments, console, "file_stats", params, asking(arguments))
