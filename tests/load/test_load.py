"""An hour of real use in minutes: many processes, one state, three tenants, answers that fail in every way."""

from __future__ import annotations

import statistics
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from tests.redis_server import not_here

from .judging import what_came_of
from .running import Run, Size, run
from .spoiling import ANSWERED, LAST_WAY, SLOW_WAYS, TOTAL_SECONDS, WAYS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fault_table import FaultTable

ROOM = "load"
MEGABYTE = 1024 * 1024
KILLED = "its asker was killed"
SAME = "as much at the end"

HOUR = Size(
    asks=100_000,
    files=3_000,
    seconds=180.0,
    single=40,
    threaded=10,
    spoiled=1_000,
    ways=(*WAYS, *SLOW_WAYS, LAST_WAY),
    kills=20,
    windows=((100, 2.0), (700, 40.0)),
    fresh_seconds=45,
    cache_megabytes=3,
)
MOMENT = Size(
    asks=500,
    files=80,
    seconds=1.5,
    single=8,
    threaded=4,
    spoiled=40,
    ways=WAYS,
    kills=2,
    windows=((15, 1.0), (200, 10.0)),
    fresh_seconds=45,
    cache_megabytes=3,
)


def check(result: Run, size: Size, name: str, table: FaultTable) -> None:
    """Add a row for everything that has to hold, and one for each answer that failed."""
    judged, herd = result.judged, result.herd

    def row(fault: str, expected: str, troubles: list[Any], seconds: float | None = None) -> None:
        actual = f"{len(troubles):,}, such as {troubles[0]}" if troubles else expected
        table.row(ROOM, f"{name}: {fault}", expected, actual, seconds)

    row(f"{size.workers} processes at one state", "none hangs", herd.hung)
    row("the processes' ends and logs", "none crashes, nothing is said", [*herd.crashed, *result.said.splitlines()])
    row(f"{size.asks:,} questions", "each answered once, as its file is", judged.wrong, herd.seconds)
    row("questions deferred", "only for want of quota", result.groundless)
    refused = [f"{result.refused} calls"] if result.refused else []
    row("calls of all processes together", "none refused by the service", refused)
    full = [
        f"{found} in {seconds:g} s"
        for found, (calls, seconds) in zip(result.fullest, size.windows, strict=True)
        if found > calls
    ]
    row("calls in any window", "as many as allowed at most", full)
    late = [f"{seconds:.1f} s" for seconds in judged.seconds if seconds > TOTAL_SECONDS + 3]
    row("the slowest question", "within its time", late, judged.seconds[-1])
    swallowed = 0
    for item in result.spoiled:
        if item.hit:
            came = what_came_of(item)
            ends = item.way.ends
            if ANSWERED not in ends and came == ANSWERED:
                # Nobody else had met it, and the one who took the killed one's place asked again.
                came, swallowed = KILLED, swallowed + 1
            table.row(ROOM, f"{name}: {item.way.name}", ends if ANSWERED in ends else [*ends, KILLED], came)
    lost = [f"{swallowed} failures swallowed"] if swallowed > 4 * len(herd.killed) else []
    few = [f"{len(herd.killed)} kills"] if len(herd.killed) < size.kills else []
    row(f"{size.kills} processes killed and replaced", "what they did not write is asked again", few + lost)
    missed = [item.way.name for item in result.spoiled if not item.hit]
    assert len(missed) <= len(result.spoiled) / 20, missed


def check_memory(result: Run, name: str, table: FaultTable) -> None:
    """Add rows for the memory of the workers that lived all the time and for the size of the state."""
    begin = statistics.median(worker[0] for worker in result.herd.memory)
    end = statistics.median(worker[-1] for worker in result.herd.memory)
    grown = max(worker[-1] - worker[0] for worker in result.herd.memory)
    said = f"{begin / MEGABYTE:.1f} MB, then {end / MEGABYTE:.1f} MB, one by {grown / MEGABYTE:.1f} MB"
    flat = end <= 1.05 * begin and grown <= 0.2 * begin
    table.row(ROOM, f"{name}: memory of the workers after a third", SAME, SAME if flat else said)
    (first, _), *_, (last, log) = result.herd.state
    bounded = last <= 1.25 * first + MEGABYTE and log <= 16 * MEGABYTE
    said = f"{first:,} bytes, then {last:,} and a log of {log:,}"
    table.row(ROOM, f"{name}: size of the state after a third", SAME, SAME if bounded else said)


