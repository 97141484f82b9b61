"""The connectors of a worker process: one for each tenant, made when its first task comes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from mde_files import config
from mde_files.connector import Connector

if TYPE_CHECKING:
    from collections.abc import Callable

    from mde_files.config import Config

# Longer waits are for the queue: meanwhile the worker does something else.
_LONGEST_WAIT_SECONDS = 1.0


class Connectors:
    """Connectors by the tenant's name. Thread-safe; made after the fork, since nothing is asked before it.

    Args:
        load: Returns the configuration of a tenant; ``None``: the one without a name.
    """

    def __init__(self, load: Callable[[str | None], Config] = lambda tenant: config.load(tenant=tenant)) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._made: dict[str | None, Connector] = {}

    def of(self, tenant: str | None) -> Connector:
        """Return the connector of a tenant.

        Raises:
            InvalidConfigError: The configuration of this worker cannot be used, or has no such tenant.
        """
        with self._lock:
            connector = self._made.get(tenant)
            if connector is None:
                configured = self._load(tenant)
                wait = min(configured.quota.max_wait_seconds, _LONGEST_WAIT_SECONDS)
                quota = configured.quota._replace(max_wait_seconds=wait)
                connector = self._made[tenant] = Connector(configured._replace(quota=quota))
            return connector

    def close(self) -> None:
        """Close every connector."""
        with self._lock:
            made, self._made = self._made, {}
        for connector in made.values():
            connector.close()
