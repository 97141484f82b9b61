"""What a playbook attaches to an incident, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

Status = Literal["created", "updated", "unchanged", "would_create", "would_update"]


class Attachment(NamedTuple):
    """What one step of a playbook wants to see on an incident.

    Attributes:
        playbook: Id of the playbook; an incident has one attachment of each.
        title: Heading for people.
        records: Findings, as ``schemas/record.schema.json`` describes them; never deferred or failed ones. Without any,
            no comment is written.
        open_questions: Deferred and failed records: told as still open, never attached as findings.
        notes: Reasons and advice the playbook adds. Plain text that may contain text from upstream.
        add_tags: Tags the incident shall have besides its own.
    """

    playbook: str
    title: str
    records: tuple[Mapping[str, Any], ...]
    open_questions: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[str, ...] = ()
    add_tags: tuple[str, ...] = ()


class Attached(NamedTuple):
    """What came of attaching.

    Attributes:
        sink: Name of the sink.
        place: Where people find it: a URL or a path.
        status: What became of the findings. ``unchanged`` also when only missing tags were added, or when there are no
            findings; ``would_…`` in a dry run.
        changes: What changed in the findings since they were attached last, in words, one sentence each.
        tags_added: The tags that were missing (in a dry run: that are missing).
    """

    sink: str
    place: str
    status: Status
    changes: tuple[str, ...] = ()
    tags_added: tuple[str, ...] = ()
