from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

import pytest

from mde_files.answers import Asking
from mde_files.batch.estimate import calls_left, duration, questions_left, room, seconds_by_quota
from mde_files.batch.inputs import Item
from mde_files.batch.lanes import Lanes
from mde_files.batch.plan import Plan
from mde_files.batch.progress import Progress
from mde_files.batch.questions import Enrichers
from mde_files.batch.tally import Tally
from mde_files.errors import ForbiddenError, NetworkError, QuotaExhaustedError
from mde_files.quota import WindowUsage
from mde_files.timestamps import parse_timestamp

from .conftest import FakeEnricher, record, sha1

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW = parse_timestamp("2026-11-21T20:00:00Z").timestamp()
MINUTE = WindowUsage(60.0, 100, 0, 100, None, None)
HOUR = WindowUsage(3600.0, 1500, 0, 1500, None, None)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    """What a person sees after all that was written."""

    def isatty(self) -> bool:
        return True

    @property
    def seen(self) -> str:
        line = ""
        for part in re.split("(\r|\n)", self.getvalue()):
            line = "" if part == "\n" else line
            if part not in "\r\n":
                line = part + line[len(part) :]
        return line.rstrip()


class Shown:
    """A progress over ``count`` inputs."""

    def __init__(
        self,
        count: int,
        *,
        wait: bool = True,
        quiet: bool = False,
        stream: io.StringIO | None = None,
        usage: Mapping[str, Any] | None = None,
        texts: list[str] | None = None,
        actions: tuple[str, ...] = ("file_stats",),
    ) -> None:
        self.clock = Clock()
        self.tally = Tally()
        self.stream = stream or io.StringIO()
        self.fake = FakeEnricher()
        self.fake.usage = {"file_stats": [MINUTE, HOUR]} if usage is None else dict(usage)
        enrichers = Enrichers(lambda _tenant: self.fake, Asking(caller="batch"))
        self.plan = Plan([Item(n, text) for n, text in enumerate(texts or map(sha1, range(count)), 1)], actions)
        list(enrichers.usable(self.plan.items, extracted=False))
        self.lanes = Lanes(self.plan, clock=self.clock, wall_clock=lambda: NOW)
        self.progress = Progress(
            self.plan, self.tally, enrichers, wait=wait, quiet=quiet, stream=self.stream, clock=self.clock
        )

    def answer(self, count: int, seconds: float, *, times: int = 1) -> None:
        """Answer ``count`` questions, one after another, each in ``seconds``."""
        for _ in range(count):
            question = self.lanes.take(8)
            assert question is not None
            self.progress.show(self.lanes)
            self.clock.now += seconds
            self.progress.show(self.lanes)
            self.lanes.settle(question, record())
            self.tally.asked += 1
            self.tally.count(record(), times)
        self.progress.show(self.lanes)


@pytest.mark.parametrize(
    ("windows", "count", "seconds"),
    [
        ([MINUTE, HOUR], 100, 0),
        ([MINUTE, HOUR], 101, 60),
        ([MINUTE, HOUR], 1500, 14 * 60),
        ([MINUTE, HOUR], 5000, 3 * 3600),
        ([HOUR], 1501, 3600),
        ([WindowUsage(60.0, 100, 100, 0, "2026-11-21T20:00:42Z", None)], 1, 42),
        ([WindowUsage(60.0, 100, 100, 0, "2026-11-21T20:00:42Z", None)], 101, 102),
        ([WindowUsage(60.0, 100, 100, 0, "2026-11-21T19:00:00Z", None)], 1, 0),
        ([WindowUsage(60.0, 100, 5, 95, None, "2026-11-21T20:05:00Z")], 1, 300),
        ([WindowUsage(60.0, 100, 5, 95, None, "2026-11-21T20:05:00Z")], 100, 300),
        ([], 10_000, 0),
    ],
)
def test_the_windows_say_how_long_it_takes_at_least(windows: list[WindowUsage], count: int, seconds: float) -> None:
    calls = calls_left(Shown(count).lanes)
    assert calls == {(None, "file_stats"): count}
    assert seconds_by_quota(calls, {None: {"file_stats": windows}}, NOW) == pytest.approx(seconds, abs=0.001)


def test_resolution_counts_once_for_both_actions() -> None:
    shown = Shown(0, texts=["a" * 64, "b" * 64, sha1(1)], actions=("file_stats", "file_alerts"))
    calls = calls_left(shown.lanes)
    assert calls == {(None, "file_stats"): 3, (None, "file_alerts"): 3, (None, "file_info"): 2}
    full = WindowUsage(60.0, 100, 100, 0, None, None)
    paused = WindowUsage(60.0, 100, 50, 50, None, "2026-11-21T20:05:00Z")
    usage = {None: {"file_stats": [MINUTE, HOUR], "file_alerts": [MINUTE, full], "file_info": [paused]}, "x": {}}
    assert room(calls, usage) == {"file_stats": 100, "file_alerts": 0, "file_info": 0}
    assert questions_left(shown.lanes) == 6
    question = shown.lanes.take(1)
    assert question is not None
    shown.lanes.settle(question, shown.fake.failure(question.action, {"file_hash": "a"}, ForbiddenError("no")))
    assert questions_left(shown.lanes) == 4 if question.key.needs_resolution else 5


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "0 s"), (0.2, "1 s"), (59, "59 s"), (61, "1 min 1 s"), (3599.5, "1 h 0 min"), (3600 * 30, "30 h 0 min")],
)
def test_durations_are_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_how_long_it_takes_is_said_from_the_start() -> None:
    shown = Shown(5000)
    shown.progress.begin(shown.lanes)
    assert shown.stream.getvalue() == (
        "5,000 results to find for 5,000 inputs, 5,000 different.\nThe quota makes it last at least 3 h 0 min.\n"
    )


