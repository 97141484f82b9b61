"""The ASGI server behind the socket, with a hand on its connections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio
    import socket
    import ssl

    from mde_files.emulator.application import Application


def make_server(
    application: Application, context: ssl.SSLContext, connections: dict[Any, asyncio.Transport]
) -> uvicorn.Server:
    """Return a server that keeps each open connection's transport in ``connections``, by client address."""

    class Protocol(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            connections[self.client] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            connections.pop(self.client, None)
            super().connection_lost(exc)

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            # Over TLS, an orderly end waits for every idle client.
            for transport in list(connections.values()):
                transport.abort()
            await super().shutdown(sockets)

    config = uvicorn.Config(
        application,
        http=Protocol,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=1,
    )
    config.load()
    config.ssl = context
    return Server(config)
