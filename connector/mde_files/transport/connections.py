"""Connections that obey one deadline and one bound on what comes, whatever the other side does.

The timeouts of ``requests`` count from the last byte, so a server that sends one byte a second never meets them. Here
every single read, the name look-up and each connection attempt are given what is left of the deadline. Nor does
``requests`` bound what never becomes a body: informational answers, trailers, empty members of a compressed stream.
"""

from __future__ import annotations

import http
import http.client
import io
import socket
import threading
from contextlib import contextmanager
from contextvars import ContextVar
from email.errors import FirstHeaderLineIsContinuationDefect, MissingHeaderBodySeparatorDefect
from typing import TYPE_CHECKING, Any

from requests import Response
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from requests import PreparedRequest
    from urllib3 import BaseHTTPResponse
    from urllib3.poolmanager import PoolManager, ProxyManager

    from mde_files.deadline import Deadline

_current_deadline: ContextVar[Deadline] = ContextVar("current_deadline")
_current_max_bytes: ContextVar[int] = ContextVar("current_max_bytes")
# Behind such a line no header is read, be it the one that tells where the body ends.
_UNREAD_HEADERS = (FirstHeaderLineIsContinuationDefect, MissingHeaderBodySeparatorDefect)
_POOL_SIZE = 32
_SHORTEST_TIMEOUT = 0.001
_BUFFER_BYTES = 65536


class TooManyBytesError(OSError):
    """More came for one answer than may come, headers and all."""


@contextmanager
def within(deadline: Deadline, max_bytes: int) -> Iterator[None]:
    """Hold every connection used inside the block to ``deadline``, and every answer to ``max_bytes`` on the wire."""
    deadline_token = _current_deadline.set(deadline)
    bytes_token = _current_max_bytes.set(max_bytes)
    try:
        yield
    finally:
        _current_deadline.reset(deadline_token)
        _current_max_bytes.reset(bytes_token)


