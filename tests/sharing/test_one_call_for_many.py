"""Ten thousand asks for a thousand files, a few of them asked for most of the time, cost exactly a thousand calls."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import mde_files
from mde_files.emulator import File

if TYPE_CHECKING:
    from mde_files.emulator import Emulator

DISTINCT = 1_000
ASKS = 10_000


def skewed_asks(emulator: Emulator) -> list[str]:
    """Return hashes that the emulator knows, each at least once, the first ones far more often."""
    hashes = [hashlib.sha1(f"file {number}".encode(), usedforsecurity=False).hexdigest() for number in range(DISTINCT)]
    emulator.scenario.files += [File(label=f"file-{value}", sha1=value) for value in hashes]
    chance = random.Random(20)
    rest = [hashes[min(DISTINCT - 1, int(chance.paretovariate(0.6)) - 1)] for _ in range(ASKS - DISTINCT)]
    asks = hashes + rest
    chance.shuffle(asks)
    return asks


def ask_in_processes(configuration: dict[str, Any], parts: list[list[str]], folder: Path, **more: Any) -> Counter[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(mde_files.__file__).parents[1])}
    started = []
    for number, part in enumerate(parts):
        given = folder / f"asks-{number}.json"
        given.write_text(json.dumps({"configuration": configuration, "hashes": part, "threads": 4, **more}))
        command = [sys.executable, str(Path(__file__).with_name("asker.py")), str(given)]
        started.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True))
    outcomes: Counter[str] = Counter()
    for process in started:
        written, _ = process.communicate(timeout=200)
        assert process.returncode == 0
        outcomes.update(json.loads(written))
    return outcomes


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["threads", "processes", "redis"])
def test_each_file_is_asked_for_once(
    emulator: Emulator, kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    asks = skewed_asks(emulator)
    state = {
        "threads": "memory:",
        "processes": f"sqlite:///{tmp_path}/state.sqlite3",
        "redis": request.getfixturevalue("redis_server").url if kind == "redis" else "",
    }[kind]
    windows = [{"calls": 60_000, "seconds": 60}]
    configuration = {**emulator.configuration(), "state": state, "quota": {"windows": windows}}
    parts = [asks] if kind == "threads" else [asks[start::4] for start in range(4)]
    outcomes = ask_in_processes(configuration, parts, tmp_path)
    assert outcomes == {"known_globally_only": ASKS}
    assert emulator.accepted["file_stats"] == DISTINCT
    assert emulator.rejected == {}


def test_a_person_is_never_refused_while_a_batch_runs_flat_out(
    emulator: Emulator, tmp_path: Path, connect: Any
) -> None:
    emulator.scenario.files += [File(label=f"batch-{number}", sha1=f"{number:040x}") for number in range(1, 200)]
    windows = [{"calls": 20, "seconds": 2.0}]
    settings = {
        "state": f"sqlite:///{tmp_path}/state.sqlite3",
        "quota": {"windows": windows, "max_wait_seconds": 20.0},
        "cache": {"enabled": False},
    }
    environment = {**os.environ, "PYTHONPATH": str(Path(mde_files.__file__).parents[1])}
    given = tmp_path / "asks.json"
    asks = [f"{number:040x}" for number in range(1, 200)]
    configuration = {**emulator.configuration(), **settings}
    given.write_text(json.dumps({"configuration": configuration, "hashes": asks, "threads": 8, "caller": "batch"}))
    command = [sys.executable, str(Path(__file__).with_name("asker.py")), str(given)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as batch:
        person = connect(**{**settings, "quota": {"windows": windows, "max_wait_seconds": 0}})
        asked = 0
        while emulator.accepted["file_stats"] < 16:
            assert batch.poll() is None
        while batch.poll() is None and asked < 4:
            assert person.file_stats(emulator.scenario.file("eicar").sha1)["outcome"] == "seen_in_organization"
            asked += 1
        batch.kill()
        batch.communicate(timeout=30)
    assert asked == 4
    assert emulator.rejected == {}
