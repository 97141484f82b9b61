"""(f): batches from 1 to 16 threads, quota lifted, against a service that takes 50 ms for each answer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.figures import Figure, Spread, spread
from tests.benchmarks.processes import Command, time_in_turn
from tests.benchmarks.tenant import COMMAND, SHA1, Tenant, environment

from mde_files.emulator import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

_POOL = Path(__file__).with_name("bare_pool.py")
_THREADS = (1, 2, 4, 8, 16)
_EACH = 50
_ROUNDS = 3


def measure(folder: Path) -> Iterator[Figure]:
    """Yield the throughput of whole processes, start-up included on both sides."""
    with Tenant(folder / "batches", latency=0.05, files=max(_THREADS) * _EACH) as tenant:
        files = Scenario.load(tenant.folder / "scenario.yaml").files
        hashes = [file.sha1 for file in files if file.label.startswith("benchmark")]
        config = environment(MDE_FILES_CONFIG=str(tenant.config_file(cache={"enabled": False})))
        subprocess.run([*COMMAND, "file-stats", SHA1], check=True, env=config, stdout=subprocess.DEVNULL)
        for threads in _THREADS:
            count = threads * _EACH
            listed = folder / f"hashes-{threads}.txt"
            listed.write_text("\n".join(hashes[:count]), encoding="utf-8")
            yield _compared(tenant, threads, count, listed, config)


def _compared(tenant: Tenant, threads: int, count: int, listed: Path, config: dict[str, str]) -> Figure:
    output = listed.with_suffix(".jsonl")
    batch = [*COMMAND, "batch", str(listed), "--workers", str(threads), "--quiet", "--output", str(output)]
    pool = [sys.executable, str(_POOL), tenant.url, tenant.ca_file, tenant.token(), str(threads), str(listed)]
    commands = {"batch": Command(batch, config, output), "bare": Command(pool, environment())}
    timed = time_in_turn(commands, _ROUNDS)
    rates = {name: _rate(count, times.wall) for name, times in timed.items()}
    return Figure(
        "batch throughput, a service that takes 50 ms, quota lifted",
        f"{threads} thread{'s' if threads > 1 else ''}, {count} files",
        rates["batch"],
        "bare thread pool",
        rates["bare"],
        unit="calls/s",
        bar=0.9,
        at_least=True,
    )


def _rate(count: int, wall: Spread) -> Spread:
    """Return calls a second."""
    return spread([count / milliseconds * 1000 for milliseconds in wall.rounds], in_turn=True)
