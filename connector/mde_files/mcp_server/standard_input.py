"""The lines of standard input, read so that nobody has to wait for the next one to be able to stop."""

from __future__ import annotations

import asyncio
import threading


class Lines:
    """Lines of a file descriptor, as an asynchronous iterator; made inside a running event loop.

    They are read by a thread that ends with the process. Reading in a thread that is waited for, as ``anyio`` does,
    would keep a server alive whose client reads no longer and has not closed its own end.

    Args:
        descriptor: Where lines come from; it is left open.
    """

    def __init__(self, descriptor: int = 0) -> None:
        self._descriptor = descriptor
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, name="standard-input", daemon=True).start()

    def __aiter__(self) -> Lines:
        return self

    async def __anext__(self) -> str:
        line = await self._lines.get()
        if line is None:
            raise StopAsyncIteration
        return line

    def _read(self) -> None:
        try:
            with open(self._descriptor, "rb", closefd=False) as stream:
                for line in stream:
                    self._hand_on(line.decode("utf-8", "replace"))
        except OSError:
            pass
        finally:
            self._hand_on(None)

    def _hand_on(self, line: str | None) -> None:
        try:
            self._loop.call_soon_threadsafe(self._lines.put_nowait, line)
        except RuntimeError:
            return  # the loop is closed: nobody listens any longer
