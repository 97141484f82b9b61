"""Runs what blocks in a bounded number of threads, and answers in time whatever they do."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from mde_files.serve.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

_Result = TypeVar("_Result")
_COME_BACK_SECONDS = "5"


class Work:
    """Everything that runs for callers.

    Args:
        at_once: How many tasks run at the same time; as many more wait for their turn.
        seconds: Longest time until there is an answer, waiting included.
    """

    def __init__(self, at_once: int, seconds: float) -> None:
        self._most = 2 * at_once
        self._seconds = seconds
        self._open = 0
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="serve")

    async def run(self, task: Callable[[], _Result], *, late: str) -> _Result:
        """Return what ``task`` returns, or raise what it raises.

        Args:
            task: Runs in a thread; it is not stopped when its time is up.
            late: What to tell the caller then.

        Raises:
            Problem: There is no room, or the time is up.
        """
        if self._open >= self._most:
            raise self._busy()
        self._open += 1
        running = self._pool.submit(task)
        finished = asyncio.wrap_future(running)
        finished.add_done_callback(self._one_less)
        await asyncio.wait({finished}, timeout=self._seconds)
        if finished.done():
            return finished.result()
        if running.cancel():
            raise self._busy()
        raise Problem("timeout", f"There is no result after {self._seconds:g} seconds.", hint=late, retryable=True)

    def close(self) -> None:
        """Wait for what runs; what has not begun does not begin."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _one_less(self, finished: asyncio.Future[_Result]) -> None:
        self._open -= 1
        if not finished.cancelled():
            # Nobody may be waiting for it any more.
            finished.exception()

    def _busy(self) -> Problem:
        return Problem(
            "busy",
            "The server already does as much as it may at the same time.",
            hint="Try again later, or raise serve.max_concurrent.",
            retryable=True,
            headers={"Retry-After": _COME_BACK_SECONDS},
        )
