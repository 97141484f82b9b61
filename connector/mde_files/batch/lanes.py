"""Lines up the questions of a batch by what can hold them up: tenant, action, and whether a file is resolved first."""

from __future__ import annotations

import secrets
import time
from collections import deque
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from mde_files.batch.failures import OF_EVERY_INPUT, error_of
from mde_files.batch.questions import Question
from mde_files.timestamps import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from mde_files.batch.plan import Key, Plan
    from mde_files.errors import MdeFilesError

_LONGEST_HOLD = 86400.0
_SHORTEST_HOLD = 0.5
_USUAL_HOLD = 60.0


class LaneName(NamedTuple):
    """What the questions of a lane have in common."""

    tenant: str | None
    action: str
    needs_resolution: bool


class Lane:
    """Questions that are held up together.

    Attributes:
        waiting: Not asked yet.
        asked: How many are being asked.
        held_by: Why nothing is asked until :attr:`reopens`; also kept afterwards.
        reopens: When asking makes sense again, in seconds of the clock.
        ended_by: Why nothing will be asked any more.
    """

    def __init__(self, name: LaneName) -> None:
        self.name = name
        self.waiting: deque[Key] = deque()
        self.asked = 0
        self.held_by: MdeFilesError | None = None
        self.reopens = 0.0
        self.ended_by: MdeFilesError | None = None

    def question(self, key: Key) -> Question:
        """Return the question for a key of this lane."""
        return Question(self.name.action, key)


class Lanes:
    """All lanes of a batch, served in turn.

    Args:
        plan: What has no answer yet is lined up.
        resumed: Whether an earlier run may have been killed. What it was asking stays leased for up to
            ``timeouts.total``; beginning at any other place lets that come late.
        clock: Seconds that never go backwards.
        wall_clock: Seconds since 1970.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        resumed: bool = False,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._wall_clock = wall_clock
        self._lanes: dict[LaneName, Lane] = {}
        self._turns: deque[Lane] = deque()
        for action in plan.actions:
            for key in plan.groups:
                if plan.is_open(action, key):
                    self._lane(LaneName(key.tenant, action, key.needs_resolution)).waiting.append(key)
        if resumed:
            for lane in self:
                lane.waiting.rotate(-secrets.randbelow(len(lane.waiting)))

    def __iter__(self) -> Iterator[Lane]:
        return iter(self._lanes.values())

    def lane_of(self, question: Question) -> Lane:
        """Return the lane a question belongs to."""
        return self._lanes[LaneName(question.key.tenant, question.action, question.key.needs_resolution)]

    @property
    def asked(self) -> int:
        """How many questions are being asked."""
        return sum(lane.asked for lane in self)

    def take(self, workers: int) -> Question | None:
        """Return the next question that may be asked, or ``None``; no lane keeps more than its part of the workers."""
        now = self._clock()
        able = [lane for lane in self._turns if lane.asked or self._is_open(lane, now)]
        part = ceil(workers / max(1, len(able)))
        for _ in range(len(self._turns)):
            self._turns.rotate(-1)
            lane = self._turns[-1]
            if lane.asked < part and self._is_open(lane, now):
                lane.asked += 1
                return lane.question(lane.waiting.popleft())
        return None

    def settle(self, question: Question, record: Mapping[str, Any]) -> bool:
        """Take note of an answer; return whether it is one, and not a reason to ask again later."""
        lane = self.lane_of(question)
        lane.asked -= 1
        if record["outcome"] == "deferred":
            lane.waiting.appendleft(question.key)
            lane.held_by = error_of(record)
            lane.reopens = max(lane.reopens, self._clock() + self._hold(lane.held_by.retry_at))
            return False
        if record["outcome"] == "failed" and record["error"]["code"] in OF_EVERY_INPUT:
            lane.ended_by = error_of(record)
        return True

    def hold_seconds(self) -> float | None:
        """Return the seconds until a lane opens, at least 0; ``None``: nothing waits."""
        held = [lane.reopens for lane in self if lane.waiting and lane.ended_by is None]
        return max(0.0, min(held) - self._clock()) if held else None

    def _is_open(self, lane: Lane, now: float) -> bool:
        return bool(lane.waiting) and lane.ended_by is None and lane.reopens <= now

    def _hold(self, retry_at: str | None) -> float:
        if retry_at is None:
            return _USUAL_HOLD
        seconds = parse_timestamp(retry_at).timestamp() - self._wall_clock()
        return min(_LONGEST_HOLD, max(_SHORTEST_HOLD, seconds))

    def _lane(self, name: LaneName) -> Lane:
        if name not in self._lanes:
            self._lanes[name] = Lane(name)
            self._turns.append(self._lanes[name])
        return self._lanes[name]
