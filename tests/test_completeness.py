"""Where everything a test needs is installed, no test may be skipped; this shows that a skipped one is noticed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(("complete", "code", "words"), [("1", 1, "1 failed"), ("0", 0, "1 skipped")])
def test_a_skipped_test_is_a_failed_one_where_all_have_to_run(
    tmp_path: Path, complete: str, code: int, words: str
) -> None:
    (tmp_path / "test_part.py").write_text(
        "def test_of_a_part():\n    import pytest\n    pytest.skip('not installed')\n"
    )
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_runtest_makereport\n")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "MDE_FILES_TESTS_COMPLETE": complete, "PYTEST_ADDOPTS": "", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == code, ran.stdout
    assert words in ran.stdout
