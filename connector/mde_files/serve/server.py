"""Puts the server together, listens, and ends in good order."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import ssl
from typing import TYPE_CHECKING, Any, NamedTuple

import uvicorn

from mde_files import config as configuration
from mde_files.clouds import is_loopback
from mde_files.connector import Connector
from mde_files.errors import InvalidConfigError
from mde_files.logs import EventLog
from mde_files.serve import settings as serve_settings
from mde_files.serve.application import Application
from mde_files.serve.callers import Callers
from mde_files.serve.connections import protocol
from mde_files.serve.key_file import KnownKeys
from mde_files.serve.operations import playbooks
from mde_files.serve.work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_MOST_CONNECTIONS = 512
_MOST_HEADER_BYTES = 32 * 1024
_KEEP_ALIVE_SECONDS = 5
_LAST_PORT = 65535


class Place(NamedTuple):
    """Where to listen.

    Attributes:
        host: Address or name.
        port: TCP port; 0: any free one.
        certificate: PEM file of the certificate with its chain; ``None``: without TLS.
        key: PEM file of its private key.
        behind_proxy: Whether a proxy in front does TLS, so that another address than loopback is allowed without it.
    """

    host: str
    port: int
    certificate: Path | None
    key: Path | None
    behind_proxy: bool


def serve(
    source: Mapping[str, Any] | str | os.PathLike[str] | None,
    place: Place,
    *,
    overrides: Mapping[str, str] | None = None,
    listening: Callable[[str], None],
) -> None:
    """Answer requests until the process is told to stop (Ctrl-C, SIGTERM); what runs then is finished.

    Args:
        source: The configuration, as for :func:`mde_files.config.load`.
        place: Where to listen.
        overrides: Settings that outrank it, as for :func:`mde_files.config.load`.
        listening: Is told the server's URL when the first request can come.

    Raises:
        InvalidConfigError: The configuration, or the place to listen at, cannot be used.
        InvalidInputError: A playbook of the configuration cannot be used.
    """
    context = _tls(place)
    settings = serve_settings.load(source, overrides=overrides)
    if not settings.keys and settings.entra is None:
        raise InvalidConfigError(
            "Nobody could call this server: the configuration has no serve.keys and no serve.entra.",
            hint="'mde-files serve --new-key NAME' makes a key and prints what to add to the configuration.",
        )
    offered = playbooks(settings.playbooks)
    loaded = {
        tenant: configuration.load(source, tenant=tenant, overrides=overrides) for tenant in _tenants_in_use(settings)
    }
    shared = next(iter(loaded.values())).log
    secrets = [secret for config in loaded.values() for secret in config.secrets()]
    log = EventLog(shared.level, shared.format, secrets)
    connectors = {tenant: Connector(config) for tenant, config in loaded.items()}
    keys = KnownKeys(settings, lambda: serve_settings.load(source, overrides=overrides), log)
    callers = Callers(keys, settings.entra, connectors, log)
    work = Work(settings.max_concurrent, settings.request_seconds)
    application = Application(connectors, callers, work, offered, entra=settings.entra is not None, log=log)
    try:
        with _listener(place) as listener:
            _run(
                _server(application, context, settings.request_seconds), listener, _url(place, listener), log, listening
            )
    finally:
        work.close()
        callers.close()
        for connector in connectors.values():
            connector.close()


def _tenants_in_use(settings: serve_settings.ServeSettings) -> tuple[str | None, ...]:
    if settings.entra is not None:
        return settings.tenants
    return tuple(dict.fromkeys(key.tenant for key in settings.keys))


def _server(application: Application, context: ssl.SSLContext | None, request_seconds: float) -> uvicorn.Server:
    config = uvicorn.Config(
        application,
        http=protocol(request_seconds),
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=int(request_seconds) + 1,
        h11_max_incomplete_event_size=_MOST_HEADER_BYTES,
    )
    config.load()
    config.ssl = context
    return uvicorn.Server(config)


def _run(
    server: uvicorn.Server, listener: socket.socket, url: str, log: EventLog, listening: Callable[[str], None]
) -> None:
    forward = _Forward(log)
    library = logging.getLogger("uvicorn")
    library.addHandler(forward)
    library.propagate = False
    # The library raises the signal again when it is done; by then there is nothing left to end.
    before = {number: signal.signal(number, _nothing) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        listening(url)
        asyncio.run(server.serve(sockets=[listener]))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        library.removeHandler(forward)
        library.propagate = True


def _nothing(_number: int, _frame: object) -> None:
    return


class _Forward(logging.Handler):
    """Takes what the library says into the log of this package, where no traceback is shown."""

    def __init__(self, log: EventLog) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        self._log.warning("http_server", message=record.getMessage().strip())


def _tls(place: Place) -> ssl.SSLContext | None:
    if (place.certificate is None) != (place.key is None):
        raise InvalidConfigError(
            "--certificate and --key go together.", hint="Name the PEM files of the certificate and of its private key."
        )
    if place.certificate is None or place.key is None:
        if not is_loopback(place.host) and not place.behind_proxy:
            raise InvalidConfigError(
                f"The server does not listen on {place.host!r} without TLS: what is sent could be read on the way.",
                hint="Give --certificate and --key; or, where a proxy in front does TLS, --behind-proxy.",
            )
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # Without a password, the library would ask for it on the terminal.
        context.load_cert_chain(place.certificate, place.key, password="")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "they are no PEM files that fit"
        raise InvalidConfigError(
            f"--certificate and --key cannot be used: {reason}.",
            hint="Name the certificate with its chain and its private key without a passphrase, both as PEM.",
        ) from None
    return context


def _listener(place: Place) -> socket.socket:
    if not 0 <= place.port <= _LAST_PORT:
        raise InvalidConfigError(f"--port {place.port} is no port.", hint="Ports are 1 to 65535; 0 takes a free one.")
    try:
        family, _, _, _, address = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)[0]
        # Naming the protocol lets asyncio switch off Nagle's algorithm, which costs 40 ms an answer.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as error:
        raise _no_listener(place, error) from None
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_MOST_CONNECTIONS)
    except OSError as error:
        listener.close()
        raise _no_listener(place, error) from None
    return listener


def _no_listener(place: Place, error: OSError) -> InvalidConfigError:
    return InvalidConfigError(
        f"The server cannot listen on {place.host} port {place.port}: {error.strerror}.",
        hint="Give another --port or --host.",
    )


def _url(place: Place, listener: socket.socket) -> str:
    scheme = "http" if place.certificate is None else "https"
    host = f"[{place.host}]" if ":" in place.host else place.host
    return f"{scheme}://{host}:{listener.getsockname()[1]}"
