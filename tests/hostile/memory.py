"""Asks in a process of its own and tells how much memory each answer took at most.

Run as ``python memory.py CONFIGURATION ACTION HASH TIMES``; writes one JSON object a line to standard output.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from mde_files import Connector
from mde_files.errors import MdeFilesError


def peak() -> int:
    """Return the most memory this process had since :func:`forget_peak`, in bytes."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1]) * 1024


def forget_peak() -> None:
    """Let the peak be what is used now; ``getrusage`` would tell the parent's."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def main() -> None:
    """Ask once more than told: the first answer is small and loads whatever is needed to ask."""
    configuration, action, file_hash, times = sys.argv[1:]
    with Connector.from_config(json.loads(configuration)) as connector:
        connector.record_of(action, {"file_hash": file_hash})
        for _ in range(int(times)):
            forget_peak()
            before = peak()
            started = time.monotonic()
            try:
                outcome = connector.run(action, {"file_hash": file_hash})["outcome"]
            except MdeFilesError as error:
                outcome = error.code
            seconds = time.monotonic() - started
            print(json.dumps({"outcome": outcome, "growth": peak() - before, "seconds": seconds}))  # noqa: T201


main()
