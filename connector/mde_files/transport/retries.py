"""When to try again: back-off with full jitter, and what a throttling answer asks for."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mde_files.transport.session import HttpAnswer

MAX_ATTEMPTS = 5
RETRIED_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 8.0
_LONGEST_HINT = 3600.0
_BODY_HINT = r"(?i)(?<![0-9.-])([0-9]{1,6})\s*(s\b|sec|min)"
_BODY_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:\.[0-9]+)?Z"


def backoff(attempt: int, random: Callable[[], float]) -> float:
    """Return the seconds to wait after failed attempt number ``attempt`` (from 1), with full jitter."""
    return random() * min(_LONGEST_PAUSE, _FIRST_PAUSE * float(2**attempt))


def asked_pause(answer: HttpAnswer, wall_clock: Callable[[], float] = time.time) -> float | None:
    """Return the seconds the service asks to wait, at most one hour, or ``None`` if it names none.

    The time stands in ``Retry-After`` as seconds or as a date, or in the body (Microsoft Learn, common-errors and
    advanced hunting limits name different places). The longest quota window is one hour, so a longer wait is no
    wait the service can mean.
    """
    header = answer.headers.get("Retry-After", "").strip()
    pause = _from_header(header, wall_clock) if header else None
    if pause is None:
        pause = _from_body(answer.body[:4096], wall_clock)
    return None if pause is None else min(pause, _LONGEST_HINT)


def _from_header(header: str, wall_clock: Callable[[], float]) -> float | None:
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", header):
        return float(header)
    from datetime import timezone
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(header)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        return max(0.0, moment.timestamp() - wall_clock())
    except (IndexError, TypeError, ValueError, OverflowError):
        return None


def _from_body(body: bytes, wall_clock: Callable[[], float]) -> float | None:
    text = body.decode("utf-8", errors="replace")
    moment = re.search(_BODY_TIME, text)
    if moment:
        from mde_files.timestamps import parse_timestamp

        try:
            return max(0.0, parse_timestamp(moment.group()).timestamp() - wall_clock())
        except ValueError:
            return None
    found = re.search(_BODY_HINT, text)
    if not found:
        return None
    return float(found.group(1)) * (60.0 if found.group(2).lower() == "min" else 1.0)
