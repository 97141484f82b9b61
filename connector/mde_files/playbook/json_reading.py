"""Reads JSON of unknown quality: whatever has the wrong type counts as absent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mde_files.records.text import encodable
from mde_files.timestamps import normalize_timestamp

_EMPTY: Mapping[str, Any] = {}
_LONGEST_TEXT = 1000
_LARGEST_NUMBER = 10**19
_MOST_DIGITS = 19


def text(source: Mapping[str, Any], *keys: str) -> str:
    """Return the first of several properties that carries text, stripped; empty when none does."""
    for key in keys:
        value = source.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LARGEST_NUMBER:
            return str(value)
        if isinstance(value, str) and value.strip():
            return encodable(value.strip()[:_LONGEST_TEXT])
    return ""


def group(source: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return a property that is an object; an empty one when it is none."""
    value = source.get(key)
    return value if isinstance(value, Mapping) else _EMPTY


def objects(source: Mapping[str, Any], key: str) -> list[tuple[int, Mapping[str, Any]]]:
    """Return the objects of a property that is a list, each with its position."""
    value = source.get(key)
    if not isinstance(value, list):
        return []
    return [(position, item) for position, item in enumerate(value) if isinstance(item, Mapping)]


def texts(source: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Return the distinct texts of a property that is a list."""
    value = source.get(key)
    found = (
        [encodable(item.strip()[:_LONGEST_TEXT]) for item in value if isinstance(item, str)]
        if isinstance(value, list)
        else []
    )
    return tuple(dict.fromkeys(item for item in found if item))


def moment(source: Mapping[str, Any], *keys: str) -> str:
    """Return the first of several properties that is a time, as RFC 3339 UTC; empty when none is."""
    for key in keys:
        normal = normalize_timestamp(source.get(key))
        if normal is not None:
            return normal
    return ""


def address(source: Mapping[str, Any], *keys: str) -> str:
    """Return the first of several properties that is an https address; empty when none is."""
    for key in keys:
        value = text(source, key)
        if value.lower().startswith("https://") and value.isprintable() and " " not in value:
            return value
    return ""


def number_text(value: str) -> str:
    """Return ``value`` when it is the id of an incident in Defender XDR, a number of 64 bits; else an empty text."""
    return value if value.isascii() and value.isdecimal() and len(value) <= _MOST_DIGITS else ""
