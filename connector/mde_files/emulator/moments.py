"""Timestamps of a scenario: absolute ones are kept verbatim, relative ones follow the clock."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta, timezone
from typing import Any

_RELATIVE = re.compile(r"now(?:([+-])((?:[0-9]{1,6}[dhms])+))?(?: ([0-9]) digits?)?")
_DURATION = re.compile(r"([0-9]{1,6})([dhms])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


def resolve(text: str, now: datetime, earlier: timedelta = timedelta()) -> str:
    """Return ``text`` as the service would write it.

    ``now-3d4h`` becomes the UTC time three days and four hours before ``now`` (and ``earlier`` than that),
    in whole seconds; ``now-3d 7 digits`` adds that many fractional digits, always the same ones for the
    same text and never ending in zero, because the service trims zeros. Any other text comes back as it is.
    """
    match = _RELATIVE.fullmatch(text)
    if match is None:
        return text
    distance = sum((_span(*step) for step in _DURATION.findall(match[2] or "")), timedelta())
    moment = now.astimezone(timezone.utc) - earlier + (distance if match[1] == "+" else -distance)
    return f"{moment:%Y-%m-%dT%H:%M:%S}{_fraction(text, int(match[3] or 0))}Z"


def resolve_all(value: Any, now: datetime, earlier: timedelta = timedelta()) -> Any:
    """Return a copy of a JSON-like ``value`` with every relative timestamp resolved."""
    if isinstance(value, str):
        return resolve(value, now, earlier)
    if isinstance(value, dict):
        return {key: resolve_all(item, now, earlier) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve_all(item, now, earlier) for item in value]
    return value


def duration(text: str) -> timedelta:
    """Return the length of time written as a number and d, h, m or s, such as ``10m``."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return _span(*match.groups())


def _span(amount: str, unit: str) -> timedelta:
    return timedelta(**{_UNITS[unit]: int(amount)})


def _fraction(seed: str, digits: int) -> str:
    if digits == 0:
        return ""
    noise = hashlib.sha256(seed.encode()).digest()
    return "." + "".join(str(byte % 10) for byte in noise[: digits - 1]) + str(noise[-1] % 9 + 1)
