"""Places that are full, read-only or somebody else's, servers of Redis, and quiet logs."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.redis_server import _running_redis_server, not_here, redis_server, start_redis  # noqa: F401 - fixtures

from mde_files.state.sqlite import SqliteState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class RecordingLog:
    """Keeps the names of warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def debug(self, event: str, **_fields: object) -> None:
        pass

    info = debug

    def warning(self, event: str, **_fields: object) -> None:
        self.warnings.append(event)


@pytest.fixture
def log() -> Any:
    return RecordingLog()


@pytest.fixture
def open_sqlite(log: Any) -> Iterator[Callable[..., SqliteState]]:
    """Open states in files, which are closed after the test."""
    made: list[SqliteState] = []

    def open_sqlite(path: Path, **more: Any) -> SqliteState:
        made.append(SqliteState(path, log, **more))
        return made[-1]

    yield open_sqlite
    for state in made:
        state.close()


class Disk:
    """A small file system of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self) -> None:
        """Leave no byte."""
        with (self.folder / "filler").open("ab", buffering=0) as file:
            for size in (65536, 4096, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    continue

    def empty(self) -> None:
        (self.folder / "filler").unlink()

    def make_read_only(self) -> None:
        subprocess.run([str(shutil.which("mount")), "-o", "remount,ro", str(self.folder)], check=True, timeout=30)


@contextmanager
def mounted(folder: Path, size: str) -> Iterator[Disk]:
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 0
    except OSError:
        done = False
    if not done:
        not_here("a small file system can be mounted by root only")
    try:
        yield Disk(folder)
    finally:
        subprocess.run([str(shutil.which("umount")), "-l", str(folder)], check=True, timeout=30)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with mounted(tmp_path / "disk", "1m") as disk:
        yield disk


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Set the wall clock by seconds; nothing else moves."""
    import time

    real = time.time

    def jump(seconds: float) -> None:
        monkeypatch.setattr(time, "time", lambda: real() + seconds)

    return jump
