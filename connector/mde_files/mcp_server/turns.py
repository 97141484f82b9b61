"""Lets a bounded number of questions be asked at a time, however many arrive."""

from __future__ import annotations

import asyncio
import math
import queue
import threading
from concurrent.futures import Future
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, TypeVar

from mde_files.errors import QuotaExhaustedError

if TYPE_CHECKING:
    from collections.abc import Callable

    Result = TypeVar("Result")


class Turns:
    """Threads that ask; they end with the process, so that nobody has to wait for a call that hangs.

    Args:
        count: Number of threads.
        patience: Seconds after which a question that has not had its turn is put off.
    """

    def __init__(self, count: int, patience: float) -> None:
        self.count = count
        self.patience = patience
        self._waiting: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = queue.SimpleQueue()
        self._started = 0

    async def take(self, ask: Callable[[], Result], *, waited: float = 0.0) -> Result:
        """Return what ``ask`` returns, called in a thread when it is its turn.

        Whoever is cancelled before the turn came is not asked for; a question that is on its way runs to its own end,
        and nobody hears of it.

        Args:
            ask: Asks the question.
            waited: Seconds the same request has already waited, which count towards the patience.

        Raises:
            QuotaExhaustedError: The turn did not come in time; ``retry_at`` says when to ask again.
        """
        patience = self.patience - waited
        if patience <= 0:
            raise self._no_turn()
        turn: Future[Result] = Future()
        self._waiting.put((turn, ask))
        if self._started < self.count:
            self._started += 1
            threading.Thread(target=self._work, name=f"question-{self._started}", daemon=True).start()
        answered = asyncio.wrap_future(turn)
        try:
            await asyncio.wait((answered,), timeout=patience)
            if not answered.done() and turn.cancel():
                raise self._no_turn()
            return await answered
        except asyncio.CancelledError:
            answered.cancel()
            raise

    def _no_turn(self) -> QuotaExhaustedError:
        seconds = math.ceil(self.patience)
        retry_at = (datetime.now(timezone.utc) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return QuotaExhaustedError(
            f"The turn of this question did not come within {seconds} s; {self.count} are asked at a time.",
            hint="Ask again later, and fewer at a time.",
            retry_at=retry_at,
        )

    def _work(self) -> None:
        while True:
            turn, ask = self._waiting.get()
            if not turn.set_running_or_notify_cancel():
                continue
            try:
                turn.set_result(ask())
            except BaseException as error:  # noqa: BLE001 - raised again where the answer is awaited
                turn.set_exception(error)
