"""Timestamps as the service writes them, brought to one form: RFC 3339, UTC, ``Z``, digits kept.

The service writes none to seven fractional digits and uses year 0001 (the .NET default) for "never"
(Microsoft Learn: get-file-statistics, alerts). Text stays text here: ``datetime`` has no seventh digit.
"""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta

_ALREADY_NORMAL = re.compile(
    r"(?!000[01])[0-9]{4}-"
    r"(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?Z"
).fullmatch
_ANY_FORM = (
    r"\s*(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ](?P<minute>[0-9]{2}:[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?P<fraction>\.[0-9]{1,9})?)?"
    r"(?:[Zz]|(?P<sign>[+-])(?P<hours>[01][0-9]|2[0-3])(?::?(?P<minutes>[0-5][0-9]))?)?\s*"
)
_SECONDS_END = 19


def is_normal_timestamp(text: object) -> bool:
    """Tell whether a value is what :func:`normalize_timestamp` would return for it."""
    return isinstance(text, str) and _ALREADY_NORMAL(text) is not None


def normalize_timestamp(text: object) -> str | None:
    """Return a timestamp as RFC 3339 UTC with ``Z``, or None when it is unset or cannot be read.

    Args:
        text: RFC 3339 or ISO 8601 with 0 to 9 fractional digits; ``Z``, an offset, or neither (then UTC).

    Returns:
        ``YYYY-MM-DDTHH:MM:SS[.digits]Z`` with the fractional digits that came, or None for year 0001 and for
        anything that is no timestamp (:func:`is_unset_timestamp` tells the two apart).
    """
    if not isinstance(text, str):
        return None
    if _ALREADY_NORMAL(text):
        return text
    found = re.fullmatch(_ANY_FORM, text)
    if found is None or found["date"].startswith("0001"):
        return None
    try:
        moment = datetime.fromisoformat(f"{found['date']}T{found['minute']}:{found['second'] or '00'}+00:00")
        if found["sign"]:
            offset = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"] or "0"))
            moment = moment - offset if found["sign"] == "+" else moment + offset
    except (ValueError, OverflowError):
        return None
    if moment.year == 1:
        return None
    return f"{moment.isoformat()[:_SECONDS_END]}{found['fraction'] or ''}Z"


def is_unset_timestamp(value: object) -> bool:
    """Tell whether a value is a way to write "no time": None, blank text, or a time in year 0001."""
    if value is None:
        return True
    if not isinstance(value, str):
        return False
    found = re.fullmatch(_ANY_FORM, value)
    return not value.strip() if found is None else found["date"].startswith("0001")


def parse_timestamp(text: str) -> datetime:
    """Return a timestamp as an aware ``datetime`` in UTC; digits beyond microseconds are cut off.

    Raises:
        ValueError: The text is no timestamp, or one in year 0001.
    """
    normal = normalize_timestamp(text)
    if normal is None:
        raise ValueError(f"not a timestamp: {text[:64]!r}")
    microseconds = normal[_SECONDS_END + 1 : -1][:6].ljust(6, "0")
    return datetime.fromisoformat(f"{normal[:_SECONDS_END]}.{microseconds}+00:00")


def sort_key(normalized: str) -> str:
    """Return a key that orders what :func:`normalize_timestamp` gave, however many digits each has."""
    key = normalized[:-1]
    return key if len(key) == _SECONDS_END else key.rstrip("0").rstrip(".")


def utc_now_text() -> str:
    """Return the present moment as RFC 3339 UTC in whole seconds, such as ``2026-11-21T20:00:00Z``."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
