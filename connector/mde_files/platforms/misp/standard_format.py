"""Writes findings in MISP standard format, by pymisp: it knows the templates of the objects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from mde_files.platforms.misp import findings

if TYPE_CHECKING:
    from mde_files.platforms.misp.elements import Thing
    from mde_files.platforms.misp.question import Question
    from mde_files.render.by_file import FileFindings

# Numbers of MISP's distribution levels.
_ORGANIZATION_ONLY = 0
_AS_THE_OBJECT = 5
_REPORTS = UUID("7b0c7b3e-0f65-5d0a-9d0b-7b1f6a1f3b52")


def results(question: Question, file: FileFindings) -> dict[str, Any]:
    """Return ``Attribute``, ``Object`` and, where there are alerts, ``EventReport`` of a file's findings.

    All that is new is for the own organization only until somebody shares it. The one attribute is the one that was
    asked for, so that MISP can show what the objects refer to.
    """
    import pymisp  # type: ignore[import-not-found,unused-ignore]

    event = pymisp.MISPEvent()
    asked = {"type": question.type, "value": question.value, "to_ids": question.to_ids}
    if question.uuid:
        asked["uuid"] = question.uuid
    attribute = event.add_attribute(**asked)
    written = [(thing, _object(pymisp, thing)) for thing in findings.things(file, to_ids=question.to_ids)]
    places = {"": attribute.uuid, **{thing.key: made.uuid for thing, made in written}}
    for thing, made in written:
        for reference in thing.references:
            made.add_reference(places[reference.target], reference.relation)
        event.add_object(made)
    report = findings.report(file)
    if report is not None:
        # the same text for the same attribute has the same id, so that MISP takes it once
        identity = str(uuid5(_REPORTS, f"{attribute.uuid} {report.markdown}"))
        event.add_event_report(
            report.name, report.markdown, uuid=identity, distribution=_ORGANIZATION_ONLY, sharing_group_id=0
        )
    document = json.loads(event.to_json())
    return {key: document[key] for key in ("Attribute", "Object", "EventReport") if document.get(key)}


def _object(pymisp: Any, thing: Thing) -> Any:
    made = pymisp.MISPObject(thing.template, strict=True)
    made.comment = thing.comment
    made.distribution = _ORGANIZATION_ONLY
    if thing.first_seen is not None:
        made.first_seen, made.last_seen = thing.first_seen, thing.last_seen
    for value in thing.values:
        attribute = made.add_attribute(
            value.relation,
            value=value.value,
            comment=value.comment,
            to_ids=value.to_ids,
            disable_correlation=not value.correlates,
            distribution=_AS_THE_OBJECT,
        )
        if value.tag:
            attribute.add_tag({"name": value.tag, "local": True})
    return made
