"""A clock that all processes of this machine have in common, until it is started anew."""

from __future__ import annotations

import sys
import time
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_ESTIMATE = "about "
_ESTIMATE_TOLERANCE = 60.0


def _clock_id() -> int | None:
    """Return the clock that also runs while the machine sleeps: windows at the service do not sleep with it."""
    name = "CLOCK_MONOTONIC_RAW" if sys.platform == "darwin" else "CLOCK_BOOTTIME"
    number: int | None = getattr(time, name, None)
    return number


_CLOCK = _clock_id()


def now() -> float:
    """Return seconds since the machine was started; nobody can set this clock."""
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)


def boot_marker() -> str:
    """Return what tells this start of the machine from others: the kernel's id, else the estimated time of it."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return f"{_ESTIMATE}{time.time() - now():.0f}"


def same_boot(one: str, other: str) -> bool:
    """Tell whether two markers mean the same start of the machine; when in doubt they do not."""
    if one == other:
        return True
    if not (one.startswith(_ESTIMATE) and other.startswith(_ESTIMATE)):
        return False
    try:
        return abs(float(one[len(_ESTIMATE) :]) - float(other[len(_ESTIMATE) :])) <= _ESTIMATE_TOLERANCE
    except ValueError:
        return False
