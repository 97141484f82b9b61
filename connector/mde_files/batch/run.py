"""Runs a batch: asks what is open, writes each answer at once, waits or gives up when the quota is used up."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

from mde_files.batch import result_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mde_files.batch.interruption import Interruption
    from mde_files.batch.journal import Journal
    from mde_files.batch.lanes import Lane, Lanes
    from mde_files.batch.plan import Plan
    from mde_files.batch.progress import Progress
    from mde_files.batch.questions import Enrichers, Question
    from mde_files.batch.tally import Tally

_TICK_SECONDS = 0.25


class FollowingEnded(Exception):  # noqa: N818 - nothing went wrong
    """Nobody follows those who ask any more; they go on."""


class Crew(Protocol):
    """Whoever asks the questions.

    Attributes:
        count: How many questions are submitted at a time.
    """

    count: int

    def submit(self, question: Question) -> None:
        """Take a question."""

    def next_answer(self, seconds: float) -> tuple[Question, dict[str, Any]] | None:
        """Return a question with its record as soon as there is one, or ``None`` after ``seconds``.

        Raises:
            FollowingEnded: The batch was told to stop; what was submitted goes on without it.
        """

    def stop(self) -> None:
        """Ask nothing more."""


class Run:
    """One run over what a batch has left to find out.

    Args:
        plan: The inputs, and which are answered.
        journal: Where answers are written.
        tally: Counts them.
        lanes: The open questions.
        workers: Ask the questions.
        enrichers: Make the records of questions that are not asked.
        interruption: Tells when to stop.
        progress: Shows how far it is.
        sleep: Waits for seconds.
    """

    def __init__(
        self,
        plan: Plan,
        journal: Journal,
        tally: Tally,
        *,
        lanes: Lanes,
        workers: Crew,
        enrichers: Enrichers,
        interruption: Interruption,
        progress: Progress,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._plan = plan
        self._journal = journal
        self._tally = tally
        self._lanes = lanes
        self._workers = workers
        self._enrichers = enrichers
        self._interruption = interruption
        self._progress = progress
        self._sleep = sleep

    def run(self, *, wait: bool) -> None:
        """Ask until everything is answered, or until only deferred questions are left, or until it is interrupted.

        Args:
            wait: Whether deferred questions are asked again when their time comes. Otherwise they are written as
                deferred at the end; an interrupted run leaves them out.

        Raises:
            StateUnavailableError: The output cannot be written any more.
        """
        while True:
            self._submit()
            self._progress.show(self._lanes, stopping=self._interruption.requested)
            if self._lanes.asked:
                answer = self._workers.next_answer(_TICK_SECONDS)
                if answer is not None:
                    self._settle(*answer)
                continue
            hold = self._lanes.hold_seconds()
            if self._interruption.requested or hold is None or not (wait or hold == 0):
                break
            self._sleep(min(hold, _TICK_SECONDS))
        if not self._interruption.requested:
            self._defer_the_rest()
        self._journal.sync()

    def _submit(self) -> None:
        while not self._interruption.requested and self._lanes.asked < self._workers.count:
            question = self._lanes.take(self._workers.count)
            if question is None:
                return
            self._workers.submit(question)

    def _settle(self, question: Question, record: Mapping[str, Any]) -> None:
        self._tally.asked += 1
        answered = self._lanes.settle(question, record)
        # Whoever gave this answer does not wait until it is written.
        self._submit()
        if not answered:
            return
        self._write(question, record)
        lane = self._lanes.lane_of(question)
        while lane.ended_by is not None and lane.waiting and not self._interruption.requested:
            self._write_failure(lane, lane.ended_by)

    def _defer_the_rest(self) -> None:
        for lane in self._lanes:
            while lane.held_by is not None and lane.waiting and not self._interruption.requested:
                self._write_failure(lane, lane.held_by)

    def _write_failure(self, lane: Lane, error: Any) -> None:
        question = lane.question(lane.waiting.popleft())
        self._write(question, self._enrichers.failure(question, error))
        self._progress.show(self._lanes)

    def _write(self, question: Question, record: Mapping[str, Any]) -> None:
        items = self._plan.take_open(question.action, question.key)
        self._journal.append(result_lines.written(items, record))
        self._tally.count(record, len(items))
