"""TLS that proves nothing or breaks off, and proxies that take their time."""

from __future__ import annotations

import ssl
import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from tests.transport.hostile import HostileServer

from .scripts import GOOD, HEAD, CutTls, drip, hold, in_order, serving, take

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.transport.conftest import Authority
    from tests.transport.hostile import Connection

    from .bench import Bench
    from .scripts import Step

NOW = datetime.now(timezone.utc)
DAY = timedelta(days=1)
LONG_ANSWER = HEAD + b"Content-Length: 100000\r\n\r\n" + b" " * 100_000
PROXIED = "https://proxied.test"
CONNECTED = b"HTTP/1.1 200 Connection established\r\n\r\n"


def context(bench: Bench, stranger: Authority, fault: str) -> ssl.SSLContext:
    """Return the server's side of a TLS connection that must not come about."""
    if fault == "an unknown authority":
        return stranger.server_context("127.0.0.1")
    if fault == "the wrong name":
        return bench.trusted.server_context("localhost")
    if fault == "the wrong address":
        return bench.trusted.server_context("127.0.0.2")
    if fault == "an expired certificate":
        return bench.trusted.server_context("127.0.0.1", not_before=NOW - 2 * DAY, not_after=NOW - DAY)
    if fault == "a certificate of tomorrow":
        return bench.trusted.server_context("127.0.0.1", not_before=NOW + DAY, not_after=NOW + 2 * DAY)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.set_ciphers("ADH:@SECLEVEL=0")
    made.maximum_version = ssl.TLSVersion.TLSv1_2
    return made


@pytest.mark.parametrize(
    "fault",
    [
        "an unknown authority",
        "the wrong name",
        "the wrong address",
        "an expired certificate",
        "a certificate of tomorrow",
        "no certificate at all",
    ],
)
def test_a_server_that_proves_nothing_gets_no_request(bench: Bench, stranger: Authority, fault: str) -> None:
    waits = fault != "no certificate at all"
    outcome = bench.fault(
        f"TLS: {fault}", GOOD, tls=context(bench, stranger, fault), expected="network_error", waits=waits
    )
    assert bench.server.requests == []
    assert outcome.error is not None
    assert outcome.error.retryable is not waits


@pytest.mark.parametrize("sent", [0, 3, 50, 500])
def test_a_handshake_that_breaks_off_is_tried_again(bench: Bench, sent: int) -> None:
    cut = CutTls(bench.trusted.server_context("127.0.0.1"), handshake=sent)
    fault = f"TLS: handshake cut off after {sent} bytes"
    bench.fault(fault, script=cut, tls=None, expected="network_error", waits=False)
    assert bench.server.connections == 5


@pytest.mark.parametrize(("sent", "total"), [(0, 0), (3, 3), (300, 300), (20_000, 20_000)])
def test_an_answer_that_breaks_off_is_tried_again(bench: Bench, sent: int, total: int) -> None:
    cut = CutTls(bench.trusted.server_context("127.0.0.1"), answer=LONG_ANSWER, ciphertext=sent)
    fault = f"TLS: answer cut off after {sent} encrypted bytes"
    bench.fault(fault, script=cut, tls=None, expected="network_error", waits=False)
    assert bench.server.connections == 5


def corrupted(answer: bytes, context: ssl.SSLContext) -> CutTls:
    return CutTls(context, answer=answer, ciphertext=len(answer) + 200, flip=100)


def test_an_answer_changed_on_the_way_is_no_answer(bench: Bench) -> None:
    changed = corrupted(GOOD, bench.trusted.server_context("127.0.0.1"))
    bench.fault("TLS: a bit changed on the way", script=changed, tls=None, expected="network_error", waits=False)


@pytest.mark.parametrize(
    ("fault", "step", "expected"),
    [
        ("silent", hold, "timeout"),
        ("one byte at a time", drip(b"\x16\x03\x03\x40\x00" + b"\x02" * 500), "timeout"),
        ("plain HTTP instead", GOOD, "network_error"),
        ("an alert instead", b"\x15\x03\x03\x00\x02\x02\x46", "network_error"),
        ("another protocol instead", b"SSH-2.0-OpenSSH_9.6\r\n", "network_error"),
        ("a record of 64 KB instead", b"\x16\x03\x03\xff\xff" + b"\x00" * 65535, "network_error"),
    ],
)
def test_a_handshake_that_is_none_ends_in_time(bench: Bench, fault: str, step: Step, expected: str) -> None:
    def script(connection: Connection) -> None:
        connection.sock.recv(65536)
        take(step, connection)

    bench.fault(f"TLS handshake: {fault}", script=script, tls=None, expected=expected)


def tunnel(*after: Step) -> Callable[[Connection], None]:
    """Return a proxy's script that opens a tunnel and does ``after`` instead of the target."""

    def script(connection: Connection) -> None:
        connection.request()
        for step in after:
            take(step, connection)

    return script


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("fault", "after"),
    [("is silent", hold), ("drips its handshake", drip(b"\x16\x03\x03\x40\x00" + b"\x02" * 200, 0.1))],
)
def test_a_target_behind_a_proxy_keeps_to_the_budget(bench: Bench, scheme: str, fault: str, after: Step) -> None:
    tls = bench.trusted.server_context("127.0.0.1") if scheme == "https" else None
    with HostileServer(tunnel(CONNECTED, after), tls=tls) as proxy:
        bench.server = proxy
        bench.ask(f"{scheme} proxy, target {fault}", PROXIED, expected="timeout", proxy=proxy.url)


def test_a_tunnel_that_opens_late_leaves_the_target_what_is_left(bench: Bench) -> None:
    def late(connection: Connection) -> None:
        time.sleep(2)
        connection.send(CONNECTED)

    with HostileServer(tunnel(late, hold)) as proxy:
        bench.server = proxy
        bench.ask(
            "http proxy, tunnel opens late, target is silent",
            PROXIED,
            expected="timeout",
            proxy=proxy.url,
            timeouts={"connect": 2.4, "read": 2.4, "total": 2.4},
        )


def test_a_target_behind_a_tls_proxy_that_drips_a_record_keeps_to_the_budget(bench: Bench) -> None:
    cut = CutTls(bench.trusted.server_context("proxied.test"), answer=LONG_ANSWER, ciphertext=5000, every=0.02)

    def script(connection: Connection) -> None:
        connection.request()
        connection.send(CONNECTED)
        cut(connection)

    with HostileServer(script, tls=bench.trusted.server_context("127.0.0.1")) as proxy:
        bench.server = proxy
        bench.ask(
            "https proxy, target drips its answer within one record",
            PROXIED,
            expected="timeout",
            proxy=proxy.url,
        )


@pytest.mark.parametrize(
    ("fault", "script", "expected"),
    [
        ("says nothing", hold, "timeout"),
        ("one byte at a time", serving(in_order(drip(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 500))), "timeout"),
        ("redirects", serving(in_order(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n")), "network_error"),
        ("asks for a password", serving(in_order(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")), "network_error"),
        (
            "answers with control characters",
            serving(in_order(b"HTTP/1.1 403 \x1b[31mno\x07\r\nContent-Length: 0\r\n\r\n")),
            "network_error",
        ),
        ("closes", lambda _: None, "network_error"),
    ],
)
def test_a_proxy_that_misbehaves(
    bench: Bench,
    fault: str,
    script: Callable[[Connection], None],
    expected: str,
) -> None:
    with HostileServer(script) as proxy:
        bench.server = proxy
        bench.ask(f"proxy {fault}", PROXIED, expected=expected, proxy=proxy.url)
    assert all("authorization" not in seen.headers for seen in proxy.requests)
