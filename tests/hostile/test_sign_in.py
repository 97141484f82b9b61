"""A sign-in service that answers as badly as a files API can; real MSAL asks it."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest
from tests.transport.hostile import http_answer

from .bench import SECRET, TOKEN
from .scripts import (
    CHUNKED,
    GOOD,
    HEAD,
    TENANT,
    drip,
    flood,
    hold,
    in_order,
    openid_answer,
    raw,
    sign_in_error,
    then,
    token_answer,
)

if TYPE_CHECKING:
    from tests.transport.hostile import Connection

    from .bench import Bench
    from .scripts import Step

SIGNED_IN = token_answer(TOKEN)
BODY = SIGNED_IN.partition(b"\r\n\r\n")[2]
NO_SIGN_IN: dict[str, tuple[Step, str]] = {
    "says nothing": (hold, "timeout"),
    "one byte at a time": (then(HEAD, drip(b"Content-Length: 9999\r\n\r\n" + BODY)), "timeout"),
    "silent in the body": (then(HEAD + b"Content-Length: 9999\r\n\r\n" + BODY, hold), "timeout"),
    "closes without a word": (then(), "network_error"),
    "closes in the headers": (then(HEAD), "network_error"),
    "closes in the body": (then(HEAD + b"Content-Length: 9999\r\n\r\n" + BODY), "network_error"),
    "closes in a chunk": (then(CHUNKED + b"fff\r\n" + BODY), "network_error"),
    "endless": (then(HEAD + b"\r\n", flood(b" " * 60_000)), "upstream_invalid"),
    "cut off": (raw(BODY[:40]), "upstream_invalid"),
    "900 KB of token": (token_answer("x" * 900_000), "upstream_invalid"),
    "gzip bomb": (raw(gzip.compress(bytes(50_000_000)), content_encoding="gzip"), "upstream_invalid"),
    "broken gzip": (raw(b"\x1f\x8b\x08\x00xxxxxxxxxx", content_encoding="gzip"), "upstream_invalid"),
    "a page": (raw(b"<html>please sign in</html>", "text/html"), "upstream_invalid"),
    "empty": (http_answer(body=b""), "upstream_invalid"),
    "204": (http_answer(body=b"", status=204), "upstream_invalid"),
    "a list": (http_answer([1]), "upstream_invalid"),
    "null": (http_answer(body=b"null"), "upstream_invalid"),
    "nested 100,000 deep": (raw(b'{"a":' * 100_000 + b"1" + b"}" * 100_000), "upstream_invalid"),
    "300,000 empty objects": (raw(b'{"a":[' + b"{}," * 300_000 + b"{}]}"), "upstream_invalid"),
    "UTF-16": (raw(BODY.decode().encode("utf-16")), "upstream_invalid"),
    "two tokens": (raw(BODY[:-1] + b', "access_token": "another"}'), "upstream_invalid"),
    "no token": (http_answer({}), "auth_failed"),
    "token: null": (token_answer(None), "upstream_invalid"),  # type: ignore[arg-type]
    "token: a list": (token_answer([TOKEN]), "upstream_invalid"),  # type: ignore[arg-type]
    "token with a line break": (token_answer(f"{TOKEN}\r\nX-Evil: 1"), "upstream_invalid"),
    "token with a space": (token_answer(f"{TOKEN} {TOKEN}"), "upstream_invalid"),
    "token with a NUL": (token_answer(f"{TOKEN}\0"), "upstream_invalid"),
    "token beyond ASCII": (token_answer("tokén"), "upstream_invalid"),
    "token with a lone surrogate": (token_answer("t\ud800"), "upstream_invalid"),
    "token that is empty": (token_answer(""), "upstream_invalid"),
    "expires_in: 0": (token_answer(TOKEN, expires_in=0), "upstream_invalid"),
    "expires_in: negative": (token_answer(TOKEN, expires_in=-5), "upstream_invalid"),
    "expires_in: words": (token_answer(TOKEN, expires_in="soon"), "upstream_invalid"),
    "expires_in: NaN": (raw(BODY.replace(b"3599", b"NaN")), "upstream_invalid"),
    "expires_in: a list": (token_answer(TOKEN, expires_in=[1]), "upstream_invalid"),
    "expires_in: 10**400": (raw(BODY.replace(b"3599", b"1" + b"0" * 400)), "upstream_invalid"),
    "an id token that is none": (token_answer(TOKEN, id_token="\x1b[31m.x.y"), "upstream_invalid"),
    "client_info that is none": (token_answer(TOKEN, client_info="%%%"), "upstream_invalid"),
    "scope: a number": (token_answer(TOKEN, scope=5), "upstream_invalid"),
    "refresh_in: words": (token_answer(TOKEN, refresh_in="never"), "upstream_invalid"),
    "redirect to another host": (
        http_answer(body=b"", status=307, headers={"Location": "https://collector.attacker.example/token"}),
        "upstream_invalid",
    ),
    "redirect to plain http": (
        http_answer({}, status=302, headers={"Location": "http://127.0.0.1:9/token"}),
        "auth_failed",
    ),
    "500 for ever": (http_answer(body=b"", status=500), "upstream_error"),
    "429 with an absurd Retry-After": (
        http_answer({}, status=429, headers={"Retry-After": "9" * 400}),
        "throttled",
    ),
    "400 with a Retry-After": (
        http_answer({"error": "invalid_client"}, status=400, headers={"Retry-After": "9" * 5000}),
        "auth_failed",
    ),
    "error without a word": (sign_in_error(""), "auth_failed"),
    "error: control characters": (sign_in_error("AADSTS1: \x1b]0;evil\x07\x9b2J\u202e\r\nLocation: x"), "auth_failed"),
    "error: lone surrogates": (sign_in_error("no \ud800 \udfff"), "auth_failed"),
    "error: 400 KB of spaces": (sign_in_error(" " * 400_000 + "x"), "auth_failed"),
    "error: 400 KB of trace ids": (sign_in_error("Trace ID: x " * 30_000), "auth_failed"),
    "error: 400 KB of beginnings of tokens": (sign_in_error("eyJ" * 130_000), "auth_failed"),
    "error: 400 KB of codes": (sign_in_error("AADSTS7000215 " * 28_000), "auth_failed"),
    "error: 400 KB of the word bearer": (sign_in_error("bearer " * 57_000), "auth_failed"),
    "error: the secret itself": (sign_in_error(f"you sent {SECRET} and {SECRET!r}"), "auth_failed"),
    "error: the secret at every place": (
        http_answer(dict.fromkeys(("error", "error_description", "correlation_id"), f"x{SECRET}"), status=401),
        "auth_failed",
    ),
    "error: the secret behind a long word": (sign_in_error("x" * 280 + SECRET), "auth_failed"),
    "error: texts that are none": (
        http_answer({"error": 5, "error_description": ["x"], "error_codes": {"a": 1}}, status=400),
        "auth_failed",
    ),
    "error: a code of 4,000 digits": (sign_in_error("no", error_codes=[int("9" * 4000)]), "auth_failed"),
    "error: temporarily unavailable": (sign_in_error("later", error="temporarily_unavailable"), "upstream_error"),
    "200 that is an error": (http_answer({"error": "invalid_grant", "error_description": "no"}), "auth_failed"),
}
SIGNED_IN_ALL_THE_SAME: dict[str, Step] = {
    "a byte order mark": raw(b"\xef\xbb\xbf" + BODY),
    "content type text/html": raw(BODY, "text/html"),
    "expires_in: text": token_answer(TOKEN, expires_in="3599"),
    "hostile keys beside it": token_answer(TOKEN, **{"\x1b[31m": "\x07"}),
}
WRONG_PLACES = {
    "token_endpoint at another host": "https://localhost:{elsewhere}/token",
    "token_endpoint at another host of any name": "https://collector.attacker.example/token",
    "token_endpoint at another port": "https://127.0.0.1:{elsewhere}/token",
    "token_endpoint at plain http": "http://127.0.0.1:{plain}/token",
    "token_endpoint with a user": "https://127.0.0.1:{own}@localhost:{elsewhere}/token",
    "token_endpoint with a user like the host": "https://127.0.0.1@localhost:{elsewhere}/token",
    "token_endpoint with a backslash": "https://localhost:{elsewhere}\\@127.0.0.1:{own}/token",
    "token_endpoint with a backslash and a slash": "https://localhost:{elsewhere}\\/@127.0.0.1:{own}/token",
    "token_endpoint with a tab": "https://localhost:{elsewhere}/\t@127.0.0.1:{own}/token",
    "token_endpoint with an encoded slash": "https://localhost:{elsewhere}%2f@127.0.0.1:{own}/token",
    "token_endpoint with a port that is none": "https://127.0.0.1:many/token",
    "token_endpoint that is a file": "file:///etc/passwd",
    "token_endpoint that is a number": "5",
    "token_endpoint that is empty": "",
}


@pytest.mark.parametrize("fault", NO_SIGN_IN)
def test_a_token_answer_that_is_none(bench: Bench, fault: str) -> None:
    step, expected = NO_SIGN_IN[fault]
    outcome = bench.sign_in_fault(f"sign-in: {fault}", token=step, expected=expected)
    assert all("authorization" not in seen.headers for seen in bench.server.requests)
    assert not set(outcome.shown) & set("\x1b\x07\x9b\u202e")
    assert outcome.error is not None
    assert "sign-in" in outcome.error.message


@pytest.mark.parametrize("fault", SIGNED_IN_ALL_THE_SAME)
def test_a_token_answer_with_oddities_beside_the_token(bench: Bench, fault: str) -> None:
    step = SIGNED_IN_ALL_THE_SAME[fault]
    bench.sign_in_fault(f"sign-in: {fault}", token=step, expected="seen_in_organization")
    assert bench.server.requests[-1].headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("fault", WRONG_PLACES)
def test_the_secret_goes_to_the_configured_authority_only(bench: Bench, fault: str) -> None:
    def openid(origin: str) -> bytes:
        place = WRONG_PLACES[fault]
        return openid_answer(origin, token_endpoint=5 if place == "5" else bench.placed(place))

    outcome = bench.sign_in_fault(
        f"sign-in: {fault}", openid=openid, token=SIGNED_IN, expected=["invalid_config", "upstream_invalid"]
    )
    assert outcome.error is not None
    assert all(SECRET.encode() not in seen.body for seen in bench.server.requests)
    assert all("openid-configuration" in seen.target for seen in bench.server.requests)


@pytest.mark.parametrize(
    ("fault", "step", "expected"),
    [
        ("says nothing", hold, "timeout"),
        ("endless", then(HEAD + b"\r\n", flood(b" " * 60_000)), "upstream_invalid"),
        ("a page", raw(b"<html></html>", "text/html"), "upstream_invalid"),
        ("an empty object", http_answer({}), "upstream_invalid"),
        ("a list", http_answer([]), "upstream_invalid"),
        ("404", http_answer({"error": "invalid_tenant"}, status=404), "auth_failed"),
        ("302 to another host", http_answer(body=b"", status=302, headers={"Location": "//evil.example"}), ""),
        ("nested 100,000 deep", raw(b"[" * 100_000), "upstream_invalid"),
    ],
)
def test_where_to_sign_in_is_not_told(bench: Bench, fault: str, step: Step, expected: str) -> None:
    bench.sign_in_fault(
        f"sign-in, where: {fault}",
        openid=lambda _: step,
        token=SIGNED_IN,
        expected=expected or ["upstream_invalid", "auth_failed"],
    )
    assert all(SECRET.encode() not in seen.body for seen in bench.server.requests)


def test_an_issuer_of_another_tenant_or_host_is_no_reason_to_go_there(bench: Bench) -> None:
    def openid(origin: str) -> bytes:
        return openid_answer(origin, issuer="https://collector.attacker.example/", jwks_uri="https://evil.example/keys")

    bench.sign_in_fault(
        "sign-in: an issuer at another host",
        openid=openid,
        token=SIGNED_IN,
        expected=["seen_in_organization", "upstream_invalid"],
    )


def test_a_sign_in_that_comes_and_goes_is_survived(bench: Bench) -> None:
    steps = iter([then(HEAD), http_answer(body=b"", status=503), SIGNED_IN])

    def token(connection: Connection) -> None:
        step = next(steps)
        connection.send(step) if isinstance(step, bytes) else step(connection)

    outcome = bench.sign_in_fault(
        "sign-in: closes in the headers, 503, 200",
        token=token,
        expected="seen_in_organization",
    )
    assert outcome.record is not None


def test_every_answer_of_the_api_costs_one_sign_in_at_most(bench: Bench) -> None:
    api = in_order(http_answer({"error": {"code": "Unauthorized"}}, status=401), GOOD)
    bench.sign_in_fault("401 once", token=SIGNED_IN, api=api, expected="seen_in_organization")
    assert sum("/oauth2/" in seen.target for seen in bench.server.requests) == 2
    assert json.dumps(TENANT)[1:-1] in bench.server.requests[0].target
