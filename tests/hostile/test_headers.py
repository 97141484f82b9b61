"""Headers, informational answers and whatever else stands around the body."""

from __future__ import annotations

import gzip
import time
from typing import TYPE_CHECKING

import pytest

from .scripts import CHUNKED, GOOD, HEAD, SHA1, STATS, flood, hold, http_answer, then

if TYPE_CHECKING:
    from tests.transport.hostile import Connection

    from .bench import Bench
    from .scripts import Step

BODY = GOOD.partition(b"\r\n\r\n")[2]
A_CHUNK = f"{len(BODY):x}\r\n".encode() + BODY + b"\r\n"
EVIL_COOKIE = b"Set-Cookie: a=b; expires=1" + b" " * 60_000 + b"x\r\n"


def headed(headers: bytes, status: bytes = b"200 OK") -> bytes:
    """Return an answer with more headers than it should have."""
    return b"HTTP/1.1 " + status + b"\r\n" + headers + GOOD.partition(b"\r\n")[2]


def pause(connection: Connection) -> None:
    """Give the client time to believe that this was all."""
    time.sleep(0.2)


NO_HTTP: dict[str, Step] = {
    "a header of 1 MB": then(headed(b"X-Big: " + b"x" * 1_000_000 + b"\r\n"), hold),
    "5,000 headers": then(headed(b"X-Many: x\r\n" * 5000), hold),
    "endless headers": then(b"HTTP/1.1 200 OK\r\n", flood(b"X-Many: x\r\n" * 100)),
    "a status line of 1 MB": then(b"HTTP/1.1 200 " + b"O" * 1_000_000 + b"\r\n\r\n", hold),
    "a status of four digits": headed(b"", b"2000 OK"),
    "two lengths": headed(b"Content-Length: 7\r\n"),
    "101 Switching Protocols": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
    "endless chunk extension": then(CHUNKED, flood(b"1;" + b"x" * 1000)),
    "another protocol": then(b"SSH-2.0-OpenSSH_9.6\r\n", hold),
    "a header without a colon": then(headed(b"what is this\r\n"), hold),
    "headers that begin with a continuation": then(headed(b" what is this\r\n"), hold),
    "HTTP/0.9": then(BODY + b"\n", hold),
}
NEVER_A_BODY: dict[str, Step] = {
    "100 headers of 60 KB": then(headed((b"X-Big: " + b"x" * 60_000 + b"\r\n") * 100), hold),
    "endless 100 Continue": flood(b"HTTP/1.1 100 Continue\r\n\r\n" * 500),
    "endless 103 Early Hints": flood(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 500),
    "endless trailers": then(CHUNKED + A_CHUNK + b"0\r\n", flood(b"X-Trailer: x\r\n" * 1000)),
    "endless empty gzip members": then(HEAD + b"Content-Encoding: gzip\r\n\r\n", flood(gzip.compress(b"") * 1000)),
    "endless chunks of one byte": then(CHUNKED, flood(b"1\r\n \r\n" * 1000)),
    "endless body": then(HEAD + b"\r\n", flood(b" " * 60_000)),
}
HARMLESS: dict[str, Step] = {
    "100 Continue first": b"HTTP/1.1 100 Continue\r\n\r\n" + GOOD,
    "102 Processing first": b"HTTP/1.1 102 Processing\r\n\r\n" + GOOD,
    "103 Early Hints first, three times": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 3 + GOOD,
    "103 Early Hints, the answer later": then(b"HTTP/1.1 103 Early Hints\r\n\r\n", pause, GOOD),
    "header injection: a second answer in a header": headed(b"X-A: b\r\n HTTP/1.1 404 Not Found\r\n"),
    "header injection: control characters": headed(b"Sunset: \x1b[31mred\x07\x00\r\nDeprecation: \x9b2J\r\n"),
    "cookies that take long to read": headed(EVIL_COOKIE * 50),
    "a cookie for another host": headed(b"Set-Cookie: track=me; Domain=example.com; Path=/\r\n"),
    "trailers that contradict": CHUNKED + A_CHUNK + b"0\r\nContent-Length: 1\r\nContent-Type: text/html\r\n\r\n",
    "length and chunks": HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" + A_CHUNK + b"0\r\n\r\n",
    "a negative length": then(HEAD + b"Content-Length: -1\r\n\r\n" + BODY),
    "a length that is no number": then(HEAD + b"Content-Length: many\r\n\r\n" + BODY),
}


@pytest.mark.parametrize("fault", NO_HTTP)
def test_what_is_no_http_is_told(bench: Bench, fault: str) -> None:
    outcome = bench.fault(fault, NO_HTTP[fault], expected="upstream_invalid")
    assert outcome.error is not None
    assert "does not answer in HTTP" in outcome.error.message


@pytest.mark.parametrize("fault", NEVER_A_BODY)
def test_what_never_becomes_a_body_is_bounded_in_size_not_only_in_time(bench: Bench, fault: str) -> None:
    outcome = bench.fault(fault, NEVER_A_BODY[fault], expected="upstream_invalid")
    assert outcome.error is not None
    assert "larger than 1,000,000 bytes" in outcome.error.message


@pytest.mark.parametrize("fault", HARMLESS)
def test_what_does_no_harm_does_none(bench: Bench, fault: str) -> None:
    outcome = bench.fault(fault, HARMLESS[fault], expected="seen_in_organization")
    assert outcome.record is not None
    assert outcome.record["file_stats"]["organization_prevalence"] == 14850
    assert not set(outcome.shown) & set("\x1b\x07\x00\x9b")


def test_an_answer_about_another_file_is_refused(bench: Bench) -> None:
    other = http_answer({**STATS, "sha1": SHA1[::-1]})
    outcome = bench.fault("an answer about another file", other, expected="upstream_invalid")
    assert outcome.error is not None
    assert "another file" in outcome.error.message
