"""State in a Redis server, for the processes of any number of machines."""

from __future__ import annotations

import os
import random
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mde_files.errors import InvalidConfigError
from mde_files.state import host_clock
from mde_files.state.forking import ForkGuarded
from mde_files.state.interface import BackendUnavailableError, counted_bytes, eviction_target
from mde_files.state.redis_scripts import ENTRY, EVICT, KEYS, PURGE, READ, SIZE, SWAP, TIME

if TYPE_CHECKING:
    from collections.abc import Callable

    from mde_files.state.interface import Changed

_TIMEOUT_SECONDS = 2.0
_SLOW_SECONDS = 1.0
_SLOW_ANSWERS = 3
_STEP = 5000
_MARK_BYTES = 8
_CALM_TRIES = 4
_MOST_TRIES = 500
_SLACK_SECONDS = 1.0
_DRIFT = 0.001
_FRESH_SECONDS = 30.0
_FORGOTTEN_AFTER = 86400.0
_MICRO = 1e6


class RedisState(ForkGuarded):
    """Keeps entries on a server, compared and set by scripts that run there. Safe between threads, processes and forks.

    Time is the server's, so that all machines agree. When the server's own clock is set back, time goes on from the
    latest moment written; when it is set forward, whoever saw the time before corrects it by its own clock.

    Args:
        url: ``redis://`` or ``rediss://``, with user, password and database as ``redis`` reads them.
        clock: Seconds of this machine that nobody can set.

    Raises:
        InvalidConfigError: The package ``redis`` is not installed, or the URL cannot be read.
        BackendUnavailableError: The server does not answer.
    """

    shared = True

    def __init__(self, url: str, *, clock: Callable[[], float] = host_clock.now) -> None:
        super().__init__()
        try:
            import redis
            from redis.backoff import NoBackoff
            from redis.retry import Retry
        except ImportError:
            raise InvalidConfigError(
                "A state in Redis needs the package 'redis', which is not installed.",
                hint="Install it with: pip install 'mde-files[redis]'",
            ) from None
        self._error = redis.RedisError
        try:
            self._server = redis.Redis.from_url(
                url,
                socket_timeout=_TIMEOUT_SECONDS,
                socket_connect_timeout=_TIMEOUT_SECONDS,
                # Once: a server closes connections that were idle for long.
                retry=Retry(NoBackoff(), 1),
                decode_responses=False,
            )
            self._place = urlsplit(url).hostname or "localhost"
        except (ValueError, TypeError):
            raise InvalidConfigError(
                "The URL in 'state' cannot be read.", hint="Write redis://HOST:PORT/DATABASE or rediss://…."
            ) from None
        self._clock = clock
        self._scripts = {
            source: self._server.register_script(source) for source in (READ, SWAP, TIME, PURGE, SIZE, EVICT)
        }
        self._seen: tuple[float, float] | None = None
        self._step = threading.local()
        self._slow = 0
        self._failures = 0
        self._ask(TIME)

    def now(self) -> float:
        """Return seconds on the server's clock, told again by the server when what is known is old."""
        moment: float | None = getattr(self._step, "moment", None)
        if moment is not None:
            return moment
        seen = self._seen
        since = _FRESH_SECONDS if seen is None else self._clock() - seen[1]
        if seen is None or since >= _FRESH_SECONDS:
            return self._saw(self._ask(TIME))
        return seen[0] + since

    def get(self, key: str) -> bytes | None:
        """Return what is kept under ``key``, or ``None``."""
        entry, moment = self._ask(READ, key)
        self._saw(moment)
        return None if entry is None else bytes(entry[_MARK_BYTES:])

    def update(
        self, key: str, change: Callable[[bytes | None], tuple[bytes | None, Changed]], *, keep_seconds: float
    ) -> Changed:
        """Replace what is kept under ``key``, again and again until nobody else was faster."""
        failures = self._failures
        # The guard lets one thread of a process compete at a time.
        with self.guard:
            if self._failures != failures:
                # Whoever waited for a thread that waited in vain does not do the same.
                raise BackendUnavailableError(f"the Redis server {self._place!r} has just failed another thread")
            entry, moment = self._ask(READ, key)
            for tried in range(_MOST_TRIES):
                kept = None if entry is None else bytes(entry[_MARK_BYTES:])
                self._step.moment = self._saw(moment)
                try:
                    value, result = change(kept)
                finally:
                    self._step.moment = None
                if value == kept:
                    return result
                mark = os.urandom(_MARK_BYTES)
                answer = self._ask(
                    SWAP,
                    key,
                    b"" if entry is None else entry[:_MARK_BYTES],
                    b"" if value is None else mark + value,
                    int(keep_seconds * _MICRO),
                    0 if value is None else counted_bytes(key, value),
                    int((keep_seconds + _FORGOTTEN_AFTER) * 1000),
                )
                if answer[0]:
                    return result
                _, entry, moment = answer
                if entry is not None and entry[:_MARK_BYTES] == mark:
                    # The answer to the first sending was lost on the way and the client sent it again.
                    return result
                if tried >= _CALM_TRIES:
                    time.sleep(random.random() * 0.005)  # noqa: S311 - spreads competitors
        raise BackendUnavailableError(f"the Redis server {self._place!r} is changed by too many at once")

    def purge(self, prefix: str = "") -> int:
        """Remove every entry whose key begins with ``prefix`` and return how many there were."""
        return self._in_steps(PURGE, prefix)

    def size(self, prefix: str = "") -> tuple[int, int]:
        """Return how many entries begin with ``prefix`` and the bytes they take."""
        entries, counted = self._ask(SIZE, prefix)
        return int(entries), int(counted)

    def evict(self, prefix: str, max_bytes: int) -> int:
        """Bound the bytes of the entries that begin with ``prefix``, those written longest ago first."""
        return self._in_steps(EVICT, prefix, max_bytes, eviction_target(max_bytes))

    def close(self) -> None:
        """Close every connection; they are made again when something is asked."""
        self._server.close()
        self._server.connection_pool.disconnect()

    def _in_steps(self, script: str, prefix: str, *more: int) -> int:
        """Remove entries by steps that are short enough for everybody else who asks the server meanwhile."""
        removed = 0
        while True:
            step = int(self._ask(script, prefix, *more, _STEP))
            removed += step
            if step < _STEP:
                return removed

    def _ask(self, script: str, name: str = "", *more: bytes | int) -> Any:
        encoded = name.encode()
        if self._slow >= _SLOW_ANSWERS:
            self._slow = 0
            raise self._failed("answers too slowly")
        begun = time.monotonic()
        try:
            answer = self._scripts[script](
                keys=[*KEYS, ENTRY.encode() + encoded], args=[self._ceiling(), encoded, *more]
            )
        except (self._error, OSError) as error:
            # Only the kind of error: its text may repeat what was sent.
            raise self._failed(f"does not answer as it should ({type(error).__name__})") from None
        self._slow = self._slow + 1 if time.monotonic() - begun > _SLOW_SECONDS else 0
        return answer

    def _failed(self, how: str) -> BackendUnavailableError:
        self._failures += 1
        return BackendUnavailableError(f"the Redis server {self._place!r} {how}")

    def _ceiling(self) -> int:
        seen = self._seen
        if seen is None:
            return 0
        return int((seen[0] + (self._clock() - seen[1]) * (1 + _DRIFT) + _SLACK_SECONDS) * _MICRO)

    def _saw(self, moment: bytes) -> float:
        """Remember the server's time and return it in seconds."""
        now = int(moment) / _MICRO
        self._seen = (now, self._clock())
        return now
