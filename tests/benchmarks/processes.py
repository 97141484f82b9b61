"""Times whole processes: wall clock and processor time of each, several commands in turn."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING, NamedTuple

from tests.benchmarks.figures import Spread, spread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class Timed(NamedTuple):
    """Milliseconds of a command: what a person waits, and what the processor works."""

    wall: Spread
    processor: Spread


class Command(NamedTuple):
    """A command with its environment, and the file it makes, which is out of its way before each time."""

    words: Sequence[str]
    environment: Mapping[str, str]
    output: Path | None = None


def time_in_turn(commands: Mapping[str, Command], rounds: int) -> dict[str, Timed]:
    """Run every command once a round and return what each took; the first round only warms up."""
    wall: dict[str, list[float]] = {name: [] for name in commands}
    processor: dict[str, list[float]] = {name: [] for name in commands}
    for round_number in range(rounds + 1):
        for name, command in commands.items():
            seconds, worked = _run(command)
            if round_number:
                wall[name].append(seconds * 1000)
                processor[name].append(worked * 1000)
    return {name: Timed(spread(wall[name], in_turn=True), spread(processor[name], in_turn=True)) for name in commands}


def _run(command: Command) -> tuple[float, float]:
    if command.output is not None:
        command.output.unlink(missing_ok=True)
    started = time.perf_counter()
    process = subprocess.Popen(
        command.words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(command.environment)
    )
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command.words[:6])} ended with {process.returncode}")
    return seconds, used.ru_utime + used.ru_stime
