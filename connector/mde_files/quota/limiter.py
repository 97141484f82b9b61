"""Takes a slot of the service's quota before each attempt and frees it one window after the answer.

``pyrate-limiter`` counts correctly between processes, but from the moment of taking; this law counts from the answer,
so that no delay on the way lets two windows' worth of calls arrive in one. It also needs a share of the limits, a part
kept from batches, pauses that everybody sees, and nothing but compare-and-swap on a key.
"""

from __future__ import annotations

import math
import os
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar
from urllib.parse import quote

from mde_files.errors import QuotaExhaustedError, StateUnavailableError
from mde_files.quota.slots import LONGEST_HOLD, Slots

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mde_files.config import Config
    from mde_files.deadline import Deadline
    from mde_files.manifest import Call
    from mde_files.state import State

    Changed = TypeVar("Changed")

Priority = Literal["interactive", "playbook", "batch"]

_MINUTE = 60.0
_HOUR = 3600.0
_SHORTEST_WAIT = 0.001
_ROUNDING = 1e-9


class Window(NamedTuple):
    """A sliding window as one priority may use it: calls and length in milliseconds."""

    limit: int
    length: int


class WindowUsage(NamedTuple):
    """What one window of an endpoint looks like at the moment.

    Attributes:
        seconds: Its length.
        limit: Calls this installation may make in it, with the quota's priority.
        used: Calls that count in it, whoever made them.
        left: Calls that may be made at once as far as this window is concerned.
        room_at: When it has room again, RFC 3339 UTC; ``None`` when it has room.
        paused_until: Until when the service asked everybody to wait, RFC 3339 UTC; ``None`` when it did not.
    """

    seconds: float
    limit: int
    used: int
    left: int
    room_at: str | None
    paused_until: str | None


