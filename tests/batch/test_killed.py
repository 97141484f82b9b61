"""A batch that is killed again and again ends complete."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from mde_files.commands.emulator import write_configuration

from .conftest import Output, add_files, sha1, start

if TYPE_CHECKING:
    from pathlib import Path

    from mde_files.emulator import Emulator

WORKERS = 4


@pytest.mark.parametrize(
    ("count", "kills", "options"), [(150, 3, ["--no-cache"]), pytest.param(2000, 20, [], marks=pytest.mark.slow)]
)
def test_killed_at_random_nothing_is_lost_and_hardly_anything_asked_twice(
    emulator: Emulator, output: Output, tmp_path: Path, count: int, kills: int, options: list[str]
) -> None:
    add_files(emulator, count)
    emulator.scenario.latency.service = 0.01
    inputs = tmp_path / "hashes.txt"
    inputs.write_text("".join(f"{sha1(number)}\n{sha1(number).upper()}\n" for number in range(count)))
    quota = {"windows": [{"calls": 60000, "seconds": 60}]}
    # What a killed process was asking stays leased until its deadline.
    changes = {"quota": quota, "timeouts": {"connect": 2, "read": 2, "total": 2}}
    config_file = write_configuration({**emulator.configuration(), **changes}, tmp_path)
    words = ("--workers", str(WORKERS), "--quiet", "--resume", *options)
    chance = random.Random(7)
    size_of_all = 0
    for kill in range(kills):
        with start(inputs, output, config_file, *words) as process:
            # At any byte of what it writes, and sometimes before it writes anything.
            size_of_all += chance.randrange(0, 2 * count // (kills + 1) * 1100)
            wait_for_size(output, 0 if kill == 1 else size_of_all)
            assert process.poll() is None, "it was complete before it was killed often enough"
            process.kill()
            process.wait(timeout=30)
    with start(inputs, output, config_file, *words) as process:
        _, err = process.communicate(timeout=100)
    assert (process.returncode, err) == (0, "")
    assert output.outcomes == {(line, "file_stats"): "seen_in_organization" for line in range(1, 2 * count + 1)}
    asked = Counter(request.path for request in emulator.requests if request.path.endswith("/stats"))
    assert len(asked) == count
    assert max(asked.values()) <= 1 + kills
    assert sum(asked.values()) <= count + kills * WORKERS


def wait_for_size(output: Output, size: int) -> None:
    deadline = time.monotonic() + 60
    while not output.path.exists() or output.path.stat().st_size < size:
        assert time.monotonic() < deadline, "nothing was written"
        time.sleep(0.001)
