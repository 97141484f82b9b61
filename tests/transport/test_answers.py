from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from mde_files.errors import UpstreamInvalidError
from mde_files.transport.answers import ErrorEnvelope, error_envelope, parse_json
from mde_files.transport.session import HttpAnswer


def answer(
    body: bytes, content_type: str | None = "application/json; odata.metadata=minimal", status: int = 200
) -> Any:
    headers = {} if content_type is None else {"content-type": content_type}
    return HttpAnswer(status, CaseInsensitiveDict(headers), body, "http://127.0.0.1/", 0.1)


def envelope(**error: object) -> Any:
    return answer(json.dumps({"error": error}).encode(), status=404)


def numbers_in(document: Any) -> list[float]:
    if isinstance(document, dict):
        return [number for value in document.values() for number in numbers_in(value)]
    if isinstance(document, list):
        return [number for value in document for number in numbers_in(value)]
    return [document] if isinstance(document, int | float) else []


class TestParseJson:
    @pytest.mark.parametrize(
        ("body", "document"),
        [
            (b'{"a": [1, null, "x"]}', {"a": [1, None, "x"]}),
            (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
            (b"  [1.5]\r\n", [1.5]),
            (b'"\xc3\xa9"', "é"),
            (b"9223372036854775808", 9223372036854775808),
        ],
    )
    def test_documents(self, body: bytes, document: object) -> None:
        assert parse_json(answer(body)) == document

    @pytest.mark.parametrize("kind", ["application/json", "APPLICATION/JSON", "application/problem+json", "text/json"])
    def test_every_kind_of_json_is_read(self, kind: str) -> None:
        assert parse_json(answer(b"{}", kind)) == {}

    @pytest.mark.parametrize(
        ("kind", "named"),
        [
            ("text/html; charset=utf-8", "'text/html'"),
            ("", "no content type"),
            (None, "no content type"),
            ("x" * 61, "another content type"),
        ],
    )
    def test_another_content_type_is_named(self, kind: str | None, named: str) -> None:
        with pytest.raises(UpstreamInvalidError) as caught:
            parse_json(answer(b"<html>", kind, status=502))
        assert f"with {named} instead of JSON" in caught.value.message
        assert caught.value.http_status == 502
        assert "base_url" in caught.value.hint

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(b"", id="nothing"),
            pytest.param(b'{"value": [{"id": "da6', id="cut short"),
            pytest.param(b'{"a": NaN}', id="NaN"),
            pytest.param(b"[-Infinity]", id="infinity"),
            pytest.param(b"[1e999]", id="number beyond all bounds"),
            pytest.param(b"[" * 200_000, id="nested without end"),
            pytest.param(b'{"a":' * 200_000 + b"1" + b"}" * 200_000, id="nested deeply"),
            pytest.param(b"1" * 5000, id="number of 5000 digits"),
            pytest.param(b'{"a": "\xff\xfe"}', id="no UTF-8"),
            pytest.param('{"a": 1}'.encode("utf-16"), id="UTF-16"),
            pytest.param(b"{} {}", id="two documents"),
            pytest.param(b"\x1f\x8b\x08\x00", id="still compressed"),
            pytest.param(b"<html></html>", id="HTML that calls itself JSON"),
        ],
    )
    def test_what_is_no_json_is_told(self, body: bytes) -> None:
        with pytest.raises(UpstreamInvalidError, match="no valid JSON") as caught:
            parse_json(answer(body))
        assert caught.value.hint
        assert caught.value.http_status == 200

    @given(st.binary() | st.text().map(str.encode) | st.from_regex(rb"[\[\]{}:,0-9eE+\-\" ntfal.]{0,40}"))
    def test_any_bytes_are_a_document_or_an_error(self, body: bytes) -> None:
        try:
            document = parse_json(answer(body))
        except UpstreamInvalidError:
            return
        assert all(math.isfinite(number) for number in numbers_in(document))
        assert json.loads(json.dumps(document, allow_nan=False)) == document

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=10,
        )
    )
    def test_any_document_comes_through(self, document: object) -> None:
        assert parse_json(answer(json.dumps(document).encode())) == document


class TestErrorEnvelope:
    def test_it_is_read(self) -> None:
        found = error_envelope(envelope(code="ResourceNotFound", message="File x not found", target="fa354014"))
        assert found == ErrorEnvelope("ResourceNotFound", "File x not found", "fa354014")

    @pytest.mark.parametrize("odd", [None, 5, [], {}, True])
    def test_odd_parts_are_left_out(self, odd: object) -> None:
        assert error_envelope(envelope(code="NotFound", message=odd, target=odd)) == ErrorEnvelope("NotFound", "", None)

    def test_a_correlation_id_is_short_and_printable(self) -> None:
        assert error_envelope(envelope(code="A", target="x" * 100)) == ErrorEnvelope("A", "", "x" * 100)
        assert error_envelope(envelope(code="A", target="x" * 101)) == ErrorEnvelope("A", "", None)
        assert error_envelope(envelope(code="A", target="Bearer x")) == ErrorEnvelope("A", "", None)
        assert error_envelope(envelope(code="A", target="a\nb\x1b[31m")) == ErrorEnvelope("A", "", None)

    @pytest.mark.parametrize(
        "document",
        [{}, [], "error", 7, None, {"error": None}, {"error": "text"}, {"error": {}}, {"error": {"code": 404}}],
    )
    def test_anything_else_is_none(self, document: object) -> None:
        assert error_envelope(answer(json.dumps(document).encode())) is None

    def test_html_is_none(self) -> None:
        assert error_envelope(answer(b'{"error": {"code": "NotFound"}}', "text/html")) is None

    @given(st.binary(max_size=50) | st.from_regex(rb'\{"error":\{"code":"[^"\\]{0,9}","target":[^}]{0,9}\}\}'))
    def test_no_bytes_raise(self, body: bytes) -> None:
        found = error_envelope(answer(body))
        assert found is None or isinstance(found.code, str)
