"""What the rest of the package asks of a state: keys and bytes, changed atomically, on one common clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    Changed = TypeVar("Changed")

EVICTED_PART = 8
_COUNTED_BYTES = 256


class State(Protocol):
    """Small entries under text keys, such as ``cache/…`` and ``quota/…``: the part before the first ``/`` is a group.

    Every method raises :class:`BackendUnavailableError` (a backend) or ``StateUnavailableError`` (what
    :func:`mde_files.state.open_state` returns, where the configuration requires the state) when it cannot be reached.
    """

    @property
    def shared(self) -> bool:
        """Whether other processes see what is kept here."""
        ...

    def get(self, key: str) -> bytes | None:
        """Return what is kept under ``key``, or ``None``."""
        ...

    def update(
        self, key: str, change: Callable[[bytes | None], tuple[bytes | None, Changed]], *, keep_seconds: float
    ) -> Changed:
        """Replace what is kept under ``key`` in one step that nobody else can interleave with.

        Args:
            key: Which entry.
            change: Gets what is kept and returns what shall be kept and the result of this method. ``None`` removes the
                entry; bytes equal to those it got leave the entry and its life as they are. It may run several times
                and must have no effects; it may call :meth:`now`, which then is a moment of this very step, and no
                other method.
            keep_seconds: How long the entry lives after this write.

        Returns:
            The second part of what ``change`` returned.
        """
        ...

    def purge(self, prefix: str = "") -> int:
        """Remove every entry whose key begins with ``prefix`` and return how many there were."""
        ...

    def size(self, prefix: str = "") -> tuple[int, int]:
        """Return how many entries begin with ``prefix`` and the bytes they take, in steps of 256 for each entry."""
        ...

    def evict(self, prefix: str, max_bytes: int) -> int:
        """Bound the bytes of the entries that begin with ``prefix``; cheap when nothing is to be done.

        The entries written longest ago go first, an eighth more than needed, so that it is needed rarely.

        Returns:
            How many entries were removed.
        """
        ...

    def now(self) -> float:
        """Return seconds on a clock that everyone who shares this state has in common.

        It never goes backwards and does not follow the wall clock when that is set. The time while the machine was off
        may be missing: for what ages meanwhile, compare the wall clock too.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


class BackendUnavailableError(Exception):
    """A backend cannot be used at the moment.

    Args:
        reason: Half a sentence for people that names the place and the trouble, and no secret.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def counted_bytes(key: str, value: bytes) -> int:
    """Return the bytes an entry counts for: rounded up to steps, so that the bookkeeping's own bytes are covered."""
    return -(-(len(key) + len(value)) // _COUNTED_BYTES) * _COUNTED_BYTES


def group_of(key: str) -> str:
    """Return the part of ``key`` before the first ``/``."""
    return key.partition("/")[0]


def eviction_target(max_bytes: int) -> int:
    """Return the bytes that may stay once eviction has begun."""
    return max_bytes - max_bytes // EVICTED_PART
