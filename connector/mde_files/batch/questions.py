"""Asks the questions of a batch: one connector for each tenant, a bounded number of threads."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from mde_files.errors import InvalidConfigError, InvalidInputError, MdeFilesError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from mde_files.answers import Asking
    from mde_files.batch.inputs import Item
    from mde_files.batch.plan import Key
    from mde_files.config import Config
    from mde_files.quota import Priority, WindowUsage

_MD5_DIGITS = 32
_HINT = "Give the SHA-1 (40 hexadecimal digits) or the SHA-256 (64) of the file on each line."


class Enricher(Protocol):
    """What a batch needs of a connector."""

    config: Config

    def record_of(self, action: str, params: Mapping[str, Any], asking: Asking) -> dict[str, Any]:
        """Return the record of an action, whatever happens."""

    def failure(self, action: str, params: Mapping[str, Any], error: MdeFilesError) -> dict[str, Any]:
        """Return the record that says that and why an action failed."""

    def quota_usage(self, caller: Priority) -> dict[str, list[WindowUsage]]:
        """Return what is used and left of the quota by id of the call."""

    def close(self) -> None:
        """Close all connections."""


class Question(NamedTuple):
    """One thing to find out: an action for a key."""

    action: str
    key: Key


class Enrichers:
    """Asks each tenant by its own connector.

    Args:
        connect: Makes the connector for a tenant's name; ``None``: the configuration's own tenant.
        asking: Who asks, and how fresh answers have to be.
        lookback_hours: For statistics; ``None``: as much as there is.
    """

    def __init__(
        self, connect: Callable[[str | None], Enricher], asking: Asking, *, lookback_hours: int | None = None
    ) -> None:
        self._connect = connect
        self._asking = asking
        self._lookback = {} if lookback_hours is None else {"lookback_hours": lookback_hours}
        self._made: dict[str | None, Enricher] = {}

    def of(self, tenant: str | None) -> Enricher:
        """Return the connector of a tenant.

        Raises:
            InvalidConfigError: The configuration has no such tenant.
        """
        if tenant not in self._made:
            self._made[tenant] = self._connect(tenant)
        return self._made[tenant]

    def usable(self, items: Iterable[Item], *, extracted: bool) -> Iterator[Item]:
        """Yield the inputs, each of whose tenants the configuration knows.

        Args:
            items: The inputs.
            extracted: Whether they were found in free text, where an MD5 counts only if MD5 is enabled.

        Raises:
            InvalidInputError: An input names a tenant that cannot be asked.
            InvalidConfigError: The configuration cannot be used.
        """
        for item in items:
            try:
                enricher = self.of(item.tenant)
            except InvalidConfigError as error:
                if item.tenant is None:
                    raise
                raise InvalidInputError(
                    f"Line {item.line} of the input names a tenant that cannot be asked: {error.message}",
                    hint=error.hint,
                ) from None
            if not extracted or enricher.config.md5 or len(item.text) != _MD5_DIGITS:
                yield item

    def opened(self) -> dict[str | None, Enricher]:
        """Return the connectors made so far."""
        return dict(self._made)

    def ask(self, question: Question) -> dict[str, Any]:
        """Return the record that answers a question; no failure is raised, not even one of this package itself."""
        key = question.key
        if key.problem:
            return self.failure(question, InvalidInputError(key.problem, hint=_HINT))
        try:
            return self.of(key.tenant).record_of(question.action, self._params(question), self._asking)
        except Exception as error:  # noqa: BLE001 - one input must not end a batch of thousands
            fault = MdeFilesError(
                f"An error of mde-files itself: {type(error).__name__}.", hint="Please report it with this input."
            )
            return self.failure(question, fault)

    def failure(self, question: Question, error: MdeFilesError) -> dict[str, Any]:
        """Return the record of a question that got no answer."""
        return self.of(question.key.tenant).failure(question.action, self._params(question), error)

    def close(self) -> None:
        """Close all connections."""
        for enricher in self._made.values():
            enricher.close()

    def _params(self, question: Question) -> dict[str, Any]:
        lookback = self._lookback if question.action == "file_stats" else {}
        return {"file_hash": question.key.value, **lookback}


class Workers:
    """Threads that ask; they end with the process, so that nobody has to wait for a call that hangs.

    Args:
        ask: Answers a question.
        count: Number of threads.
    """

    def __init__(self, ask: Callable[[Question], dict[str, Any]], count: int) -> None:
        self.count = count
        self._ask = ask
        self._questions: queue.SimpleQueue[Question | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[Question, dict[str, Any] | BaseException]] = queue.SimpleQueue()
        for number in range(count):
            threading.Thread(target=self._work, name=f"batch-{number}", daemon=True).start()

    def submit(self, question: Question) -> None:
        """Let the next idle thread ask a question."""
        self._questions.put(question)

    def next_answer(self, seconds: float) -> tuple[Question, dict[str, Any]] | None:
        """Return a question with its record as soon as there is one, or ``None`` after ``seconds``."""
        try:
            question, answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            return None
        if isinstance(answer, BaseException):
            raise answer
        return question, answer

    def stop(self) -> None:
        """Let the threads end after what they do now."""
        for _ in range(self.count):
            self._questions.put(None)

    def _work(self) -> None:
        while (question := self._questions.get()) is not None:
            try:
                self._answers.put((question, self._ask(question)))
            except BaseException as error:  # noqa: BLE001 - raised again where the answer is awaited
                self._answers.put((question, error))
