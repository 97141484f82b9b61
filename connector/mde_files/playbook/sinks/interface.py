"""What a sink is, and what a place must offer so that findings can be attached there once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mde_files.deadline import Deadline
    from mde_files.playbook.attachment import Attached, Attachment
    from mde_files.playbook.incident import Incident
    from mde_files.playbook.sinks.history import History


class Sink(Protocol):
    """Attaches findings to incidents."""

    @property
    def name(self) -> str:
        """What it was opened as, without its address: ``file``, ``sentinel``, ``graph`` or ``webhook``."""
        ...

    def attach(self, incident: Incident, attachment: Attachment, *, dry_run: bool, deadline: Deadline) -> Attached:
        """Attach what is not there yet: nothing when nothing material changed, exactly one update when it did.

        Args:
            incident: Where it belongs.
            attachment: What is to be there.
            dry_run: Only look what would be done.
            deadline: When to give up.

        Raises:
            InvalidInputError: The incident has no place there.
            MdeFilesError: It could not be attached; trying again later completes what is missing.
        """
        ...

    def calls(self) -> tuple[str, ...]:
        """Return the ids of the manifest's calls that attaching makes, in their order."""
        ...


class Look(NamedTuple):
    """What is found in a place.

    Attributes:
        url: Where people open it.
        digest: Digest of the findings that are attached for the playbook; ``None``: none are.
        tags: Tags it has; ``None``: it has no tags.
        history: What was attached, where the place itself tells that.
    """

    url: str
    digest: str | None
    tags: tuple[str, ...] | None
    history: History | None = None


class Place(Protocol):
    """One incident in one product."""

    @property
    def key(self) -> str:
        """What tells this place from every other one."""
        ...

    def look(self, playbook: str, history: History | None, deadline: Deadline) -> Look:
        """Return what is there.

        Args:
            playbook: Whose findings.
            history: What this installation remembers to have attached.
            deadline: When to give up.
        """
        ...

    def write(self, attachment: Attachment, changes: Sequence[str], deadline: Deadline) -> None:
        """Write the findings, once, over those that are there or besides them.

        Args:
            attachment: The findings.
            changes: What changed in them; empty when they are new.
            deadline: When to give up.
        """
        ...

    def tag(self, tags: Sequence[str], deadline: Deadline) -> None:
        """Add tags to those that are there when it is done; only asked where a look told of tags."""
        ...
