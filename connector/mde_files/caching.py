"""Answers kept for later, and one call for many who ask the same at once.

An entry holds the answer, a lease of whoever is asking for it now, or both. So a miss costs two writes, a hit one read,
and concurrent asks for one key, in threads or in processes that share the state, cost one call.
"""

from __future__ import annotations

import json
import os
import struct
import threading
import time
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files.errors import MdeFilesError, NetworkError, TimeoutExceededError, UpstreamError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mde_files.config import CacheConfig
    from mde_files.deadline import Deadline
    from mde_files.state import State

PREFIX = "cache/"
_HEADER = struct.Struct("<4s8sddddI")
_MAGIC = b"MDF2"
_NOBODY = bytes(8)
_COMPRESSED_FROM = 2048
_FIRST_LOOK = 0.005
_LONGEST_LOOK = 0.2
_EVICT_EVERY = 64
_BYTES_PER_MEGABYTE = 1024 * 1024
_UNREACHABLE = (NetworkError, TimeoutExceededError, UpstreamError)


class Answer(NamedTuple):
    """An answer of the service as it is kept.

    Attributes:
        document: JSON document; ``None`` when the service does not know the file.
        retrieved_at: When the service gave it, RFC 3339 UTC.
    """

    document: Any
    retrieved_at: str


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


class _Entry(NamedTuple):
    holder: bytes
    lease_until: float
    stored: float
    stored_wall: float
    life: float
    payload: bytes

    def leased(self, now: float) -> bool:
        return self.holder != _NOBODY and self.lease_until > now


