"""Every kind of state, and the logs they write."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from tests.platforms.xsoar.server import Server
from tests.redis_server import _running_redis_server, redis_server, start_redis  # noqa: F401 - fixtures

from mde_files.platforms.xsoar.context_store import context_state
from mde_files.state import ResilientState
from mde_files.state.key_value import KeyValueState
from mde_files.state.memory import MemoryState
from mde_files.state.redis_state import RedisState
from mde_files.state.sqlite import SqliteState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mde_files.state import State


class RecordingLog:
    """Keeps what would be written to standard error."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, dict[str, Any]]] = []

    def debug(self, event: str, **fields: object) -> None:
        self.events.append(("debug", event, fields))

    def info(self, event: str, **fields: object) -> None:
        self.events.append(("info", event, fields))

    def warning(self, event: str, **fields: object) -> None:
        self.events.append(("warning", event, fields))

    def warnings(self) -> list[str]:
        return [event for level, event, _ in self.events if level == "warning"]


class Platform:
    """A platform's store: values with versions, and nothing but these two functions."""

    def __init__(self) -> None:
        self.values: dict[str, tuple[bytes | None, int]] = {}
        self.lock = threading.Lock()

    def read(self, key: str) -> tuple[bytes | None, int]:
        return self.values.get(key, (None, 0))

    def compare_and_swap(self, key: str, value: bytes | None, version: int) -> bool:
        with self.lock:
            if self.read(key)[1] != version:
                return False
            self.values[key] = (value, version + 1)
            return True


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self, seconds: float = 1000.0) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def log() -> RecordingLog:
    return RecordingLog()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "sqlite", "redis", "key_value", "integration_context", "resilient"])
def state(request: pytest.FixtureRequest, tmp_path: Path, log: Any) -> Iterator[State]:
    made: State
    if request.param == "memory":
        made = MemoryState()
    elif request.param == "sqlite":
        made = SqliteState(tmp_path / "state.sqlite3", log)
    elif request.param == "redis":
        made = RedisState(request.getfixturevalue("redis_server").url)
    elif request.param == "key_value":
        platform = Platform()
        made = KeyValueState(platform.read, platform.compare_and_swap)
    elif request.param == "integration_context":
        made = context_state(Server())
    else:
        made = ResilientState(lambda: SqliteState(tmp_path / "state.sqlite3", log), required=False, log=log)
    yield made
    made.close()
    assert log.events == []
