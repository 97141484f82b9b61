"""Attaches to incidents of Microsoft Defender by Microsoft Graph: plain comments, and custom tags.

Reference: Microsoft Learn, security-incident-post-comments (a comment cannot be changed, and has no key of ours) and
security-incident-update (``customTags`` replaces the list).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mde_files.errors import InvalidInputError, UpstreamInvalidError
from mde_files.playbook.sinks.calling import IncidentCalls, write_once
from mde_files.playbook.sinks.interface import Look
from mde_files.render.comment import digest, footer_digest, plain_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mde_files.deadline import Deadline
    from mde_files.manifest import Manifest
    from mde_files.playbook.attachment import Attachment
    from mde_files.playbook.incident import Incident
    from mde_files.playbook.sinks.history import History
    from mde_files.transport.exchange import Exchange

CALLS = ("graph_incident", "graph_comment_create", "graph_incident_update")
LONGEST_COMMENT = 1000
_MOST_REDIRECTS = 5
_NUMBER = re.compile(r"[0-9]{1,19}")
_COMMENT_TYPE = "microsoft.graph.security.alertComment"


class GraphIncident:
    """An incident of Microsoft Defender; implements ``Place``. One that was merged leads to the one it became part of.

    Args:
        incident_id: Its number.
        exchange: Makes the exchange with Microsoft Graph.
        manifest: Declares the calls.
        sleep: Waits for seconds.
    """

    def __init__(
        self, incident_id: str, exchange: Callable[[], Exchange], manifest: Manifest, sleep: Callable[[float], None]
    ) -> None:
        self.key = incident_id
        self._id = incident_id
        self._calls = IncidentCalls(exchange, manifest, {})
        self._sleep = sleep

    def look(self, playbook: str, history: History | None, deadline: Deadline) -> Look:  # noqa: ARG002 - it tells itself
        """Return what is there."""
        incident = self._incident(deadline)
        return Look(_address(incident), _latest_digest(incident, playbook), _tags(incident))

    def write(self, attachment: Attachment, changes: Sequence[str], deadline: Deadline) -> None:
        """Add a comment; one that updates an earlier one says so."""
        titled = attachment._replace(title=f"Update: {attachment.title}") if changes else attachment
        body = {"@odata.type": _COMMENT_TYPE, "comment": plain_text(titled, changes, LONGEST_COMMENT)}

        def write() -> None:
            if self._calls.ask("graph_comment_create", deadline, body, incident=self._id) is None:
                raise self._unknown()

        def is_there() -> bool:
            return _latest_digest(self._incident(deadline), attachment.playbook) == digest(attachment)

        write_once(write, is_there, deadline=deadline, sleep=self._sleep)

    def tag(self, tags: Sequence[str], deadline: Deadline) -> None:
        """Add tags to those that are there at that moment."""
        incident = self._incident(deadline)

        def missing() -> list[str]:
            known = {tag.casefold() for tag in _tags(incident)}
            return [tag for tag in tags if tag.casefold() not in known]

        def write() -> None:
            body = {"customTags": [*_tags(incident), *missing()]}
            if self._calls.ask("graph_incident_update", deadline, body, incident=self._id) is None:
                raise self._unknown()

        def is_there() -> bool:
            nonlocal incident
            incident = self._incident(deadline)
            return not missing()

        if missing():
            write_once(write, is_there, deadline=deadline, sleep=self._sleep)

    def _incident(self, deadline: Deadline) -> dict[str, Any]:
        for _ in range(_MOST_REDIRECTS):
            incident = self._calls.ask("graph_incident", deadline, incident=self._id)
            if incident is None:
                raise self._unknown()
            target = incident.get("redirectIncidentId")
            if not target or str(target) == self._id:
                return incident
            if not _NUMBER.fullmatch(str(target)):
                raise UpstreamInvalidError(
                    "The incident was merged into one that Microsoft Graph does not name by a number.",
                    hint="Open it in the portal, and give the incident it leads to.",
                )
            self._id = str(target)
        raise UpstreamInvalidError(
            "The incident leads from one merged incident to another without end.", hint="Try again later."
        )

    def _unknown(self) -> InvalidInputError:
        return InvalidInputError(
            f"Microsoft Graph knows no incident {self._id}.",
            hint="Check the incident's number and the tenant; the incident may have been deleted.",
        )


def graph_incident_id(incident: Incident) -> str:
    """Return the number of an incident in Microsoft Defender.

    Raises:
        InvalidInputError: It has none.
    """
    number = incident.defender_incident_id
    if not _NUMBER.fullmatch(number):
        raise InvalidInputError(
            "The incident does not say its number in Microsoft Defender.",
            hint="Give an incident of Defender XDR or Microsoft Graph, or a plain one with 'defender_incident_id'.",
        )
    return number


def _address(incident: Mapping[str, Any]) -> str:
    address = incident.get("incidentWebUrl")
    is_link = isinstance(address, str) and address.startswith("https://") and address.isprintable()
    return str(address) if is_link else f"incident {incident.get('id', '')}"


def _latest_digest(incident: Mapping[str, Any], playbook: str) -> str | None:
    """Return the digest of the playbook's newest comment."""
    comments = incident.get("comments")
    found = [item for item in comments if isinstance(item, dict)] if isinstance(comments, list) else []
    for comment in sorted(found, key=lambda item: str(item.get("createdDateTime", "")), reverse=True):
        known = footer_digest(str(comment.get("comment", "")), playbook)
        if known is not None:
            return known
    return None


def _tags(incident: Mapping[str, Any]) -> tuple[str, ...]:
    tags = incident.get("customTags")
    return tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ()
