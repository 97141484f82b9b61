"""Lets Celery workers ask the questions of a batch, and follows what they answer."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID, uuid4, uuid5

from mde_files.batch.failures import error_of, is_settled
from mde_files.batch.run import FollowingEnded
from mde_files.errors import InvalidConfigError, MdeFilesError
from mde_files.worker.application import make_app, reach, task_name, unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from celery import Celery

    from mde_files.answers import Asking
    from mde_files.batch.interruption import Interruption
    from mde_files.batch.questions import Enrichers, Question
    from mde_files.config import CeleryConfig

_SENT_AT_ONCE = 200
_LOOKED_AT_AT_ONCE = 500
_PING_SECONDS = 2.0
_START_A_WORKER = "celery -A mde_files.worker worker"
_PURGE = "celery -A mde_files.worker purge"


class Tasks(NamedTuple):
    """Where tasks go and where their results come from: an app that sends and one that reads."""

    sender: Celery
    reader: Celery


def open_tasks(settings: CeleryConfig) -> Tasks:
    """Return the way to the tasks; broker and results have answered.

    Raises:
        InvalidConfigError: The extra is not installed, or no Redis is configured.
        StateUnavailableError: The Redis server does not answer.
    """
    reader = make_app(settings)
    reach(reader, attempts=1)
    return Tasks(make_app(settings, keeps_results=False), reader)


class Submission:
    """Submits questions as tasks and hands on the answers; stands where a batch has its own threads otherwise.

    A task's id is made of the run and the question, so that a resumed batch finds the results of the tasks that went on
    without it, and a task sent twice is answered once.

    Args:
        tasks: Where tasks go and results come from.
        enrichers: Make the records of questions that are not asked, and know the tenants.
        output: The output of the batch; the run is kept in a file beside it until all is answered.
        resume: Whether an earlier run is taken up.
        tenant: Name of the tenant to ask where an input names none.
        asking: How fresh answers have to be.
        lookback_hours: For statistics; ``None``: as much as there is.
        interruption: Tells when to stop.
        say: Tells a sentence to people.
        sleep: Waits for seconds.
    """

    count = sys.maxsize

    def __init__(
        self,
        tasks: Tasks,
        enrichers: Enrichers,
        *,
        output: Path,
        resume: bool,
        tenant: str | None,
        asking: Asking,
        lookback_hours: int | None,
        interruption: Interruption,
        say: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._tasks = tasks
        self._enrichers = enrichers
        self._tenant = tenant
        self._freshness = {"max_age": asking.max_age, "use_cache": asking.use_cache}
        self._lookback = {} if lookback_hours is None else {"lookback_hours": lookback_hours}
        self._interruption = interruption
        self._say = say
        self._sleep = sleep
        self._run_file = output.with_name(f"{output.name}.celery")
        known = _kept_run(self._run_file) if resume else None
        self._taken_up = known is not None
        self._run = known or _new_run(self._run_file)
        self._unsent: deque[Question] = deque()
        self._sent: dict[str, Question] = {}
        self._looked_at: deque[str] = deque()
        self._answers: deque[tuple[Question, dict[str, Any], str | None]] = deque()
        self._handed_on: str | None = None
        self._asked_for_workers = False

    def submit(self, question: Question) -> None:
        """Take a question; it is sent when answers are looked for."""
        self._unsent.append(question)

    def next_answer(self, seconds: float) -> tuple[Question, dict[str, Any]] | None:
        """Return a question with its record as soon as there is one, or ``None`` after about ``seconds``.

        Whoever asks for the next answer has written the one before.

        Raises:
            FollowingEnded: The batch was told to stop; what was sent goes on without it.
            StateUnavailableError: The Redis server does not answer any more.
        """
        self._stop_if_told()
        self._forget_handed_on()
        if not self._answers:
            self._send()
            self._look()
        if not self._answers and not self._unsent:
            self._look_for_workers()
            self._sleep(seconds)
            self._stop_if_told()
        if not self._answers:
            return None
        question, record, self._handed_on = self._answers.popleft()
        return question, record

    def stop(self) -> None:
        """End following; say what goes on without it."""
        try:
            if self._sent:
                self._say(
                    f"{len(self._sent):,} submitted tasks go on without this command; --resume collects their "
                    f"answers. Those that no worker has yet are removed by: {_PURGE}"
                )
            elif not self._unsent and not self._answers:
                self._run_file.unlink(missing_ok=True)
            self._forget_handed_on()
        finally:
            self._tasks.sender.close()
            self._tasks.reader.backend.client.close()
            self._tasks.reader.close()

    def _stop_if_told(self) -> None:
        if self._interruption.requested:
            raise FollowingEnded

    def _send(self) -> None:
        """Send the next questions; one without anything to ask is answered here."""
        questions = [self._unsent.popleft() for _ in range(min(_SENT_AT_ONCE, len(self._unsent)))]
        by_id: dict[str, Question] = {}
        for question in questions:
            if question.key.problem:
                self._answers.append((question, self._enrichers.ask(question), None))
            else:
                by_id[self._id_of(question)] = question
        with self._reaching("results"):
            if self._taken_up:
                for task_id, meta in self._results(by_id):
                    if _is_usable(meta):
                        self._settle(task_id, by_id.pop(task_id), meta)
                self._forget(by_id)
        with self._reaching("broker"), self._tasks.sender.producer_or_acquire() as producer:
            for task_id, question in by_id.items():
                lookback = self._lookback if question.action == "file_stats" else {}
                params = {"file_hash": question.key.value, **lookback}
                self._tasks.sender.send_task(
                    task_name(question.action),
                    kwargs={"params": params, "tenant": question.key.tenant or self._tenant, **self._freshness},
                    task_id=task_id,
                    producer=producer,
                )
                self._sent[task_id] = question
                self._looked_at.append(task_id)

    def _look(self) -> None:
        """Take what has been answered of the tasks looked at longest ago."""
        task_ids = [self._looked_at.popleft() for _ in range(min(_LOOKED_AT_AT_ONCE, len(self._looked_at)))]
        with self._reaching("results"):
            for task_id, meta in self._results(task_ids):
                self._settle(task_id, self._sent.pop(task_id), meta)
        self._looked_at.extend(task_id for task_id in task_ids if task_id in self._sent)

    def _settle(self, task_id: str, question: Question, meta: Mapping[str, Any]) -> None:
        self._answers.append((question, self._judged(question, meta), task_id))

    def _judged(self, question: Question, meta: Mapping[str, Any]) -> dict[str, Any]:
        """Return the record in a result, if it is one that answers the question."""
        record = meta["result"]
        if meta["status"] != "SUCCESS" or not isinstance(record, dict):
            fault = MdeFilesError(
                f"The Celery task ended as {meta['status']}, without a record.", hint="The worker's log says more."
            )
            return self._enrichers.failure(question, fault)
        if record["source"]["tenant_id"] == self._enrichers.of(question.key.tenant).config.tenant_id:
            return record
        if record["outcome"] == "failed":
            return self._enrichers.failure(question, error_of(record))
        mismatch = InvalidConfigError(
            "A Celery worker asked another tenant than the configuration here names.",
            hint="Give all workers and whoever submits to them the same configuration.",
        )
        return self._enrichers.failure(question, mismatch)

    def _results(self, task_ids: Iterable[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        wanted = list(task_ids)
        if wanted:
            yield from self._tasks.reader.backend.get_many(wanted, interval=0, max_iterations=1)

    def _forget_handed_on(self) -> None:
        if self._handed_on is not None:
            with self._reaching("results"):
                self._forget([self._handed_on])
            self._handed_on = None

    def _forget(self, task_ids: Iterable[str]) -> None:
        for task_id in task_ids:
            self._tasks.reader.backend.forget(task_id)

    def _id_of(self, question: Question) -> str:
        named = [question.action, question.key.tenant or self._tenant or "", question.key.value]
        return str(uuid5(self._run, "\x00".join(named)))

    def _look_for_workers(self) -> None:
        if not self._asked_for_workers:
            self._asked_for_workers = True
            with self._reaching("broker"):
                found = self._tasks.reader.control.ping(timeout=_PING_SECONDS, limit=1)
            if not found:
                self._say(f"No Celery worker has answered yet. Start one with: {_START_A_WORKER}")

    @contextmanager
    def _reaching(self, place: str) -> Iterator[None]:
        from kombu.exceptions import OperationalError
        from redis import RedisError

        try:
            yield
        except (OperationalError, RedisError, OSError) as error:
            lost = unreachable(self._tasks.reader, place, error)
            lost.hint = "Tasks that were submitted are not lost with this command: start it again with --resume."
            raise lost from None


def _is_usable(meta: Mapping[str, Any]) -> bool:
    """Tell whether a result of an earlier run need not be asked for again."""
    record = meta["result"]
    return meta["status"] == "SUCCESS" and isinstance(record, dict) and is_settled(record)


def _kept_run(path: Path) -> UUID | None:
    try:
        return UUID(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        return None


def _new_run(path: Path) -> UUID:
    run = uuid4()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{run}\n")
    except OSError as error:
        raise InvalidConfigError(
            f"The file {str(path)!r}, which names this run, cannot be written: {error.strerror}.",
            hint="Write the output into a folder in which files can be made.",
        ) from None
    return run
