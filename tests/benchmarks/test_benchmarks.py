"""The benchmarks run and tell what they found; how fast anything is, is no matter of a test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.benchmarks.figures import Figure, spread, table


def test_a_figure_is_judged_by_the_medians() -> None:
    slower = Figure("part", "ours", spread([2.0, 3.0, 9.0]), "theirs", spread([1.0, 2.0, 8.0]), bar=1.4)
    assert (slower.value, slower.met) == (1.5, False)
    assert slower._replace(bar=1.5).met is True
    assert slower._replace(bar=1.6, at_least=True).met is False
    assert slower._replace(compared="difference").value == 1.0
    in_turn = slower._replace(
        measured=spread([2.0, 8.0, 9.0], in_turn=True), baseline=spread([1.0, 2.0, 8.0], in_turn=True)
    )
    assert in_turn.value == 2.0
    assert in_turn._replace(compared="difference").value == 1.0
    assert "1.50 x of theirs" in table([slower])
    assert "MISSED: <= 1.4" in table([slower])


@pytest.mark.slow
def test_a_part_runs_from_this_checkout_and_writes_its_figures(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.benchmarks", "warm", "--json", str(tmp_path / "figures.json")]
    ran = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=300, check=False
    )
    assert ran.returncode == 0, ran.stderr
    figures = json.loads((tmp_path / "figures.json").read_text())["figures"]
    assert {figure["part"] for figure in figures} == {"warm call, processor time", "warm cache hit, processor time"}
    assert all(figure["measured"]["median"] > 0 for figure in figures)
