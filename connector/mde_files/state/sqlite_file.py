"""The SQLite file of a state: made for its owner only, judged when opened, set aside when it is spoiled."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import threading
import time
from contextlib import suppress
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from mde_files.deadline import Deadline
from mde_files.errors import InvalidConfigError
from mde_files.folder_lock import folder_lock
from mde_files.private_files import make_folder

if TYPE_CHECKING:
    from pathlib import Path

BUSY_SECONDS = 5.0
_APPLICATION_ID = 0x6D646566
_VERSION = 1
_OWNER_ONLY = 0o600
_OTHERS = 0o077
_WRITABLE_BY_OTHERS = 0o022
_LOCK_SECONDS = 5.0
_PAUSE = 0.005
_KEPT_ASIDE = 3
_SIGNS_OF_DAMAGE = ("no such table", "no such column", "has no column", "Could not decode")
_creating = threading.Lock()
_TABLES = {"entries", "totals", "clock"}
_SCHEMA = (
    """CREATE TABLE entries (
        key TEXT PRIMARY KEY NOT NULL, written REAL NOT NULL, expires REAL NOT NULL, counted INTEGER NOT NULL,
        value BLOB NOT NULL)""",
    "CREATE TABLE totals (grp TEXT PRIMARY KEY NOT NULL, counted INTEGER NOT NULL)",
    "CREATE TABLE clock (boot TEXT NOT NULL, shift REAL NOT NULL, wall REAL NOT NULL, swept REAL NOT NULL)",
    f"PRAGMA application_id = {_APPLICATION_ID}",
    f"PRAGMA user_version = {_VERSION}",
)


class SpoiledFileError(sqlite3.DatabaseError):
    """The file is a state of an older version of this package, or one that lost its mark."""


class NewerFileError(sqlite3.OperationalError):
    """The file is a state of a newer version of this package, which may be using it at this moment."""


def open_file(path: Path) -> sqlite3.Connection:
    """Return a connection to the state in ``path``, which is made when missing.

    Raises:
        InvalidConfigError: The file is another program's database.
        sqlite3.Error: It cannot be used; :func:`is_spoiled` tells whether to set it aside.
        OSError: It or its folder cannot be made.
    """
    # Closing any descriptor of a file drops SQLite's locks on it in this process: only new files are opened here.
    with _creating:
        _make(path)
    connection = sqlite3.connect(
        f"{path.as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        _prepare(connection, path)
    except UnicodeDecodeError:
        # SQLite quotes the damaged part, which is no text any more.
        connection.close()
        raise SpoiledFileError("its schema cannot be read") from None
    except BaseException:
        connection.close()
        raise
    return connection


def is_spoiled(error: sqlite3.Error) -> bool:
    """Tell whether ``error`` means that the file itself is broken, rather than locked, full or out of reach."""
    # SQLite's CORRUPT and NOTADB arrive as DatabaseError, everything about access and space as OperationalError.
    if isinstance(error, sqlite3.OperationalError):
        return any(sign in str(error) for sign in _SIGNS_OF_DAMAGE)
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.ProgrammingError)


def set_aside(path: Path, inode: int) -> Path | None:
    """Rename the spoiled file and return its new path; ``None`` when another process did so before.

    Raises:
        OSError: It cannot be renamed.
    """
    moment = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S.%fZ")
    aside = path.with_name(f"{path.name}.corrupt-{moment}")
    with folder_lock(path.parent, Deadline(_LOCK_SECONDS).remaining) as alone:
        if not alone:
            raise OSError(errno.EAGAIN, "another process keeps the folder locked")
        if inode_of(path) != inode:
            return None
        path.rename(aside)
        with suppress(FileNotFoundError):
            path.with_name(f"{path.name}-wal").rename(f"{aside}-wal")
        path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
        remove_set_aside(path, keep=_KEPT_ASIDE)
    return aside


def remove_set_aside(path: Path, keep: int = 0) -> None:
    """Remove what was set aside earlier, but for the newest ``keep``."""
    found = (file for file in path.parent.iterdir() if file.name.startswith(f"{path.name}.corrupt-"))
    files = sorted(file for file in found if not file.name.endswith("-wal"))
    for file in files[: max(0, len(files) - keep)]:
        file.unlink(missing_ok=True)
        file.with_name(f"{file.name}-wal").unlink(missing_ok=True)


def inode_of(path: Path) -> int | None:
    """Return the number of the file in its file system, or ``None`` when none can be reached."""
    try:
        return os.stat(path).st_ino  # noqa: PTH116 - on the way of every call, and faster
    except OSError:
        return None


def _make(path: Path) -> None:
    make_folder(path.parent)
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, _OWNER_ONLY))
    except FileExistsError:
        _check_owner(path)
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no ordinary file") from None
        if status.st_mode & _OTHERS and hasattr(os, "geteuid") and status.st_uid == os.geteuid():
            path.chmod(_OWNER_ONLY)


def _check_owner(path: Path) -> None:
    """Make sure that no other user laid the file or a link there: what is kept would be that person's to read.

    Raises:
        OSError: Somebody else did.
    """
    if not hasattr(os, "geteuid"):
        return
    if {path.lstat().st_uid, path.stat().st_uid} <= {os.geteuid(), 0}:
        return
    # Root may look after the file of a service; in a folder where anybody can lay files, it is nobody's.
    if os.geteuid() == 0 and not path.parent.stat().st_mode & _WRITABLE_BY_OTHERS:
        return
    raise OSError(errno.EPERM, "it belongs to another user")


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    deadline = Deadline(BUSY_SECONDS)
    while not _is_ours(connection, path):
        try:
            _fill(connection, path)
        except sqlite3.OperationalError as error:
            # SQLite does not wait by itself where two make one file ready for use at the same moment.
            if "locked" not in str(error) or deadline.expired:
                raise
            connection.rollback()
            time.sleep(_PAUSE)
    # What a power failure may cost is a cache and counts that the next start treats with care anyway.
    connection.execute("PRAGMA synchronous = OFF")


def _fill(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    if not _is_ours(connection, path):
        for statement in _SCHEMA:
            connection.execute(statement)
    connection.execute("COMMIT")


def _is_ours(connection: sqlite3.Connection, path: Path) -> bool:
    # Looked at first: whoever makes the file at this moment writes tables and ids in one step.
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if application == _APPLICATION_ID:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > _VERSION:
            raise NewerFileError(f"a newer mde-files made it: version {version}, and this one knows {_VERSION}")
        if version < _VERSION:
            raise SpoiledFileError(f"it has version {version} and this program knows version {_VERSION}")
        return True
    if not tables:
        return False
    if tables == _TABLES:
        raise SpoiledFileError("it lost its mark")
    raise InvalidConfigError(
        f"The file {str(path)!r} is another program's database.",
        hint="Name a file of its own in 'state', such as sqlite:////var/lib/mde-files/state.sqlite3.",
    )
