"""Opens the state that the configuration names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mde_files.config import user_state_directory
from mde_files.state.memory import MemoryState
from mde_files.state.resilient import ResilientState

if TYPE_CHECKING:
    from mde_files.config import Config
    from mde_files.logs import EventLog
    from mde_files.state.interface import State

_SQLITE = "sqlite:///"
_FILE_NAME = "state.sqlite3"


def open_state(config: Config, log: EventLog) -> State:
    """Return the state that ``config`` names. What a file or a server lacks, and why, stands in its ``degraded``.

    Args:
        config: ``state`` is ``sqlite:///PATH``, ``redis://…``, ``rediss://…`` or ``memory:``; by default a file in the
            user's state folder.
        log: Told when the state is set aside, lost or found again.

    Raises:
        StateUnavailableError: It cannot be used, and ``state_required`` is set.
        InvalidConfigError: It can never be used: a package is missing, or the file is another program's.
    """
    if config.state is not None and config.state.reveal() == "memory:":
        return MemoryState()

    def connect() -> State:
        url = "" if config.state is None else config.state.reveal()
        if url.startswith(("redis://", "rediss://")):
            from mde_files.state.redis_state import RedisState

            return RedisState(url)
        from mde_files.state.sqlite import SqliteState

        path = Path(url[len(_SQLITE) :]).expanduser() if url else user_state_directory() / _FILE_NAME
        return SqliteState(path, log)

    return ResilientState(connect, required=config.state_required, log=log)
