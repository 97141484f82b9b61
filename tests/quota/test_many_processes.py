"""Eight processes of four threads at one endpoint that counts exactly at arrival."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import mde_files
from mde_files.emulator import Quota, QuotaWindow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mde_files.emulator import Emulator

PAIRS = ((100, 2.5), (300, 9.0))
# 100 calls at 0, 2.5, 5 and 9 seconds.
SECONDS = 11.3
ALLOWED = 400


class Hammer:
    """Processes that ask at the same time."""

    def __init__(self, emulator: Emulator, state: str, pairs: tuple[tuple[int, float], ...]) -> None:
        emulator.scenario.quota = Quota([QuotaWindow(calls, seconds) for calls, seconds in pairs])
        self._emulator = emulator
        self._configuration = {
            **emulator.configuration(),
            "state": state,
            "quota": {
                "windows": [{"calls": calls, "seconds": seconds} for calls, seconds in pairs],
                "max_wait_seconds": 20,
            },
        }
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, processes: int, threads: int, seconds: float) -> None:
        given = {
            "configuration": self._configuration,
            "token": self._emulator.issue_token(),
            "threads": threads,
            "seconds": seconds,
        }
        command = [sys.executable, str(Path(__file__).with_name("worker.py")), json.dumps(given)]
        environment = {**os.environ, "PYTHONPATH": str(Path(mde_files.__file__).parents[1])}
        started = [
            subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(processes)
        ]
        self.processes += started
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in started:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()

    def results(self) -> list[dict[str, Any]]:
        return [json.loads(process.communicate(timeout=60)[0]) for process in self.processes]

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.communicate(timeout=30)


@pytest.fixture
def hammer(emulator: Emulator) -> Iterator[Callable[..., Hammer]]:
    made: list[Hammer] = []

    def hammer(state: str, pairs: tuple[tuple[int, float], ...] = PAIRS) -> Hammer:
        made.append(Hammer(emulator, state, pairs))
        return made[-1]

    yield hammer
    for one in made:
        one.stop()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_the_allowance_is_used_and_never_broken(
    emulator: Emulator, hammer: Callable[..., Hammer], kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    state = request.getfixturevalue("redis_server").url if kind == "redis" else f"sqlite:///{tmp_path}/state.sqlite3"
    started = hammer(state)
    started.start(processes=8, threads=4, seconds=SECONDS)
    results = started.results()
    assert {result["degraded"] for result in results} == {None}
    assert emulator.rejected["file_stats"] == 0
    assert {key for result in results for key in result} <= {"200", "refused", "degraded"}
    assert 0.95 * ALLOWED <= emulator.accepted["file_stats"] <= ALLOWED


@pytest.mark.slow
def test_killed_processes_neither_break_the_quota_nor_keep_it(
    emulator: Emulator, hammer: Callable[..., Hammer], tmp_path: Path
) -> None:
    emulator.scenario.latency.service = 0.3
    started = hammer(f"sqlite:///{tmp_path}/state.sqlite3", ((20, 1.5),))
    started.start(processes=2, threads=4, seconds=4)
    time.sleep(0.15)
    for process in started.processes:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
    killed_with = emulator.accepted["file_stats"]
    assert killed_with > 0
    started.processes.clear()
    started.start(processes=1, threads=4, seconds=7)
    (result,) = started.results()
    assert emulator.rejected["file_stats"] == 0
    assert result["200"] >= 20
