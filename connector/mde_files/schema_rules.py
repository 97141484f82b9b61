"""Finds every rule of a schema that a document breaks, in plain Python, where ``jsonschema`` cannot be installed.

It knows the keywords that the schemas of this project use, and finds what ``jsonschema`` finds, in the same order.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_SILENT = frozenset({"$schema", "$id", "$defs", "title", "description", "examples", "default", "writeOnly", "then"})


class BrokenRule(NamedTuple):
    """A rule of a schema that a part of a document breaks.

    Attributes:
        path: Keys and positions that lead to the part.
        keyword: The schema keyword.
        rule: What the schema says under that keyword.
        instance: The part.
        schema: The schema that has the keyword.
        missing: The key that is missing, where that is what is wrong.
    """

    path: tuple[str | int, ...]
    keyword: str
    rule: Any
    instance: Any
    schema: Any
    missing: str = ""


class UnknownKeywordError(Exception):
    """A schema uses a keyword that is not known here."""


def broken_rules(schema: Mapping[str, Any], document: object) -> Iterator[BrokenRule]:
    """Yield every rule of ``schema`` that ``document`` breaks.

    Raises:
        UnknownKeywordError: The schema uses another keyword.
    """
    return _Walk(schema).broken(schema, document, ())


class _Walk:
    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._nested: dict[str, Callable[..., Iterator[BrokenRule]]] = {
            "$ref": self._reference,
            "properties": self._properties,
            "additionalProperties": self._additional,
            "propertyNames": self._names,
            "items": self._items,
            "required": self._required,
            "allOf": self._all,
            "if": self._conditional,
        }

    def broken(self, schema: Any, instance: Any, path: tuple[str | int, ...]) -> Iterator[BrokenRule]:
        for keyword, rule in schema.items():
            if keyword in _SILENT:
                continue
            if keyword in self._nested:
                yield from self._nested[keyword](rule, instance, path, schema)
            elif not self._holds(keyword, rule, instance):
                yield BrokenRule(path, keyword, rule, instance, schema)

    def _valid(self, schema: Any, instance: Any) -> bool:
        return next(self.broken(schema, instance, ()), None) is None

    def _holds(self, keyword: str, rule: Any, instance: Any) -> bool:
        if keyword == "anyOf":
            return any(self._valid(choice, instance) for choice in rule)
        if keyword == "not":
            return not self._valid(rule, instance)
        simple = _SIMPLE.get(keyword)
        if simple is None:
            raise UnknownKeywordError(keyword)
        return simple(rule, instance)

    def _reference(self, rule: str, instance: Any, path: tuple[str | int, ...], _schema: Any) -> Iterator[BrokenRule]:
        target: Any = self._root
        for part in rule.removeprefix("#/").split("/"):
            target = target[part]
        return self.broken(target, instance, path)

    def _properties(self, rule: Any, instance: Any, path: tuple[str | int, ...], _schema: Any) -> Iterator[BrokenRule]:
        if isinstance(instance, dict):
            for key, inner in rule.items():
                if key in instance:
                    yield from self.broken(inner, instance[key], (*path, key))

    def _additional(self, rule: Any, instance: Any, path: tuple[str | int, ...], schema: Any) -> Iterator[BrokenRule]:
        if not isinstance(instance, dict):
            return
        others = [key for key in instance if key not in schema.get("properties", {})]
        if rule is False:
            if others:
                yield BrokenRule(path, "additionalProperties", rule, instance, schema)
            return
        for key in others:
            yield from self.broken(rule, instance[key], (*path, key))

    def _names(self, rule: Any, instance: Any, path: tuple[str | int, ...], _schema: Any) -> Iterator[BrokenRule]:
        if isinstance(instance, dict):
            for key in instance:
                yield from self.broken(rule, key, path)

    def _items(self, rule: Any, instance: Any, path: tuple[str | int, ...], _schema: Any) -> Iterator[BrokenRule]:
        if isinstance(instance, list):
            for position, item in enumerate(instance):
                yield from self.broken(rule, item, (*path, position))

    def _required(self, rule: Any, instance: Any, path: tuple[str | int, ...], schema: Any) -> Iterator[BrokenRule]:
        if isinstance(instance, dict):
            for key in rule:
                if key not in instance:
                    yield BrokenRule(path, "required", rule, instance, schema, missing=key)

    def _all(self, rule: Any, instance: Any, path: tuple[str | int, ...], _schema: Any) -> Iterator[BrokenRule]:
        for inner in rule:
            yield from self.broken(inner, instance, path)

    def _conditional(self, rule: Any, instance: Any, path: tuple[str | int, ...], schema: Any) -> Iterator[BrokenRule]:
        if "then" in schema and self._valid(rule, instance):
            yield from self.broken(schema["then"], instance, path)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(value: object) -> bool:
    return _is_number(value) and (isinstance(value, int) or cast("float", value).is_integer())


def _equal(one: Any, other: Any) -> bool:
    """Tell whether two JSON values are the same; unlike in Python, ``true`` is not ``1``."""
    return bool(one == other) and isinstance(one, bool) is isinstance(other, bool)


_TYPE_TESTS: dict[str, Callable[[object], bool]] = {
    "integer": _is_integer,
    "number": _is_number,
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
}


def _has_type(rule: str | list[str], value: object) -> bool:
    return any(_TYPE_TESTS[name](value) for name in ([rule] if isinstance(rule, str) else rule))


_SIMPLE: dict[str, Callable[[Any, Any], bool]] = {
    "type": _has_type,
    "enum": lambda rule, value: any(_equal(choice, value) for choice in rule),
    "const": _equal,
    "minimum": lambda rule, value: not _is_number(value) or not value < rule,
    "maximum": lambda rule, value: not _is_number(value) or not value > rule,
    "exclusiveMinimum": lambda rule, value: not _is_number(value) or not value <= rule,
    "exclusiveMaximum": lambda rule, value: not _is_number(value) or not value >= rule,
    "minLength": lambda rule, value: not isinstance(value, str) or len(value) >= rule,
    "maxLength": lambda rule, value: not isinstance(value, str) or len(value) <= rule,
    "pattern": lambda rule, value: not isinstance(value, str) or re.search(rule, value) is not None,
    "minItems": lambda rule, value: not isinstance(value, list) or len(value) >= rule,
    "maxItems": lambda rule, value: not isinstance(value, list) or len(value) <= rule,
    "minProperties": lambda rule, value: not isinstance(value, dict) or len(value) >= rule,
}
