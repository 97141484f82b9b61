from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from mde_files.transport.retries import asked_pause, backoff
from mde_files.transport.session import HttpAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = 1_800_000_000.0  # 2027-01-15T08:00:00Z


def asked(header: str | None = None, body: bytes = b"") -> float | None:
    headers = {} if header is None else {"retry-after": header}
    return asked_pause(HttpAnswer(429, CaseInsensitiveDict(headers), body, "http://127.0.0.1/", 0.1), lambda: NOW)


@pytest.fixture
def far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


class TestAskedPause:
    @pytest.mark.parametrize(
        ("header", "seconds"),
        [
            ("7", 7.0),
            (" 7 ", 7.0),
            ("0", 0.0),
            ("1.5", 1.5),
            ("3600", 3600.0),
            ("99999", 3600.0),
            ("9" * 500, 3600.0),
            ("Fri, 15 Jan 2027 08:00:30 GMT", 30.0),
            ("Friday, 15-Jan-27 08:00:30 GMT", 30.0),
            ("Fri, 15 Jan 2027 09:00:30 +0100", 30.0),
            ("Fri, 15 Jan 2027 07:00:00 GMT", 0.0),
            ("Sat, 15 Jan 2028 08:00:00 GMT", 3600.0),
        ],
    )
    def test_the_header_as_seconds_or_date(self, header: str, seconds: float) -> None:
        assert asked(header) == seconds

    @pytest.mark.usefixtures("far_east")
    @pytest.mark.parametrize("zone", ["GMT", "-0000", ""])
    def test_a_date_is_universal_time_wherever_this_runs(self, zone: str) -> None:
        assert asked(f"Fri, 15 Jan 2027 08:00:30 {zone}") == 30.0

    @pytest.mark.parametrize(
        ("body", "seconds"),
        [
            (b'{"error": {"message": "Try again in 12 seconds."}}', 12.0),
            (b'{"error": {"message": "Try again in 12s."}}', 12.0),
            (b"quota renews in 2 minutes", 120.0),
            (b"quota renews in 2 min", 120.0),
            (b"wait 999999 minutes", 3600.0),
            (b'{"message": "renews at 2027-01-15T08:00:45Z"}', 45.0),
            (b'{"message": "renews at 2027-01-15T08:00:45.5000000Z"}', 45.5),
            (b"renewed at 2027-01-15T07:00:00Z", 0.0),
        ],
    )
    def test_the_body_as_number_or_time(self, body: bytes, seconds: float) -> None:
        assert asked(None, body) == seconds
        assert asked("whenever you like", body) == seconds

    def test_the_header_outranks_the_body(self) -> None:
        assert asked("5", b"in 30 seconds") == 5.0

    @pytest.mark.parametrize("header", ["", "-5", "soon", "1e3", "5;6", "0x10", "Fri, 99 Foo 2027 99:99:99 GMT"])
    def test_a_header_that_says_nothing(self, header: str) -> None:
        assert asked(header) is None

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"too many requests",
            b"-5 seconds",
            b"1234567 seconds",
            b"at 2027-99-99T99:99:99Z",
            b'{"target": "fa354014-2f27-4a41-bb12-2d3767933945"}',
            b"x" * 5000 + b" in 30 seconds",
        ],
    )
    def test_a_body_that_says_nothing(self, body: bytes) -> None:
        assert asked(None, body) is None

    @given(
        st.none()
        | st.text(st.characters(max_codepoint=255), max_size=40)
        | st.from_regex(r"[A-Z][a-z]{2}, \d\d? [A-Z][a-z]{2} \d{1,5} \d\d?:\d\d?(:\d\d?)? ?([A-Z]{3}|[+-]\d{1,6})?"),
        st.binary(max_size=60) | st.from_regex(rb"[0-9]{1,9} ?(s|sec|min)|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z"),
    )
    @example("Fri, 15 Jan 99999 08:00:30 +9999999", b"")
    def test_it_is_nothing_or_at_most_an_hour(self, header: str | None, body: bytes) -> None:
        pause = asked(header, body)
        assert pause is None or 0 <= pause <= 3600


class TestBackoff:
    def test_it_doubles_up_to_a_bound(self) -> None:
        assert [backoff(attempt, lambda: 1.0) for attempt in range(1, 7)] == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]

    @given(st.integers(1, 1000), st.floats(0, 1, exclude_max=True))
    def test_jitter_is_full(self, attempt: int, chance: float) -> None:
        assert 0 <= backoff(attempt, lambda: chance) <= 8
        assert backoff(attempt, lambda: 0.0) == 0
