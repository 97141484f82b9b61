"""How long a batch still takes at least: the quota's windows say so, and the pace until now."""

from __future__ import annotations

import time
from collections import Counter
from math import ceil
from typing import TYPE_CHECKING

from mde_files import manifest
from mde_files.timestamps import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mde_files.batch.lanes import Lane
    from mde_files.quota import WindowUsage

    CallCounts = Counter[tuple[str | None, str]]
    Usage = Mapping[str | None, Mapping[str, Sequence[WindowUsage]]]

_MINUTE = 60
_HOUR = 3600


def questions_left(lanes: Iterable[Lane]) -> int:
    """Return how many questions have no answer yet and will be asked."""
    return sum(_length(lane) for lane in lanes)


def calls_left(lanes: Iterable[Lane]) -> CallCounts:
    """Return how many calls are left, by tenant and id of the call; an answer of several pages counts as one."""
    actions = manifest.load().actions
    calls: CallCounts = Counter()
    for lane in lanes:
        tenant, action = lane.name.tenant, actions[lane.name.action]
        calls[tenant, action.call] += _length(lane)
        if lane.name.needs_resolution:
            # Both actions need a file resolved, which is done once.
            calls[tenant, action.resolves_with] = max(calls[tenant, action.resolves_with], _length(lane))
    return +calls


def room(calls: CallCounts, usage: Usage) -> dict[str, int]:
    """Return how many of the calls that are needed have room at once, by id of the call, in the fullest tenant."""
    left: dict[str, int] = {}
    for tenant, call in calls:
        windows = usage.get(tenant, {}).get(call)
        if windows:
            now = min(0 if window.paused_until else window.left for window in windows)
            left[call] = min(now, left.get(call, now))
    return left


def seconds_by_quota(calls: CallCounts, usage: Usage, now: float | None = None) -> float:
    """Return the seconds in which the quota has room for the last of the calls, at the earliest."""
    now = time.time() if now is None else now
    return max(
        (
            _seconds(window, count, now)
            for (tenant, call), count in calls.items()
            for window in usage.get(tenant, {}).get(call, ())
        ),
        default=0.0,
    )


def _seconds(window: WindowUsage, count: int, now: float) -> float:
    pause = _until(window.paused_until, now)
    if count <= window.left:
        return pause
    rounds = ceil((count - window.left) / window.limit)
    if window.room_at is None:
        return max(pause, rounds * window.seconds)
    return max(pause, _until(window.room_at, now) + (rounds - 1) * window.seconds)


def _until(moment: str | None, now: float) -> float:
    return 0.0 if moment is None else max(0.0, parse_timestamp(moment).timestamp() - now)


def _length(lane: Lane) -> int:
    return 0 if lane.ended_by is not None else len(lane.waiting) + lane.asked


def duration(seconds: float) -> str:
    """Return a time in words, such as ``45 s``, ``3 min 20 s`` or ``2 h 10 min``."""
    whole = max(0, ceil(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR:,} h {whole % _HOUR // _MINUTE} min"
