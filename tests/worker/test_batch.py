"""``mde-files batch --celery`` with real workers."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import mde_files
from mde_files.emulator import Fault, Quota, QuotaWindow
from mde_files.emulator.scenario import File, Organization

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from celery import Celery
    from tests.worker.conftest import Worker

    from mde_files.emulator import Emulator

SECONDS = 60
Batch = subprocess.Popen[str]


def sha1(number: int) -> str:
    return hashlib.sha1(str(number).encode(), usedforsecurity=False).hexdigest()


@pytest.fixture
def inputs(emulator: Emulator, tmp_path: Path) -> Callable[[int], Path]:
    """Write so many hashes of files that the organization has seen."""

    def inputs(count: int) -> Path:
        emulator.scenario.files += [
            File(f"file-{number}", sha1(number), organization=Organization(prevalence=number + 1))
            for number in range(count)
        ]
        path = tmp_path / "hashes.txt"
        path.write_text("".join(f"{sha1(number)}\n" for number in range(count)))
        return path

    return inputs


@pytest.fixture
def start_batch(tmp_path: Path) -> Iterator[Callable[..., Batch]]:
    """Start ``mde-files batch --celery`` with ``out.jsonl``."""
    started: list[Batch] = []

    def start(configuration: Path, inputs: Path, *words: str) -> Batch:
        command = [sys.executable, "-m", "mde_files", "batch", str(inputs), "--celery", *words]
        environment = {
            **os.environ,
            "PYTHONPATH": str(Path(mde_files.__file__).parents[1]),
            "MDE_FILES_CONFIG": str(configuration),
        }
        started.append(
            subprocess.Popen(
                [*command, "--output", str(tmp_path / "out.jsonl")],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate(timeout=10)


def results(folder: Path) -> list[dict[str, Any]]:
    path = folder / "out.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def outcomes(folder: Path) -> dict[tuple[int, str], str]:
    found = {(one["line"], one["record"]["action"]): one["record"]["outcome"] for one in results(folder)}
    assert len(found) == len(results(folder))
    return found


def wait_for_results(folder: Path, count: int) -> None:
    deadline = time.monotonic() + SECONDS
    while len(results(folder)) < count:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def messages(app: Celery) -> int:
    """Return how many messages wait in the queue or are with a worker."""
    with app.connection_for_read() as connection:
        channel = connection.default_channel
        return int(channel.client.llen("mde-files") + channel.client.hlen(channel.unacked_key))


@pytest.mark.slow
def test_workers_answer_a_batch_as_its_own_threads_would(
    emulator: Emulator,
    configure: Callable[..., Path],
    start_worker: Callable[..., Worker],
    start_batch: Callable[..., Batch],
    inputs: Callable[[int], Path],
    tmp_path: Path,
) -> None:
    configuration, hashes = configure(), inputs(20)
    hashes.write_text(hashes.read_text() + f"{sha1(0).upper()}\nno hash\n")
    worker = start_worker(configuration)
    process = start_batch(configuration, hashes, "--action", "both", "--lookback-hours", "48")
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 7, err
    assert json.loads(out)["outcomes"] == {
        "file_alerts": {"failed": 1, "no_alerts": 21},
        "file_stats": {"failed": 1, "seen_in_organization": 21},
    }
    assert len(outcomes(tmp_path)) == 44
    stats = [one["record"]["file_stats"] for one in results(tmp_path) if "file_stats" in one["record"]]
    assert {one["lookback_hours"] for one in stats} == {48}
    assert emulator.accepted == {"file_stats": 20, "file_alerts": 20}
    assert not (tmp_path / "out.jsonl.celery").exists()
    assert worker.end() == 0


@pytest.mark.slow
def test_interrupted_the_tasks_go_on_and_a_resumed_batch_collects_them(
    emulator: Emulator,
    configure: Callable[..., Path],
    start_worker: Callable[..., Worker],
    start_batch: Callable[..., Batch],
    inputs: Callable[[int], Path],
    make_app: Callable[[Path], Celery],
    tmp_path: Path,
) -> None:
    configuration, hashes = configure(cache={"enabled": False}), inputs(12)
    process = start_batch(configuration, hashes)
    deadline = time.monotonic() + SECONDS
    app = make_app(configuration)
    while messages(app) < 12:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 130, err
    assert "12 submitted tasks go on" in err
    assert "--resume" in err
    assert "No Celery worker has answered yet" in err
    assert json.loads(out)["interrupted"] is True
    assert outcomes(tmp_path) == {}
    emulator.scenario.faults = [Fault("html", endpoint="file_stats", id=sha1(3))]
    start_worker(configuration)
    while messages(app):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    emulator.scenario.faults = []
    process = start_batch(configuration, hashes, "--resume")
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, err
    assert set(outcomes(tmp_path).values()) == {"seen_in_organization"}
    assert len(outcomes(tmp_path)) == 12
    # The cache is off: what was asked again would be seen here.
    asked = Counter(request.path for request in emulator.requests if request.path.endswith("/stats"))
    failed_before = asked.pop(f"/api/files/{sha1(3)}/stats")
    assert failed_before > 1
    assert set(asked.values()) == {1}


def test_failed_inputs_of_a_complete_run_are_asked_again(
    emulator: Emulator,
    configure: Callable[..., Path],
    start_worker: Callable[..., Worker],
    start_batch: Callable[..., Batch],
    inputs: Callable[[int], Path],
    tmp_path: Path,
) -> None:
    configuration, hashes = configure(), inputs(5)
    start_worker(configuration)
    emulator.scenario.faults = [Fault("html", endpoint="file_stats", id=sha1(3))]
    process = start_batch(configuration, hashes)
    process.communicate(timeout=SECONDS)
    assert process.returncode == 7
    assert outcomes(tmp_path)[4, "file_stats"] == "failed"
    emulator.scenario.faults = []
    process = start_batch(configuration, hashes, "--resume")
    process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert outcomes(tmp_path) == {(line, "file_stats"): "seen_in_organization" for line in range(1, 6)}


def test_a_worker_for_another_tenant_is_told_apart(
    emulator: Emulator,
    configure: Callable[..., Path],
    start_worker: Callable[..., Worker],
    start_batch: Callable[..., Batch],
    inputs: Callable[[int], Path],
    tmp_path: Path,
) -> None:
    configuration = configure()
    start_worker(configuration)
    other = tmp_path / "other.yaml"
    tenant_id = "66666666-7777-8888-9999-aaaaaaaaaaaa"
    other.write_text(configuration.read_text().replace(emulator.configuration()["tenant_id"], tenant_id))
    process = start_batch(other, inputs(2))
    process.communicate(timeout=SECONDS)
    assert process.returncode == 3
    assert {one["record"]["error"]["code"] for one in results(tmp_path)} == {"invalid_config"}
    assert {one["record"]["source"]["tenant_id"] for one in results(tmp_path)} == {tenant_id}


def test_without_a_broker_nothing_is_begun(
    configure: Callable[..., Path], start_batch: Callable[..., Batch], inputs: Callable[[int], Path], tmp_path: Path
) -> None:
    configuration = configure(celery={"broker": "redis://:sesame@127.0.0.1:1/0"})
    process = start_batch(configuration, inputs(2))
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 3
    assert json.loads(out)["error"]["code"] == "state_unavailable"
    assert err.startswith("mde-files: The Redis server of the Celery broker, 127.0.0.1:1, does not answer")
    assert len(err.splitlines()) == 2
    assert "sesame" not in out + err
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.slow
def test_of_two_workers_one_is_killed_and_neither_a_record_nor_the_quota_is_lost(
    emulator: Emulator,
    configure: Callable[..., Path],
    start_worker: Callable[..., Worker],
    start_batch: Callable[..., Batch],
    inputs: Callable[[int], Path],
    tmp_path: Path,
) -> None:
    count = 500
    emulator.scenario.latency.service = 0.02
    emulator.scenario.quota = Quota([QuotaWindow(200, 4)])
    configuration = configure(
        quota={"windows": [{"calls": 200, "seconds": 4}], "reserve_interactive": 0},
        timeouts={"total": 4},
        celery={"visibility_timeout": 12},
    )
    hashes = inputs(count)
    victim = start_worker(configuration, concurrency=2, ready=False)
    survivor = start_worker(configuration, concurrency=2, ready=False)
    for worker in (victim, survivor):
        worker.wait_until_ready()
    process = start_batch(configuration, hashes)
    wait_for_results(tmp_path, 150)
    victim.kill()
    _out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, err
    assert outcomes(tmp_path) == {(line, "file_stats"): "seen_in_organization" for line in range(1, count + 1)}
    assert not emulator.rejected
    # The victim took at most what its two processes were asking.
    assert count <= emulator.accepted["file_stats"] <= count + 2
    assert "succeeded" in victim.log()
    assert "Traceback" not in survivor.log()