class _DeadlineReader(io.RawIOBase):
    """Reads one answer from a socket, giving each read no more time than the deadline has left."""

    def __init__(self, sock: socket.socket, deadline: Deadline, max_bytes: int) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._pause = sock.gettimeout()
        self._deadline = deadline
        self._left = max_bytes
        self.ended = False

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return what ``http.client`` reads from, as it asks a socket for it."""
        return io.BufferedReader(self, _BUFFER_BYTES)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        remaining = self._deadline.remaining()
        if remaining <= 0:
            raise TimeoutError("the time budget of the call ran out")
        if self._pause is None or remaining < self._pause:
            self._sock.settimeout(remaining)
        size: int | None = self._raw.readinto(buffer)
        self.ended = size == 0
        self._left -= size or 0
        if self._left < 0:
            raise TooManyBytesError("more came than may come")
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()


class _DeadlineResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        self._reader = _DeadlineReader(sock, _current_deadline.get(), _current_max_bytes.get())
        super().__init__(self._reader, *args, **kwargs)  # type: ignore[arg-type]

    def begin(self) -> None:
        """Read status and headers; what is cut off there is no answer, although ``http.client`` takes it for one."""
        failure: http.client.HTTPException | None = None
        try:
            super().begin()
        except http.client.HTTPException as error:
            failure = error
        if self._reader.ended:
            raise http.client.RemoteDisconnected("the connection was closed before the headers ended")
        if failure is not None:
            raise failure
        if any(isinstance(defect, _UNREAD_HEADERS) for defect in self.headers.defects):
            raise http.client.HTTPException("headers of which not all could be read")

    def _read_status(self) -> tuple[str, int, str]:
        """Read a status line; ``http.client`` knows of 100 only that another answer follows it."""
        version, status, reason = super()._read_status()  # type: ignore[misc]
        if status == http.HTTPStatus.SWITCHING_PROTOCOLS:
            raise http.client.BadStatusLine("a switch of protocols that nobody asked for")
        return version, (http.HTTPStatus.CONTINUE if status < http.HTTPStatus.OK else status), reason


class _DeadlineHTTPConnection(HTTPConnection):
    response_class = _DeadlineResponse

    def _new_conn(self) -> socket.socket:
        return _connect(self)


class _DeadlineHTTPSConnection(HTTPSConnection):
    response_class = _DeadlineResponse

    def connect(self) -> None:
        try:
            super().connect()
        except TimeoutError as error:
            raise ConnectTimeoutError(self, f"{self.host} ended no TLS handshake in time") from error

    def _new_conn(self) -> socket.socket:
        return _connect(self)

    def _tunnel(self) -> None:
        super()._tunnel()
        if self.sock is not None:
            _hurry(self.sock, _current_deadline.get())

    def _connect_tls_proxy(self, hostname: str, sock: socket.socket) -> ssl.SSLSocket:
        """Let what is read through the proxy obey the deadline: TLS within TLS reads piece by piece what it needs."""
        secured = super()._connect_tls_proxy(hostname, sock)
        receive = secured.recv

        def recv(buflen: int = 1024, flags: int = 0) -> bytes:
            _hurry(secured, _current_deadline.get())
            return receive(buflen, flags)

        secured.recv = recv  # type: ignore[method-assign]
        return secured


def _hurry(sock: socket.socket, deadline: Deadline) -> None:
    """Give the next step on ``sock`` no more time than the deadline has left."""
    remaining = deadline.remaining()
    if remaining <= 0:
        raise TimeoutError("the time budget of the call ran out")
    pause = sock.gettimeout()
    sock.settimeout(remaining if pause is None else min(pause, remaining))


def _connect(connection: HTTPConnection) -> socket.socket:
    deadline = _current_deadline.get()
    host, port = connection.host.strip("[]"), connection.port
    patience = float(connection.timeout or deadline.seconds)
    failure: OSError = TimeoutError()
    for address in _resolve(connection, host, port, deadline):
        try:
            sock = create_connection(
                (address, port),
                min(patience, max(deadline.remaining(), _SHORTEST_TIMEOUT)),
                source_address=connection.source_address,
                socket_options=connection.socket_options,
            )
            sock.settimeout(min(patience, max(deadline.remaining(), _SHORTEST_TIMEOUT)))
        except OSError as error:
            failure = error
            if deadline.expired:
                break
        else:
            return sock
    if isinstance(failure, TimeoutError):
        raise ConnectTimeoutError(connection, f"{host} accepted no connection in time") from failure
    raise NewConnectionError(connection, f"{host} refused the connection") from failure


def _resolve(connection: HTTPConnection, host: str, port: int, deadline: Deadline) -> list[str]:
    """Look the name up in a thread of its own: the system's resolver knows no timeout."""
    answer: list[list[str] | OSError | UnicodeError] = []

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answer.append([str(entry[4][0]) for entry in found])
        except (OSError, UnicodeError) as error:
            answer.append(error)

    if _is_address(host):
        look_up()
    else:
        thread = threading.Thread(target=look_up, daemon=True, name="name-resolution")
        thread.start()
        thread.join(deadline.remaining())
    if not answer:
        raise ConnectTimeoutError(connection, f"{host} was not resolved in time")
    if isinstance(answer[0], list):
        return answer[0]
    failure = answer[0] if isinstance(answer[0], socket.gaierror) else socket.gaierror(str(answer[0]))
    raise NameResolutionError(host, connection, failure) from failure


def _is_address(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except OSError:
            continue
        return True
    return False


class _DeadlineHTTPPool(HTTPConnectionPool):
    ConnectionCls = _DeadlineHTTPConnection


class _DeadlineHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _DeadlineHTTPSConnection


_POOLS: dict[str, type[HTTPConnectionPool]] = {"http": _DeadlineHTTPPool, "https": _DeadlineHTTPSPool}


class DeadlineAdapter(HTTPAdapter):
    """A ``requests`` adapter whose connections obey the deadline set by :func:`within`; it never retries."""

    poolmanager: PoolManager

    def __init__(self) -> None:
        super().__init__(pool_connections=_POOL_SIZE, pool_maxsize=_POOL_SIZE, max_retries=0)

    def build_response(self, req: PreparedRequest, resp: BaseHTTPResponse) -> Response:
        """Return the answer as it came; cookies are not kept here, and what its bytes mean is told by who asked."""
        response = Response()
        response.status_code = resp.status
        # As case-insensitive as what requests copies them to.
        response.headers = resp.headers  # type: ignore[assignment]
        response.raw = resp
        response.url = req.url or ""
        response.request = req
        response.connection = self
        return response

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Create the pools of direct connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> ProxyManager:
        """Return the pools of connections through ``proxy``."""
        manager: ProxyManager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager
