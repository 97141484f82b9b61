"""What the tests of batches need: the command at the emulator, and a connector that answers without one."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

import mde_files
from mde_files import Connector, cli, schemas
from mde_files.emulator.scenario import File, Organization

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mde_files.emulator import Emulator
    from mde_files.errors import MdeFilesError

TENANT = "11111111-2222-3333-4444-555555555555"
_EXAMPLES = schemas.load("record")["examples"]


def sha1(number: int) -> str:
    return hashlib.sha1(str(number).encode(), usedforsecurity=False).hexdigest()


class Ended(NamedTuple):
    """What a command wrote and how it ended."""

    code: int
    out: str
    err: str

    @property
    def summary(self) -> Any:
        return json.loads(self.out)


class Output:
    """The output of a batch, each line judged by its schema."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def results(self) -> list[dict[str, Any]]:
        found = [json.loads(line) for line in self.path.read_text(encoding="ascii").splitlines()]
        for result in found:
            assert schemas.problems("batch_line", result) == []
            assert schemas.problems("record", result["record"]) == []
        return found

    @property
    def outcomes(self) -> dict[tuple[int, str], str]:
        """Outcomes by line and action; fails if one is there twice."""
        results = self.results
        found = {(one["line"], one["record"]["action"]): one["record"]["outcome"] for one in results}
        assert len(found) == len(results)
        return found


@pytest.fixture
def output(tmp_path: Path) -> Output:
    return Output(tmp_path / "out.jsonl")


@pytest.fixture
def hashes(emulator: Emulator) -> list[str]:
    """Thirty files that the organization has seen."""
    add_files(emulator, 30)
    return [sha1(number) for number in range(30)]


def add_files(emulator: Emulator, count: int) -> None:
    emulator.scenario.files += [
        File(f"file-{number}", sha1(number), organization=Organization(prevalence=number + 1))
        for number in range(count)
    ]


@pytest.fixture
def batch(
    config_file: Path, output: Output, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Ended]:
    """Run ``mde-files batch`` with the emulator's configuration and ``output``, unless told otherwise."""
    monkeypatch.setenv("MDE_FILES_CONFIG", str(config_file))

    def batch(*words: str, to: Path | str | None = None) -> Ended:
        code = cli.main(["batch", *map(str, words), "--output", str(output.path if to is None else to)])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Ended(code, captured.out, captured.err)

    return batch


def start(inputs: Path, output: Output, config_file: Path, *words: str) -> subprocess.Popen[str]:
    """Start ``mde-files batch`` as a process of its own."""
    command = [sys.executable, "-m", "mde_files", "batch", str(inputs), "--output", str(output.path), *words]
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(mde_files.__file__).parents[1]),
        "MDE_FILES_CONFIG": str(config_file),
    }
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


class FakeEnricher:
    """Answers like a connector; ``answer`` may return an error instead of a record's outcome."""

    def __init__(self, answer: Callable[[str, str], MdeFilesError | None] = lambda *_question: None) -> None:
        connector = Connector.from_config(
            {"tenant_id": TENANT, "client_id": TENANT, "auth": {"method": "client_secret", "client_secret": "s"}}
        )
        self.config = connector.config
        self.failure = connector.failure
        self.asked: Counter[tuple[str, str]] = Counter()
        self.usage: dict[str, list[Any]] = {}
        self.closed = False
        self._answer = answer
        self._lock = threading.Lock()

    def record_of(self, action: str, params: Mapping[str, Any], asking: Any) -> dict[str, Any]:
        with self._lock:
            self.asked[action, params["file_hash"]] += 1
        assert asking.caller == "batch"
        error = self._answer(action, params["file_hash"])
        if error is not None:
            return self.failure(action, params, error)
        return record(action, params["file_hash"])

    def quota_usage(self, caller: str) -> dict[str, list[Any]]:
        assert caller == "batch"
        return self.usage

    def close(self) -> None:
        self.closed = True


def record(action: str = "file_stats", value: str = "0" * 40) -> dict[str, Any]:
    made: dict[str, Any] = copy.deepcopy(next(one for one in _EXAMPLES if one["action"] == action))
    made["source"]["tenant_id"] = TENANT
    made["file"] = {"sha1": value, "queried": value, "queried_type": "sha1"}
    return made


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeEnricher:
    """The connector of every batch that is run."""
    made = FakeEnricher()
    monkeypatch.setattr("mde_files.commands.batch.connector", lambda *_arguments, **_named: made)
    return made
