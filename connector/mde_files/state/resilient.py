"""A state that goes on within this process when the shared one cannot be reached."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, TypeVar

from mde_files.errors import StateUnavailableError
from mde_files.state.forking import ForkGuarded
from mde_files.state.interface import BackendUnavailableError
from mde_files.state.memory import MemoryState

if TYPE_CHECKING:
    from collections.abc import Callable

    from mde_files.logs import EventLog
    from mde_files.state.interface import Changed, State

    Result = TypeVar("Result")

_RETRY_SECONDS = 30.0


class ResilientState(ForkGuarded):
    """Passes everything on to a backend; while that is out of reach, to the memory of this process.

    Going over is told by one warning, and by ``degraded``. The backend is tried again every 30 seconds.

    Args:
        connect: Makes the backend.
        required: Raise instead of going on within this process.
        log: Told when the state is lost and found again.
        clock: Seconds that never go backwards.

    Raises:
        StateUnavailableError: From every method, when the backend is required and cannot be reached.
    """

    def __init__(
        self,
        connect: Callable[[], State],
        *,
        required: bool,
        log: EventLog,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._connect = connect
        self._required = required
        self._log = log
        self._clock = clock
        self._memory = MemoryState()
        self._backend: State | None = None
        self._reason: str | None = None
        self._retry_at = 0.0
        self._step = threading.local()
        self._run(lambda _state: None)

    @property
    def degraded(self) -> str | None:
        """Why quota and cache are those of this process only, as a sentence; ``None`` when nothing is amiss."""
        return None if self._reason is None else f"The shared state is out of reach: {self._reason}."

    @property
    def shared(self) -> bool:
        """Whether other processes see what is kept here at the moment."""
        backend = self._backend
        return self._reason is None and backend is not None and backend.shared

    def now(self) -> float:
        """Return seconds on the clock of whatever is in use."""
        updating: State | None = getattr(self._step, "state", None)
        return self._run(lambda state: state.now()) if updating is None else updating.now()

    def get(self, key: str) -> bytes | None:
        """Return what is kept under ``key``, or ``None``."""
        return self._run(lambda state: state.get(key))

    def update(
        self, key: str, change: Callable[[bytes | None], tuple[bytes | None, Changed]], *, keep_seconds: float
    ) -> Changed:
        """Replace what is kept under ``key`` in one step."""

        def update(state: State) -> Changed:
            # The clock belongs to the state that is being changed, wherever the next question goes.
            self._step.state = state
            try:
                return state.update(key, change, keep_seconds=keep_seconds)
            finally:
                self._step.state = None

        return self._run(update)

    def purge(self, prefix: str = "") -> int:
        """Remove every entry whose key begins with ``prefix`` and return how many there were."""
        return self._run(lambda state: state.purge(prefix))

    def size(self, prefix: str = "") -> tuple[int, int]:
        """Return how many entries begin with ``prefix`` and the bytes they take."""
        return self._run(lambda state: state.size(prefix))

    def evict(self, prefix: str, max_bytes: int) -> int:
        """Bound the bytes of the entries that begin with ``prefix``, those written longest ago first."""
        return self._run(lambda state: state.evict(prefix, max_bytes))

    def close(self) -> None:
        """Let go of files and connections."""
        if self._backend is not None:
            self._backend.close()

    def _run(self, operation: Callable[[State], Result]) -> Result:
        if self._reason is not None and not self._may_retry():
            return operation(self._memory)
        try:
            backend = self._backend
            if backend is None:
                backend = self._backend = self._connect()
            result = operation(backend)
        except BackendUnavailableError as error:
            self._lost(error.reason)
            return operation(self._memory)
        if self._reason is not None:
            self._found()
        return result

    def _may_retry(self) -> bool:
        with self.guard:
            now = self._clock()
            if now < self._retry_at:
                return False
            # Whoever comes meanwhile does not wait for this attempt.
            self._retry_at = now + _RETRY_SECONDS
            return True

    def _lost(self, reason: str) -> None:
        if self._required:
            raise StateUnavailableError(
                f"The shared state is required and out of reach: {reason}.",
                hint="Make it reachable, correct 'state', or set 'state_required: false' to go on without it.",
            )
        with self.guard:
            told = self._reason is not None
            self._reason = reason
            self._retry_at = self._clock() + _RETRY_SECONDS
        if not told:
            self._log.warning(
                "state_degraded",
                reason=reason,
                effect="quota and cache are those of this process; only the service's own refusals protect the quota",
            )

    def _found(self) -> None:
        with self.guard:
            self._reason = None
        self._log.warning("state_shared_again")
