"""Bodies that are no JSON, or JSON that no two readers understand alike."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import TYPE_CHECKING

import pytest

from .scripts import ALERT, SHA1, STATS, http_answer, raw, stats_text

if TYPE_CHECKING:
    from .bench import Bench

TEXT = json.dumps(STATS)
BODY = TEXT.encode()
NO_ANSWER = {
    "invalid UTF-8": raw(BODY.replace(b"MREC", b"\xff\xfe")),
    "overlong UTF-8": raw(BODY.replace(b"MREC", b"\xc0\xaf")),
    "surrogates in UTF-8": raw(BODY.replace(b"MREC", b"\xed\xa0\x80")),
    "UTF-16": raw(TEXT.encode("utf-16")),
    "UTF-16 that says so": raw(TEXT.encode("utf-16-le"), "application/json; charset=utf-16le"),
    "UTF-32": raw(TEXT.encode("utf-32")),
    "two byte order marks": raw(b"\xef\xbb\xbf\xef\xbb\xbf" + BODY),
    "NaN": stats_text('"organizationPrevalence": NaN'),
    "Infinity": stats_text('"organizationPrevalence": Infinity'),
    "-Infinity": stats_text('"x": -Infinity'),
    "1e400": stats_text('"organizationPrevalence": 1e400'),
    "1e400 in a key nobody knows": stats_text('"unknown": [1e400]'),
    "10**5000": stats_text('"organizationPrevalence": 1' + "0" * 5000),
    "-10**5000 in a key nobody knows": stats_text('"unknown": -1' + "0" * 5000),
    "a number of 900,000 digits": stats_text('"unknown": ' + "9" * 900_000),
    "a fraction of 900,000 digits with an exponent": stats_text('"unknown": 1.' + "9" * 900_000 + "e999"),
    "nested 100,000 deep: lists": raw(b"[" * 100_000 + b"]" * 100_000),
    "nested 100,000 deep: lists without end": raw(b"[" * 100_000),
    "nested 100,000 deep: objects": raw(b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "nested 100,000 deep: in a key nobody knows": stats_text('"unknown": ' + "[" * 100_000 + "]" * 100_000),
    "duplicate keys: prevalence": stats_text('"organizationPrevalence": 14850, "organizationPrevalence": 0'),
    "duplicate keys: the file": raw(f'{{"sha1": "{SHA1[::-1]}", "sha1": "{SHA1}"}}'.encode()),
    "duplicate keys: in a key nobody knows": stats_text('"unknown": {"a": 1, "b": 2, "\\u0061": 3}'),
    "two documents": raw(BODY + b"\n" + BODY),
    "a comma too many": raw(BODY[:-1] + b",}"),
    "single quotes": raw(BODY.replace(b'"', b"'")),
    "a comment": raw(b"/* */" + BODY),
    "a NUL at the end": raw(BODY + b"\x00"),
    "a line break in a string": raw(BODY.replace(b"MREC", b"MR\nEC")),
    "JSON with padding": raw(b")]}',\n" + BODY),
    "Content-Length too short": http_answer(body=BODY, headers={"Content-Length": str(len(BODY) - 5)}),
    "Content-Length of zero": http_answer(body=BODY, headers={"Content-Length": "0"}),
    "content type text/html": raw(BODY, "text/html"),
    "content type text/plain": raw(BODY, "text/plain"),
    "content type application/octet-stream": raw(BODY, "application/octet-stream"),
    "content type with control characters": raw(BODY, "text/\x1b[31mred"),
    "content type of 60 KB": raw(BODY, "text/" + "x" * 60_000),
    "no content type": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY,
    "broken gzip": raw(b"\x1f\x8b\x08\x00" + b"x" * 100, content_encoding="gzip"),
    "gzip that is none": raw(BODY, content_encoding="gzip"),
    "gzip that was not said": raw(gzip.compress(BODY)),
    "gzip with a wrong checksum": raw(gzip.compress(BODY)[:-8] + b"\x00" * 8, content_encoding="gzip"),
    "gzip cut off": raw(gzip.compress(BODY)[:-12], content_encoding="gzip"),
    "gzip twice, said once": raw(gzip.compress(gzip.compress(BODY)), content_encoding="gzip"),
    "broken deflate": raw(b"\x78\x9c" + b"x" * 100, content_encoding="deflate"),
    "deflate cut off": raw(zlib.compress(BODY)[:-20], content_encoding="deflate"),
    "br, which nobody asked for": raw(b"\x8b\x00\x80hello\x03", content_encoding="br"),
    "forty encodings": raw(BODY, content_encoding=", ".join(["gzip"] * 40)),
    "an encoding nobody knows": raw(b"\x00\x01\x02", content_encoding="x-unheard-of"),
}
UNDERSTOOD = {
    "a byte order mark": raw(b"\xef\xbb\xbf" + BODY),
    "charset utf-8 in capitals": raw(BODY, "Application/JSON; Charset=UTF-8"),
    "gzip": raw(gzip.compress(BODY), content_encoding="gzip"),
    "deflate without a header": raw(zlib.compress(BODY)[2:-4], content_encoding="deflate"),
    "gzip in two members": raw(gzip.compress(BODY[:50]) + gzip.compress(BODY[50:]), content_encoding="gzip"),
    "lone surrogates": raw(BODY.replace(b"MREC", b"\\ud800")),
    "lone surrogates in a key": raw(BODY[:-1] + b', "\\udfff": "\\ud800"}'),
    "NUL and control characters": raw(BODY.replace(b"MREC", b"\\u0000\\u001b[31m\\u202e")),
    "a number of 4,000 digits in a key nobody knows": raw(BODY[:-1] + b', "unknown": ' + b"9" * 4000 + b"}"),
    "-0": raw(BODY[:-1] + b', "unknown": -0.0}'),
    "1e308 in a key nobody knows": raw(BODY[:-1] + b', "unknown": 1e308}'),
    "1e-400 in a key nobody knows": raw(BODY[:-1] + b', "unknown": 1e-400}'),
    "nested 50 deep in a key nobody knows": raw(BODY[:-1] + b', "unknown": ' + b"[" * 50 + b"]" * 50 + b"}"),
}
LONG = {
    "spaces": " " * 400_000,
    "spaces, then a word": " " * 400_000 + "x",
    "digits": "9" * 400_000,
    "beginnings of tokens": "eyJ" * 130_000,
    "the word bearer": "bearer " * 60_000,
    "a moment again and again": "0001-01-01T00:00:00" * 20_000,
    "letters outside of the first plane": "\U0001f600" * 60_000,
    "lone surrogates": "\ud800" * 60_000,
    "right-to-left overrides": "\u202e" * 60_000,
    "markup": "<script>|`*_[](" * 26_000,
}


@pytest.mark.parametrize("fault", NO_ANSWER)
def test_what_cannot_be_understood_in_one_way_only_is_no_answer(bench: Bench, fault: str) -> None:
    outcome = bench.fault(fault, NO_ANSWER[fault], expected="upstream_invalid")
    assert len(bench.server.requests) == 1
    assert outcome.error is not None
    assert not set(outcome.shown) & set("\x1b\x00")


@pytest.mark.parametrize("fault", UNDERSTOOD)
def test_what_can_be_understood_is(bench: Bench, fault: str) -> None:
    outcome = bench.fault(fault, UNDERSTOOD[fault], expected="seen_in_organization")
    assert outcome.record is not None
    assert outcome.record["file_stats"]["organization_prevalence"] == 14850
    json.dumps(outcome.record, ensure_ascii=False, allow_nan=False).encode()


@pytest.mark.parametrize("fault", LONG)
@pytest.mark.parametrize("action", ["file_stats", "file_alerts"])
def test_no_text_takes_long(bench: Bench, action: str, fault: str) -> None:
    """Every property carries it, so that whatever is searched for in it meets the worst there is."""
    from mde_files import schemas

    if action == "file_stats":
        names = schemas.load("upstream_stats")["properties"]
        document = {**dict.fromkeys(names, LONG[fault][:50_000]), "sha1": SHA1, "unknown": LONG[fault]}
        document.pop("error", None)
        expected = ["prevalence_unavailable", "seen_in_organization"]
    else:
        names = schemas.load("upstream_alerts")["properties"]["value"]["items"]["properties"]
        document = {
            "value": [{**dict.fromkeys(names, LONG[fault][:30_000]), **ALERT, "unknown": LONG[fault][:100_000]}]
        }
        expected = ["alerts_found"]
    outcome = bench.fault(
        f"{action}, every property: {fault}",
        http_answer(document),
        expected=expected,
        action=action,
        limits={"max_response_bytes": 20_000_000},
    )
    assert outcome.record is not None
    json.dumps(outcome.record, ensure_ascii=False, allow_nan=False).encode()
