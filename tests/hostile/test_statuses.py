"""Statuses that are no result: errors in disguise, redirects, refusals, throttling, trouble that comes and goes."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest
from tests.transport.hostile import error_answer, http_answer

from mde_files.timestamps import parse_timestamp

from .scripts import GOOD, STATS

if TYPE_CHECKING:
    from tests.transport.hostile import Connection

    from .bench import Bench

ENVELOPE = {"error": {"code": "InternalServerError", "message": "no", "target": "t-1"}}
NO_RESULT = {
    "200 with an error envelope": http_answer(ENVELOPE),
    "200 with an error envelope beside the answer": http_answer({**STATS, **ENVELOPE}),
    "200 with an error that is no envelope": http_answer({**STATS, "error": None}),
    "200 without a body": http_answer(body=b""),
    "200 with null": http_answer(body=b"null"),
    "200 with a list": http_answer([STATS]),
    "200 with text": http_answer("fine"),
    "201 with the answer": http_answer(STATS, status=201),
    "204": http_answer(body=b"", status=204),
    "204 that carries the answer all the same": http_answer(STATS, status=204),
    "206 with half the answer": http_answer(body=b'{"sha1": "', status=206),
    "226 with the answer": http_answer(STATS, status=226),
}
LASTING = {
    "304 to a question without a condition": (http_answer(body=b"", status=304), "wrong_endpoint"),
    "400 with control characters": (error_answer(400, "Bad\x1b[31m", "\x1b]0;x\x07", "\x1b[2J"), "upstream_error"),
    "403 that names nothing": (http_answer(body=b"", status=403), "forbidden"),
    "403 with a role without end": (
        error_answer(403, "Forbidden", "API required roles:" + " " * 900_000 + "!"),
        "forbidden",
    ),
    "403 with roles without end": (error_answer(403, "Forbidden", "API required roles: A," * 40_000), "forbidden"),
    "404 without the envelope": (
        http_answer(body=b"<h1>no</h1>", status=404, content_type="text/html"),
        "wrong_endpoint",
    ),
    "404 with the envelope": (error_answer(404, "ResourceNotFound"), "unknown_to_defender"),
    "418 with a body of binary": (http_answer(body=bytes(range(256)), status=418), "upstream_error"),
    "451": (http_answer(body=b"", status=451), "upstream_error"),
    "599 with an envelope of another shape": (http_answer({"error": [1]}, status=599), "upstream_error"),
    "999": (http_answer(body=b"", status=999), "upstream_error"),
}

IN_TEN_MINUTES = "in ten minutes"
RETRY_AFTER = {
    "none": (None, 0, 10),
    "negative": ("-5", 0, 10),
    "zero": ("0", 0, 2),
    "of words": ("soon", 0, 10),
    "of two numbers": ("5, 6", 0, 10),
    "huge": ("9" * 400, 3590, 3610),
    "of an hour": ("3600", 3590, 3610),
    "a day": ("86400", 3590, 3610),
    "infinite": ("inf", 0, 10),
    "in scientific notation": ("1e9", 0, 10),
    "of 60 KB": ("9" * 60_000, 3590, 3610),
    "a date in the past": ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 2),
    "a date in ten minutes": (IN_TEN_MINUTES, 590, 600),
    "a date in the year 9999": ("Fri, 31 Dec 9999 23:59:59 GMT", 3590, 3610),
    "a date in the year 99999": ("Fri, 31 Dec 99999 23:59:59 GMT", 0, 10),
    "a date that never was": ("Fri, 99 Foo 2027 99:99:99 GMT", 0, 10),
    "a date with an absurd zone": ("Wed, 21 Oct 2015 07:28:00 +9999999999", 0, 10),
    "with control characters": ("\x1b[31m5\x07", 0, 10),
}


def redirect(location: str, status: int = 302) -> bytes:
    return http_answer(body=b"", status=status, headers={"Location": location})


REDIRECTS = {
    "to another host": "https://localhost:{elsewhere}/api/files/x/stats",
    "to another host of any name": "https://collector.attacker.example/",
    "to another port": "https://127.0.0.1:{elsewhere}/api/files/x/stats",
    "to plain http": "http://127.0.0.1:{plain}/",
    "to the same address": "https://127.0.0.1:{own}/api/files/x/stats",
    "without a scheme": "//localhost:{elsewhere}/",
    "with credentials in it": "https://127.0.0.1@localhost:{elsewhere}/",
    "with a backslash in it": "https://localhost:{elsewhere}\\@127.0.0.1/",
    "relative": "/login?ReturnUrl=x",
    "to a file": "file:///etc/passwd",
    "to nowhere": "",
}


@pytest.mark.parametrize("fault", NO_RESULT)
def test_a_success_without_the_result_is_no_success(bench: Bench, fault: str) -> None:
    outcome = bench.fault(fault, NO_RESULT[fault], expected="upstream_invalid")
    assert len(bench.server.requests) == 1
    assert outcome.error is not None
    assert not outcome.error.retryable


@pytest.mark.parametrize("fault", LASTING)
def test_a_refusal_says_what_it_is(bench: Bench, fault: str) -> None:
    answer, expected = LASTING[fault]
    outcome = bench.fault(fault, answer, expected=expected)
    assert not set(outcome.shown) & set("\x1b\x07")


@pytest.mark.parametrize("status", [302, 307])
@pytest.mark.parametrize("fault", REDIRECTS)
def test_a_redirect_is_told_and_not_followed(bench: Bench, fault: str, status: int) -> None:
    def answer(connection: Connection) -> None:
        connection.send(redirect(bench.placed(REDIRECTS[fault]), status))

    bench.fault(f"{status} {fault}", answer, expected="wrong_endpoint")
    assert len(bench.server.requests) == 1


def test_a_401_for_ever_is_asked_twice_with_a_new_token_and_no_more(bench: Bench) -> None:
    from .bench import TOKEN
    from .scripts import in_order, token_answer

    refused = in_order(error_answer(401, "Unauthorized"))
    bench.sign_in_fault("401 for ever", token=token_answer(TOKEN), api=refused, expected="auth_failed")
    asked = [seen.target.partition("?")[0].rpartition("/")[2] for seen in bench.server.requests]
    assert asked.count("stats") == 2
    assert asked.count("token") == 2


def test_a_401_for_a_ready_token_is_asked_once(bench: Bench) -> None:
    bench.fault("401 for a ready token", error_answer(401, "Unauthorized"), expected="auth_failed")
    assert len(bench.server.requests) == 1


@pytest.mark.parametrize("fault", RETRY_AFTER)
def test_a_429_for_ever_is_deferred_to_a_time_the_service_can_mean(bench: Bench, fault: str) -> None:
    header, least, most = RETRY_AFTER[fault]
    if header == IN_TEN_MINUTES:
        header = formatdate(time.time() + 600, usegmt=True)
    answer = http_answer(ENVELOPE, status=429, headers={} if header is None else {"Retry-After": header})
    outcome = bench.fault(f"429, Retry-After {fault}", answer, expected="throttled")
    assert outcome.error is not None
    assert outcome.error.exit_code == 5
    assert 1 <= len(bench.server.requests) <= 5
    if outcome.error.retry_at is not None:
        assert least - 2 <= parse_timestamp(outcome.error.retry_at).timestamp() - time.time() <= most + 2


def test_a_429_that_asks_for_a_moment_is_answered_after_it(bench: Bench) -> None:
    answer = http_answer(ENVELOPE, status=429, headers={"Retry-After": "0.2"})
    bench.fault("429 once, Retry-After 0.2", answer, GOOD, expected="seen_in_organization")
    assert len(bench.server.requests) == 2


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_trouble_that_comes_and_goes_is_survived(bench: Bench, status: int) -> None:
    trouble = http_answer(body=b"<h1>trouble</h1>", status=status, content_type="text/html")
    steps = [trouble, error_answer(503, "ServiceUnavailable", retry_after="0"), trouble, GOOD]
    bench.fault(f"{status}, 503, {status}, 200", *steps, expected="seen_in_organization", waits=False)
    assert len(bench.server.requests) == 4


@pytest.mark.parametrize("header", ["0", "-1", "3600", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_trouble_without_end_ends_within_the_budget(bench: Bench, header: str) -> None:
    trouble = http_answer(body=b"", status=503, headers={"Retry-After": header})
    bench.fault(f"503 for ever, Retry-After {header[:30]}", trouble, expected="upstream_error")
    assert len(bench.server.requests) <= 5