_EMPTY = _Entry(_NOBODY, 0.0, 0.0, 0.0, 0.0, b"")


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
        entry = self._read(key)
        if max_age is None or max_age > 0:
            served = self._fresh(entry, fresh_seconds, max_age)
            if served is not None:
                return served
        asked_at = self._state.now()
        with self._flight(key):
            return self._lead_or_follow(key, deadline, fresh_seconds, max_age, ask, asked_at)

    def _lead_or_follow(
        self,
        key: str,
        deadline: Deadline,
        fresh_seconds: Callable[[Answer], float],
        max_age: float | None,
        ask: Callable[[], Answer],
        asked_at: float,
    ) -> Served:
        holder = os.urandom(8)
        look = _FIRST_LOOK
        while True:
            entry = self._take_lease(key, holder, deadline, asked_at, max_age, fresh_seconds)
            if entry.holder == holder:
                return self._lead(key, holder, entry, fresh_seconds, ask)
            served = self._fresh(entry, fresh_seconds, max_age, since=asked_at)
            if served is not None:
                return served
            if look >= deadline.remaining():
                raise TimeoutExceededError(
                    f"Somebody else has been asking the same for {deadline.seconds:g} s without an answer.",
                    hint="Try again; if it happens often, raise timeouts.total.",
                )
            self._sleep(look)
            look = min(_LONGEST_LOOK, look * 1.5)

    def _take_lease(
        self,
        key: str,
        holder: bytes,
        deadline: Deadline,
        asked_at: float,
        max_age: float | None,
        fresh_seconds: Callable[[Answer], float],
    ) -> _Entry:
        now = self._state.now()
        until = now + deadline.remaining()

        def change(current: bytes | None) -> tuple[bytes | None, _Entry]:
            entry = _decode(current)
            if entry.leased(now) or self._fresh(entry, fresh_seconds, max_age, since=asked_at) is not None:
                return current, entry
            leased = entry._replace(holder=holder, lease_until=until)
            return _encode(leased), leased

        # An answer that is kept beside the lease must not live shorter for it.
        life = max(self._read(key).life, self._life(deadline.seconds))
        return self._state.update(PREFIX + key, change, keep_seconds=life)

    def _lead(
        self,
        key: str,
        holder: bytes,
        before: _Entry,
        fresh_seconds: Callable[[Answer], float],
        ask: Callable[[], Answer],
    ) -> Served:
        answer: Answer | None = None
        try:
            answer = ask()
        except _UNREACHABLE as error:
            stale = self._stale(before, fresh_seconds, error)
            if stale is None:
                raise
            return stale
        finally:
            self._finish(key, holder, answer, fresh_seconds)
        return Served(answer, from_cache=False, age_seconds=0.0)

    def _finish(self, key: str, holder: bytes, answer: Answer | None, fresh_seconds: Callable[[Answer], float]) -> None:
        """Give the lease back and keep the answer, if there is one."""
        stored = None
        life = self._read(key).life
        if answer is not None and fresh_seconds(answer) > 0:
            payload = _pack(answer)
            if len(payload) <= self._config.max_megabytes * _BYTES_PER_MEGABYTE // 4:
                life = self._life(fresh_seconds(answer))
                stored = _encode(_Entry(_NOBODY, 0.0, self._state.now(), time.time(), life, payload))

        def change(current: bytes | None) -> tuple[bytes | None, None]:
            if stored is not None:
                return stored, None
            entry = _decode(current)
            if entry.holder != holder:
                return current, None
            return (_encode(entry._replace(holder=_NOBODY, lease_until=0.0)) if entry.payload else None), None

        self._state.update(PREFIX + key, change, keep_seconds=life or self._life(0.0))
        self._stores += 1
        if stored is not None and self._stores % _EVICT_EVERY == 1:
            self._state.evict(PREFIX, self._config.max_megabytes * _BYTES_PER_MEGABYTE)

    def _life(self, fresh: float) -> float:
        return fresh + self._config.stale_if_error + 1.0

    def _read(self, key: str) -> _Entry:
        return _decode(self._state.get(PREFIX + key))

    def _fresh(
        self,
        entry: _Entry,
        fresh_seconds: Callable[[Answer], float],
        max_age: float | None,
        *,
        since: float | None = None,
    ) -> Served | None:
        """Return what ``entry`` holds if it is fresh enough, or was stored after ``since``."""
        if not entry.payload:
            return None
        answer = _unpack(entry.payload)
        if answer is None:
            return None
        age = self._age(entry)
        allowed = fresh_seconds(answer) if max_age is None else min(max_age, fresh_seconds(answer))
        if age is None or (age > allowed and not (since is not None and entry.stored > since)):
            return None
        return Served(answer, from_cache=True, age_seconds=age)

    def _stale(self, entry: _Entry, fresh_seconds: Callable[[Answer], float], error: MdeFilesError) -> Served | None:
        answer = _unpack(entry.payload) if entry.payload and error.retryable else None
        age = self._age(entry)
        if answer is None or age is None or age > fresh_seconds(answer) + self._config.stale_if_error:
            return None
        if self._config.stale_if_error == 0:
            return None
        return Served(answer, from_cache=True, age_seconds=age, stale=True)

    def _age(self, entry: _Entry) -> float | None:
        """Return the age in seconds by whichever clock says more; ``None`` for an entry from the future."""
        age = self._state.now() - entry.stored
        return None if age < 0 else max(age, time.time() - entry.stored_wall)

    @contextmanager
    def _flight(self, key: str) -> Iterator[None]:
        """Let the threads of this process that want one key in one after the other."""
        with self._flights_lock:
            lock, waiting = self._flights.get(key, (threading.Lock(), 0))
            self._flights[key] = (lock, waiting + 1)
        try:
            with lock:
                yield
        finally:
            with self._flights_lock:
                lock, waiting = self._flights[key]
                if waiting == 1:
                    del self._flights[key]
                else:
                    self._flights[key] = (lock, waiting - 1)


def _pack(answer: Answer) -> bytes:
    text = json.dumps(answer, separators=(",", ":")).encode("ascii")
    return b"z" + zlib.compress(text, 1) if len(text) >= _COMPRESSED_FROM else b"j" + text


def _unpack(payload: bytes) -> Answer | None:
    try:
        text = zlib.decompress(payload[1:]) if payload[:1] == b"z" else payload[1:]
        document, retrieved_at = json.loads(text)
    except (ValueError, TypeError, zlib.error, RecursionError):
        return None
    return Answer(document, retrieved_at)


def _encode(entry: _Entry) -> bytes:
    checksum = zlib.crc32(entry.payload)
    times = (entry.lease_until, entry.stored, entry.stored_wall, entry.life)
    return _HEADER.pack(_MAGIC, entry.holder, *times, checksum) + entry.payload


def _decode(stored: bytes | None) -> _Entry:
    """Return the entry in ``stored``; what cannot be read counts as nothing."""
    if stored is None or len(stored) < _HEADER.size:
        return _EMPTY
    magic, holder, lease_until, kept, kept_wall, life, checksum = _HEADER.unpack_from(stored)
    payload = stored[_HEADER.size :]
    if magic != _MAGIC or zlib.crc32(payload) != checksum:
        return _EMPTY
    return _Entry(holder, lease_until, kept, kept_wall, life, payload)
