"""The service's own count: sliding windows for each tenant, application and endpoint."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mde_files.emulator.scenario import QuotaWindow


class Refusal(NamedTuple):
    """Which window is full and in how many seconds it has room again."""

    window: QuotaWindow
    seconds: float


class QuotaCounter:
    """Counts calls exactly at their arrival; a refused call takes no room."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._arrivals: dict[tuple[str, ...], dict[float, deque[float]]] = {}

    def take(self, key: tuple[str, ...], windows: list[QuotaWindow], arrived: float) -> Refusal | None:
        """Count one call that arrived at the monotonic time ``arrived``, or tell why there is no room for it."""
        with self._lock:
            by_length = self._arrivals.setdefault(key, {})
            refusals = []
            for window in windows:
                arrivals = by_length.setdefault(window.seconds, deque())
                while arrivals and arrivals[0] <= arrived - window.seconds:
                    arrivals.popleft()
                if len(arrivals) >= window.calls:
                    room_at = arrivals[len(arrivals) - window.calls] + window.seconds
                    refusals.append(Refusal(window, room_at - arrived))
            if refusals:
                return max(refusals, key=lambda refusal: refusal.seconds)
            for seconds in {window.seconds for window in windows}:
                by_length[seconds].append(arrived)
            return None

    def forget(self) -> None:
        """Empty every window."""
        with self._lock:
            self._arrivals.clear()
