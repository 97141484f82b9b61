"""A real Redis server for tests, on a free loopback port."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

COMPLETE = os.environ.get("MDE_FILES_TESTS_COMPLETE") == "1"
_START_SECONDS = 20.0


def not_here(reason: str) -> None:
    """Skip the test because this machine lacks something; where the tests must be complete, fail."""
    if COMPLETE:
        pytest.fail(reason)
    pytest.skip(reason)


class RedisServer:
    """A server that can be stopped, killed and started again on its port."""

    def __init__(self, folder: Path, password: str = "") -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._folder = folder
        self._password = password
        self._process: subprocess.Popen[bytes] | None = None
        secret = f":{password}@" if password else ""
        self.url = f"redis://{secret}127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        program = shutil.which("redis-server")
        if program is None:
            not_here("redis-server is not installed")
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        options += ["--dir", str(self._folder), "--requirepass", self._password]
        self._process = subprocess.Popen([str(program), *options], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                assert time.monotonic() < deadline, "redis-server did not start"
                assert self._process.poll() is None, "redis-server ended"
                time.sleep(0.02)
            else:
                return

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def empty(self) -> None:
        import redis

        with redis.Redis.from_url(self.url) as client:
            client.flushall()


@pytest.fixture(scope="session")
def _running_redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture
def redis_server(_running_redis_server: RedisServer) -> RedisServer:
    """An empty server."""
    _running_redis_server.empty()
    return _running_redis_server


@pytest.fixture
def start_redis(tmp_path: Path) -> Iterator[Callable[..., RedisServer]]:
    """Start servers that the test may kill."""
    started: list[RedisServer] = []

    def start(password: str = "") -> RedisServer:
        started.append(RedisServer(tmp_path, password))
        return started[-1]

    yield start
    for server in started:
        server.stop()
