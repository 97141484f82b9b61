"""What an upstream document can carry, read from the schemas alone: never from the code that is judged by it."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from mde_files import schemas

_RENAMED = {
    "orgPrevalence": "organization_prevalence",
    "orgFirstSeen": "organization_first_seen",
    "orgLastSeen": "organization_last_seen",
    "globallyPrevalence": "global_prevalence",
    "fileProductName": "product_name",
}
_HASHES = {"sha1": 40, "sha256": 64, "md5": 32}
_COUNTED_HERE = {"evidence_total", "evidence_truncated"}
_NAMED_INSIDE = re.compile(r"with ([a-zA-Z, ]+)")


class Kind(NamedTuple):
    """One property: its key in the record, what the service says it sends, and what the record holds.

    Attributes:
        name: Key in the record.
        sent: Type that the service documents, such as ``Int32`` or ``Collection``.
        held: ``text``, ``category``, ``integer``, ``count``, ``time``, ``boolean``, ``hash``, ``texts``,
            ``techniques``, ``objects``, ``object`` or ``user``.
        inner: Properties of the objects inside.
        length: Digits of a hash.
    """

    name: str
    sent: str
    held: str
    inner: dict[str, Kind]
    length: int = 0


Shape = dict[str, Kind]


def snake_case(key: str) -> str:
    return _RENAMED.get(key) or re.sub("([A-Z])", r"_\1", key).lower()


def _camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)


def _held(name: str, declared: dict[str, Any]) -> str:
    reference = declared.get("$ref", "").rpartition("/")[2]
    if reference in _HASHES:
        return "hash"
    if reference == "timestamp":
        return "time"
    special = {"category": "category", "mitre_techniques": "techniques", "related_user": "user"}.get(name)
    if special:
        return special
    kind = declared["type"]
    if kind == "integer":
        return "count" if "minimum" in declared else "integer"
    if kind == "array":
        return "texts" if declared["items"].get("type") == "string" else "objects"
    return {"string": "text", "boolean": "boolean", "object": "object"}[kind]


def _shape(upstream: dict[str, Any], declared: dict[str, Any]) -> Shape:
    shape = {}
    for key, property_ in upstream.items():
        name = snake_case(key)
        said: str = property_["description"]
        inside = declared[name].get("items", declared[name]).get("properties", {})
        named = _NAMED_INSIDE.search(said.partition(".")[0])
        keys = re.split(", | and ", named[1]) if named else []
        inner = {part: _row_kind(part, inside[snake_case(part)]) for part in keys}
        if said.startswith("Collection(AlertEvidence)"):
            inner = evidence_shape()
        sent = re.match("[A-Za-z0-9]+", said)
        assert sent, said
        shape[key] = Kind(name, sent[0], _held(name, declared[name]), inner, _HASHES.get(name, 0))
    return shape


def _row_kind(key: str, declared: dict[str, Any]) -> Kind:
    held = _held("", declared)
    return Kind(snake_case(key), {"time": "DateTimeOffset", "integer": "Int64"}.get(held, "String"), held, {})


def _definitions() -> dict[str, Any]:
    definitions: dict[str, Any] = schemas.load("record")["$defs"]
    return definitions


def statistics_shape() -> Shape:
    """Return what ``InOrgFileStats`` carries; its SHA-1 stands in the record's ``file``."""
    declared = {**_definitions()["file_stats"]["properties"], "sha1": {"$ref": "sha1"}}
    return _shape(schemas.load("upstream_stats")["properties"], declared)


def file_shape() -> Shape:
    """Return what ``File`` carries."""
    return _shape(
        schemas.load("upstream_file")["properties"], schemas.load("record")["properties"]["file"]["properties"]
    )


def evidence_shape() -> Shape:
    """Return what a row of evidence carries; the upstream schema leaves it open, the record names every column."""
    return {
        _camel_case(name): _row_kind(_camel_case(name), declared)
        for name, declared in _definitions()["evidence"]["properties"].items()
    }


def alert_shape() -> Shape:
    """Return what ``Alert`` carries, its evidence included."""
    upstream = schemas.load("upstream_alerts")["properties"]["value"]["items"]["properties"]
    shape = _shape(upstream, {**_definitions()["alert"]["properties"], "evidence": {"type": "array", "items": {}}})
    held = {kind.name for kind in shape.values()} | _COUNTED_HERE
    assert held == set(_definitions()["alert"]["properties"])
    return shape
