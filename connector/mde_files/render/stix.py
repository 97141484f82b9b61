"""Records as a STIX 2.1 bundle: what was found about files, never a verdict and never an indicator.

Needs the extra ``stix``. Ids are made from what an object says, so exporting the same records again gives the same
bundle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from mde_files.errors import InvalidConfigError
from mde_files.render.by_file import by_file
from mde_files.render.links import link_to
from mde_files.render.markdown import record_to_markdown
from mde_files.timestamps import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from mde_files.render.by_file import FileFindings

_OBJECTS = UUID("0b0f5a0e-54c5-5c9b-9a53-5f0c1c8b6d1e")
# STIX asks for a time of making; the producer was not made by an export
_PRODUCER_MADE = "2026-01-01T00:00:00Z"
_HASH_NAMES = {"sha1": "SHA-1", "sha256": "SHA-256", "md5": "MD5"}
_SEEN = ("organization_first_seen", "organization_last_seen")
_MOST_OBSERVED = 999_999_999


def bundle(records: Iterable[Mapping[str, Any]]) -> str:
    """Return a STIX 2.1 bundle as JSON text.

    It holds a File for each file, a Note for each finding, and Observed Data where it was seen in the organization.
    Failures and what is still open are left out, for they say nothing about a file.

    Args:
        records: Records as ``schemas/record.schema.json`` describes them.

    Raises:
        InvalidConfigError: The extra ``stix`` is not installed.
    """
    try:
        import stix2  # type: ignore[import-untyped]
    except ImportError:
        raise InvalidConfigError(
            "STIX output needs the stix2 library, which is not installed.", hint="Run: pip install 'mde-files[stix]'"
        ) from None
    producer = stix2.Identity(
        id=_identifier("identity", "mde-files"),
        created=_PRODUCER_MADE,
        modified=_PRODUCER_MADE,
        name="mde-files",
        identity_class="system",
        description="Enriches file hashes with what Microsoft Defender for Endpoint knows about them.",
    )
    objects = {producer.id: producer}
    for file in by_file(records):
        for item in _objects(stix2, file, producer.id):
            objects.setdefault(item.id, item)
    return str(stix2.Bundle(id=_identifier("bundle", *objects), objects=list(objects.values())).serialize(pretty=True))


def _objects(stix2: Any, file: FileFindings, producer: str) -> Iterator[Any]:
    if not file.findings:
        return
    hashes = {_HASH_NAMES[kind]: value for kind, value in file.hashes.items() if kind in _HASH_NAMES}
    subject = stix2.File(hashes=hashes, **({"name": file.names[0]} if file.names else {}))
    yield subject
    for record in file.findings:
        made = _made(record)
        references = [subject.id]
        common = {"created_by_ref": producer, "created": made, "modified": made}
        identity = (record["record_id"], record["content_digest"], made.isoformat(), subject.id)
        seen = _observed(record)
        if seen is not None:
            observed = stix2.ObservedData(
                id=_identifier("observed-data", *identity), object_refs=[subject.id], **common, **seen
            )
            references.append(observed.id)
            yield observed
        link = link_to(record.get("portal_url"))
        more: dict[str, Any] = {}
        if link is not None:
            more["external_references"] = [{"source_name": "Microsoft Defender portal", "url": link.address}]
        yield stix2.Note(
            id=_identifier("note", *identity),
            abstract=record["summary"],
            content=record_to_markdown(record),
            object_refs=references,
            **common,
            **more,
        )


def _observed(record: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return when and on how many devices the file was seen in the organization; None where it was not."""
    if record["outcome"] != "seen_in_organization":
        return None
    stats = record["file_stats"]
    times = [parse_timestamp(stats[key]) for key in _SEEN if key in stats]
    if not times:
        return None
    return {
        "first_observed": min(times),
        "last_observed": max(times),
        "number_observed": min(max(stats.get("organization_prevalence", 1), 1), _MOST_OBSERVED),
    }


def _made(record: Mapping[str, Any]) -> datetime:
    return parse_timestamp(record["source"].get("retrieved_at", _PRODUCER_MADE))


def _identifier(kind: str, *parts: str) -> str:
    return f"{kind}--{uuid5(_OBJECTS, chr(10).join((kind, *parts)))}"