def figures(result: Run, size: Size, name: str) -> list[tuple[str, str]]:
    """Return what was measured, for people."""
    judged, herd = result.judged, result.herd
    hit = sum(min(item.fault.matched, item.fault.times or 1) for item in result.spoiled)
    deferred = Counter(item.code for item in judged.deferred)
    memory = [[worker[third] / MEGABYTE for worker in herd.memory] for third in range(len(herd.state))]
    windows = [
        f"{found} of {calls} in {seconds:g} s"
        for found, (calls, seconds) in zip(result.fullest, size.windows, strict=True)
    ]
    return [
        (f"{name}: questions", f"{size.asks:,} by {size.workers} processes in {herd.seconds:.0f} s"),
        ("answered rightly", f"{judged.answered:,}, {judged.from_cache / judged.answered:.1%} from the cache"),
        ("failed as they had to", f"{judged.failed:,}"),
        ("deferred", ", ".join(f"{count} {code}" for code, count in deferred.items()) or "0"),
        ("wrong, lost or double", f"{len(judged.wrong)}"),
        (
            "calls to the service",
            f"{result.calls:,}, {hit:,} of them answered wrongly ({hit / size.asks:.1%} of questions)",
        ),
        ("refused by the service's count", f"{result.refused}"),
        ("fullest windows", ", ".join(windows)),
        ("sign-ins", f"{result.sign_ins}"),
        ("killed and replaced", f"{len(herd.killed)}, {herd.busy_killed} of them at a question for over 0.5 s"),
        (
            "time for a question",
            ", ".join(f"{part:.1%} {1000 * judged.quantile(part):,.1f} ms" for part in (0.5, 0.9, 0.99, 0.999))
            + f", longest {judged.seconds[-1]:.1f} s",
        ),
        ("processor time", f"{herd.cpu_seconds:.0f} s, {1000 * herd.cpu_seconds / size.asks:.2f} ms a question"),
        (
            "resident memory of a worker",
            ", ".join(f"{statistics.median(third):.1f} MB (at most {max(third):.1f})" for third in memory)
            + " after each third",
        ),
        ("state", ", ".join(f"{kept / MEGABYTE:.1f} + {log / MEGABYTE:.1f} MB" for kept, log in herd.state)),
    ]


def _shown(rows: list[tuple[str, str]]) -> str:
    return "\n".join(f"{name:<34}{value}" for name, value in rows)


@pytest.fixture
def state(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """Name and URL of a state."""
    if not sys.platform.startswith("linux"):
        not_here("resident memory is read from /proc")
    if request.param == "SQLite":
        return request.param, f"sqlite:///{tmp_path}/state.sqlite3"
    return request.param, request.getfixturevalue("redis_server").url


@pytest.mark.parametrize("state", ["SQLite", pytest.param("Redis", marks=pytest.mark.slow)], indirect=True)
def test_a_moment_of_real_use(state: tuple[str, str], tmp_path: Path, fault_table: FaultTable) -> None:
    name, url = state
    check(run(MOMENT, url, tmp_path, seed=1), MOMENT, name, fault_table)


@pytest.mark.load
@pytest.mark.parametrize("state", ["SQLite", "Redis"], indirect=True)
def test_an_hour_of_real_use(
    state: tuple[str, str], tmp_path: Path, fault_table: FaultTable, capsys: pytest.CaptureFixture[str]
) -> None:
    name, url = state
    result = run(HOUR, url, tmp_path, seed=20)
    with capsys.disabled():
        sys.stdout.write(f"\n{_shown(figures(result, HOUR, name))}\n")
    check(result, HOUR, name, fault_table)
    check_memory(result, name, fault_table)
