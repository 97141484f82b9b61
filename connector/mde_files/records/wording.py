"""Small pieces of the sentences that people read; numbers and dates only, never text from upstream."""

from __future__ import annotations

_HOURS_PER_DAY = 24


def counted(number: int, singular: str) -> str:
    """Return a number with its noun, such as ``1 device`` or ``14,850 devices``."""
    return f"{number:,} {singular}{'' if number == 1 else 's'}"


def window(lookback_hours: int) -> str:
    """Return the look-back window in words, such as ``the last 36 hours`` or ``the last 30 days``."""
    if lookback_hours == 1:
        return "the last hour"
    if lookback_hours > _HOURS_PER_DAY and lookback_hours % _HOURS_PER_DAY == 0:
        return f"the last {lookback_hours // _HOURS_PER_DAY} days"
    return f"the last {lookback_hours} hours"


def day(timestamp: str) -> str:
    """Return the date of a normalized timestamp."""
    return timestamp[:10]
