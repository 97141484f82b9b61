"""Lets one process at a time change the files of a folder, without a lock file that a killed one would leave behind."""

from __future__ import annotations

import errno
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_PAUSE = 0.01
_TAKEN = (errno.EAGAIN, errno.EACCES)


@contextmanager
def folder_lock(
    folder: Path, remaining: Callable[[], float], sleep: Callable[[float], None] = time.sleep
) -> Iterator[bool]:
    """Hold the lock of a folder against other processes and threads; the system frees it when the process dies.

    Args:
        folder: The folder.
        remaining: Seconds that are left to wait: whoever may read a folder can keep it locked for ever.
        sleep: Waits for seconds.

    Yields:
        Whether nobody else holds it. Where there are no locks (Windows, some network file systems) that is taken for
        granted.

    Raises:
        OSError: There is no such folder, or it cannot be read.
    """
    try:
        import fcntl
    except ImportError:  # pragma: no cover - no such machine is at hand
        yield True
        return

    def take() -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            return error.errno not in _TAKEN
        return True

    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        while not (taken := take()):
            if remaining() <= _PAUSE:
                break
            sleep(_PAUSE)
        yield taken
    finally:
        os.close(descriptor)
