"""Answers have the shape that an analyzer on cortexutils gives them; one of the test's own runs in its environment."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from tests.platforms.cortex.conftest import Answered, answered, job_of, launched, lay
from tests.platforms.environments import python_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow

ANALYZER = """
from cortexutils.analyzer import Analyzer


class Small(Analyzer):
    def summary(self, raw):
        return {"taxonomies": [self.build_taxonomy("info", "Namespace", "Predicate", "value")]}

    def artifacts(self, raw):
        return [self.build_artifact("filename", "a.exe", message="a name", tlp=2)]

    def run(self):
        if self.get_data() == "no hash":
            self.error("This is no hash.")
        self.report({"outcome": "found"})


Small().run()
"""
CHANGES: dict[str, dict[str, Any]] = {
    "success": {},
    "failure": {"data": "no hash"},
    "TLP": {"tlp": 3},
    "PAP": {"pap": 3},
    "both": {"tlp": 3, "pap": 3},
    "without a data type": {"dataType": None},
    "without data": {"data": None},
}


@pytest.fixture(scope="module")
def python() -> Path:
    return python_of("cortex")


@pytest.fixture
def theirs(python: Path, tmp_path: Path) -> Callable[[Any], Answered]:
    script = tmp_path / "small.py"
    script.write_text(ANALYZER, encoding="utf-8")

    def run(job: Any) -> Answered:
        folder = lay(tmp_path / "theirs", job)
        ran = subprocess.run([python, script, folder], capture_output=True, text=True, timeout=120, check=False)
        return Answered(ran.returncode, answered(folder), ran.stdout, ran.stderr)

    return run


def shape(value: Any) -> Any:
    """Return keys and types; of a list, those of what it holds."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value[:1]]
    return type(value).__name__


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
def test_an_answer_has_the_same_shape(
    run: Callable[..., Answered],
    theirs: Callable[[Any], Answered],
    config: dict[str, Any],
    changes: dict[str, Any],
) -> None:
    job = {**job_of(config, "file_stats"), **changes}
    ours, other = run(job), theirs(job)
    assert ours.code == other.code
    assert ours.stdout == other.stdout == ""
    first, second = ours.answer, other.answer
    # what an analyzer found out is its own
    assert isinstance(first.pop("full", {}), type(second.pop("full", {})))
    assert shape(first) == shape(second)


@pytest.mark.parametrize("name", ["TLP", "PAP", "both"])
def test_a_level_that_is_too_high_is_refused_in_the_same_words(
    run: Callable[..., Answered], theirs: Callable[[Any], Answered], config: dict[str, Any], name: str
) -> None:
    job = {**job_of(config, "file_stats"), **CHANGES[name]}
    assert run(job).answer["errorMessage"] == theirs(job).answer["errorMessage"]


@pytest.mark.parametrize("limits", [{}, {"check_tlp": None, "max_tlp": None}, {"check_tlp": False, "max_tlp": 0}])
@pytest.mark.parametrize("tlp", [0, 2, 3, None])
def test_limits_that_nobody_set_hold_alike(
    run: Callable[..., Answered],
    theirs: Callable[[Any], Answered],
    config: dict[str, Any],
    limits: dict[str, Any],
    tlp: int | None,
) -> None:
    job = {**job_of(config, "file_stats"), "tlp": tlp}
    job["config"] = {**config, "service": "file_stats", **limits}
    assert run(job).code == theirs(job).code == 0


def test_every_secret_that_is_removed_there_is_removed_here(
    run: Callable[..., Answered], theirs: Callable[[Any], Answered], config: dict[str, Any]
) -> None:
    more = {"api_key": "k" * 20, "KEYS": "K" * 20, "password_file": "p" * 20, "plain": "text"}
    job = job_of({**config, **more}, "file_stats", data="no hash")
    ours, other = run(job).answer["input"], theirs(job).answer["input"]
    removed = {key for key, value in other["config"].items() if value == "REMOVED"}
    assert removed
    assert removed <= {key for key, value in ours["config"].items() if value == "REMOVED"}
    assert ours["config"]["plain"] == "text"
    assert {**ours, "config": {}} == {**other, "config": {}}


def test_standard_input_and_output_are_used_alike(
    analyzer: Path, python: Path, theirs: Callable[[Any], Answered], config: dict[str, Any], tmp_path: Path
) -> None:
    text = json.dumps(job_of(config, "file_stats", data="no hash"))
    ours = launched(analyzer, tmp_path / "nothing", input=text)
    command = [python, tmp_path / "small.py", tmp_path / "nothing"]
    other = subprocess.run(command, input=text, capture_output=True, text=True, timeout=120, check=False)
    assert ours.returncode == other.returncode == 1
    assert shape(json.loads(ours.stdout)) == shape(json.loads(other.stdout))