def test_without_waiting_it_is_said_how_many_have_room() -> None:
    shown = Shown(5000, wait=False)
    shown.tally.count(record(), 7)
    shown.progress.begin(shown.lanes)
    assert "; 7 are there already." in shown.stream.getvalue()
    assert "The quota has room for 100 calls of file_stats now" in shown.stream.getvalue()
    assert "With --wait all is answered, in 3 h 0 min at the earliest." in shown.stream.getvalue()


def test_a_short_batch_says_nothing_of_the_quota() -> None:
    shown = Shown(10)
    shown.progress.begin(shown.lanes)
    assert "quota" not in shown.stream.getvalue()


def test_at_a_terminal_one_line_rewrites_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Progress, "_width", lambda _self: 200)
    terminal = Terminal()
    shown = Shown(50, stream=terminal)
    shown.progress.begin(shown.lanes)
    before = terminal.getvalue().count("\n")
    shown.answer(20, 1.0)
    shown.clock.now += 0.3
    shown.progress.show(shown.lanes)
    assert terminal.getvalue().count("\n") == before
    assert terminal.seen == (
        "[########------------] 20/50 | about 30 s left | quota left: file_stats 100 | seen_in_organization 20"
    )
    shown.progress.clear()
    assert terminal.seen == ""
    shown.progress.clear()


@pytest.mark.parametrize("width", [1, 2, 20, 80])
def test_no_line_is_longer_than_the_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.get_terminal_size", lambda _descriptor: __import__("os").terminal_size((width, 24)))
    monkeypatch.setattr(Terminal, "fileno", lambda _self: 2)
    terminal = Terminal()
    shown = Shown(50, stream=terminal)
    shown.answer(20, 1.0)
    assert all(len(line) < max(width, 2) for line in terminal.getvalue().split("\r"))


def test_elsewhere_a_line_comes_every_half_minute() -> None:
    shown = Shown(100)
    shown.progress.begin(shown.lanes)
    before = shown.stream.getvalue().count("\n")
    shown.answer(29, 1.0)
    assert shown.stream.getvalue().count("\n") == before
    shown.answer(32, 1.0)
    lines = shown.stream.getvalue().splitlines()[before:]
    assert len(lines) == 2
    assert lines[0].startswith("29/100 | about")
    assert "\r" not in shown.stream.getvalue()


def test_the_time_left_follows_pace_and_quota() -> None:
    assert "about 2 h 46 min left" in seen_after(Shown(1000, usage={}), 1, 10.0)
    assert "about 54 min 0 s left" in seen_after(Shown(5500, usage={"file_stats": [MINUTE]}), 1, 0.1)
    # Without waiting, only what has room is asked.
    assert "about 1 min 40 s left" in seen_after(Shown(1000, wait=False), 1, 1.0)
    assert "left |" not in seen_after(Shown(1000, wait=False), 0, 1.0)


def seen_after(shown: Shown, count: int, seconds: float) -> str:
    shown.progress._due = shown.clock.now + count * seconds
    shown.answer(count, seconds)
    shown.clock.now += 40
    shown.progress.show(shown.lanes)
    return shown.stream.getvalue().splitlines()[-1]


def test_a_hold_is_shown() -> None:
    shown = Shown(3, stream=Terminal())
    question = shown.lanes.take(1)
    assert question is not None
    late = QuotaExhaustedError("x", retry_at="2026-11-21T20:00:35Z")
    shown.lanes.settle(question, shown.fake.failure("file_stats", {"file_hash": question.key.value}, late))
    shown.progress.show(shown.lanes)
    assert "waiting 35 s for the quota" in shown.stream.getvalue()


def test_a_quota_that_cannot_be_read_is_left_out() -> None:
    shown = Shown(5000)

    def broken(_caller: str) -> Any:
        raise NetworkError("x")

    shown.fake.quota_usage = broken  # type: ignore[method-assign]
    shown.progress.begin(shown.lanes)
    assert shown.stream.getvalue().count("\n") == 1


def test_quiet_is_quiet() -> None:
    shown = Shown(5000, quiet=True)
    shown.progress.begin(shown.lanes)
    shown.answer(2, 60.0)
    shown.progress.clear()
    assert shown.stream.getvalue() == ""


def test_stopping_is_said_once() -> None:
    shown = Shown(10, stream=Terminal())
    shown.lanes.take(1)
    shown.progress.show(shown.lanes, stopping=True)
    shown.progress.show(shown.lanes, stopping=True)
    assert shown.stream.getvalue().count("waiting for 1 running calls") == 1
