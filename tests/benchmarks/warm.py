"""(c), (d): a worker that is running already."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import requests
from tests.benchmarks.figures import Figure, Spread, spread
from tests.benchmarks.tenant import SHA1, Tenant

from mde_files import Connector
from mde_files.answers import Asking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_ROUNDS = 60
_CALLS = 10
_HITS = 200
_AFRESH = Asking(max_age=0.0)
_CALL_BARS = {"memory": 0.25, "SQLite": 0.5}
_HIT_BARS = {"memory": 0.05, "SQLite": 0.25}


def measure(folder: Path) -> Iterator[Figure]:
    """Yield the processor time of one ask in a process that has asked before."""
    with Tenant(folder / "warm", apart=True) as tenant, _redis(folder) as redis:
        states = {"memory": "memory:", "SQLite": f"sqlite:///{folder / 'warm.sqlite3'}"}
        if redis:
            states["Redis"] = redis
        connectors = {name: Connector.from_config({**tenant.configuration, "state": at}) for name, at in states.items()}
        for connector in connectors.values():
            connector.file_stats(SHA1)
        yield from _calls(tenant, connectors)
        yield from _hits(connectors)
        for connector in connectors.values():
            connector.close()


def _calls(tenant: Tenant, connectors: dict[str, Connector]) -> Iterator[Figure]:
    session = requests.Session()
    session.trust_env = False
    session.headers["Authorization"] = f"Bearer {tenant.token()}"
    url = f"{tenant.url}/api/files/{SHA1}/stats"

    def bare() -> None:
        session.get(url, params={"lookBackHours": "720"}, verify=tenant.ca_file, timeout=30).json()

    asks: dict[str, Callable[[], object]] = {"bare": bare}
    for name, connector in connectors.items():
        asks[name] = lambda connector=connector: connector.run("file_stats", {"file_hash": SHA1}, _AFRESH)  # type: ignore[misc]
    worked = _in_turn(asks, _CALLS)
    part = "warm call, processor time"
    for name in connectors:
        yield Figure(
            part,
            f"{name} state",
            worked[name],
            "requests.Session().get().json()",
            worked["bare"],
            compared="difference",
            bar=_CALL_BARS.get(name),
        )


def _hits(connectors: dict[str, Connector]) -> Iterator[Figure]:
    asks: dict[str, Callable[[], object]] = {}
    for name, connector in connectors.items():
        asks[name] = lambda connector=connector: connector.file_stats(SHA1)  # type: ignore[misc]
    worked = _in_turn(asks, _HITS)
    for name in connectors:
        yield Figure(
            "warm cache hit, processor time",
            f"{name} state",
            worked[name],
            compared="difference",
            bar=_HIT_BARS.get(name),
        )


def _in_turn(asks: dict[str, Callable[[], object]], times: int) -> dict[str, Spread]:
    """Return milliseconds of processor time of one ask of each kind, asked in turn."""
    readings: dict[str, list[float]] = {name: [] for name in asks}
    for round_number in range(_ROUNDS + 1):
        for name, ask in asks.items():
            started = time.process_time()
            for _ in range(times):
                ask()
            if round_number:
                readings[name].append((time.process_time() - started) / times * 1000)
    return {name: spread(found, in_turn=True) for name, found in readings.items()}


@contextmanager
def _redis(folder: Path) -> Iterator[str | None]:
    """Run a Redis server; ``None`` where there is none on this machine."""
    program = shutil.which("redis-server")
    if program is None:
        yield None
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, env=dict(os.environ))
    try:
        for _ in range(200):
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(timeout=30)