class Quota:
    """The quota of one application in one tenant, counted for each endpoint by everybody who shares ``state``.

    Thread-safe, and safe between processes as far as the state is.

    Args:
        config: Tenant, and which part of the service's allowance may be used.
        state: Where the slots are kept.
        application: Whom the service counts: the application's client id.
        priority: ``batch`` never uses the part reserved for people and playbooks.
        sleep: Waits for seconds.
    """

    def __init__(
        self,
        config: Config,
        state: State,
        *,
        application: str,
        priority: Priority = "interactive",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = config.quota
        self._owner = f"quota/{quote(config.tenant_id, safe='')}/{quote(application, safe='')}/"
        self._state = state
        self._priority = priority
        self._sleep = sleep
        self._windows: dict[str, tuple[Window, ...]] = {}
        self._longest_windows: dict[str, int] = {}
        self._turns: dict[tuple[int, str], threading.Lock] = {}

    @contextmanager
    def slot(self, call: Call, deadline: Deadline, *, waited: float = 0.0) -> Iterator[float]:
        """Hold a slot for one attempt: taken at once or after a wait, freed one window after the block ends.

        Args:
            call: The endpoint.
            deadline: When the attempt is over at the latest; nothing waits beyond it, nor beyond ``max_wait_seconds``.
            waited: Seconds the same question has already waited, which count towards ``max_wait_seconds``.

        Yields:
            Seconds waited for this slot.

        Raises:
            QuotaExhaustedError: There is no room in time; ``retry_at`` says when there is.
            StateUnavailableError: The state is required and out of reach.
        """
        taken = int.from_bytes(os.urandom(8), "little")
        begun = deadline.remaining()
        self._take(taken, call, deadline, min(self._settings.max_wait_seconds - waited, begun))
        try:
            yield begun - deadline.remaining()
        finally:
            # Whoever cannot tell that the answer came counts until the deadline, and the answer is paid for.
            with suppress(StateUnavailableError):
                self._change(call, lambda slots, now: slots.answer(taken, now))

    def pause(self, call: Call, seconds: float) -> None:
        """Let nobody who shares the state ask this endpoint for ``seconds``, at most the longest window."""
        longest = self._longest(call)
        pause = math.ceil(min(longest, seconds * 1000)) if seconds > 0 else 0
        self._change(call, lambda slots, now: slots.pause(now + pause))

    def usage(self, call: Call) -> list[WindowUsage]:
        """Return what is used and left in each window of an endpoint."""
        document = self._state.get(self._owner + call.id)
        now = math.floor(self._state.now() * 1000)
        slots = Slots(document, now, self._longest(call))
        paused_until = self._moment(slots.paused_until() - now) if slots.paused_until() > now else None
        usage = []
        for window in self._windows_of(call):
            used = slots.used(now, window.length)
            room_at = slots.window_room_at(now, *window)
            usage.append(
                WindowUsage(
                    window.length / 1000,
                    window.limit,
                    used,
                    max(0, window.limit - used),
                    self._moment(room_at - now) if room_at > now else None,
                    paused_until,
                )
            )
        return usage

    def _take(self, taken: int, call: Call, deadline: Deadline, patience: float) -> None:
        begun = deadline.remaining()

        def left() -> float:
            return patience - (begun - deadline.remaining())

        wait = self._try(taken, call, deadline)
        if wait <= 0:
            return
        self._refuse_beyond(wait, left(), call)
        # One thread of a process waits for room, the others for their turn: a free slot does not wake them all.
        turn = self._turns.setdefault((os.getpid(), call.id), threading.Lock())
        if not turn.acquire(timeout=max(0.0, left())):
            self._refuse_beyond(self._try(taken, call, deadline), 0.0, call)
            return
        try:
            while (wait := self._try(taken, call, deadline)) > 0:
                self._refuse_beyond(wait, left(), call)
                self._sleep(max(wait, _SHORTEST_WAIT))
        finally:
            turn.release()

    def _try(self, taken: int, call: Call, deadline: Deadline) -> float:
        """Take a slot and return 0, or return the seconds until there can be room."""
        windows, longest = self._windows_of(call), self._longest(call)

        def change(kept: bytes | None) -> tuple[bytes | None, float]:
            moment = self._state.now() * 1000
            now = math.floor(moment)
            slots = Slots(kept, now, longest)
            room_at = slots.room_at(now, windows)
            if room_at > now:
                return slots.packed() if slots.mended else kept, (room_at - moment) / 1000
            slots.hold(taken, now, math.ceil(moment + deadline.remaining() * 1000) - now)
            return slots.packed(), 0.0

        return self._update(call, change)

    def _change(self, call: Call, change: Callable[[Slots, int], None]) -> None:
        longest = self._longest(call)

        def changed(kept: bytes | None) -> tuple[bytes | None, None]:
            now = math.ceil(self._state.now() * 1000)
            slots = Slots(kept, now, longest)
            change(slots, now)
            return slots.packed(), None

        self._update(call, changed)

    def _update(self, call: Call, change: Callable[[bytes | None], tuple[bytes | None, Changed]]) -> Changed:
        keep_seconds = (self._longest(call) + LONGEST_HOLD) / 1000
        return self._state.update(self._owner + call.id, change, keep_seconds=keep_seconds)

    def _refuse_beyond(self, wait: float, patience: float, call: Call) -> None:
        if wait <= patience:
            return
        retry_at = self._moment(wait * 1000)
        raise QuotaExhaustedError(
            f"The quota for '{call.title}' has no room for {math.ceil(wait)} s, longer than this call may wait.",
            hint=f"Ask again at {retry_at}; quota.max_wait_seconds says how long a call may wait.",
            retry_at=retry_at,
        )

    def _windows_of(self, call: Call) -> tuple[Window, ...]:
        windows = self._windows.get(call.id)
        if windows is None:
            settings = self._settings
            declared = settings.windows or (
                (settings.per_minute or call.per_minute, _MINUTE),
                (settings.per_hour or call.per_hour, _HOUR),
            )
            windows = tuple(Window(self._limit(calls), math.ceil(seconds * 1000)) for calls, seconds in declared)
            self._windows[call.id] = windows
        return windows

    def _longest(self, call: Call) -> int:
        longest = self._longest_windows.get(call.id)
        if longest is None:
            longest = self._longest_windows[call.id] = max(window.length for window in self._windows_of(call))
        return longest

    def _limit(self, calls: int) -> int:
        # Shares such as 0.29 are a little less in binary than on paper.
        limit = max(1, math.floor(calls * self._settings.share + _ROUNDING))
        if self._priority != "batch":
            return limit
        return max(1, limit - math.ceil(limit * self._settings.reserve_interactive - _ROUNDING))

    @staticmethod
    def _moment(milliseconds: float) -> str:
        """Return the time in so many milliseconds, never a second too early."""
        from datetime import datetime, timedelta, timezone

        moment = datetime.now(timezone.utc) + timedelta(milliseconds=milliseconds, microseconds=999_999)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
