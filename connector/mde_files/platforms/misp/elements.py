"""The parts of a MISP event, as plain data: what :mod:`.findings` says and :mod:`.standard_format` writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime


class Value(NamedTuple):
    """An attribute of an object.

    Attributes:
        relation: Its name in the object's template.
        value: What it says.
        comment: Plain text beside it.
        to_ids: Whether it is held for an indicator.
        correlates: Whether MISP looks for the same value in other events.
        tag: A local tag; empty: none.
    """

    relation: str
    value: str
    comment: str = ""
    to_ids: bool = False
    correlates: bool = False
    tag: str = ""


class Reference(NamedTuple):
    """A relation of an object to another one by its ``key``; an empty one is the attribute that was asked for."""

    relation: str
    target: str


class Thing(NamedTuple):
    """An object.

    Attributes:
        key: Names it among the things of one answer.
        template: Name of its template among MISP's own.
        comment: Plain text beside it.
        values: Its attributes.
        references: Its relations.
        first_seen: When it was seen first, where that is known.
        last_seen: When it was seen last.
    """

    key: str
    template: str
    comment: str
    values: tuple[Value, ...]
    references: tuple[Reference, ...]
    first_seen: datetime | None = None
    last_seen: datetime | None = None


class Report(NamedTuple):
    """An event report: its name and its text in Markdown."""

    name: str
    markdown: str
