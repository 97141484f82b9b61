"""Holds every record against what the scenario knows, and every arrival against the quota."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files import schemas

from .spoiling import ANSWERED, DEFERRED, LAST_WAY
from .world import about, sha1

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from mde_files.emulator import QuotaWindow
    from mde_files.emulator.traffic import SeenRequest

    from .spoiling import Spoiled
    from .world import Ask, World

DEFERRED_CODES = frozenset({"quota_exhausted", DEFERRED})
_BATCH_PART = 0.8
_NEARLY_FULL = 0.75
_SERVICE = ("file_info", "file_stats", "file_alerts")


class Deferral(NamedTuple):
    """A question that was deferred, and when, in seconds after the start."""

    ask: Ask
    code: str
    moment: float


@dataclass
class Judgement:
    """What was found in the records.

    Attributes:
        answered: How many questions have a right answer.
        deferred: Those that were deferred for the quota.
        failed: How many failed because of a spoiled answer they met.
        wrong: What is wrong, one sentence for each record or question.
        from_cache: How many right answers were not asked for anew.
        seconds: How long each question took, in order of length.
        ids: Questions that have the same ``record_id``.
    """

    answered: int = 0
    deferred: list[Deferral] = field(default_factory=list)
    failed: int = 0
    wrong: list[str] = field(default_factory=list)
    from_cache: int = 0
    seconds: list[float] = field(default_factory=list)
    ids: dict[str, set[tuple[int, int, str]]] = field(default_factory=lambda: defaultdict(set))

    def quantile(self, part: float) -> float:
        """Return how long all but the slowest took."""
        return self.seconds[min(len(self.seconds) - 1, int(part * len(self.seconds)))]


def judge(world: World, spoiled: Sequence[Spoiled], files: Iterable[Path], oldest: Mapping[str, float]) -> Judgement:
    """Judge the lines of all workers; what failed is told to the spoiled answer it met.

    Args:
        world: The questions and the right answers.
        spoiled: Answers that failed.
        files: Lines of the workers.
        oldest: Greatest age in seconds of an answer from the cache, by action.
    """
    found = Judgement()
    asks = world.asks
    spoiled_files = {(item.tenant, item.file): item for item in spoiled}
    times: Counter[int] = Counter()
    for path in files:
        with path.open("rb") as lines:
            for line in lines:
                entry = json.loads(line)
                ask, record = asks[entry["ask"]], entry["record"]
                times[ask.id] += 1
                found.seconds.append(entry["seconds"])
                ended = entry["begun"] + entry["seconds"]
                _judge_one(found, world, ask, ended, record, spoiled_files.get((ask.tenant, ask.file)), oldest)
    found.seconds.sort()
    found.wrong += [f"question {ask.id} has {times[ask.id]} records" for ask in asks if times[ask.id] != 1]
    for identifier, questions in found.ids.items():
        if len(questions) > 1:
            found.wrong.append(f"the record id {identifier} stands for {sorted(questions)}")
    return found


def _judge_one(
    found: Judgement,
    world: World,
    ask: Ask,
    ended: float,
    record: dict[str, Any],
    spoiled: Spoiled | None,
    oldest: Mapping[str, float],
) -> None:
    problems = [str(problem) for problem in schemas.problems("record", record, large=True)]
    problems += filter(None, [about(ask, record)])
    code = record.get("error", {}).get("code", "")
    if record["outcome"] == "deferred" and code in DEFERRED_CODES:
        found.deferred.append(Deferral(ask, code, ended))
        if code == DEFERRED:
            problems += [] if _met(ask, code, spoiled) else ["was refused by the service itself"]
    elif record["outcome"] == "failed":
        if _met(ask, code, spoiled):
            found.failed += 1
        else:
            met = spoiled.way.name if spoiled is not None else "nothing"
            problems.append(f"failed with {record['error']} and met {met}")
    else:
        problems += filter(None, [world.wrong(ask, record)])
        found.answered += 1
        found.ids[record["record_id"]].add((ask.tenant, ask.file, ask.action))
        if record["source"]["from_cache"]:
            found.from_cache += 1
            allowed = 1 + (0 if ask.afresh and "file_alerts" in record else oldest[ask.action])
            if record["source"]["age_seconds"] > allowed:
                problems.append(f"is {record['source']['age_seconds']} s old, not {allowed}")
    if problems:
        found.wrong.append(f"question {ask}: {'; '.join(problems)}")


def _met(ask: Ask, code: str, spoiled: Spoiled | None) -> bool:
    """Tell whether a spoiled answer explains an error, and note that it came of it."""
    if spoiled is None or not spoiled.hit or code not in spoiled.way.ends or spoiled.endpoint not in ask.endpoints:
        return False
    spoiled.codes.append(code)
    return True


def what_came_of(spoiled: Spoiled) -> str:
    """Return in the words of the table what came of a spoiled answer."""
    if not spoiled.codes:
        return ANSWERED
    return (
        spoiled.codes[0]
        if len(spoiled.codes) == 1 or spoiled.way.shared
        else f"{len(spoiled.codes)} times {spoiled.codes[0]}"
    )


class Arrivals:
    """When calls arrived at the service, by tenant and endpoint, in seconds after the start.

    Args:
        requests: Everything that arrived.
        applications: Client id of each tenant's application.
        windows: The quota.
        start: When the questions' time began, on the monotonic clock.
    """

    def __init__(
        self,
        requests: Iterable[SeenRequest],
        applications: Sequence[str],
        windows: Sequence[QuotaWindow],
        start: float,
    ) -> None:
        self._windows = windows
        self._moments: dict[tuple[int, str], list[float]] = defaultdict(list)
        self._paths: dict[str, float] = {}
        for request in requests:
            if request.endpoint in _SERVICE and request.application in applications:
                tenant = applications.index(request.application)
                insort(self._moments[tenant, request.endpoint], request.arrived - start)
                self._paths.setdefault(f"{tenant}{request.path}", request.arrived - start)

    @property
    def calls(self) -> int:
        """How many there were."""
        return sum(map(len, self._moments.values()))

    def fullest(self, window: QuotaWindow) -> int:
        """Return the most calls of one tenant to one endpoint within any stretch of a window's length."""
        # A window is open at one end: a call and the one a whole window later are not in the same.
        return max(
            bisect_left(moments, moment + window.seconds) - first
            for moments in self._moments.values()
            for first, moment in enumerate(moments)
        )

    def without_reason(self, deferred: Iterable[Deferral], spoiled: Iterable[Spoiled]) -> list[Deferral]:
        """Return what was deferred for the quota although no window was nearly full and no answer asked to wait.

        Nearly, since slots count that the service does not see: of killed processes, and until an answer has come.
        """
        paused: dict[tuple[int, str], float] = {}
        for item in spoiled:
            moment = self._paths.get(f"{item.tenant}/api/files/{sha1(item.file)}/stats")
            if item.way is LAST_WAY and moment is not None:
                paused[item.tenant, item.endpoint] = moment
        return [item for item in deferred if item.code != DEFERRED and not self._has_reason(item, paused)]

    def _has_reason(self, deferral: Deferral, paused: Mapping[tuple[int, str], float]) -> bool:
        part = (_BATCH_PART if deferral.ask.caller == "batch" else 1.0) * _NEARLY_FULL
        for endpoint in deferral.ask.endpoints:
            place = deferral.ask.tenant, endpoint
            if paused.get(place, deferral.moment) < deferral.moment:
                return True
            moments = self._moments[place]
            for window in self._windows:
                begin = bisect_left(moments, deferral.moment - window.seconds)
                if bisect_right(moments, deferral.moment) - begin >= part * window.calls:
                    return True
        return False
