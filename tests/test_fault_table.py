from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from . import fault_table as module

CONFTEST = "from .fault_table import fault_table, pytest_runtest_call, pytest_terminal_summary\n"
FAULTS = """
import pytest

def test_agrees(fault_table):
    for number in range(1000):
        fault_table.row("room", "kills\\x1b[31m", ["lost nothing", "timeout"], "lost nothing", number / 1000, within=1)

def test_differs(fault_table):
    fault_table.row("room", "silence", "timeout", "network_error", 0.1)

def test_takes_too_long(fault_table):
    fault_table.row("room", "drip", "timeout", "timeout", 3.0, within=2)

def test_breaks(fault_table):
    raise RuntimeError

def test_forgets(fault_table):
    pass

def test_skips(fault_table):
    pytest.skip("not here")

def test_without_a_table():
    pass
"""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_table_shows_every_row_and_a_wrong_one_fails_its_test(tmp_path: Path, workers: str) -> None:
    folder = tmp_path / "tests"
    folder.mkdir()
    shutil.copy(Path(module.__file__), folder)
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_faults.py").write_text(FAULTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n")
    command = [sys.executable, "-m", "pytest", "-q", "-n", workers, "-p", "no:cacheprovider", "tests"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False)
    said = " ".join(done.stdout.split())
    assert "faults: 4, 3 wrong" in said
    assert "room kills\\x1b[31m lost nothing or timeout lost nothing 1.00 1,000 agrees" in said
    assert "room silence timeout network_error 0.10 WRONG" in said
    assert "room drip timeout timeout, not within 2 s 3.00 WRONG" in said
    assert "test_breaks a passed test the test failed for another reason WRONG" in said
    assert "added no row" in said
    assert "3 failed, 3 passed, 1 skipped, 1 error" in said
