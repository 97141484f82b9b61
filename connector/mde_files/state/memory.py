"""State of one process."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mde_files.state import host_clock
from mde_files.state.forking import ForkGuarded
from mde_files.state.interface import counted_bytes, eviction_target, group_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mde_files.state.interface import Changed

_FEW = 64


class _Entry(NamedTuple):
    value: bytes
    expires: float
    counted: int


class MemoryState(ForkGuarded):
    """Keeps entries in a dictionary, those written last at its end. Thread-safe; implements ``State``.

    Args:
        clock: Seconds that never go backwards.
    """

    shared = False
    degraded = None

    def __init__(self, clock: Callable[[], float] = host_clock.now) -> None:
        super().__init__()
        self._clock = clock
        self._entries: dict[str, _Entry] = {}
        self._totals: dict[str, int] = {}
        self._sweep_at = _FEW

    def now(self) -> float:
        """Return seconds on this process's clock."""
        return self._clock()

    def get(self, key: str) -> bytes | None:
        """Return what is kept under ``key``, or ``None``."""
        entry = self._entries.get(key)
        return entry.value if entry is not None and entry.expires > self._clock() else None

    def update(
        self, key: str, change: Callable[[bytes | None], tuple[bytes | None, Changed]], *, keep_seconds: float
    ) -> Changed:
        """Replace what is kept under ``key`` in one step."""
        with self.guard:
            kept = self.get(key)
            value, result = change(kept)
            if value is not None and value == kept:
                return result
            self._remove(key)
            if value is not None:
                if len(self._entries) >= self._sweep_at:
                    self._sweep()
                counted = counted_bytes(key, value)
                self._entries[key] = _Entry(value, self._clock() + keep_seconds, counted)
                group = group_of(key)
                self._totals[group] = self._totals.get(group, 0) + counted
            return result

    def purge(self, prefix: str = "") -> int:
        """Remove every entry whose key begins with ``prefix`` and return how many there were."""
        with self.guard:
            found = [key for key in self._entries if key.startswith(prefix)]
            for key in found:
                self._remove(key)
            return len(found)

    def size(self, prefix: str = "") -> tuple[int, int]:
        """Return how many entries begin with ``prefix`` and the bytes they take."""
        with self.guard:
            self._sweep()
            counted = [entry.counted for key, entry in self._entries.items() if key.startswith(prefix)]
            return len(counted), sum(counted)

    def evict(self, prefix: str, max_bytes: int) -> int:
        """Bound the bytes of the entries that begin with ``prefix``, those written longest ago first."""
        with self.guard:
            if "/" in prefix and self._totals.get(group_of(prefix), 0) <= max_bytes:
                return 0
            self._sweep()
            found = [(key, entry.counted) for key, entry in self._entries.items() if key.startswith(prefix)]
            total = sum(counted for _, counted in found)
            removed = 0
            if total > max_bytes:
                while total > eviction_target(max_bytes):
                    key, counted = found[removed]
                    self._remove(key)
                    total -= counted
                    removed += 1
            return removed

    def close(self) -> None:
        """Forget everything."""
        self.purge()

    def _remove(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._totals[group_of(key)] -= entry.counted

    def _sweep(self) -> None:
        now = self._clock()
        for key in [key for key, entry in self._entries.items() if entry.expires <= now]:
            self._remove(key)
        # Twice what is left: each entry then pays for one look at most.
        self._sweep_at = max(_FEW, 2 * len(self._entries))
