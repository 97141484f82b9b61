"""A server that says nothing, says it slowly, or stops in the middle."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from .scripts import CHUNKED, GOOD, HEAD, drip, hold, then

if TYPE_CHECKING:
    from .bench import Bench
    from .scripts import Step

BODY = GOOD.partition(b"\r\n\r\n")[2]
LENGTH = f"Content-Length: {len(BODY)}\r\n".encode()
WHOLE_HEAD = HEAD + LENGTH + b"\r\n"
A_CHUNK = f"{len(BODY):x}\r\n".encode() + BODY + b"\r\n"
NEVER_ENDING: dict[str, Step] = {
    "says nothing": hold,
    "one byte at a time: status line": drip(b"HTTP/1.1 2" + b"0" * 500),
    "one byte at a time: headers": drip(HEAD + b"X-Slow: " + b"x" * 500),
    "one byte at a time: body": then(WHOLE_HEAD, drip(BODY)),
    "one byte at a time: chunk sizes": then(CHUNKED, drip(b"1\r\n{\r\n1\r\n}\r\n" * 50)),
    "one byte at a time: trailers": then(CHUNKED + A_CHUNK + b"0\r\n", drip(b"X-Trailer: x\r\n" * 50)),
    "silent after the status line": then(b"HTTP/1.1 200 OK\r\n", hold),
    "silent after the headers": then(WHOLE_HEAD, hold),
    "silent in the body": then(WHOLE_HEAD + BODY[:20], hold),
    "silent before the last chunk": then(CHUNKED + A_CHUNK, hold),
    "Content-Length too long, then silent": then(HEAD + b"Content-Length: 5000\r\n\r\n" + BODY, hold),
}
BREAKING_OFF: dict[str, Step] = {
    "closes without a word": then(),
    "closes in the status line": then(b"HTTP/1.1 20"),
    "closes after the status line": then(b"HTTP/1.1 200 OK\r\n"),
    "closes in a header": then(b"HTTP/1.1 200 OK\r\nContent-Ty"),
    "closes between two headers": then(HEAD),
    "closes before the headers end": then(HEAD + LENGTH),
    "closes after the headers": then(WHOLE_HEAD),
    "closes in the body": then(WHOLE_HEAD + BODY[:20]),
    "closes in a chunk size": then(CHUNKED + A_CHUNK[:1]),
    "closes in a chunk": then(CHUNKED + A_CHUNK[:30]),
    "closes between two chunks": then(CHUNKED + A_CHUNK),
    "closes in a gzip member": then(
        HEAD + b"Content-Encoding: gzip\r\nContent-Length: 500\r\n\r\n" + gzip.compress(BODY)[:40]
    ),
    "Content-Length too long": then(HEAD + b"Content-Length: 5000\r\n\r\n" + BODY),
    "404 that closes before the headers end": then(b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n"),
    "100 Continue, then nothing": then(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "closes in the headers of a 100 Continue": then(b"HTTP/1.1 100 Continue\r\nX-A: b"),
}


@pytest.mark.parametrize("fault", NEVER_ENDING)
def test_nothing_lasts_longer_than_the_budget(bench: Bench, fault: str) -> None:
    bench.fault(fault, NEVER_ENDING[fault], expected="timeout")


@pytest.mark.parametrize("fault", BREAKING_OFF)
def test_what_breaks_off_is_asked_for_again(bench: Bench, fault: str) -> None:
    bench.fault(fault, BREAKING_OFF[fault], GOOD, expected="seen_in_organization", waits=False)
    assert len(bench.server.requests) == 2


@pytest.mark.parametrize("fault", BREAKING_OFF)
def test_what_always_breaks_off_ends(bench: Bench, fault: str) -> None:
    outcome = bench.fault(f"always {fault}", BREAKING_OFF[fault], expected="network_error", waits=False)
    assert outcome.error is not None
    assert outcome.error.retryable
    assert len(bench.server.requests) == 5
