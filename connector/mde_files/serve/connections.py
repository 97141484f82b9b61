"""Keeps connections from lasting for ever: a caller that sends or reads too slowly is cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

_QUIET_SECONDS = 20.0
_AFTER_ANSWER_SECONDS = 30.0


def protocol(request_seconds: float) -> type[H11Protocol]:
    """Return the protocol of connections: ``request_seconds`` bound what the server does for one request."""

    class BoundedProtocol(H11Protocol):
        _limit: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._allow(_QUIET_SECONDS)

        def connection_lost(self, exc: Exception | None) -> None:
            if self._limit is not None:
                self._limit.cancel()
            super().connection_lost(exc)

        def handle_events(self) -> None:
            before = self.cycle
            super().handle_events()
            # A request has its time once its headers are complete; until then the quiet time goes on.
            if self.cycle is not before and not self.cycle.response_complete:
                self._allow(request_seconds + _AFTER_ANSWER_SECONDS)

        def on_response_complete(self) -> None:
            self._allow(_QUIET_SECONDS)
            super().on_response_complete()

        def _allow(self, seconds: float) -> None:
            if self._limit is not None:
                self._limit.cancel()
            self._limit = self.loop.call_later(seconds, self.transport.abort)

    return BoundedProtocol
