"""Reads upstream objects by table: known properties into the record, everything else into ``unmapped``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from mde_files.records.text import encodable
from mde_files.records.unmapped import Path, Unmapped
from mde_files.timestamps import is_normal_timestamp, is_unset_timestamp, normalize_timestamp

Reader = Callable[[Any, Path, Unmapped], Any]
"""Turns an upstream value (never None) into the record's, or None; keeps as unmapped what it cannot read."""


_CONTEXT = "@odata.context"


class PropertyTable:
    """What is known of an upstream object.

    Args:
        properties: Upstream property to the record's key and reader; no reader means text.
    """

    __slots__ = ("no_texts", "others", "readers", "texts", "times")

    def __init__(self, properties: Mapping[str, tuple[str, Reader | None]]) -> None:
        self.texts = {key: name for key, (name, reader) in properties.items() if reader is None}
        self.readers = {key: (name, reader) for key, (name, reader) in properties.items() if reader is not None}
        self.no_texts = frozenset((*self.readers, _CONTEXT))
        self.times = [(key, name) for key, (name, reader) in properties.items() if reader is read_timestamp]
        self.others = [
            (key, name, reader)
            for key, (name, reader) in self.readers.items()
            if reader not in (read_timestamp, left_to_the_caller)
        ]


_INTEGER_TEXT = r"\s*-?[0-9]{1,300}\s*"
_USUAL_DIGITS = 15
_LARGEST_INTEGER = 10**300  # beyond it Python refuses to write an integer as text
# From there on a float stands for numbers that nobody wrote: 1e23 for 99999999999999991611392.
_FLOATS_ROUND_FROM = 2**53


def as_integer(value: Any) -> int | None:
    """Return an integer, an integral float that is exact or a text of digits as an integer; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if -_LARGEST_INTEGER < value < _LARGEST_INTEGER else None
    if isinstance(value, str):
        plain = value.isascii() and value.isdecimal() and len(value) <= _USUAL_DIGITS
        return int(value) if plain or re.fullmatch(_INTEGER_TEXT, value) else None
    if isinstance(value, float) and value.is_integer() and abs(value) < _FLOATS_ROUND_FROM:
        return int(value)
    return None


def is_blank(value: Any) -> bool:
    """Tell whether a value carries nothing: None, or text of nothing but white space."""
    return value is None or (isinstance(value, str) and not value.strip())


def read_integer(value: Any, path: Path, unmapped: Unmapped) -> int | None:
    """Read an integer of either sign; blank text is absent."""
    number = as_integer(value)
    if number is None and not is_blank(value):
        unmapped.keep(path, value)
    return number


def read_count(value: Any, path: Path, unmapped: Unmapped) -> int | None:
    """Read a number of things: an integer that is not negative; blank text is absent, never 0."""
    number = as_integer(value)
    if number is not None and number >= 0:
        return number
    if not is_blank(value):
        unmapped.keep(path, value)
    return None


def read_boolean(value: Any, path: Path, unmapped: Unmapped) -> bool | None:
    """Read true or false."""
    if isinstance(value, bool):
        return value
    unmapped.keep(path, value)
    return None


def read_timestamp(value: Any, path: Path, unmapped: Unmapped) -> str | None:
    """Read a timestamp into RFC 3339 UTC; blank text and year 0001 are absent."""
    normal = normalize_timestamp(value)
    if normal is None and not is_unset_timestamp(value):
        unmapped.keep(path, value)
    return normal


def read_texts(value: Any, path: Path, unmapped: Unmapped) -> list[str] | None:
    """Read a list of text; entries that are no text are kept as unmapped."""
    if not isinstance(value, list):
        unmapped.keep(path, value)
        return None
    texts = []
    for position, entry in enumerate(value):
        if isinstance(entry, str):
            texts.append(encodable(entry))
        elif entry is not None:
            unmapped.keep((*path, position), entry)
    return texts


def read_objects(properties: PropertyTable) -> Reader:
    """Return a reader of lists of objects that have these properties."""

    def read(value: Any, path: Path, unmapped: Unmapped) -> list[dict[str, Any]] | None:
        if not isinstance(value, list):
            unmapped.keep(path, value)
            return None
        rows = []
        for position, entry in enumerate(value):
            if isinstance(entry, dict):
                rows.append(read_object(entry, properties, (*path, position), unmapped))
            elif entry is not None:
                unmapped.keep((*path, position), entry)
        return rows

    return read


def left_to_the_caller(_value: Any, _path: Path, _unmapped: Unmapped) -> None:
    """Mark a property as known; whoever reads the object takes care of it."""


def read_object(
    upstream: Mapping[str, Any], properties: PropertyTable, path: Path, unmapped: Unmapped
) -> dict[str, Any]:
    """Read an upstream object by its table; text comes first, then the rest.

    Null and absent are the same: no key. OData annotations (``@odata.…``) say nothing about the file and are
    left out; other unknown properties, and known ones whose value cannot be read, are kept as unmapped.

    Args:
        upstream: The object as it came; it is not changed.
        properties: What is known of it.
        path: Where the object lies in its document.
        unmapped: Takes what the table does not.
    """
    texts, no_texts = properties.texts, properties.no_texts
    try:
        record: dict[str, Any] = {
            texts[key]: value for key, value in upstream.items() if value is not None and key not in no_texts
        }
        if not "".join(record.values()).isascii():
            record = {name: encodable(text) for name, text in record.items()}
    except (KeyError, TypeError):  # rare: an unknown property, or a known one that is no text
        record = _read_texts_one_by_one(upstream, properties, path, unmapped)
    get = upstream.get
    for key, name in properties.times:
        value = get(key)
        if value is not None:
            moment = value if is_normal_timestamp(value) else read_timestamp(value, (*path, key), unmapped)
            if moment is not None:
                record[name] = moment
    for key, name, reader in properties.others:
        value = get(key)
        if value is not None:
            readable = reader(value, (*path, key), unmapped)
            if readable is not None:
                record[name] = readable
    return record


def _read_texts_one_by_one(
    upstream: Mapping[str, Any], properties: PropertyTable, path: Path, unmapped: Unmapped
) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for key, value in upstream.items():
        if value is None or key in properties.readers or "@odata." in key:
            continue
        name = properties.texts.get(key)
        if name is not None and isinstance(value, str):
            record[name] = encodable(value)
        else:
            unmapped.keep((*path, key), value)
    return record
