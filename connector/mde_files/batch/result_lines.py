"""A line of the output: ``schemas/batch_line.schema.json``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files import schemas

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mde_files.batch.inputs import Item

_BEGINNING = b'{"line":'


class ResultLine(NamedTuple):
    """A result as it is written.

    Attributes:
        line: Line of the input.
        text: The input as it was given.
        tenant: Name of the tenant that the input names.
        record: The answer.
    """

    line: int
    text: str
    tenant: str | None
    record: dict[str, Any]


def written(items: Iterable[Item], record: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield the line of each input that ``record`` answers."""
    answer = json.dumps(record, separators=(",", ":"))
    for item in items:
        tenant = f',"tenant":{json.dumps(item.tenant)}' if item.tenant is not None else ""
        yield f'{{"line":{item.line},"input":{json.dumps(item.text)}{tenant},"record":{answer}}}\n'.encode("ascii")


def parse(line: bytes) -> ResultLine | None:
    """Return the result in a line, or ``None`` when it is no line of a batch."""
    try:
        document = json.loads(line)
        result = ResultLine(document["line"], document["input"], document.get("tenant"), document["record"])
        return result if _is_whole(result, result.record) else None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _is_whole(result: ResultLine, record: dict[str, Any]) -> bool:
    outcomes = schemas.load("record")["properties"]["outcome"]["enum"]
    texts: list[object] = [result.text, record["action"], record["source"]["tenant_id"]]
    if record["outcome"] in ("failed", "deferred"):
        texts.append(record["error"]["code"])
    return (
        type(result.line) is int
        and all(isinstance(text, str) for text in texts)
        and record["outcome"] in outcomes
        and isinstance(record.get("file_stats", {}), dict)
    )


def is_torn(line: bytes) -> bool:
    """Tell whether bytes without a line break can be the beginning of a line; a lost block of a disk reads as zeros."""
    start = line.rstrip(b"\0")
    return start.startswith(_BEGINNING) or _BEGINNING.startswith(start)
