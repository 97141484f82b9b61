"""State in a platform's own key-value store with versions, such as a SOAR's integration context."""

from __future__ import annotations

import json
import random
import struct
import time
from typing import TYPE_CHECKING, Any, TypeVar

from mde_files.state import host_clock
from mde_files.state.interface import BackendUnavailableError, counted_bytes, eviction_target, group_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mde_files.state.interface import Changed

    Version = TypeVar("Version")
    Index = dict[str, list[float]]

_HEADER = struct.Struct("<dd")
_INDEX = "index/"
_MOST_TRIES = 500
_CALM_TRIES = 4
_FRESH_PART = 8


class KeyValueState:
    """Keeps entries behind two functions of a platform; implements ``State``.

    Args:
        read: Returns what is kept under a key and its version, ``(None, version)`` when nothing is.
        compare_and_swap: Keeps a value (``None``: removes it) under a key if its version still is the one given, and
            tells whether it did.
        shared: Whether other processes see the store.
        clock: Seconds that all who share the store have in common and that never go backwards; by default this
            machine's, which is right as long as they run on one machine.
    """

    def __init__(
        self,
        read: Callable[[str], tuple[bytes | None, Version]],
        compare_and_swap: Callable[[str, bytes | None, Version], bool],
        *,
        shared: bool = True,
        clock: Callable[[], float] = host_clock.now,
    ) -> None:
        self.shared = shared
        self._read_version: Callable[[str], tuple[bytes | None, Any]] = read
        self._swap_version: Callable[[str, bytes | None, Any], bool] = compare_and_swap
        self._clock = clock

    def now(self) -> float:
        """Return seconds on the common clock."""
        return self._clock()

    def get(self, key: str) -> bytes | None:
        """Return what is kept under ``key``, or ``None``."""
        return self._alive(self._read(key)[0])

    def update(
        self, key: str, change: Callable[[bytes | None], tuple[bytes | None, Changed]], *, keep_seconds: float
    ) -> Changed:
        """Replace what is kept under ``key``, again and again until nobody else was faster."""

        def step(document: bytes | None) -> tuple[bytes | None, Changed]:
            kept = self._alive(document)
            value, result = change(kept)
            if value is not None and value == kept:
                return document, result
            if value is None:
                return None, result
            now = self._clock()
            # The index first: a name without an entry is harmless, an entry without a name would stay for ever.
            self._enter(key, counted_bytes(key, value), now, now + keep_seconds)
            return _HEADER.pack(now, now + keep_seconds) + value, result

        return self._swap(key, step)

    def purge(self, prefix: str = "") -> int:
        """Remove every entry whose key begins with ``prefix`` and return how many there were."""
        return sum(self._remove(group, set(self._names(group, prefix))) for group in self._groups(prefix))

    def size(self, prefix: str = "") -> tuple[int, int]:
        """Return how many entries begin with ``prefix`` and the bytes they take."""
        found = self._oldest_first(prefix)
        return len(found), sum(counted for _, counted, _ in found)

    def evict(self, prefix: str, max_bytes: int) -> int:
        """Bound the bytes of the entries that begin with ``prefix``, those written longest ago first."""
        groups = self._groups(prefix)
        if sum(row[0] for group in groups for row in self._names(group, prefix).values()) <= max_bytes:
            return 0
        found = self._oldest_first(prefix)
        excess = sum(counted for _, counted, _ in found)
        excess = excess - eviction_target(max_bytes) if excess > max_bytes else 0
        chosen = set()
        for _, counted, name in found:
            if excess <= 0:
                break
            excess -= counted
            chosen.add(name)
        return sum(self._remove(group, {name for name in chosen if group_of(name) == group}) for group in groups)

    def close(self) -> None:
        """Do nothing: the store is the platform's."""

    def _alive(self, document: bytes | None) -> bytes | None:
        if document is None or len(document) < _HEADER.size:
            return None
        _, expires = _HEADER.unpack_from(document)
        return document[_HEADER.size :] if expires > self._clock() else None

    def _oldest_first(self, prefix: str) -> list[tuple[float, int, str]]:
        """Return time of writing, bytes and name of each entry that is alive."""
        found = []
        for group in self._groups(prefix):
            for name in self._names(group, prefix):
                document = self._read(name)[0]
                value = self._alive(document)
                if document is not None and value is not None:
                    found.append((_HEADER.unpack_from(document)[0], counted_bytes(name, value), name))
        return sorted(found)

    def _groups(self, prefix: str) -> list[str]:
        return [group_of(prefix)] if "/" in prefix else sorted(self._index(""))

    def _index(self, group: str) -> Index:
        return _decoded(self._read(_INDEX + group)[0])

    def _names(self, group: str, prefix: str) -> Index:
        return {name: row for name, row in self._index(group).items() if name.startswith(prefix)}

    def _enter(self, key: str, counted: int, written: float, expires: float) -> None:
        group = group_of(key)
        names = self._index(group)
        row = names.get(key)
        # Not with every write: the entry itself holds its exact times.
        if row is not None and row[0] == counted and expires <= _dead_at(row):
            return
        if not names:
            self._swap(_INDEX, lambda kept: (_encoded({**_decoded(kept), group: []}), None))

        def entered(kept: bytes | None) -> tuple[bytes, None]:
            alive = {}
            for name, row in _decoded(kept).items():
                if written < _dead_at(row):
                    alive[name] = row
                else:
                    self._swap(name, lambda _document: (None, None))
            return _encoded({**alive, key: [counted, written, expires]}), None

        self._swap(_INDEX + group, entered)

    def _remove(self, group: str, names: set[str]) -> int:
        removed = sum(self._swap(name, lambda kept: (None, self._alive(kept) is not None)) for name in names)

        def without(kept: bytes | None) -> tuple[bytes | None, None]:
            left = {name: row for name, row in _decoded(kept).items() if name not in names}
            return (_encoded(left) if left else None), None

        self._swap(_INDEX + group, without)
        return removed

    def _swap(self, key: str, change: Callable[[bytes | None], tuple[bytes | None, Changed]]) -> Changed:
        for tried in range(_MOST_TRIES):
            document, version = self._read(key)
            value, result = change(document)
            if value is document or self._tell(self._swap_version, key, value, version):
                return result
            if tried >= _CALM_TRIES:
                time.sleep(random.random() * 0.005)  # noqa: S311 - spreads competitors
        raise BackendUnavailableError("the platform's store is changed by too many at once")

    def _read(self, key: str) -> tuple[bytes | None, Any]:
        found: tuple[bytes | None, Any] = self._tell(self._read_version, key)
        return found

    @staticmethod
    def _tell(function: Callable[..., Any], *values: object) -> Any:
        try:
            return function(*values)
        except Exception as error:  # noqa: BLE001 - a platform's functions may raise anything
            raise BackendUnavailableError(f"the platform's store failed ({type(error).__name__})") from None


def _dead_at(row: list[float]) -> float:
    """Return when an entry is dead for sure, as far as its row in the index tells."""
    _, written, expires = row
    return expires + (expires - written) / _FRESH_PART


def _decoded(document: bytes | None) -> Index:
    names: Index = json.loads(document) if document else {}
    return names


def _encoded(names: Index) -> bytes:
    return json.dumps(names, separators=(",", ":")).encode()
