"""Reads YAML in which every value knows its line and column. Safe, without aliases, bounded in size."""

from __future__ import annotations

from typing import Any, NamedTuple

import yaml
from yaml.constructor import ConstructorError

from mde_files.schemas import shown

_LARGEST_CHARACTERS = 100_000
_MAP_TAG = "tag:yaml.org,2002:map"
_SEQUENCE_TAG = "tag:yaml.org,2002:seq"


class Place(NamedTuple):
    """Where something stands in a file, counted from 1.

    Attributes:
        line: Line.
        column: Column.
        text_column: Column where the characters of a text on one line begin; ``None`` for everything else.
    """

    line: int
    column: int
    text_column: int | None = None


class Document(NamedTuple):
    """A YAML document.

    Attributes:
        value: Its content: dictionaries, lists, texts, numbers, booleans and ``None``.
        places: Where each value stands, by dotted path such as ``steps.0.when``; a key's place is that of the key.
    """

    value: Any
    places: dict[str, Place]


class YamlMistakeError(Exception):
    """A text is no YAML document of the accepted kind.

    Attributes:
        message: What is wrong.
        place: Where.
    """

    def __init__(self, message: str, place: Place) -> None:
        super().__init__(message)
        self.message = message
        self.place = place


class _Loader(yaml.SafeLoader):
    """A safe loader that refuses aliases, with which a few lines can stand for any amount of data."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise YamlMistakeError("Anchors and aliases (& and *) are not used here", _place(self.peek_event()))  # type: ignore[no-untyped-call]
        return super().compose_node(parent, index)


def read_document(text: str) -> Document:
    """Return the one document in ``text``.

    Raises:
        YamlMistakeError: It is no YAML, too large, has aliases, keys that are no text, or a key twice.
    """
    if len(text) > _LARGEST_CHARACTERS:
        raise YamlMistakeError(f"It has more than {_LARGEST_CHARACTERS:,} characters", Place(1, 1))
    loader = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        places = {"": Place(1, 1)}
        return Document(None if node is None else _value(loader, node, "", places), places)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YamlMistakeError("It has a character that YAML does not allow", Place(line, 1)) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
        said = error.problem or error.context or "it cannot be read"
        raise YamlMistakeError(f"It is no valid YAML: {said}", place) from None
    except RecursionError:
        raise YamlMistakeError("It is nested too deeply", Place(1, 1)) from None
    finally:
        if loader is not None:
            loader.dispose()


def _value(loader: _Loader, node: yaml.Node, path: str, places: dict[str, Place]) -> Any:
    places.setdefault(path, _place(node))
    if isinstance(node, yaml.MappingNode) and node.tag == _MAP_TAG:
        return _mapping(loader, node, path, places)
    if isinstance(node, yaml.SequenceNode) and node.tag == _SEQUENCE_TAG:
        return [_value(loader, item, _below(path, position), places) for position, item in enumerate(node.value)]
    if not isinstance(node, yaml.ScalarNode):
        raise YamlMistakeError(f"There is no kind of value {shown(node.tag)}", _place(node))
    try:
        value = loader.construct_object(node)
    except (ConstructorError, ValueError, OverflowError):
        raise YamlMistakeError(f"The value {shown(node.value)} cannot be read", _place(node)) from None
    if value is not None and not isinstance(value, str | int | float):
        return node.value
    return value


def _mapping(loader: _Loader, node: yaml.MappingNode, path: str, places: dict[str, Place]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != "tag:yaml.org,2002:str":
            raise YamlMistakeError("Keys are texts here", _place(key_node))
        key = key_node.value
        if key in read:
            raise YamlMistakeError(f"The key {shown(key)} is there twice", _place(key_node))
        below = _below(path, key)
        scalar = isinstance(value_node, yaml.ScalarNode)
        places[f"{below}\x00key"] = _place(key_node)
        if not scalar:
            places[below] = _place(key_node)
        read[key] = _value(loader, value_node, below, places)
    return read


def _below(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def _place(marked: Any) -> Place:
    start, end = marked.start_mark, marked.end_mark
    text_column = None
    if isinstance(marked, yaml.ScalarNode) and start.line == end.line:
        text_column = start.column + (2 if marked.style in ("'", '"') else 1)
    return Place(start.line + 1, start.column + 1, text_column)
