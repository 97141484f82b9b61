"""Celery workers as people start them, on a real Redis server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.redis_server import _running_redis_server, redis_server, start_redis  # noqa: F401 - fixtures

import mde_files
from mde_files import config
from mde_files.commands.emulator import write_configuration
from mde_files.worker import application

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from celery import Celery
    from tests.redis_server import RedisServer

    from mde_files.emulator import Emulator

_READY_SECONDS = 30.0


class Worker:
    """A worker process in its own process group."""

    def __init__(self, configuration: Path, log: Path, concurrency: int, arguments: tuple[str, ...] = ()) -> None:
        self._log = log
        environment = {
            **os.environ,
            "PYTHONPATH": str(Path(mde_files.__file__).parents[1]),
            "MDE_FILES_CONFIG": str(configuration),
        }
        command = [sys.executable, "-m", "celery", "-A", "mde_files.worker", "worker", "--loglevel", "INFO"]
        # Workers on one machine need distinct names. Without a greeting to others they are ready a second earlier.
        command += ["--concurrency", str(concurrency), "--hostname", f"{log.stem}@%h", "--without-mingle", *arguments]
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command, env=environment, stdout=output, stderr=output, start_new_session=True, cwd=log.parent
            )

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while " ready." not in self.log():
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL for the worker and its pool at once, as when a machine goes down."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@pytest.fixture
def configure(emulator: Emulator, redis_server: RedisServer, tmp_path: Path) -> Callable[..., Path]:  # noqa: F811
    """Write a configuration for the emulator with its state in Redis; keyword arguments change it."""

    def configure(**changes: Any) -> Path:
        return write_configuration({**emulator.configuration(), "state": redis_server.url, **changes}, tmp_path)

    return configure


@pytest.fixture
def start_worker(tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    started: list[Worker] = []

    def start(configuration: Path, *arguments: str, concurrency: int = 1, ready: bool = True) -> Worker:
        worker = Worker(configuration, tmp_path / f"worker{len(started)}.log", concurrency, arguments)
        started.append(worker)
        if ready:
            worker.wait_until_ready()
        return worker

    yield start
    for worker in started:
        worker.kill()


@pytest.fixture
def make_app() -> Iterator[Callable[[Path], Celery]]:
    made: list[Celery] = []

    def make(configuration: Path) -> Celery:
        made.append(application.make_app(config.load_celery(configuration)))
        return made[-1]

    yield make
    for app in made:
        app.backend.client.close()
        app.close()
