"""What has arrived: a record of every request, and counts per endpoint."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass, field

_REMEMBERED = 250_000


@dataclass
class SeenRequest:
    """One request as it arrived, and the status it was answered with.

    Attributes:
        method: HTTP method.
        path: Path as sent, not decoded.
        query: Query options, the first value of each.
        endpoint: Name of the endpoint, None for an unknown route.
        status: Status of the answer; None while it is pending or when the connection was closed instead.
        application: Client id, as far as the request told one.
        host: The Host header.
        has_authorization: Whether an Authorization header was sent.
        arrived: Monotonic time of arrival, in seconds.
        arrived_at: Wall time of arrival, in seconds since 1970.
    """

    method: str
    path: str
    query: dict[str, str]
    host: str
    has_authorization: bool
    arrived: float
    arrived_at: float
    endpoint: str | None = None
    application: str | None = None
    status: int | None = None


@dataclass
class Traffic:
    """Everything that arrived since the start or the last reset."""

    accepted: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    _requests: deque[SeenRequest] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, request: SeenRequest) -> None:
        """Remember a request; the oldest are dropped when there are very many."""
        with self._lock:
            self._requests.append(request)

    def requests(self) -> list[SeenRequest]:
        """Return what is remembered, oldest first."""
        with self._lock:
            return list(self._requests)

    def forget(self) -> None:
        """Start from nothing."""
        with self._lock:
            self._requests.clear()
            self.accepted.clear()
            self.rejected.clear()
