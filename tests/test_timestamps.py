from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mde_files.timestamps import (
    is_unset_timestamp,
    normalize_timestamp,
    parse_timestamp,
    sort_key,
    utc_now_text,
)

MOMENTS = st.datetimes(min_value=datetime.fromisoformat("0002-01-02"), max_value=datetime.fromisoformat("9999-12-30"))
FRACTIONS = st.from_regex(r"(\.[0-9]{1,9})?", fullmatch=True, alphabet=st.characters(codec="ascii"))


@pytest.mark.parametrize(
    "text",
    [
        "2020-01-06T13:39:36Z",
        "2026-01-26T20:33:59.2Z",
        "2020-06-17T06:54:07.852862Z",
        "2015-03-19T12:20:07.3432441Z",
        "2015-03-19T12:20:07.343244100Z",
        "2024-02-29T00:00:00Z",
        "2026-01-31T23:59:59.000Z",
        "0002-01-01T00:00:00Z",
    ],
)
def test_what_the_service_writes_is_kept_digit_by_digit(text):
    assert normalize_timestamp(text) == text


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("2026-02-01T10:00:00.1234567+02:00", "2026-02-01T08:00:00.1234567Z"),
        ("2026-02-01T10:00:00-0530", "2026-02-01T15:30:00Z"),
        ("2026-02-01T10:00:00+02", "2026-02-01T08:00:00Z"),
        ("2026-01-01T00:30:00.5+01:00", "2025-12-31T23:30:00.5Z"),
        ("2026-02-01T10:00:00", "2026-02-01T10:00:00Z"),
        ("2026-02-01 10:00:00.25", "2026-02-01T10:00:00.25Z"),
        ("2026-02-01t10:00:00z", "2026-02-01T10:00:00Z"),
        ("2026-02-01T10:00Z", "2026-02-01T10:00:00Z"),
        (" 2026-02-01T10:00:00Z ", "2026-02-01T10:00:00Z"),
        ("2024-02-29T10:00:00Z", "2024-02-29T10:00:00Z"),
    ],
)
def test_other_forms_become_utc_with_z(text, normal):
    assert normalize_timestamp(text) == normal


@pytest.mark.parametrize(
    "value",
    [
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:61Z",
        "2026-01-01T00:00:00.1234567890Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01",
        "9999-12-31T23:59:59-01:00",
        "0000-01-01T00:00:00Z",
        "２０２６-01-01T00:00:00Z",
        "2026-01-01T00:00:00Z\nX",
        "yesterday",
        1767225600,
        True,
        ["2026-01-01T00:00:00Z"],
    ],
)
def test_what_is_no_timestamp_is_refused_and_is_not_taken_for_unset(value):
    assert normalize_timestamp(value) is None
    assert not is_unset_timestamp(value)


@pytest.mark.parametrize(
    "value", [None, "", "  ", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00", "0001-01-01T00:00:00.0000000+02:00"]
)
def test_no_time_at_all_is_unset(value):
    assert normalize_timestamp(value) is None
    assert is_unset_timestamp(value)


def test_an_offset_that_leads_into_year_one_is_no_time():
    assert normalize_timestamp("0002-01-01T00:30:00+01:00") is None


def test_a_real_time_is_not_unset():
    assert not is_unset_timestamp("2026-01-01T00:00:00Z")


@given(MOMENTS, FRACTIONS, st.integers(-23 * 60 - 59, 23 * 60 + 59))
def test_any_offset_means_the_same_instant_and_keeps_the_fraction(moment, fraction, minutes):
    sign = "-" if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    text = f"{moment.isoformat()[:19]}{fraction}{sign}{hours:02}:{rest:02}"
    expected = moment.replace(microsecond=0) - timedelta(minutes=minutes)
    assert normalize_timestamp(text) == f"{expected.isoformat()}{fraction}Z"


@given(st.text())
def test_any_text_gives_one_form_or_nothing_and_a_second_pass_changes_nothing(text):
    normal = normalize_timestamp(text)
    if normal is not None:
        assert re.fullmatch(r"[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}(\.[0-9]{1,9})?Z", normal)
        assert normalize_timestamp(normal) == normal


@given(MOMENTS)
def test_parsing_gives_back_the_moment(moment):
    assert parse_timestamp(moment.isoformat() + "Z") == moment.replace(tzinfo=timezone.utc)


def test_parsing_cuts_off_what_a_datetime_cannot_hold():
    parsed = parse_timestamp("2015-03-19T12:20:07.3432449Z")
    assert parsed == datetime(2015, 3, 19, 12, 20, 7, 343244, tzinfo=timezone.utc)
    assert parse_timestamp("2015-03-19T12:20:07.3Z").microsecond == 300000


@pytest.mark.parametrize("text", ["never", "0001-01-01T00:00:00Z"])
def test_parsing_refuses_what_is_no_timestamp(text):
    with pytest.raises(ValueError, match="not a timestamp"):
        parse_timestamp(text)


@given(MOMENTS, st.text("0123456789", max_size=9), st.text("0123456789", max_size=9))
def test_the_sort_key_orders_by_time_however_many_digits_there_are(moment, one, other):
    def text(fraction):
        return moment.isoformat()[:19] + (f".{fraction}" if fraction else "") + "Z"

    one_value, other_value = (int(fraction.ljust(9, "0")) for fraction in (one, other))
    assert (sort_key(text(one)) < sort_key(text(other))) == (one_value < other_value)
    assert (sort_key(text(one)) == sort_key(text(other))) == (one_value == other_value)


def test_now_is_whole_seconds_of_the_present():
    text = utc_now_text()
    assert normalize_timestamp(text) == text
    assert len(text) == 20
    assert abs(parse_timestamp(text) - datetime.now(timezone.utc)) < timedelta(minutes=1)
