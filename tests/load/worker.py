"""One worker process: connectors for all tenants, one thread a seat, one line for each answer."""

from __future__ import annotations

import faulthandler
import json
import mmap
import os
import signal
import threading
import time
import traceback
from typing import TYPE_CHECKING, Any

from mde_files import Connector

from .world import load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from .world import Ask

CRASHED = 70
_NUMBER_BYTES = 8


class Board:
    """What the herd sees of its workers, in memory they share: for each seat the answers and when the last one came."""

    def __init__(self, seats: int) -> None:
        # Whole numbers at once: whoever reads meanwhile sees the one before or the new one.
        memory = memoryview(mmap.mmap(-1, seats * 2 * _NUMBER_BYTES))
        self._answers = memory[: seats * _NUMBER_BYTES].cast("q")
        self._moments = memory[seats * _NUMBER_BYTES :].cast("d")

    def mark(self, seat: int, answers: int) -> None:
        """Tell how many questions of a seat are answered now."""
        self._moments[seat] = time.monotonic()
        self._answers[seat] = answers

    def read(self, seat: int) -> tuple[int, float]:
        """Return the answers of a seat and when the last one came."""
        return self._answers[seat], self._moments[seat]


def answered(path: Path) -> set[int]:
    """Return the questions that have their line in a file, and cut off what a killed worker left half written."""
    if not path.exists():
        return set()
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(path, whole)
    return {json.loads(line)["ask"] for line in content[:whole].splitlines()}


def work(
    configurations: Sequence[Mapping[str, Any]],
    seats: Sequence[int],
    folder: Path,
    path: Path,
    board: Board,
    start: float,
    leave: int,
) -> None:
    """Answer the questions of some seats and wait until everybody is done; never returns.

    Args:
        configurations: One for each tenant.
        seats: Numbers of its seats.
        folder: Where their questions are.
        path: Where the lines go; questions that have one are not asked again.
        board: Where progress is told.
        start: When the questions' time begins, on the monotonic clock.
        leave: Descriptor that ends when the worker may go.
    """
    faulthandler.register(signal.SIGUSR1)
    try:
        done = answered(path)
        connectors = [Connector.from_config(configuration) for configuration in configurations]
        output = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        threads = [
            threading.Thread(target=_sit, args=(seat, load(folder, seat), done, connectors, output, board, start))
            for seat in seats
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        os.read(leave, 1)
        for connector in connectors:
            connector.close()
    except BaseException:  # noqa: BLE001 - nothing else may run on in a forked process
        _crash()
    os._exit(0)


def _sit(
    seat: int,
    asks: Sequence[Ask],
    done: set[int],
    connectors: Sequence[Connector],
    output: int,
    board: Board,
    start: float,
) -> None:
    try:
        answers = sum(ask.id in done for ask in asks)
        board.mark(seat, answers)
        for ask in asks:
            if ask.id in done:
                continue
            time.sleep(max(0.0, start + ask.due - time.monotonic()))
            begun = time.monotonic()
            record = connectors[ask.tenant].record_of(ask.action, ask.params, ask.asking)
            ended = time.monotonic()
            line = {"ask": ask.id, "begun": begun - start, "seconds": ended - begun, "record": record}
            _append(output, json.dumps(line, separators=(",", ":")).encode() + b"\n")
            answers += 1
            board.mark(seat, answers)
    except BaseException:  # noqa: BLE001 - a thread that dies alone would look like one that hangs
        _crash()


_appending = threading.Lock()


def _append(output: int, line: bytes) -> None:
    with _appending:
        while line:
            line = line[os.write(output, line) :]


def _crash() -> None:
    traceback.print_exc()
    os._exit(CRASHED)
