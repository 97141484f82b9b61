"""Reads incidents of any other product, written as ``schemas/incident.schema.json`` describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files import schemas
from mde_files.errors import InvalidInputError
from mde_files.playbook.incident import Incident, SentinelPlace
from mde_files.playbook.json_reading import address, moment, objects, text, texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mde_files.playbook.evidence import Evidence

_MOST_PROBLEMS = 5
_KIND_OF_LENGTH = {32: "md5", 40: "sha1", 64: "sha256"}


def recognizes(document: Mapping[str, Any]) -> bool:
    """Tell whether this is meant as a plain incident."""
    return isinstance(document.get("files"), list)


def read(document: Mapping[str, Any], evidence: Evidence) -> Incident:
    """Return the incident.

    Raises:
        InvalidInputError: It does not agree with the schema.
    """
    problems = schemas.problems("incident", document)
    if problems:
        said = [f"{problem.path or 'the incident'} {problem.message}" for problem in problems[:_MOST_PROBLEMS]]
        raise InvalidInputError(
            f"{'; '.join(said)}.",
            hint="'mde-files manifest --schema incident' prints what a plain incident looks like.",
        )
    for position, file in objects(document, "files"):
        hashes = [(kind, file.get(kind)) for kind in ("sha1", "sha256", "md5")]
        if "hash" in file:
            hashes.append((_KIND_OF_LENGTH.get(len(file["hash"].strip()), "unknown"), file["hash"]))
        evidence.add_file(hashes, name=text(file, "name"), place=f"/files/{position}")
    evidence.add_device(*texts(document, "devices"))
    sentinel = document.get("sentinel")
    return Incident(
        format="plain",
        id=text(document, "id"),
        title=text(document, "title"),
        severity=text(document, "severity").lower(),
        created_at=moment(document, "created_at"),
        url=address(document, "url"),
        defender_incident_id=text(document, "defender_incident_id"),
        sentinel=SentinelPlace(**sentinel) if sentinel else None,
        tags=texts(document, "tags"),
        files=evidence.files(),
        skipped=evidence.skipped(),
        document=document,
        devices=evidence.devices(),
    )
