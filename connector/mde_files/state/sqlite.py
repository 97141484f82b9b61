"""State in an SQLite file, for the processes of one machine."""

from __future__ import annotations

import sqlite3
import time
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from mde_files.state import host_clock
from mde_files.state.forking import ForkGuarded
from mde_files.state.interface import BackendUnavailableError, counted_bytes, eviction_target, group_of
from mde_files.state.sqlite_file import inode_of, is_spoiled, open_file, remove_set_aside, set_aside

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mde_files.logs import EventLog
    from mde_files.state.interface import Changed

    Result = TypeVar("Result")

_TRIES = 3
_SWEEP_SECONDS = 600.0
_NEVER_SHORTENED_SECONDS = 90000.0
_LAST_CHARACTER = "\U0010ffff"
_LATEST = 1e11
# SQLite keeps a value of any type in any column: what somebody wrote there by hand still has to be bytes and numbers.
_COUNTED = f"min(max(coalesce(CAST(counted AS INTEGER), 0), 0), {2**40})"
_READ = (
    "SELECT rowid, coalesce(CAST(value AS BLOB), x''), coalesce(CAST(expires AS REAL), 0.0), "  # noqa: S608 - constants
    f"{_COUNTED} FROM entries WHERE key = ?"
)
_REPLACE = "UPDATE entries SET written = ?, expires = ?, counted = ?, value = ? WHERE rowid = ?"
_INSERT = "INSERT INTO entries (written, expires, counted, value, key) VALUES (?, ?, ?, ?, ?)"
_ADD = (
    "INSERT INTO totals (grp, counted) VALUES (?, ?) "
    "ON CONFLICT (grp) DO UPDATE SET counted = counted + excluded.counted"
)
_TOTAL = "SELECT coalesce(CAST(counted AS INTEGER), 0) FROM totals WHERE grp = ?"
_DELETE_UNDER = "DELETE FROM entries WHERE key >= ? AND key < ?"
_COUNT_UNDER = f"SELECT count(*), coalesce(sum({_COUNTED}), 0) FROM entries WHERE key >= ? AND key < ? AND expires > ?"  # noqa: S608 - constants
_OLDEST_UNDER = f"SELECT rowid, {_COUNTED} FROM entries WHERE key >= ? AND key < ? ORDER BY written"  # noqa: S608 - constants
_RECOUNT = (
    "INSERT INTO totals "  # noqa: S608 - constants
    f"SELECT substr(key, 1, instr(key || '/', '/') - 1) AS grp, sum({_COUNTED}) FROM entries GROUP BY grp"
)
_LAST_WRITTEN = "SELECT coalesce(max(CAST(written AS REAL)), 0.0) FROM entries WHERE written BETWEEN 0 AND ?"
_CLOCK = "SELECT boot, shift, wall, swept FROM clock"


