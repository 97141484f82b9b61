"""Processes killed at random, hundreds a second, while they write what others rely on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import mde_files

if TYPE_CHECKING:
    from tests.fault_table import FaultTable

ROOM = "killed in the middle"
REPOSITORY = Path(__file__).parents[2]
WRITERS = {
    "State": "a process is killed while it counts and caches in SQLite",
    "FreshState": "a process is killed while it makes the SQLite file",
    "Tokens": "a process is killed while it keeps tokens",
    "Batch": "a batch is killed while it resumes, appends, tidies up and writes CSV",
    "Incidents": "a playbook is killed while it attaches to an incident file",
    "Report": "a process is killed while it writes a report",
}


def killed(scenario: str, kills: int, folder: Path, seed: int) -> dict[str, Any]:
    command = [
        sys.executable,
        str(Path(__file__).with_name("killing.py")),
        scenario,
        str(kills),
        str(folder),
        str(seed),
    ]
    path = os.pathsep.join((str(REPOSITORY), str(Path(mde_files.__file__).parents[1])))
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["acknowledged"] > kills // 50 or result["found"], "hardly anything was written before the kills"
    return result


@pytest.mark.parametrize("scenario", WRITERS)
@pytest.mark.parametrize("kills", [100, pytest.param(3000, marks=pytest.mark.slow)])
def test_nothing_is_lost_halved_or_left_behind(
    fault_table: FaultTable, tmp_path: Path, scenario: str, kills: int
) -> None:
    result = killed(scenario, kills, tmp_path, seed=7)
    said = "; ".join(result["found"]) or "nothing lost"
    fault = f"{WRITERS[scenario]} ({result['kills']:,} kills)"
    fault_table.row(ROOM, fault, "nothing lost", said, result["seconds"])
