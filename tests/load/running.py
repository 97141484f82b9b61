"""Runs a herd of workers against a tenant of its own, and judges what comes of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import mde_files
from mde_files.emulator import Emulator, Quota, QuotaWindow

from .herd import Outcome, Settings
from .judging import Arrivals, Deferral, Judgement, judge
from .spoiling import MAX_RESPONSE_BYTES, READ_SECONDS, TOTAL_SECONDS, Spoiled, Way, spoil
from .world import TENANTS, World, save

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 2 * TOTAL_SECONDS


class Size(NamedTuple):
    """How much is asked of whom.

    Attributes:
        asks: Questions.
        files: Files they are about.
        seconds: How long the asking is meant to take; a slow machine takes longer.
        single: Workers of one thread.
        threaded: Workers of four threads.
        spoiled: Answers that fail.
        ways: In which ways.
        kills: Workers that are killed.
        windows: The service's quota.
        fresh_seconds: How long alerts stay fresh, and the news that nobody knows a file.
        cache_megabytes: Bound of the cache.
    """

    asks: int
    files: int
    seconds: float
    single: int
    threaded: int
    spoiled: int
    ways: tuple[Way, ...]
    kills: int
    windows: tuple[tuple[int, float], ...]
    fresh_seconds: int
    cache_megabytes: int

    @property
    def workers(self) -> int:
        return self.single + self.threaded


class Run(NamedTuple):
    """What came of a run.

    Attributes:
        herd: What was seen of the workers.
        judged: What was found in their records.
        spoiled: The answers that failed.
        calls: Calls that arrived at the service.
        sign_ins: Requests for a token.
        refused: Calls that the service's own count refused.
        fullest: For each window of the quota, the most calls that arrived within one.
        groundless: What was deferred without a reason.
        said: What the workers wrote on standard error.
    """

    herd: Outcome
    judged: Judgement
    spoiled: list[Spoiled]
    calls: int
    sign_ins: int
    refused: int
    fullest: list[int]
    groundless: list[Deferral]
    said: str


def run(size: Size, state: str, folder: Path, *, seed: int) -> Run:
    """Let a herd of workers ask everything, and judge what comes of it."""
    world = World(size.asks, size.files, size.seconds, seed)
    scenario = world.scenario()
    applications = [application.client_id for application in scenario.applications]
    spoiled = spoil(world, applications, size.spoiled, size.ways, seed)
    scenario.faults += [item.fault for item in spoiled]
    windows = [QuotaWindow(calls, seconds) for calls, seconds in size.windows]
    scenario.quota = Quota(windows)
    seats = [1] * size.single + [4] * size.threaded
    save(world.asks, sum(seats), folder)
    with Emulator(scenario) as emulator:
        settings = Settings(
            configurations=[_configuration(emulator, tenant.name, size, state, folder) for tenant in TENANTS],
            asks=size.asks,
            seconds=size.seconds,
            folder=str(folder),
            seats=seats,
            kills=size.kills,
            patience=PATIENCE_SECONDS,
            seed=seed,
            warm_up=world.not_asked,
        )
        herd, said = _herd(settings)
        requests, refused = emulator.requests, sum(emulator.rejected.values())
    oldest = {"file_stats": 3600.0, "file_alerts": float(size.fresh_seconds)}
    judged = judge(world, spoiled, sorted(folder.glob("answers-*.jsonl")), oldest)
    if not judged.wrong:
        for path in folder.glob("*.jsonl"):
            path.unlink()
    arrivals = Arrivals(requests, applications, windows, herd.start)
    return Run(
        herd,
        judged,
        spoiled,
        arrivals.calls,
        sum(request.endpoint == "token" for request in requests),
        refused,
        [arrivals.fullest(window) for window in windows],
        arrivals.without_reason(judged.deferred, spoiled),
        said,
    )


def _configuration(emulator: Emulator, tenant: str, size: Size, state: str, folder: Path) -> dict[str, Any]:
    windows = [{"calls": calls, "seconds": seconds} for calls, seconds in size.windows]
    return {
        **emulator.configuration(tenant),
        "state": state,
        "token_cache": str(folder / "tokens.json"),
        "quota": {"windows": windows, "max_wait_seconds": 6},
        "cache": {
            "alerts_ttl": size.fresh_seconds,
            "unknown_ttl": size.fresh_seconds,
            "max_megabytes": size.cache_megabytes,
        },
        "timeouts": {"connect": 5, "read": READ_SECONDS, "total": TOTAL_SECONDS},
        "limits": {"max_response_bytes": MAX_RESPONSE_BYTES},
    }


def _herd(settings: Settings) -> tuple[Outcome, str]:
    folder = Path(settings.folder)
    told = folder / "settings.json"
    told.write_text(json.dumps(settings._asdict()), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": f"{Path(mde_files.__file__).parents[1]}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "tests.load.herd", str(told)]
    with (folder / "said.txt").open("w+b") as said:
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=said, cwd=folder, start_new_session=True
        )
        try:
            written, _ = process.communicate(timeout=3 * settings.seconds + 4 * PATIENCE_SECONDS)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        said.seek(0)
        text = said.read().decode("utf-8", "replace")
    assert process.returncode == 0, text[-5000:]
    return Outcome(**json.loads(written)), text
