"""``python -m tests.benchmarks [PART ...] [--json FILE]``: measures, prints a table, writes the figures as JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks import batches, cold, growth, large_answers, warm
from tests.benchmarks.figures import Figure, table

_PARTS = {"cold": cold, "warm": warm, "answers": large_answers, "batch": batches, "growth": growth}


def main() -> int:
    """Measure and tell; return 1 where a bar is missed and ``--check`` asks for that."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"what to measure (default: all): {', '.join(_PARTS)}")
    parser.add_argument("--json", type=Path, default=Path("benchmarks.json"), help="file for the figures")
    parser.add_argument("--check", action="store_true", help="end with 1 where a bar is missed (on a quiet machine)")
    arguments = parser.parse_args()
    started = time.monotonic()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="mde-files-benchmarks-") as folder:
        for name in arguments.parts or _PARTS:
            found = list(_PARTS[name].measure(Path(folder)))
            sys.stdout.write(table(found) + "\n")
            sys.stdout.flush()
            figures += found
    missed = [figure for figure in figures if figure.met is False]
    machine = (
        f"Python {platform.python_version()}, {os.cpu_count()} processors, {platform.system()} {platform.machine()}"
    )
    seconds = time.monotonic() - started
    told = {"machine": machine, "seconds": round(seconds, 1), "figures": [figure.as_dict() for figure in figures]}
    arguments.json.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"\n{machine}; {seconds:.0f} s; figures in {arguments.json}\n")
    sys.stdout.write("Every bar is met.\n" if not missed else f"{len(missed)} bars are missed.\n")
    return 1 if missed and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
