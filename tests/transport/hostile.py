"""Servers on loopback that misbehave on purpose: every connection follows a script, on real sockets."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Mapping

    from typing_extensions import Self

_END_OF_HEAD = b"\r\n\r\n"
_ONE_READ = 65536


class Seen(NamedTuple):
    """A request as it came over the wire; header names are in lower case."""

    line: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def target(self) -> str:
        return self.line.split(" ")[1]


class Connection:
    """The server's end of one connection, for a script."""

    def __init__(self, sock: socket.socket, server: HostileServer) -> None:
        self.sock = sock
        self._server = server
        self._buffer = b""

    def request(self) -> Seen | None:
        """Read and record one request; None when the client closed instead."""
        while _END_OF_HEAD not in self._buffer:
            if not self._more():
                return None
        head, _, self._buffer = self._buffer.partition(_END_OF_HEAD)
        line, *rest = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in rest)}
        length = int(headers.get("content-length", "0"))
        while len(self._buffer) < length and self._more():
            pass
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        seen = Seen(line, headers, body)
        self._server.requests.append(seen)
        return seen

    def send(self, *parts: bytes) -> None:
        for part in parts:
            self.sock.sendall(part)

    def drip(self, data: bytes, every: float = 0.03) -> None:
        """Send one byte at a time until the data or the client's patience ends."""
        for byte in data:
            if self._server.stopped.wait(every):
                return
            self.sock.sendall(bytes([byte]))

    def flood(self, data: bytes) -> None:
        """Send the same again and again until the client has had enough."""
        while not self._server.stopped.is_set():
            self.sock.sendall(data)

    def hold(self) -> None:
        """Say nothing more and keep the connection until the client or the test is done with it."""
        while not self._server.stopped.is_set():
            readable, _, _ = select.select([self.sock], [], [], 0.05)
            if readable and not self.sock.recv(_ONE_READ):
                return

    def relay(self, port: int) -> None:
        """Pass bytes in both directions between the client and a port of this machine."""
        with socket.create_connection(("127.0.0.1", port), timeout=5) as target:
            ends = {self.sock: target, target: self.sock}
            while not self._server.stopped.is_set():
                for end in select.select(list(ends), [], [], 0.05)[0]:
                    data = end.recv(_ONE_READ)
                    if not data:
                        return
                    ends[end].sendall(data)

    def _more(self) -> bool:
        data = self.sock.recv(_ONE_READ)
        self._buffer += data
        return bool(data)


class HostileServer:
    """Accepts connections on 127.0.0.1; the first follows the first script and so on, later ones the last script.

    Attributes:
        requests: What came, in order, over all connections.
        connections: How many connections were accepted.
    """

    def __init__(self, *scripts: Callable[[Connection], object], tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Seen] = []
        self.connections = 0
        self.stopped = threading.Event()
        self._scripts = scripts
        self._tls = tls
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        return f"{'http' if self._tls is None else 'https'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        for sock in [self._listener, *self._open]:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RD)
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()
        self._listener.close()

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self.stopped.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            script = self._scripts[min(self.connections, len(self._scripts) - 1)]
            self.connections += 1
            self._start(self._serve, sock, script)

    def _serve(self, sock: socket.socket, script: Callable[[Connection], object]) -> None:
        sock.settimeout(5)
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.callback(sock.close)
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
                stack.callback(sock.close)
            self._open.add(sock)
            stack.callback(self._open.discard, sock)
            script(Connection(sock, self))


def http_answer(
    document: Any = None,
    *,
    status: int = 200,
    body: bytes | None = None,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """Return a well-formed answer as it goes over the wire; without ``body`` it carries ``document`` as JSON."""
    content = json.dumps(document).encode() if body is None else body
    fields = {"Content-Type": content_type, "Content-Length": str(len(content)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode() + content


def error_answer(status: int, code: str, message: str = "", target: str = "t-1", **headers: str) -> bytes:
    """Return an answer with the service's error envelope; ``retry_after`` stands for the header ``Retry-After``."""
    fields = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return http_answer({"error": {"code": code, "message": message, "target": target}}, status=status, headers=fields)


def in_turn(answers: Iterable[bytes]) -> Callable[[Connection], None]:
    """Return a script for a well-behaved keep-alive server: one answer a request, ``b""`` closes the connection."""
    waiting = iter(answers)
    lock = threading.Lock()

    def script(connection: Connection) -> None:
        while connection.request() is not None:
            with lock:
                answer = next(waiting, b"")
            if not answer:
                return
            connection.send(answer)

    return script


def after_request(*parts: bytes) -> Callable[[Connection], None]:
    """Return a script that reads one request, sends ``parts`` and closes."""

    def script(connection: Connection) -> None:
        connection.request()
        connection.send(*parts)

    return script
