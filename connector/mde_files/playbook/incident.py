"""Incidents, whatever product they come from: which files they name, and where an answer can be attached."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

from mde_files import schemas
from mde_files.errors import InvalidInputError

FORMATS = ("sentinel_incident", "sentinel_alert", "defender_incident", "graph_alert", "plain")
"""Names of the formats, in the order in which they are recognized."""

_TITLES = {
    "sentinel_incident": "the incident trigger of Microsoft Sentinel",
    "sentinel_alert": "the alert trigger of Microsoft Sentinel",
    "defender_incident": "an incident of Microsoft Defender XDR",
    "graph_alert": "an alert or incident of Microsoft Graph security",
    "plain": "a plain incident (schemas/incident.schema.json)",
}
_MOST_IDS_SHOWN = 10


class ObservedFile(NamedTuple):
    """A file that an incident names.

    Attributes:
        hash: The best hash that is given for it, in lower case.
        kind: ``sha1``, ``sha256`` or ``md5``.
        names: File names given for it: hostile text.
        found_at: JSON Pointers to where it stands in the incident.
    """

    hash: str
    kind: str
    names: tuple[str, ...]
    found_at: tuple[str, ...]


class Skipped(NamedTuple):
    """A value that looks like a hash and is not asked for, and why."""

    value: str
    reason: str


class SentinelPlace(NamedTuple):
    """Where an incident lies in Microsoft Sentinel."""

    subscription: str
    resource_group: str
    workspace: str
    incident_id: str


class Incident(NamedTuple):
    """An incident, as every format is read into.

    Attributes:
        format: One of :data:`FORMATS`.
        id: The id that the format itself uses.
        title: Title, which can carry hostile text.
        severity: In lower case, such as ``high``; empty when it is not said.
        created_at: When it was created, RFC 3339 UTC; empty when it is not said.
        url: Address of its page (https); empty when there is none.
        defender_incident_id: Its id in Defender XDR and Microsoft Graph; empty when it has none.
        sentinel: Its place in Microsoft Sentinel, if it has one.
        tags: Tags it has.
        files: Files it names, each once.
        skipped: Values that are not asked for.
        document: The incident as it came.
        devices: Ids and DNS names of the devices it names, in lower case.
    """

    format: str
    id: str
    title: str
    severity: str
    created_at: str
    url: str
    defender_incident_id: str
    sentinel: SentinelPlace | None
    tags: tuple[str, ...]
    files: tuple[ObservedFile, ...]
    skipped: tuple[Skipped, ...]
    document: Mapping[str, Any]
    devices: tuple[str, ...] = ()


def read_incident(
    document: object, *, form: str | None = None, md5: bool = False, incident_id: str | None = None
) -> Incident:
    """Return the incident in a JSON document.

    Args:
        document: What a trigger or a service sent; also ``{"value": [incident]}``, as services list incidents.
        form: One of :data:`FORMATS`; by default the content decides.
        md5: Whether a file of which only the MD5 is known is asked for.
        incident_id: Chooses one incident of a list.

    Raises:
        InvalidInputError: The document is no incident of a known format, or a list that leaves the choice open.
    """
    if form is not None and form not in FORMATS:
        raise InvalidInputError(
            f"There is no incident format {schemas.shown(form)}.", hint=f"Formats: {', '.join(FORMATS)}."
        )
    chosen = _one(document, incident_id)
    candidates = FORMATS if form is None else (form,)
    for name in candidates:
        reader = import_module(f"mde_files.playbook.incident_formats.{name}")
        if form is not None or reader.recognizes(chosen):
            from mde_files.playbook.evidence import Evidence

            incident: Incident = reader.read(chosen, Evidence(md5=md5))
            return incident
    raise InvalidInputError(
        "The document is no incident of a known format.",
        hint=f"Known are {'; '.join(_TITLES.values())}. A format can be forced with --incident-format.",
    )


def _one(document: object, incident_id: str | None) -> Mapping[str, Any]:
    """Return the incident, or the one that is meant of a list of incidents."""
    listed = document.get("value") if isinstance(document, Mapping) else document
    if isinstance(listed, list):
        return _chosen([item for item in listed if isinstance(item, Mapping)], incident_id)
    if not isinstance(document, Mapping):
        raise InvalidInputError("The incident is no JSON object.", hint="Give the body that the trigger sends.")
    return document


def _chosen(incidents: list[Mapping[str, Any]], incident_id: str | None) -> Mapping[str, Any]:
    if incident_id is None and len(incidents) == 1:
        return incidents[0]
    ids = [str(item.get("incidentId") or item.get("id") or item.get("name") or "") for item in incidents]
    for item, known in zip(incidents, ids, strict=True):
        if incident_id is not None and known == incident_id:
            return item
    shown = ", ".join(schemas.shown(known) for known in ids[:_MOST_IDS_SHOWN] if known)
    raise InvalidInputError(
        f"The document lists {len(incidents)} incidents"
        + (", none of which is the one asked for." if incident_id is not None else "; which one is meant is not said."),
        hint=f"Choose one with --incident-id: {shown}." if shown else "Give one incident.",
    )
