"""Shows how far a batch is: one line that rewrites itself at a terminal, else a line now and then."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from mde_files.batch.estimate import calls_left, duration, questions_left, room, seconds_by_quota
from mde_files.errors import MdeFilesError

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable
    from typing import TextIO

    from mde_files.batch.estimate import Usage
    from mde_files.batch.lanes import Lanes
    from mde_files.batch.plan import Plan
    from mde_files.batch.questions import Enrichers
    from mde_files.batch.tally import Tally

_SECONDS_AT_TERMINAL = 0.2
_SECONDS_ELSEWHERE = 30.0
_SECONDS_OF_USAGE = 2.0
_BAR = 20
_USUAL_WIDTH = 80


class Progress:
    """Writes to standard error, and nothing that came from the inputs or the service.

    Args:
        plan: How much there is.
        tally: How much is done.
        enrichers: Know what is left of the quota.
        wait: Whether the batch stays until all is answered.
        quiet: Whether nothing is shown.
        stream: Where to write.
        clock: Seconds that never go backwards.
    """

    def __init__(
        self,
        plan: Plan,
        tally: Tally,
        enrichers: Enrichers,
        *,
        wait: bool,
        quiet: bool = False,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plan = plan
        self._tally = tally
        self._enrichers = enrichers
        self._wait = wait
        self._quiet = quiet
        self._stream = sys.stderr if stream is None else stream
        self._clock = clock
        self._at_terminal = self._stream.isatty()
        self._busy_seconds = 0.0
        self._seen_at = clock()
        self._due = 0.0
        self._usage: Usage = {}
        self._usage_due = 0.0
        self._shown = 0
        self._told_stopping = False

    def begin(self, lanes: Lanes) -> None:
        """Say what there is to do and how long the quota makes it last."""
        if self._quiet:
            return
        there = f"; {self._tally.written:,} are there already" if self._tally.written else ""
        inputs, different = len(self._plan.items), len(self._plan.groups)
        self._line(f"{self._plan.results:,} results to find for {inputs:,} inputs, {different:,} different{there}.")
        usage = self._current_usage()
        calls = calls_left(lanes)
        seconds = seconds_by_quota(calls, usage)
        if seconds <= 0:
            pass
        elif self._wait:
            self._line(f"The quota makes it last at least {duration(seconds)}.")
        else:
            left = ", ".join(f"{count:,} calls of {call}" for call, count in room(calls, usage).items())
            self._line(
                f"The quota has room for {left} now; what finds none in time is left as deferred. "
                f"With --wait all is answered, in {duration(seconds)} at the earliest."
            )
        self._due = self._clock() + (_SECONDS_AT_TERMINAL if self._at_terminal else _SECONDS_ELSEWHERE)

    def show(self, lanes: Lanes, *, stopping: bool = False) -> None:
        """Show where the batch is, if it is time to; called often.

        Args:
            lanes: What is left.
            stopping: Whether the batch only waits for what is being asked.
        """
        now = self._clock()
        if lanes.asked:
            self._busy_seconds += now - self._seen_at
        self._seen_at = now
        if stopping and not self._told_stopping:
            self._told_stopping = True
            self.clear()
            self._line(f"Stopping: waiting for {lanes.asked} running calls. Interrupt again to stop at once.")
        if self._quiet or now < self._due:
            return
        self._due = now + (_SECONDS_AT_TERMINAL if self._at_terminal else _SECONDS_ELSEWHERE)
        text = self._text(lanes)
        if self._at_terminal:
            self._overwrite(text)
        else:
            self._line(text)

    def clear(self) -> None:
        """Remove the line that rewrites itself."""
        if self._shown:
            self._put("\r" + " " * self._shown + "\r")
            self._shown = 0

    def _text(self, lanes: Lanes) -> str:
        done, results = self._tally.written, self._plan.results
        parts = [f"{done:,}/{results:,}"]
        if self._at_terminal:
            full = _BAR * done // max(1, results)
            parts[0] = f"[{'#' * full}{'-' * (_BAR - full)}] {parts[0]}"
        hold = lanes.hold_seconds() if not lanes.asked else None
        if hold:
            parts.append(f"waiting {duration(hold)} for the quota")
        usage, calls = self._current_usage(), calls_left(lanes)
        seconds = self._seconds_left(lanes, calls, usage)
        if seconds is not None:
            parts.append(f"about {duration(seconds)} left")
        left = ", ".join(f"{call} {count:,}" for call, count in room(calls, usage).items())
        if left:
            parts.append(f"quota left: {left}")
        parts.append(", ".join(f"{outcome} {count:,}" for outcome, count in self._tally.by_outcome().most_common()))
        return " | ".join(part for part in parts if part)

    def _seconds_left(self, lanes: Lanes, calls: Counter[tuple[str | None, str]], usage: Usage) -> float | None:
        questions = questions_left(lanes)
        by_quota = seconds_by_quota(calls, usage)
        if not self._wait:
            questions, by_quota = min([questions, *room(calls, usage).values()]), 0.0
        if not self._tally.asked or not questions:
            return by_quota or None
        return max(by_quota, questions * self._busy_seconds / self._tally.asked)

    def _current_usage(self) -> Usage:
        now = self._clock()
        if now >= self._usage_due:
            self._usage_due = now + _SECONDS_OF_USAGE
            usage = {}
            for tenant, enricher in self._enrichers.opened().items():
                # Whatever is amiss, the questions themselves tell it.
                with suppress(MdeFilesError):
                    usage[tenant] = enricher.quota_usage("batch")
            self._usage = usage
        return self._usage

    def _line(self, text: str) -> None:
        self._put(text + "\n")

    def _put(self, text: str) -> None:
        # Nobody watching any more, or a full disk behind it, is no reason to end a batch.
        with suppress(OSError):
            self._stream.write(text)
            self._stream.flush()

    def _overwrite(self, text: str) -> None:
        shown = text[: self._width() - 1]
        self._put("\r" + shown.ljust(min(self._shown, self._width() - 1)))
        self._shown = len(shown)

    def _width(self) -> int:
        try:
            return max(2, os.get_terminal_size(self._stream.fileno()).columns or _USUAL_WIDTH)
        except (OSError, ValueError):
            return _USUAL_WIDTH
