"""Looks through YAML before it is loaded, so that no document can take more time and memory than it is worth.

Loading builds nested documents by recursion, and a few lines with aliases can stand for any amount of data. The events
of the parser tell both beforehand, without recursion and without building anything.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import yaml

_DEEPEST = 50
_LONGEST_NUMBER = 1_000
_LIKE_A_NUMBER = re.compile(r"[-+.]?[0-9][-+0-9a-fA-FoOxX_.:]*").fullmatch


class Bounds(NamedTuple):
    """What a document may be at most.

    Attributes:
        size: Bytes of the text.
        values: Keys and values, with each alias counted as what it stands for.
    """

    size: int
    values: int


class TooMuchError(yaml.MarkedYAMLError):
    """A document goes beyond its bounds, or has a key twice."""


class _Size(NamedTuple):
    values: int
    height: int


class _Open:
    """A list or group of keys whose end has not come; ``keys`` are those of a group so far."""

    __slots__ = ("anchor", "children", "height", "keys", "values")

    def __init__(self, event: yaml.CollectionStartEvent | None) -> None:
        self.anchor: str | None = None if event is None else event.anchor
        self.keys: set[str] | None = set() if isinstance(event, yaml.MappingStartEvent) else None
        self.children = 0
        self.values = 1
        self.height = 0

    def take(self, size: _Size) -> None:
        self.children += 1
        self.values += size.values
        self.height = max(self.height, size.height)

    def take_scalar(self, event: yaml.ScalarEvent) -> None:
        if self.keys is not None and self.children % 2 == 0:
            if event.value in self.keys:
                raise _too_much("a key is there twice", event)
            self.keys.add(event.value)
        self.take(_ONE)


_ONE = _Size(1, 1)


def load(content: bytes, loader: Any, bounds: Bounds) -> Any:
    """Return the YAML document in ``content``.

    Args:
        content: UTF-8 or UTF-16.
        loader: One of PyYAML's safe loaders, or a class derived from one.
        bounds: What is accepted.

    Raises:
        TooMuchError: It is too large or nested too deeply, aliases stand for too much or for what they are in, a number
            is too long, or a key is there twice.
        yaml.YAMLError: It is no YAML.
        ValueError: A value cannot be read as what it looks like.
    """
    if len(content) > bounds.size:
        raise TooMuchError(problem=f"it has more than {bounds.size:,} bytes")
    _look_through(content, loader, bounds)
    return yaml.load(content, Loader=loader)  # noqa: S506 - a safe loader


def _look_through(content: bytes, loader: Any, bounds: Bounds) -> None:
    opened = [_Open(None)]
    sizes: dict[str, _Size] = {}
    values = 0
    for event in yaml.parse(content, Loader=loader):
        inner = opened[-1]
        if isinstance(event, yaml.AliasEvent):
            size = sizes.get(event.anchor or "")
            if size is None:
                raise _too_much("an alias stands for nothing, or for what it is in", event)
            values += size.values
            inner.take(size)
        elif isinstance(event, yaml.ScalarEvent):
            if event.implicit[0] and len(event.value) > _LONGEST_NUMBER and _LIKE_A_NUMBER(event.value):
                raise _too_much(f"a number has more than {_LONGEST_NUMBER:,} digits", event)
            values += 1
            inner.take_scalar(event)
            _keep(sizes, event.anchor, _ONE)
        elif isinstance(event, yaml.CollectionStartEvent):
            values += 1
            opened.append(_Open(event))
            sizes.pop(event.anchor or "", None)
        elif isinstance(event, yaml.CollectionEndEvent):
            size = _Size(inner.values, inner.height + 1)
            opened.pop()
            opened[-1].take(size)
            _keep(sizes, inner.anchor, size)
        if values > bounds.values:
            raise _too_much(f"it has more than {bounds.values:,} values", event)
        if len(opened) + opened[-1].height > _DEEPEST:
            raise _too_much(f"it is nested more than {_DEEPEST} levels deep", event)


def _keep(sizes: dict[str, _Size], anchor: str | None, size: _Size) -> None:
    if anchor is not None:
        sizes[anchor] = size


def _too_much(problem: str, event: yaml.Event) -> TooMuchError:
    mark: Any = event.start_mark
    return TooMuchError(problem=problem, problem_mark=mark)
