"""The slots of one endpoint: which calls still count in the service's windows, packed into few bytes.

All times are whole milliseconds on the state's clock. A call that was answered counts from its answer, rounded up; one
that is under way counts as answered at its deadline until it says otherwise, so that a caller that died frees its slot.
"""

from __future__ import annotations

import struct
import sys
from array import array
from bisect import bisect_right, insort
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST_HOLD = 86_400_000
_VERSION = 1
_HEADER = struct.Struct("<BQQI")
_HELD = struct.Struct("<QQI")
_TICKS = "I"
_TICK_BYTES = 4
_OLDEST_BASE = 1 << 31


class Slots:
    """Slots in use, and until when nobody may ask.

    Args:
        document: What :meth:`packed` gave; ``None`` or anything that cannot be read: no slot in use.
        now: The present moment. Times beyond it can only come from a clock that was set back; they count as now.
        longest: Length of the longest window; what ended before it is dropped.

    Attributes:
        mended: Whether there were such times, so that they should be kept anew even if nothing else changes.
    """

    __slots__ = ("_answered", "_base", "_held", "_paused_until", "mended")

    def __init__(self, document: bytes | None, now: int, longest: int) -> None:
        self._base = now
        self._paused_until = 0
        self._held: dict[int, tuple[int, int]] = {}
        self.mended = False
        self._answered = array(_TICKS)
        if document is not None:
            self._unpack(document)
            self._tidy(now, longest)

    def packed(self) -> bytes:
        """Return everything as bytes."""
        header = _HEADER.pack(_VERSION, self._base, self._paused_until, len(self._held))
        held = [_HELD.pack(slot, taken, end - taken) for slot, (taken, end) in self._held.items()]
        return b"".join((header, *held, _little(self._answered)))

    def paused_until(self) -> int:
        """Return until when nobody may ask; in the past when there is no pause."""
        return self._paused_until

    def pause(self, until: int) -> None:
        """Let nobody ask before ``until``."""
        self._paused_until = max(self._paused_until, until)

    def hold(self, slot: int, now: int, longest: int) -> None:
        """Take a slot for a call that is answered after ``longest`` at the latest."""
        self._held[slot] = (now, now + min(longest, LONGEST_HOLD))

    def answer(self, slot: int, at: int) -> None:
        """Let the slot's time run from ``at``, whether it is still known or not: the call was made."""
        self._held.pop(slot, None)
        if not self._answered:
            self._base = at
        insort(self._answered, max(0, at - self._base))

    def used(self, now: int, length: int) -> int:
        """Return how many calls count in a window of ``length`` that ends ``now``."""
        begin = now - length
        used = len(self._answered) - bisect_right(self._answered, begin - self._base)
        for _, end in self._held.values():
            used += end > begin
        return used

    def room_at(self, now: int, windows: Sequence[tuple[int, int]]) -> int:
        """Return when the next call may be made: ``now``, or the earliest moment every window can have room.

        A call that is under way is expected to be answered at once.

        Args:
            now: The present moment.
            windows: Limit and length of each.
        """
        moment = max(now, self._paused_until)
        for limit, length in windows:
            moment = max(moment, self.window_room_at(now, limit, length))
        return moment

    def window_room_at(self, now: int, limit: int, length: int) -> int:
        """Return the earliest moment at which a window of ``length`` can have room below ``limit``."""
        if self.used(now, length) < limit:
            return now
        ends = sorted(
            [*(self._base + tick for tick in self._answered), *(min(end, now) for _, end in self._held.values())]
        )
        return ends[len(ends) - limit] + length

    def _unpack(self, document: bytes) -> None:
        if len(document) < _HEADER.size:
            return
        version, base, paused_until, held = _HEADER.unpack_from(document)
        start = _HEADER.size + held * _HELD.size
        if version != _VERSION or start > len(document) or (len(document) - start) % _TICK_BYTES:
            return
        self._base, self._paused_until = base, paused_until
        for place in range(_HEADER.size, start, _HELD.size):
            slot, taken, length = _HELD.unpack_from(document, place)
            self._held[slot] = (taken, taken + length)
        self._answered.frombytes(memoryview(document)[start:])
        if sys.byteorder == "big":  # pragma: no cover - no such machine is at hand
            self._answered.byteswap()

    def _tidy(self, now: int, longest: int) -> None:
        self._mend(now + 1, now + longest)
        gone = bisect_right(self._answered, now - longest - self._base)
        if gone:
            del self._answered[:gone]
        if now - self._base > _OLDEST_BASE:
            shift = self._answered[0] if self._answered else now - self._base
            self._answered = array(_TICKS, [tick - shift for tick in self._answered])
            self._base += shift
        if self._held:
            self._held = {slot: (taken, end) for slot, (taken, end) in self._held.items() if end > now - longest}

    def _mend(self, latest: int, longest_pause: int) -> None:
        if latest < self._base:
            self._base, self._answered = latest, array(_TICKS, bytes(_TICK_BYTES * len(self._answered)))
            self.mended = len(self._answered) > 0
        if self._answered and self._answered[-1] > latest - self._base:
            known = bisect_right(self._answered, latest - self._base)
            self._answered[known:] = array(_TICKS, [latest - self._base]) * (len(self._answered) - known)
            self.mended = True
        for slot, (taken, end) in self._held.items():
            # No call is under way for longer than that, whatever is written here.
            if taken > latest or end > latest + LONGEST_HOLD:
                self._held[slot] = (min(taken, latest), latest + min(end - taken, LONGEST_HOLD))
                self.mended = True
        if self._paused_until > longest_pause:
            self._paused_until = longest_pause
            self.mended = True


def _little(ticks: array[int]) -> bytes:
    if sys.byteorder == "big":  # pragma: no cover - no such machine is at hand
        ticks = array(_TICKS, ticks)
        ticks.byteswap()
    return ticks.tobytes()
