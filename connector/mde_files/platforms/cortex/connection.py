"""The connector that an analyzer's settings stand for, with the proxy, certificates and state that suit Cortex."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mde_files.platforms import running

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mde_files.connector import Connector
    from mde_files.platforms.cortex.job_folder import JobFolder
    from mde_files.state import State

STATE_FOLDER_VARIABLE = "MDE_FILES_STATE_FOLDER"


def connector(config: Mapping[str, Any], folder: JobFolder) -> Connector:
    """Return the connector for a job.

    Args:
        config: The job's ``config``: the analyzer's settings together with what Cortex adds to every analyzer.
        folder: Where the job lies; Cortex puts its own certificate authorities there.

    Raises:
        InvalidConfigError: The settings cannot be used.
    """
    values = {**config, "proxy": proxy_of(config)}
    authorities = folder.certificate_authorities()
    defaults: dict[str, Any] = {} if authorities is None else {"ca_bundle": str(authorities)}
    state: State | None = None
    place = os.environ.get(STATE_FOLDER_VARIABLE)
    if place:
        mounted = os.access(place, os.W_OK | os.X_OK)
        defaults["token_cache"] = str(Path(place) / "tokens.json") if mounted else "off"
        if mounted:
            defaults["state"] = f"sqlite:///{Path(place) / 'state.sqlite3'}"
        elif "state" not in running.configuration_of(values):
            state = _unshared(place)
    return running.connector(values, defaults=defaults, state=state)


def proxy_of(config: Mapping[str, Any]) -> str | None:
    """Return the proxy: the analyzer's own, or else the one that Cortex has for ``https`` or ``http``.

    Cortex writes its own ones as an object under the very name of the analyzer's setting, and as two settings.
    """
    given = config.get("proxy")
    if isinstance(given, str) and given.strip():
        return given
    of_cortex = given if isinstance(given, dict) else {}
    for kind in ("https", "http"):
        for value in (of_cortex.get(kind), config.get(f"proxy_{kind}")):
            if isinstance(value, str) and value.strip():
                return value
    return None


def _unshared(place: str) -> State:
    """Return a state of this process that says so in every record: each job has a container of its own."""
    from mde_files.logs import EventLog
    from mde_files.state import BackendUnavailableError, ResilientState

    def connect() -> State:
        raise BackendUnavailableError(f"no volume is mounted at {place}, and the setting 'state' names no Redis")

    return ResilientState(connect, required=False, log=EventLog())