class SqliteState(ForkGuarded):
    """Keeps entries in one file that only its owner may read. Safe between threads, processes and over forks.

    One connection, guarded by a lock: SQLite lets one writer in at a time anyway.

    Args:
        path: The file; it and its folder are made when missing.
        log: Told when the file is set aside because it is spoiled.
        clock: Seconds that all processes of this machine have in common.
        boot: Tells one start of the machine from another.

    Raises:
        BackendUnavailableError: The file cannot be used.
        InvalidConfigError: It is another program's database.
    """

    shared = True

    def __init__(
        self,
        path: Path,
        log: EventLog,
        *,
        clock: Callable[[], float] = host_clock.now,
        boot: Callable[[], str] = host_clock.boot_marker,
    ) -> None:
        super().__init__()
        self._path = path.absolute()
        self._log = log
        self._clock = clock
        self._boot = boot
        self._shift = 0.0
        self._sweep_at = 0.0
        self._failures = 0
        self._inode: int | None = None
        self._connection: sqlite3.Connection | None = None
        self._run(lambda _connection: None)

    def now(self) -> float:
        """Return seconds on the clock kept in the file; it stands still while the machine is off."""
        return self._clock() + self._shift

    def get(self, key: str) -> bytes | None:
        """Return what is kept under ``key``, or ``None``."""
        row = self._run(lambda connection: connection.execute(_READ, (key,)).fetchone())
        return row[1] if row is not None and row[2] > self.now() else None

    def update(
        self, key: str, change: Callable[[bytes | None], tuple[bytes | None, Changed]], *, keep_seconds: float
    ) -> Changed:
        """Replace what is kept under ``key`` in one transaction."""

        def step(connection: sqlite3.Connection) -> Changed:
            row = connection.execute(_READ, (key,)).fetchone()
            kept = row[1] if row is not None and row[2] > self.now() else None
            value, result = change(kept)
            if value is None or value != kept:
                self._write(connection, key, row, value, keep_seconds)
            return result

        return self._run(lambda connection: _in_transaction(connection, step))

    def purge(self, prefix: str = "") -> int:
        """Remove every entry whose key begins with ``prefix``, and the bytes from the file; return how many there were.

        Without a prefix, files that were set aside go too.
        """
        bounds = (prefix, prefix + _LAST_CHARACTER)

        def step(connection: sqlite3.Connection) -> int:
            removed = connection.execute(_DELETE_UNDER, bounds).rowcount
            _recount(connection)
            return removed

        def whole(connection: sqlite3.Connection) -> int:
            removed = _in_transaction(connection, step)
            with suppress(sqlite3.OperationalError):
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return removed

        removed = self._run(whole)
        if not prefix:
            with suppress(OSError):
                remove_set_aside(self._path)
        return removed

    def size(self, prefix: str = "") -> tuple[int, int]:
        """Return how many entries begin with ``prefix`` and the bytes they take."""
        bounds = (prefix, prefix + _LAST_CHARACTER, self.now())
        entries, counted = self._run(lambda connection: connection.execute(_COUNT_UNDER, bounds).fetchone())
        return entries, counted

    def evict(self, prefix: str, max_bytes: int) -> int:
        """Bound the bytes of the entries that begin with ``prefix``, those written longest ago first."""
        if "/" in prefix:
            total = self._run(lambda connection: connection.execute(_TOTAL, (group_of(prefix),)).fetchone())
            if total is None or total[0] <= max_bytes:
                return 0

        def step(connection: sqlite3.Connection) -> int:
            self._sweep(connection)
            found = connection.execute(_OLDEST_UNDER, (prefix, prefix + _LAST_CHARACTER)).fetchall()
            excess = sum(counted for _, counted in found)
            excess = excess - eviction_target(max_bytes) if excess > max_bytes else 0
            removed = 0
            while excess > 0:
                excess -= found[removed][1]
                removed += 1
            connection.executemany("DELETE FROM entries WHERE rowid = ?", ((row[0],) for row in found[:removed]))
            _recount(connection)
            return removed

        return self._run(lambda connection: _in_transaction(connection, step))

    def close(self) -> None:
        """Close the file; it is opened again when something is asked."""
        with self.guard:
            self._disconnect()

    def before_fork(self) -> None:
        """Close the file: a connection must not live on in two processes."""
        super().before_fork()
        self._disconnect()

    def _run(self, operation: Callable[[sqlite3.Connection], Result]) -> Result:
        failures = self._failures
        with self.guard:
            if self._failures != failures:
                # Whoever waited for a thread that waited in vain does not do the same.
                raise self._unavailable("it has just failed another thread")
            try:
                return self._tried(operation)
            except BackendUnavailableError:
                self._failures += 1
                raise

    def _tried(self, operation: Callable[[sqlite3.Connection], Result]) -> Result:
        for tried in range(1, _TRIES + 1):
            try:
                return operation(self._connected())
            except OSError as error:
                self._disconnect()
                raise self._unavailable(error.strerror or type(error).__name__) from None
            except sqlite3.Error as error:
                self._disconnect()
                # Another process may set the file aside while it is opened here: the next try finds a new one.
                if tried == _TRIES or not (is_spoiled(error) or inode_of(self._path) != self._inode):
                    raise self._unavailable(str(error)) from None
                if is_spoiled(error):
                    self._set_aside(str(error))
        raise AssertionError  # pragma: no cover - the last try returns or raises

    def _connected(self) -> sqlite3.Connection:
        inode = inode_of(self._path)
        if self._connection is not None:
            if inode == self._inode:
                return self._connection
            # The file was set aside or removed by somebody else.
            self._disconnect()
        self._inode = inode
        connection = open_file(self._path)
        self._inode = inode_of(self._path)
        self._connection = connection
        self._set_clock(connection)
        return connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _set_aside(self, trouble: str) -> None:
        try:
            aside = set_aside(self._path, self._inode or 0)
        except OSError as error:
            raise self._unavailable(f"{trouble}, and it cannot be renamed: {error.strerror}") from None
        if aside is not None:
            self._log.warning("state_set_aside", path=self._path, renamed_to=aside.name, reason=trouble)

    def _unavailable(self, trouble: str) -> BackendUnavailableError:
        return BackendUnavailableError(f"the file {str(self._path)!r} cannot be used ({trouble})")

    def _set_clock(self, connection: sqlite3.Connection) -> None:
        """Let the file's clock go on from where it stood before this machine was last started."""
        boot = self._boot()
        row = self._clock_row(connection)
        if row is None or not host_clock.same_boot(row[0], boot):
            row = _in_transaction(connection, lambda connection: self._rebase(connection, boot))
        self._shift = row[1]
        self._sweep_at = row[3] + _SWEEP_SECONDS

    def _rebase(self, connection: sqlite3.Connection, boot: str) -> tuple[str, float, float, float]:
        wall = time.time()
        row = self._clock_row(connection)
        if row is not None and host_clock.same_boot(row[0], boot):
            return row
        last: float = connection.execute(_LAST_WRITTEN, (_LATEST,)).fetchone()[0]
        if row is not None:
            # Age counts while the machine is off, by the wall clock; never so that a window of the quota ends early.
            connection.execute(
                "UPDATE entries SET expires = max(min(expires, ?), expires - ?)",
                (last + _NEVER_SHORTENED_SECONDS, max(0.0, wall - row[2])),
            )
        connection.execute("DELETE FROM clock")
        row = (boot, last - self._clock(), wall, last)
        connection.execute("INSERT INTO clock (boot, shift, wall, swept) VALUES (?, ?, ?, ?)", row)
        return row

    def _clock_row(self, connection: sqlite3.Connection) -> tuple[str, float, float, float] | None:
        """Return the file's clock; ``None`` when it has none, or one that cannot be right."""
        boot, *numbers = connection.execute(_CLOCK).fetchone() or (None,)
        if not isinstance(boot, str) or not all(isinstance(number, float) for number in numbers):
            return None
        shift, wall, swept = numbers
        if not (abs(shift) < _LATEST and abs(wall) < _LATEST and 0 <= swept < _LATEST):
            return None
        # Time never goes back behind a moment that it has told.
        is_back = host_clock.same_boot(boot, self._boot()) and self._clock() + shift < swept
        return None if is_back else (boot, shift, wall, swept)

    def _write(
        self,
        connection: sqlite3.Connection,
        key: str,
        row: tuple[int, bytes, float, int] | None,
        value: bytes | None,
        keep_seconds: float,
    ) -> None:
        counted = 0
        now = self.now()
        if value is not None:
            counted = counted_bytes(key, value)
            fields = (now, now + keep_seconds, counted, value)
            if row is None:
                connection.execute(_INSERT, (*fields, key))
            else:
                connection.execute(_REPLACE, (*fields, row[0]))
        elif row is not None:
            connection.execute("DELETE FROM entries WHERE rowid = ?", (row[0],))
        more = counted - (row[3] if row is not None else 0)
        if more:
            connection.execute(_ADD, (group_of(key), more))
        if now >= self._sweep_at:
            self._sweep(connection)

    def _sweep(self, connection: sqlite3.Connection) -> None:
        now = self.now()
        connection.execute("DELETE FROM entries WHERE expires <= ?", (now,))
        connection.execute("UPDATE clock SET swept = ?, wall = ?", (now, time.time()))
        _recount(connection)
        self._sweep_at = now + _SWEEP_SECONDS


def _in_transaction(connection: sqlite3.Connection, step: Callable[[sqlite3.Connection], Result]) -> Result:
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = step(connection)
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.rollback()
        raise
    return result


def _recount(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM totals")
    connection.execute(_RECOUNT)
