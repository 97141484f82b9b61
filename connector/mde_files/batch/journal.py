"""The output file of a batch: one JSON line for each result, only ever appended to, by one batch at a time."""

from __future__ import annotations

import os
import stat
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NoReturn

from mde_files.errors import InvalidInputError, StateUnavailableError

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows refuses a second writer by itself
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

_OWNER_ONLY = 0o600
_BLOCK = 1024 * 1024
_SYNC_SECONDS = 5.0
_FLAGS = os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class Journal:
    """An open output file. Whole lines are handed to the system at once; a crash can tear the last one only.

    Args:
        path: The file; it is made with mode 0600.
        resume: Whether it may exist.
        sync_seconds: After how many seconds at most the lines are on the disk itself.

    Raises:
        InvalidInputError: It exists and may not, another batch writes to it, or it cannot be made.
    """

    def __init__(self, path: Path, *, resume: bool, sync_seconds: float = _SYNC_SECONDS) -> None:
        self.path = path.resolve()
        self._sync_seconds = sync_seconds
        self._synced = time.monotonic()
        flags = _FLAGS | os.O_CREAT | (0 if resume else os.O_EXCL)
        self._descriptor = self._open(path, flags)
        # Whoever tidied the file up meanwhile put another one in its place.
        while not self._is_in_place():
            os.close(self._descriptor)
            self._descriptor = self._open(path, flags)
        self.size = os.fstat(self._descriptor).st_size

    def _open(self, path: Path, flags: int) -> int:
        try:
            descriptor = os.open(self.path, flags, _OWNER_ONLY)
        except FileExistsError:
            refuse_existing(path)
        except OSError as error:
            raise InvalidInputError(
                f"The output {str(path)!r} cannot be written: {error.strerror}.",
                hint="Name a file in an existing folder that you may write to.",
            ) from None
        try:
            self._check_kind(descriptor)
            self._lock(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def _check_kind(self, descriptor: int) -> None:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise InvalidInputError(
                f"The output {str(self.path)!r} is no ordinary file.", hint="Name a file, new or of an earlier batch."
            )

    def append(self, lines: Iterable[bytes]) -> None:
        """Write lines, each with its line break; they are with the system when this returns.

        Raises:
            StateUnavailableError: The disk is full or broken, and no torn line is left behind; or the file was taken
                away.
        """
        self._append(lines)
        self._check_place()
        if time.monotonic() - self._synced >= self._sync_seconds:
            self._sync()

    def _append(self, lines: Iterable[bytes]) -> None:
        block: list[bytes] = []
        length = 0
        for line in lines:
            block.append(line)
            length += len(line)
            if length >= _BLOCK:
                self._write(b"".join(block))
                block, length = [], 0
        if block:
            self._write(b"".join(block))

    def sync(self) -> None:
        """Bring everything written to the disk itself.

        Raises:
            StateUnavailableError: The disk is broken, or the file was taken away.
        """
        self._check_place()
        self._sync()

    def _sync(self) -> None:
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            self._fail(error)
        self._synced = time.monotonic()

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield each line with its place in the file; one that lacks its line break was torn.

        Raises:
            StateUnavailableError: The file cannot be read any more.
        """
        offset = 0
        with self._reading() as file:
            for line in file:
                yield offset, line
                offset += len(line)

    def line_at(self, offset: int) -> bytes:
        """Return the line at a place in the file.

        Raises:
            StateUnavailableError: The file cannot be read any more.
        """
        with self._reading() as file:
            file.seek(offset)
            return file.readline()

    @contextmanager
    def _reading(self) -> Iterator[BinaryIO]:
        try:
            with self.path.open("rb") as file:
                yield file
        except OSError as error:
            self._fail(error)

    def cut(self, size: int) -> None:
        """Remove what stands after the first ``size`` bytes.

        Raises:
            StateUnavailableError: The disk is broken.
        """
        try:
            os.ftruncate(self._descriptor, size)
        except OSError as error:
            self._fail(error)
        self.size = size
        self._sync()

    def keep(self, is_kept: Callable[[int], bool]) -> None:
        """Replace the file by one of the lines whose place in the file ``is_kept`` accepts, as one step.

        Raises:
            StateUnavailableError: There is no room for the new file; the old one is as it was.
        """
        fresh = self.path.with_name(f".{self.path.name}.new")
        before = self._descriptor
        try:
            fresh.unlink(missing_ok=True)
            self._descriptor = os.open(fresh, _FLAGS | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        except OSError as error:
            self._fail(error)
        size, self.size = self.size, 0
        try:
            self._lock(self._descriptor)
            self._append(line for offset, line in self.lines() if is_kept(offset))
            self._sync()
            if fcntl is None:
                os.close(before)
            fresh.replace(self.path)
        except BaseException as error:
            os.close(self._descriptor)
            self._descriptor, self.size = before, size
            with suppress(OSError):
                fresh.unlink()
            if isinstance(error, OSError):
                self._fail(error)
            raise
        if fcntl is not None:
            os.close(before)

    def close(self) -> None:
        """Close the file; what was written is with the system already."""
        os.close(self._descriptor)

    def _write(self, block: bytes) -> None:
        rest = memoryview(block)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._descriptor, self.size)
            self._fail(error)
        self.size += len(block)

    def _is_in_place(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self._descriptor), self.path.stat())
        except OSError:
            return False

    def _check_place(self) -> None:
        """Make sure that what is written here is what people find under the file's name."""
        if not self._is_in_place():
            raise StateUnavailableError(
                f"The output {str(self.path)!r} was removed or replaced while the batch wrote to it.",
                hint="Leave it alone until the batch is done; start the same batch with --resume to ask again.",
            )

    def _fail(self, error: OSError) -> NoReturn:
        raise StateUnavailableError(
            f"The output {str(self.path)!r} cannot be used any more: {error.strerror}.",
            hint="Make room, then start the same batch with --resume: what is written is not asked again.",
        ) from None

    def _lock(self, descriptor: int) -> None:
        if fcntl is None:
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InvalidInputError(
                f"Another batch is writing to {str(self.path)!r}.", hint="Wait for it, or name another output."
            ) from None
        except OSError:
            # Some network file systems have no locks; there, two batches with one output are not told apart.
            return


def refuse_existing(path: Path) -> NoReturn:
    """Say that an output exists.

    Raises:
        InvalidInputError: Always.
    """
    raise InvalidInputError(
        f"The output {str(path)!r} exists already.", hint="Go on with it by --resume, or name another file."
    )
