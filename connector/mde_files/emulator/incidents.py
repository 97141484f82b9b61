"""The incidents of an emulated tenant, as plain data that clients change."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any


@dataclass
class IncidentComment:
    """A comment on an incident in Defender XDR and Microsoft Graph."""

    text: str
    author: str
    created: str


@dataclass
class SentinelComment:
    """A comment on an incident in Microsoft Sentinel; ``message`` is HTML."""

    message: str
    author: str
    created: str
    modified: str


@dataclass
class SentinelIncident:
    """Where an incident lies in Microsoft Sentinel, and what is kept there only.

    Attributes:
        subscription: Azure subscription.
        resource_group: Resource group.
        workspace: Log Analytics workspace.
        id: GUID of the incident.
        labels: ``{labelName, labelType}`` each.
        comments: Comments by their id.
        properties: Other properties that a client wrote, such as ``owner``.
        version: Counts changes; the etag is made from it.
    """

    subscription: str
    resource_group: str
    workspace: str
    id: str
    labels: list[dict[str, str]] = field(default_factory=list)
    comments: dict[str, SentinelComment] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    version: int = 1


@dataclass
class Incident:
    """An incident that names ``files`` (labels). Clients' tags and comments are kept here.

    Attributes:
        label: Its label.
        id: Number in Defender XDR and Microsoft Graph.
        title: Title.
        severity: Informational, Low, Medium or High.
        status: New, Active or Closed.
        created: When it was created.
        updated: When it was changed last.
        files: Labels of the files it is about.
        devices: ``{name, machine_id}`` of each device it is about.
        tags: Tags in Defender XDR and Microsoft Graph.
        comments: Comments there, oldest first.
        sentinel: Its place in Microsoft Sentinel, if it has one.
        redirects_to: Number of the incident it was merged into.
        tenant: Whose it is; None: every tenant's.
    """

    label: str
    id: int
    title: str
    severity: str = "Medium"
    status: str = "New"
    created: str = ""
    updated: str = ""
    files: list[str] = field(default_factory=list)
    devices: list[dict[str, str]] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    comments: list[IncidentComment] = field(default_factory=list)
    sentinel: SentinelIncident | None = None
    redirects_to: int | None = None
    tenant: str | None = None


def now_text() -> str:
    """Return the present moment with seven fractional digits, as the services write it."""
    return f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%S.%f}0Z"
