"""Attaches to incidents of Microsoft Sentinel: one comment for each playbook, written over in place, and labels.

Reference: Microsoft Learn, REST API "Security Insights", "Incident Comments - Create Or Update" and "Incidents - Create
Or Update"; "Service limits for Microsoft Sentinel": 30,000 characters a comment, 100 comments an incident.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from mde_files.errors import InvalidInputError, UpstreamError
from mde_files.playbook.sinks.calling import IncidentCalls, write_once
from mde_files.playbook.sinks.interface import Look
from mde_files.render.comment import digest, footer_digest, sentinel_html

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mde_files.deadline import Deadline
    from mde_files.manifest import Manifest
    from mde_files.playbook.attachment import Attachment
    from mde_files.playbook.incident import Incident, SentinelPlace
    from mde_files.playbook.sinks.history import History
    from mde_files.sink_config import SentinelWorkspace
    from mde_files.transport.exchange import Exchange

CALLS = ("sentinel_incident", "sentinel_comment", "sentinel_comment_update", "sentinel_incident_update")
_COMMENTS = UUID("9a3f2c53-7c07-5d0b-8a6e-0c2f5a1f7e42")
_MOST_COMMENTS = 100
_SEGMENT = re.compile(r"[\w(-][\w().-]{0,127}")
_PORTAL = "https://portal.azure.com/#asset/Microsoft_Azure_Security_Insights/Incident"
# What an update replaces when it is left out.
_WRITABLE = (
    "title",
    "severity",
    "status",
    "description",
    "owner",
    "labels",
    "classification",
    "classificationComment",
    "classificationReason",
    "firstActivityTimeUtc",
    "lastActivityTimeUtc",
)


class SentinelIncident:
    """An incident of Microsoft Sentinel; implements ``Place``.

    Args:
        place: Where it lies.
        exchange: Makes the exchange with Azure Resource Manager.
        manifest: Declares the calls.
        sleep: Waits for seconds.
    """

    def __init__(
        self,
        place: SentinelPlace,
        exchange: Callable[[], Exchange],
        manifest: Manifest,
        sleep: Callable[[float], None],
    ) -> None:
        self.key = "/".join(part.lower() for part in place)
        self._id = place.incident_id
        self._where = f"the workspace {place.workspace!r} (resource group {place.resource_group!r})"
        parts = {
            "subscription": place.subscription,
            "resource_group": place.resource_group,
            "workspace": place.workspace,
            "incident": place.incident_id,
        }
        self._calls = IncidentCalls(exchange, manifest, parts)
        self._sleep = sleep
        self._has_comment = False
        self._comments = 0

    def look(self, playbook: str, history: History | None, deadline: Deadline) -> Look:  # noqa: ARG002 - it tells itself
        """Return what is there."""
        incident = self._incident(deadline)
        comment = self._calls.ask("sentinel_comment", deadline, comment=self._comment_id(playbook))
        self._has_comment = comment is not None
        self._comments = _count(incident["properties"])
        text = comment["properties"]["message"] if comment is not None else ""
        return Look(
            url=_address(incident),
            # A comment that somebody wrote over is no attachment any more, and written anew in its place.
            digest=footer_digest(text, playbook) or ("" if comment is not None else None),
            tags=tuple(_name(label) for label in _labels(incident)),
        )

    def write(self, attachment: Attachment, changes: Sequence[str], deadline: Deadline) -> None:
        """Write the comment of the playbook."""
        if not self._has_comment and self._comments >= _MOST_COMMENTS:
            raise UpstreamError(
                f"The incident has {self._comments} comments, and Microsoft Sentinel keeps {_MOST_COMMENTS}; "
                "nothing was attached.",
                hint="Delete comments that are no longer needed, then run the playbook again.",
                retryable=False,
            )
        body = {"properties": {"message": sentinel_html(attachment, changes)}}
        comment_id = self._comment_id(attachment.playbook)

        def write() -> None:
            if self._calls.ask("sentinel_comment_update", deadline, body, comment=comment_id) is None:
                raise self._unknown()

        def is_there() -> bool:
            comment = self._calls.ask("sentinel_comment", deadline, comment=comment_id)
            text = comment["properties"]["message"] if comment is not None else ""
            return footer_digest(text, attachment.playbook) == digest(attachment)

        write_once(write, is_there, deadline=deadline, sleep=self._sleep, already_repeated=True)

    def tag(self, tags: Sequence[str], deadline: Deadline) -> None:
        """Add labels: the whole incident is written back, unless it changed since it was read."""
        incident = self._incident(deadline)

        def missing() -> list[str]:
            known = {_name(label).casefold() for label in _labels(incident)}
            return [tag for tag in tags if tag.casefold() not in known]

        def write() -> None:
            properties = incident["properties"]
            kept = {name: properties[name] for name in _WRITABLE if name in properties}
            labels = [*_labels(incident), *({"labelName": tag, "labelType": "User"} for tag in missing())]
            body: dict[str, Any] = {"properties": {**kept, "labels": labels}}
            if "etag" in incident:
                body["etag"] = incident["etag"]
            if self._calls.ask("sentinel_incident_update", deadline, body) is None:
                raise self._unknown()

        def is_there() -> bool:
            nonlocal incident
            incident = self._incident(deadline)
            return not missing()

        if missing():
            write_once(write, is_there, deadline=deadline, sleep=self._sleep, already_repeated=True)

    def _incident(self, deadline: Deadline) -> dict[str, Any]:
        incident = self._calls.ask("sentinel_incident", deadline)
        if incident is None:
            raise self._unknown()
        return incident

    def _comment_id(self, playbook: str) -> str:
        return str(uuid5(_COMMENTS, f"{self._id.lower()}\n{playbook}"))

    def _unknown(self) -> InvalidInputError:
        return InvalidInputError(
            f"Microsoft Sentinel knows no incident {self._id!r} in {self._where}.",
            hint="Check sinks.sentinel, and whether the incident still exists.",
        )


def sentinel_place(incident: Incident, workspace: SentinelWorkspace | None) -> SentinelPlace:
    """Return where an incident lies in Microsoft Sentinel.

    Args:
        incident: The incident.
        workspace: The workspace of the configuration; ``None``: whichever the incident names.

    Raises:
        InvalidInputError: It says nothing of Sentinel, lies in another workspace, or its names can be none.
    """
    place = incident.sentinel
    if place is None:
        raise InvalidInputError(
            "The incident does not say where it lies in Microsoft Sentinel.",
            hint="Give the body of Sentinel's incident trigger, or a plain incident with 'sentinel'.",
        )
    if workspace is not None and tuple(map(str.lower, place[:3])) != tuple(map(str.lower, workspace)):
        raise InvalidInputError(
            "The incident lies in another Microsoft Sentinel workspace than the configuration names.",
            hint=f"sinks.sentinel names {workspace.workspace!r} in {workspace.resource_group!r}; "
            "use the configuration of the incident's own workspace.",
        )
    if not all(map(_SEGMENT.fullmatch, place)):
        raise InvalidInputError(
            "The incident's place in Microsoft Sentinel has names that no subscription, resource group, workspace or "
            "incident can have.",
            hint="Give the incident as Sentinel sent it.",
        )
    return place


def _address(incident: Mapping[str, Any]) -> str:
    address = incident["properties"].get("incidentUrl")
    if isinstance(address, str) and address.startswith("https://") and address.isprintable():
        return address
    return f"{_PORTAL}{incident.get('id', '')}"


def _labels(incident: Mapping[str, Any]) -> list[dict[str, Any]]:
    labels = incident["properties"].get("labels")
    return [label for label in labels if isinstance(label, dict)] if isinstance(labels, list) else []


def _name(label: Mapping[str, Any]) -> str:
    return str(label.get("labelName", ""))


def _count(properties: Mapping[str, Any]) -> int:
    additional = properties.get("additionalData")
    count = additional.get("commentsCount") if isinstance(additional, dict) else None
    return count if isinstance(count, int) else 0
