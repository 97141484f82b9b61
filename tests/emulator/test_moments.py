from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mde_files.emulator.moments import duration, resolve, resolve_all

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", "2026-03-01T12:00:00Z"),
        ("now-3d4h", "2026-02-26T08:00:00Z"),
        ("now-90m", "2026-03-01T10:30:00Z"),
        ("now+1d30s", "2026-03-02T12:00:30Z"),
        ("2019-12-07T13:44:16.10Z", "2019-12-07T13:44:16.10Z"),
        ("now-3", "now-3"),
        ("nowhere", "nowhere"),
        ("", ""),
    ],
)
def test_relative_times_follow_the_clock_and_others_stay(text: str, expected: str) -> None:
    assert resolve(text, NOW) == expected


def test_a_series_is_shifted_to_earlier_times() -> None:
    assert resolve("now-1h", NOW, timedelta(minutes=10)) == "2026-03-01T10:50:00Z"


@given(st.integers(1, 9), st.integers(0, 400))
def test_fractional_digits_are_as_many_as_asked_and_never_end_in_zero(digits: int, days: int) -> None:
    text = f"now-{days}d {digits} digits"
    fraction = resolve(text, NOW).rstrip("Z").partition(".")[2]
    assert len(fraction) == digits
    assert not fraction.endswith("0")
    assert resolve(text, NOW) == resolve(text, NOW)


@given(st.text())
def test_any_other_text_comes_back_as_it_is(text: str) -> None:
    result = resolve(text, NOW)
    assert result == text or text.startswith("now")


def test_times_are_resolved_at_any_depth() -> None:
    value = {"a": ["now", 1, None], "b": {"c": "now-1d"}}
    assert resolve_all(value, NOW) == {
        "a": ["2026-03-01T12:00:00Z", 1, None],
        "b": {"c": "2026-02-28T12:00:00Z"},
    }


def test_durations() -> None:
    assert duration("90m") == timedelta(minutes=90)
    with pytest.raises(ValueError, match="a while"):
        duration("a while")
