"""``mde-files quota``: what is used and left of the service's quota, and when room returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mde_files.commands.options import connector, parser
from mde_files.render.escaping import for_terminal

if TYPE_CHECKING:
    from mde_files.console import Console


def run(words: list[str], console: Console) -> int:
    """Write the usage of each endpoint's windows."""
    made = parser("quota", "What is used and left of the quota, for each endpoint.", connects=True)
    arguments = made.parse_args(words)
    with connector(arguments, console) as connected:
        usage = connected.quota_usage()
        degraded = connected.degraded
    if console.as_json:
        endpoints = {
            call: [{key: value for key, value in window._asdict().items() if value is not None} for window in windows]
            for call, windows in usage.items()
        }
        console.write_json({"endpoints": endpoints, "shared": degraded is None})
        return 0
    for call, windows in usage.items():
        for window in windows:
            room = f"; room again at {window.room_at}" if window.room_at else ""
            pause = f"; paused by the service until {window.paused_until}" if window.paused_until else ""
            console.write(
                f"{call:<12} {window.used:>5,} of {window.limit:>5,} used in {window.seconds:g} s, "
                f"{window.left:,} left{room}{pause}"
            )
    if degraded is not None:
        console.write(for_terminal(degraded, 500))
    return 0
