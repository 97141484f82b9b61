"""Answers kept for later, and one call for many who ask the same at once.

An entry holds the answer, a lease of whoever is asking for it now, or both. So a miss costs two writes, a hit one read,
and concurrent asks for one key, in threads or in processes that share the state, cost one call.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from mde_files.cache_entries import NOBODY, Answer, Entry, decode, encode, new_holder, pack, unpack
from mde_files.errors import (
    MdeFilesError,
    NetworkError,
    StateUnavailableError,
    TimeoutExceededError,
    UpstreamError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mde_files.config import CacheConfig
    from mde_files.deadline import Deadline
    from mde_files.state import State

PREFIX = "cache/"
_FIRST_LOOK = 0.005
_LONGEST_LOOK = 0.2
_EVICT_EVERY = 64
_BYTES_PER_MEGABYTE = 1024 * 1024
_UNREACHABLE = (NetworkError, TimeoutExceededError, UpstreamError)


class Served(NamedTuple):
    """An answer as it is handed on.

    Attributes:
        answer: The answer.
        from_cache: Whether it was kept from an earlier call, or from another caller's.
        age_seconds: How old it is.
        stale: Whether it is older than it should be and served only because the service cannot be reached.
    """

    answer: Answer
    from_cache: bool
    age_seconds: float
    stale: bool = False


class _Wanted(NamedTuple):
    key: str
    deadline: Deadline
    fresh_seconds: Callable[[Answer], float]
    max_age: float | None
    ask: Callable[[], Answer]


class AnswerCache:
    """Keeps answers in a shared state. Thread-safe.

    Args:
        state: Where they are kept.
        config: How much may be kept, and for how long beyond its time.
        sleep: Waits for seconds.
    """

    def __init__(self, state: State, config: CacheConfig, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._state = state
        self._config = config
        self._sleep = sleep
        self._flights: dict[str, tuple[threading.Lock, int]] = {}
        self._flights_lock = threading.Lock()
        self._stores = 0

    def serve(
        self,
        key: str,
        *,
        deadline: Deadline,
        fresh_seconds: Callable[[Answer], float],
        max_age: float | None,
        ask: Callable[[], Answer],
    ) -> Served:
        """Return the answer kept under ``key`` if it is fresh enough, else the one that ``ask`` gets.

        Args:
            key: Names tenant, application, endpoint and everything else the answer depends on.
            deadline: Until when to wait for somebody who asks for the same.
            fresh_seconds: How long an answer stays fresh; an answer that does not is not kept.
            max_age: Greatest age in seconds that is accepted; ``None``: as fresh as ``fresh_seconds`` says.
            ask: Gets the answer.

        Raises:
            MdeFilesError: As ``ask``; or ``timeout`` while waiting for somebody else's call.
        """
        wanted = _Wanted(key, deadline, fresh_seconds, max_age, ask)
        kept = self._read(key)
        if max_age is None or max_age > 0:
            served = self._fresh(kept, wanted)
            if served is not None:
                return served
        asked_at = self._state.now()
        with self._flight(wanted):
            return self._lead_or_follow(wanted, asked_at, kept.life)

    def _lead_or_follow(self, wanted: _Wanted, asked_at: float, kept_life: float) -> Served:
        holder = new_holder()
        look = _FIRST_LOOK
        while True:
            entry = self._take_lease(wanted, holder, asked_at, kept_life)
            if entry.holder == holder:
                return self._lead(wanted, holder, entry)
            served = self._fresh(entry, wanted, since=asked_at)
            if served is not None:
                return served
            if look >= wanted.deadline.remaining():
                raise _waited_too_long(wanted.deadline)
            self._sleep(look)
            look = min(_LONGEST_LOOK, look * 1.5)

    def _take_lease(self, wanted: _Wanted, holder: bytes, asked_at: float, kept_life: float) -> Entry:
        now = self._state.now()
        until = now + wanted.deadline.remaining()
        life = max(kept_life, self._life(wanted.deadline.seconds))

        def change(current: bytes | None) -> tuple[bytes | None, Entry]:
            entry = decode(wanted.key, current)
            if entry.life > life or entry.leased(now) or self._fresh(entry, wanted, since=asked_at) is not None:
                return current, entry
            leased = entry._replace(holder=holder, lease_until=until)
            return encode(wanted.key, leased), leased

        while True:
            entry = self._state.update(PREFIX + wanted.key, change, keep_seconds=life)
            if entry.life <= life:
                return entry
            # An answer that was kept meanwhile must not live shorter for the lease beside it.
            life = entry.life

    def _lead(self, wanted: _Wanted, holder: bytes, before: Entry) -> Served:
        answer: Answer | None = None
        try:
            answer = wanted.ask()
        except _UNREACHABLE as error:
            stale = self._stale(before, wanted, error)
            if stale is None:
                raise
            return stale
        finally:
            # A state that is lost now does not take away the answer that was paid for.
            with suppress(StateUnavailableError):
                self._finish(wanted, holder, answer)
        return Served(answer, from_cache=False, age_seconds=0.0)

    def _finish(self, wanted: _Wanted, holder: bytes, answer: Answer | None) -> None:
        """Give the lease back and keep the answer, if there is one."""
        stored, life = None, 0.0
        if answer is not None and wanted.fresh_seconds(answer) > 0:
            payload = pack(answer)
            if len(payload) <= self._config.max_megabytes * _BYTES_PER_MEGABYTE // 4:
                life = self._life(wanted.fresh_seconds(answer))
                stored = encode(wanted.key, Entry(NOBODY, 0.0, self._state.now(), time.time(), life, payload))

        def change(current: bytes | None) -> tuple[bytes | None, None]:
            if stored is not None:
                return stored, None
            entry = decode(wanted.key, current)
            if entry.holder != holder:
                return current, None
            free = entry._replace(holder=NOBODY, lease_until=0.0)
            return (encode(wanted.key, free) if entry.payload else None), None

        if stored is None:
            life = self._read(wanted.key).life or self._life(0.0)
        self._state.update(PREFIX + wanted.key, change, keep_seconds=life)
        self._stores += 1
        if stored is not None and self._stores % _EVICT_EVERY == 1:
            self._state.evict(PREFIX, self._config.max_megabytes * _BYTES_PER_MEGABYTE)

    def _life(self, fresh: float) -> float:
        return fresh + self._config.stale_if_error + 1.0

    def _read(self, key: str) -> Entry:
        return decode(key, self._state.get(PREFIX + key))

    def _fresh(self, entry: Entry, wanted: _Wanted, *, since: float | None = None) -> Served | None:
        """Return what ``entry`` holds if it is fresh enough, or was stored after ``since``."""
        age = self._age(entry) if entry.payload else None
        if age is None:
            return None
        just_stored = since is not None and entry.stored > since
        if wanted.max_age is not None and age > wanted.max_age and not just_stored:
            return None
        answer = unpack(entry.payload)
        if answer is None or (age > wanted.fresh_seconds(answer) and not just_stored):
            return None
        return Served(answer, from_cache=True, age_seconds=age)

    def _stale(self, entry: Entry, wanted: _Wanted, error: MdeFilesError) -> Served | None:
        """Return what ``entry`` holds where the service cannot be reached and that is old, but not too old."""
        allowed = self._config.stale_if_error
        answer = unpack(entry.payload) if entry.payload and error.retryable and allowed else None
        age = self._age(entry)
        if answer is None or age is None or age > wanted.fresh_seconds(answer) + allowed:
            return None
        return Served(answer, from_cache=True, age_seconds=age, stale=True)

    def _age(self, entry: Entry) -> float | None:
        """Return the age in seconds by whichever clock says more; ``None`` for an entry from the future."""
        age = self._state.now() - entry.stored
        return None if age < 0 else max(age, time.time() - entry.stored_wall)

    @contextmanager
    def _flight(self, wanted: _Wanted) -> Iterator[None]:
        """Let the threads of this process that want one key in one after the other."""
        key = wanted.key
        with self._flights_lock:
            lock, waiting = self._flights.get(key, (threading.Lock(), 0))
            self._flights[key] = (lock, waiting + 1)
        try:
            if not lock.acquire(timeout=wanted.deadline.remaining()):
                raise _waited_too_long(wanted.deadline)
            try:
                yield
            finally:
                lock.release()
        finally:
            with self._flights_lock:
                lock, waiting = self._flights[key]
                if waiting == 1:
                    del self._flights[key]
                else:
                    self._flights[key] = (lock, waiting - 1)


def _waited_too_long(deadline: Deadline) -> TimeoutExceededError:
    return TimeoutExceededError(
        f"Somebody else has been asking the same for {deadline.seconds:g} s without an answer.",
        hint="Try again; if it happens often, raise timeouts.total.",
    )
