"""Which state a configuration opens."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mde_files import config
from mde_files.errors import StateUnavailableError
from mde_files.state import opening

if TYPE_CHECKING:
    from tests.redis_server import RedisServer
    from tests.state.conftest import RecordingLog


def configured(**changes: Any) -> config.Config:
    return config.load(
        {"tenant_id": "contoso.example", "auth": {"method": "access_token", "access_token": "x"}, **changes}
    )


def open_state(log: Any, **changes: Any) -> Any:
    return opening.open_state(configured(**changes), log)


def test_by_default_it_is_a_file_in_the_users_state_folder(log: RecordingLog) -> None:
    state = open_state(log)
    assert (config.user_state_directory() / "state.sqlite3").is_file()
    assert (state.shared, state.degraded) == (True, None)
    state.close()


def test_a_file_can_be_named(log: RecordingLog, tmp_path: Path) -> None:
    path = tmp_path / "with space" / "percent%20 and ?question.db"
    one = open_state(log, state=f"sqlite:///{path}")
    one.update("cache/one", lambda _kept: (b"1", None), keep_seconds=60)
    assert path.is_file()
    other = open_state(log, state=f"sqlite:///{path}")
    assert other.get("cache/one") == b"1"
    one.close()
    other.close()


def test_memory_is_each_connectors_own(log: RecordingLog) -> None:
    one, other = open_state(log, state="memory:"), open_state(log, state="memory:")
    one.update("cache/one", lambda _kept: (b"1", None), keep_seconds=60)
    assert one.get("cache/one") == b"1"
    assert other.get("cache/one") is None
    assert (one.shared, one.degraded) == (False, None)
    one.close()
    assert one.get("cache/one") is None


def test_redis_is_opened_by_its_url(log: RecordingLog, redis_server: RedisServer) -> None:
    state = open_state(log, state=redis_server.url)
    state.update("cache/one", lambda _kept: (b"1", None), keep_seconds=60)
    assert open_state(log, state=redis_server.url).get("cache/one") == b"1"
    state.close()


@pytest.mark.parametrize("url", ["sqlite:////dev/null/state.sqlite3", "redis://127.0.0.1:9/0"])
def test_what_is_out_of_reach_degrades_with_one_warning(log: RecordingLog, url: str) -> None:
    state = open_state(log, state=url)
    state.update("cache/one", lambda _kept: (b"1", None), keep_seconds=60)
    assert state.get("cache/one") == b"1"
    assert not state.shared
    assert state.degraded.startswith("The shared state is out of reach: the ")
    assert log.warnings() == ["state_degraded"]
    with pytest.raises(StateUnavailableError, match="out of reach"):
        open_state(log, state=url, state_required=True)
    state.close()


def test_the_default_way_imports_nothing_heavy() -> None:
    source = """
import sys
import mde_files.connector
before = set(sys.modules)
from mde_files import quota, state
from mde_files.state import sqlite
print(sorted({name.partition(".")[0] for name in set(sys.modules) - before} - {"mde_files"}))
"""
    environment = {"PYTHONPATH": str(Path(opening.__file__).parents[2])}
    command = [sys.executable, "-c", source]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    light = {"fcntl", "sqlite3", "_sqlite3", "array", "bisect", "_bisect", "struct", "_struct", "weakref"}
    assert set(ast.literal_eval(done.stdout)) <= light
