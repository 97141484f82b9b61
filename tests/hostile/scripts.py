"""What hostile servers answer: scripts of raw bytes for the files API and the sign-in beside it."""

from __future__ import annotations

import json
import ssl
import threading
from typing import TYPE_CHECKING, Any

from tests.transport.hostile import http_answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.transport.hostile import Connection, Seen

    Step = bytes | Callable[[Connection], object]
    Choice = Callable[[Seen], Step]

SHA1 = "0991a395da64e1c5fbe8732ed11e6be064081d9f"
TENANT = "11111111-2222-3333-4444-555555555555"
STATS: dict[str, Any] = {
    "sha1": SHA1,
    "orgPrevalence": "14850",
    "organizationPrevalence": 14850,
    "orgFirstSeen": "2019-12-07T13:44:16Z",
    "orgLastSeen": "2020-01-06T13:39:36Z",
    "globalPrevalence": "705012",
    "globallyPrevalence": 705012,
    "topFileNames": ["MREC.exe"],
}
ALERT: dict[str, Any] = {"id": "da637472900382838869_1364969609", "severity": "High", "status": "New"}
GOOD = http_answer(STATS)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def page(*alerts: dict[str, Any], link: object = None) -> bytes:
    """Return a page of alerts, with a link to the next one where there is one."""
    return http_answer({"value": list(alerts), **({} if link is None else {"@odata.nextLink": link})})


def alert(number: int) -> dict[str, Any]:
    """Return an alert with an id of its own."""
    return {**ALERT, "id": f"da{number}_1"}


def raw(body: bytes, content_type: str = "application/json", **headers: str) -> bytes:
    """Return a 200 with ``body``; ``content_encoding`` stands for the header ``Content-Encoding``."""
    fields = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return http_answer(body=body, content_type=content_type, headers=fields)


def stats_text(members: str) -> bytes:
    """Return statistics whose prevalences are replaced by ``members``, JSON text that no encoder has to agree with."""
    return raw(f'{{"sha1": "{SHA1}", {members}}}'.encode("utf-8", "surrogatepass"))


def then(*acts: Step) -> Step:
    """Return one step made of several."""

    def act(connection: Connection) -> None:
        for step in acts:
            take(step, connection)

    return act


def take(step: Step, connection: Connection) -> None:
    """Do what ``step`` says with the request that was read last."""
    if isinstance(step, bytes):
        connection.send(step)
    else:
        step(connection)


def drip(data: bytes, every: float = 0.05) -> Step:
    """Return a step that sends one byte at a time."""
    return lambda connection: connection.drip(data, every)


def flood(data: bytes) -> Step:
    """Return a step that sends the same until the client has had enough."""
    return lambda connection: connection.flood(data)


def hold(connection: Connection) -> None:
    """Say nothing more."""
    connection.hold()


def in_order(*steps: Step) -> Choice:
    """Return a choice of one step for each request, over all connections; the last one is taken ever after."""
    lock = threading.Lock()
    asked = 0

    def choose(seen: Seen) -> Step:
        nonlocal asked
        with lock:
            step = steps[min(asked, len(steps) - 1)]
            asked += 1
        return step

    return choose


def sign_in_beside(api: Choice, *, openid: Step, token: Step) -> Choice:
    """Return a choice for a server that is sign-in and files API in one.

    Args:
        api: Chooses for the files API.
        openid: Answers where the sign-in's addresses are.
        token: Answers the sign-in.
    """

    def choose(seen: Seen) -> Step:
        if "/.well-known/openid-configuration" in seen.target:
            return openid
        return token if "/oauth2/" in seen.target else api(seen)

    return choose


def serving(choose: Choice) -> Callable[[Connection], None]:
    """Return a server's script. A connection stays open after bytes sent as they are, and ends with any other step."""

    def script(connection: Connection) -> None:
        while (seen := connection.request()) is not None:
            step = choose(seen)
            take(step, connection)
            if not isinstance(step, bytes):
                return

    return script


def openid_answer(origin: str, **changes: object) -> bytes:
    """Return where to sign in at ``origin``."""
    base = f"{origin}/{TENANT}"
    document = {
        "issuer": f"{base}/v2.0",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
    }
    return http_answer({**document, **changes})


def token_answer(text: str, **changes: object) -> bytes:
    """Return a successful sign-in."""
    return http_answer({"token_type": "Bearer", "expires_in": 3599, "access_token": text, **changes})


def sign_in_error(description: str, status: int = 400, **changes: object) -> bytes:
    """Return a refusal of the sign-in."""
    document = {"error": "invalid_client", "error_description": description, **changes}
    return http_answer(body=json.dumps(document).encode(), status=status)


class CutTls:
    """A TLS server that sends only so many bytes of what it would send, then closes.

    Args:
        context: Its certificate.
        handshake: Bytes of the handshake that are sent; ``None``: all of them.
        answer: What is answered to the request.
        ciphertext: Bytes of the encrypted answer that are sent.
        flip: Position of a byte of it that is changed on the way.
        every: Seconds between two bytes of it; ``None``: it is sent at once.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        *,
        handshake: int | None = None,
        answer: bytes = b"",
        ciphertext: int = 0,
        flip: int | None = None,
        every: float | None = None,
    ) -> None:
        self._context = context
        self._handshake = handshake
        self._answer = answer
        self._ciphertext = ciphertext
        self._flip = flip
        self._every = every

    def __call__(self, connection: Connection) -> None:
        """Follow the script on a connection without TLS."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self._context.wrap_bio(incoming, outgoing, server_side=True)
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                if outgoing.pending and self._handshake is not None:
                    connection.send(outgoing.read()[: self._handshake])
                    return
                connection.send(outgoing.read())
                received = connection.sock.recv(65536)
                if not received:
                    return
                incoming.write(received)
            else:
                break
        connection.send(outgoing.read())
        request = b""
        while b"\r\n\r\n" not in request:
            try:
                request += tls.read(65536)
            except ssl.SSLWantReadError:
                incoming.write(connection.sock.recv(65536))
        tls.write(self._answer)
        sent = bytearray(outgoing.read()[: self._ciphertext])
        if self._flip is not None:
            sent[self._flip] ^= 1
        if self._every is None:
            connection.send(bytes(sent))
        else:
            connection.drip(bytes(sent), self._every)
