"""Opens the sink that a text names, and tells which calls the sinks of a configuration make."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from mde_files import schemas
from mde_files.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mde_files.config import Config
    from mde_files.connector import Connector
    from mde_files.manifest import Call, Manifest
    from mde_files.playbook.incident import Incident
    from mde_files.playbook.sinks.interface import Place, Sink

_KNOWN = "file:PATH, sentinel, graph, webhook, webhook:URL"
_LONGEST_NAME = 12
_GRAPH = "graph"
_AZURE = "azure_management"


def open_sink(text: str, connector: Connector, *, sleep: Callable[[float], None] = time.sleep) -> Sink:
    """Return the sink that ``text`` names. Nothing is asked before something is attached.

    Args:
        text: ``file:PATH``, ``sentinel``, ``graph``, ``webhook`` or ``webhook:URL``.
        connector: Gives the settings, state, sign-in and connections.
        sleep: Waits for seconds.

    Raises:
        InvalidInputError: There is no such sink.
        InvalidConfigError: It cannot be used as it is configured.
    """
    name, _, address = text.partition(":")
    opened = _OPENED.get(name)
    if opened is None or (name == "file") > bool(address) or (bool(address) and name not in _WITH_ADDRESS):
        # The rest of it may be the address of a webhook, which is a secret.
        told = f" {schemas.shown(name)} of this form" if name.isalpha() and len(name) <= _LONGEST_NAME else " like this"
        raise InvalidInputError(f"There is no sink{told}.", hint=f"Sinks: {_KNOWN}.")
    from mde_files.playbook.sinks.attaching import AttachingSink

    return AttachingSink(
        name,
        opened(address, connector, sleep),
        calls=_calls_of(name),
        tenant=connector.config.tenant_id,
        state=connector.service.state,
        log=connector.log,
        sleep=sleep,
    )


def permissions(config: Config, manifest: Manifest) -> list[tuple[str, Call]]:
    """Return every call that the sinks named in the configuration make, with the name of the sink."""
    return [(name, manifest.calls[call]) for name in config.sinks.names for call in _calls_of(name)]


def _calls_of(name: str) -> tuple[str, ...]:
    if name == "sentinel":
        from mde_files.playbook.sinks import sentinel

        return sentinel.CALLS
    if name == "graph":
        from mde_files.playbook.sinks import graph

        return graph.CALLS
    return ()


def _file(address: str, _connector: Connector, sleep: Callable[[float], None]) -> Callable[[Incident], Place]:
    from mde_files.playbook.sinks.incident_file import IncidentFile

    return lambda incident: IncidentFile(Path(address), incident, sleep)


def _sentinel(_address: str, connector: Connector, sleep: Callable[[float], None]) -> Callable[[Incident], Place]:
    from mde_files.playbook.sinks.sentinel import SentinelIncident, sentinel_place

    connector.service.tokens(_AZURE)

    def place_of(incident: Incident) -> Place:
        place = sentinel_place(incident, connector.config.sinks.sentinel)
        return SentinelIncident(place, lambda: connector.service.exchange(_AZURE), connector.manifest, sleep)

    return place_of


def _graph(_address: str, connector: Connector, sleep: Callable[[float], None]) -> Callable[[Incident], Place]:
    from mde_files.playbook.sinks.graph import GraphIncident, graph_incident_id

    connector.service.tokens(_GRAPH)

    def place_of(incident: Incident) -> Place:
        number = graph_incident_id(incident)
        return GraphIncident(number, lambda: connector.service.exchange(_GRAPH), connector.manifest, sleep)

    return place_of


def _webhook(address: str, connector: Connector, sleep: Callable[[float], None]) -> Callable[[Incident], Place]:
    from mde_files.playbook.sinks.webhook import Webhook, webhook_settings

    url, secret = webhook_settings(address, connector.config.sinks.webhook)
    return lambda incident: Webhook(incident, url, secret, connector.service.http, connector.log, sleep)


_OPENED: dict[str, Callable[[str, Connector, Callable[[float], None]], Callable[[Incident], Place]]] = {
    "file": _file,
    "sentinel": _sentinel,
    "graph": _graph,
    "webhook": _webhook,
}
_WITH_ADDRESS = ("file", "webhook")
