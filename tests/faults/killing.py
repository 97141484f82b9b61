"""Kills processes at random while they write, and looks after each kill at what they left behind.

One process per run imports the package once and forks a child for each kill, so that a second holds hundreds of them.
Arguments: the name of a scenario, how many kills, a folder and a seed. Prints a JSON object with what was found.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import traceback
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_CHILDREN = 2
_ONE_OF = 4
_PACES = 3
_ACKNOWLEDGEMENT = 8
_STARTED = b"*"
_RAISED = b"\xff" * _ACKNOWLEDGEMENT
_PROBLEMS_TOLD = 5


class FindingError(Exception):
    """Something that must not be."""


class Writer:
    """A child process that writes until it is killed.

    Attributes:
        number: Which of all writers it is; no two have the same.
        chance: Random numbers of its own.
    """

    def __init__(self, number: int, pipe: int, seed: int) -> None:
        self.number = number
        self.chance = random.Random(seed * 1_000_003 + number)
        self._pipe = pipe

    def acknowledge(self, value: int) -> None:
        """Tell the parent that ``value`` is written; in one system call, so that no kill can halve it."""
        os.write(self._pipe, value.to_bytes(_ACKNOWLEDGEMENT, "little"))


class RehearsedError(Exception):
    """The rehearsal has come far enough."""


class Rehearsal(Writer):
    """Writes once in the parent, so that what is imported late is not imported by every child anew."""

    def __init__(self) -> None:
        super().__init__(0, -1, 0)

    def acknowledge(self, value: int) -> None:
        raise RehearsedError(value)


class Acknowledged(NamedTuple):
    """What a writer that was killed had acknowledged."""

    writer: int
    values: list[int]


class Scenario:
    """What is written and what has to hold afterwards; made anew for every few kills.

    Attributes:
        rounds: After how many rounds of kills it is made anew.
        longest: Seconds after which a writer is killed at the latest, on a machine with time to spare.

    Args:
        folder: An empty folder.
    """

    rounds = 10
    longest = 0.012

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, writer: Writer) -> None:
        """Write for ever; runs in the child."""
        raise NotImplementedError

    def judge(self, killed: list[Acknowledged]) -> None:
        """Raise :class:`FindingError` if anything was lost; ``killed`` are the writers killed since the last look."""
        raise NotImplementedError


def start(scenario: Scenario, number: int, seed: int) -> tuple[int, int]:
    """Fork a writer and return its process id and the end of the pipe on which it acknowledges."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            os.write(writing, _STARTED)
            scenario.write(Writer(number, writing, seed))
        except BaseException as error:  # noqa: BLE001 - told by the parent, even if the kill comes now
            place = traceback.extract_tb(error.__traceback__)[-1]
            os.write(writing, _RAISED + f"{type(error).__name__} in {place.name}: {error}".encode())
        finally:
            os._exit(1)
    os.close(writing)
    # The time until the kill runs from here: a busy machine may take long to let the child begin.
    os.read(reading, len(_STARTED))
    return child, reading


def kill(child: int, reading: int) -> list[int]:
    """Kill a writer and return what it had acknowledged."""
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    told, _, raised = told.partition(_RAISED)
    if raised or not os.WIFSIGNALED(status):
        message = f"a writer failed: {raised.decode()}"
        raise FindingError(message)
    return [
        int.from_bytes(told[start : start + _ACKNOWLEDGEMENT], "little")
        for start in range(0, len(told), _ACKNOWLEDGEMENT)
    ]


def run(make: Callable[[Path], Scenario], kills: int, folder: Path, seed: int) -> dict[str, object]:
    pace = 0.0
    for name in ("imports", "pace"):
        place = folder / name
        place.mkdir()
        begun = time.monotonic()
        with suppress(RehearsedError):
            make(place).write(Rehearsal())
        pace = time.monotonic() - begun
    chance = random.Random(seed)
    found: Counter[str] = Counter()
    acknowledged = done = number = 0
    begun = time.monotonic()
    scenario: Scenario | None = None
    while done < kills and len(found) < _PROBLEMS_TOLD:
        if scenario is None or number % (scenario.rounds * _CHILDREN) < _CHILDREN:
            place = folder / f"{number}"
            place.mkdir()
            scenario = make(place)
        try:
            # On a busy machine it takes longer to come as far.
            longest = max(scenario.longest, _PACES * pace)
            killed = _kill_some(scenario, chance, number, seed, longest)
            number += _CHILDREN
            done += len(killed)
            acknowledged += sum(len(one.values) for one in killed)
            scenario.judge(killed)
        except FindingError as finding:
            found[str(finding)] += 1
            scenario = None
            number += _CHILDREN
    seconds = time.monotonic() - begun
    return {"kills": done, "acknowledged": acknowledged, "seconds": seconds, "found": dict(found)}


def _kill_some(scenario: Scenario, chance: random.Random, number: int, seed: int, longest: float) -> list[Acknowledged]:
    children = [
        (number + more, *start(scenario, number + more, seed))
        for more in range(_CHILDREN if chance.randrange(_ONE_OF) else 1)
    ]
    # Short ones hit the opening of files, long ones everything after it.
    time.sleep(chance.choice((longest / 6, longest / 2, longest)) * chance.random())
    return [Acknowledged(which, kill(child, reading)) for which, child, reading in children]


def main() -> None:
    from tests.faults import killed_writers, killing

    name, kills, folder, seed = sys.argv[1:]
    # Under its own name, not as the program that was started, so that its exceptions are the scenarios' ones.
    result = killing.run(getattr(killed_writers, name), int(kills), Path(folder), int(seed))
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main()
