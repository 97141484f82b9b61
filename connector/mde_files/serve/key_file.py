"""The API keys as the configuration has them now: a key that is taken out there is refused without a restart."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mde_files.errors import MdeFilesError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mde_files.logs import EventLog
    from mde_files.serve.settings import ApiKey, ServeSettings


class KnownKeys:
    """The keys of a configuration, read anew when its file changes.

    Args:
        settings: The configuration at the start.
        load: Reads it again.
        log: Is told of keys that could not be read; those known before stay valid then.
    """

    def __init__(self, settings: ServeSettings, load: Callable[[], ServeSettings], log: EventLog) -> None:
        self._path = settings.path
        self._tenants = settings.tenants
        self._load = load
        self._log = log
        self._keys: Sequence[ApiKey] = settings.keys
        self._seen = self._mark()

    def current(self) -> Sequence[ApiKey]:
        """Return the keys that are valid now."""
        mark = self._mark()
        if mark != self._seen:
            self._seen = mark
            try:
                read = self._load().keys
            except MdeFilesError as error:
                self._log.warning("keys_not_read", message=error.message)
            else:
                # A tenant that came with the change is served after a restart.
                self._keys = [key for key in read if key.tenant in self._tenants]
                self._log.info("keys_read", keys=len(self._keys))
        return self._keys

    def _mark(self) -> tuple[int, ...]:
        if self._path is None:
            return ()
        try:
            status = os.stat(self._path)  # noqa: PTH116 - one call for each request
        except OSError:
            return (0,)
        return (status.st_mtime_ns, status.st_size, status.st_ino)
