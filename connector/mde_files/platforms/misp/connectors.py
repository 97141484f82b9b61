"""The connectors of a misp-modules server, which lives long and is asked by many threads.

Every query brings its settings along.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mde_files.logs import LEVELS
from mde_files.platforms import running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mde_files.connector import Connector

# MISP waits 10 seconds for an expansion and 5 for a hover (Plugin.Enrichment_timeout, Plugin.Enrichment_hover_timeout).
EXPANSION_LIMITS = {"timeouts.total": 9.0, "quota.max_wait_seconds": 5.0}
HOVER_LIMITS = {"timeouts.total": 4.5, "quota.max_wait_seconds": 2.0}
_MOST_KEPT = 8
_SERVER_LOG = logging.getLogger("misp-modules")


class Connectors:
    """Connectors by their settings, at most ``most`` besides those in use; the longest unused is closed first.

    Thread-safe.
    """

    def __init__(self, most: int = _MOST_KEPT) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: dict[str, Connector] = {}
        self._users: dict[str, int] = {}

    @contextmanager
    def lent(self, config: Mapping[str, Any], *, hover: bool) -> Iterator[Connector]:
        """Yield the connector for a module's settings, which stays open at least until it is given back.

        Args:
            config: The module's settings in MISP, by name; all of them may be texts.
            hover: Whether it answers within the time that MISP waits for a hover, whatever the settings say.

        Raises:
            InvalidConfigError: The settings cannot be used; the hint names them.
        """
        values, limits = dict(config), EXPANSION_LIMITS
        if hover:
            limits = HOVER_LIMITS
            for key in limits:
                values.pop(key.replace(".", "_"), None)
        document = json.dumps(running.configuration_of(values, limits), sort_keys=True)
        key = hashlib.sha256(document.encode()).hexdigest()
        with self._lock:
            connector = self._kept.pop(key, None) or running.connector(values, defaults=limits, write_log=_write)
            self._kept[key] = connector
            self._users[key] = self._users.get(key, 0) + 1
        try:
            yield connector
        finally:
            self._give_back(key)

    def close(self) -> None:
        """Close every connector."""
        with self._lock:
            kept, self._kept = self._kept, {}
        for connector in kept.values():
            connector.close()

    def _give_back(self, key: str) -> None:
        with self._lock:
            self._users[key] -= 1
            if not self._users[key]:
                del self._users[key]
            unused = [kept for kept in self._kept if kept not in self._users]
            closing = [self._kept.pop(kept) for kept in unused[: max(0, len(self._kept) - self._most)]]
        for connector in closing:
            connector.close()


def _write(level: str, line: str) -> None:
    _SERVER_LOG.log(LEVELS[level], "%s", line)
