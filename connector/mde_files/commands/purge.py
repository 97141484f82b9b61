"""``mde-files purge``: removes what was kept of answers and sign-ins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mde_files.commands.options import connector, parser

if TYPE_CHECKING:
    from mde_files.console import Console


def run(words: list[str], console: Console) -> int:
    """Remove cached answers and stored tokens; the counted quota stays, or it would be broken."""
    made = parser("purge", "Removes cached answers and stored tokens; the counted quota stays.", connects=True)
    arguments = made.parse_args(words)
    with connector(arguments, console) as connected:
        answers = connected.purge()
    if console.as_json:
        console.write_json({"answers_removed": answers})
    else:
        console.write(f"{answers:,} cached answers removed, and the stored tokens.")
    return 0
