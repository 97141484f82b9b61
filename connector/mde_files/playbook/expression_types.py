"""Looks through an expression before it runs: whether the names it uses exist, and whether its outcomes can happen."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files import schemas
from mde_files.playbook import expression as expressions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mde_files.manifest import Action
    from mde_files.playbook.expression import Expression

Shape = Mapping[str, Any]
"""What is known of a value, as JSON Schema; empty when nothing is known."""

_UNKNOWN: Shape = {}
_BOOLEAN: Shape = {"type": "boolean"}
_NUMBER: Shape = {"type": "number"}
_RESULTS: Mapping[str, Shape] = {
    "contains": _BOOLEAN,
    "starts_with": _BOOLEAN,
    "ends_with": _BOOLEAN,
    "length": _NUMBER,
    "sum": _NUMBER,
    "days_since": _NUMBER,
    "to_number": _NUMBER,
}
_SAME_AS_FIRST = frozenset({"on_other_devices", "reverse", "sort", "sort_by"})
_ELEMENT_OF_FIRST = frozenset({"max_by", "min_by"})


class Finding(NamedTuple):
    """Something in an expression that can never work as it is meant."""

    message: str
    hint: str


def data_shape(parameters: Mapping[str, Shape], steps: Mapping[str, Shape]) -> Shape:
    """Return what expressions see: ``file``, ``incident``, ``parameters`` and the ``steps`` before."""
    defined = schemas.load("playbook")["$defs"]
    return _closed(
        {
            "file": defined["file"],
            "incident": defined["incident"],
            "parameters": _closed(parameters),
            "steps": _closed(steps),
        }
    )


def record_shape(action: Action) -> Shape:
    """Return what is known of the record of an action."""
    record = schemas.load("record")
    properties = {**record["properties"], "outcome": {"enum": list(action.outcomes)}}
    for other in ("file_stats", "file_alerts"):
        if other != action.id:
            del properties[other]
    return _closed(properties)


DECISION_SHAPE: Shape = {"type": "object", "additionalProperties": False, "properties": {"decided": _BOOLEAN}}
"""What expressions see of a decision before them: ``steps.NAME.decided``."""


def findings(expression: Expression, data: Shape) -> list[Finding]:
    """Return what is wrong in an expression that will be evaluated on data of this shape."""
    checker = _Checker()
    checker.shape(expression.tree, data)
    return checker.found


def _closed(properties: Mapping[str, Shape]) -> Shape:
    return {"type": "object", "additionalProperties": False, "properties": properties}


class _Checker:
    def __init__(self) -> None:
        self.found: list[Finding] = []

    def shape(self, node: Mapping[str, Any], scope: Shape) -> Shape:
        """Return the shape of what a node gives on a value of the shape ``scope``."""
        result: Shape = getattr(self, f"_{node['type']}")(node, scope)
        return result

    def _current(self, _node: Mapping[str, Any], scope: Shape) -> Shape:
        return scope

    _identity = _current

    def _literal(self, node: Mapping[str, Any], _scope: Shape) -> Shape:
        return {"const": node["value"]}

    def _field(self, node: Mapping[str, Any], scope: Shape) -> Shape:
        scope = _resolved(scope)
        name = node["value"]
        properties = scope.get("properties")
        if properties is None or scope.get("additionalProperties") is not False:
            if scope.get("type") in ("array", "string", "integer", "number", "boolean"):
                self._add(f"{name!r} is asked of {_in_words(scope['type'])}, which has no names in it.", ())
            return _UNKNOWN
        if name not in properties:
            self._add(f"There is no {name!r} here.", properties, name)
            return _UNKNOWN
        inner: Shape = properties[name]
        return inner

    def _index(self, _node: Mapping[str, Any], scope: Shape) -> Shape:
        return _items(scope)

    def _slice(self, _node: Mapping[str, Any], scope: Shape) -> Shape:
        return scope

    def _subexpression(self, node: Mapping[str, Any], scope: Shape) -> Shape:
        for child in expressions.children(node):
            scope = self.shape(child, scope)
        return scope

    _index_expression = _pipe = _subexpression

    def _projection(self, node: Mapping[str, Any], scope: Shape) -> Shape:
        left, right = node["children"][:2]
        return {"type": "array", "items": self.shape(right, _items(self.shape(left, scope)))}

    def _value_projection(self, node: Mapping[str, Any], scope: Shape) -> Shape:
        left, right = node["children"]
        self.shape(left, scope)
        return {"type": "array", "items": self.shape(right, _UNKNOWN)}

    def _filter_projection(self, node: Mapping[str, Any], scope: Shape) -> Shape:
        left, right, condition = node["children"]
        element = _items(self.shape(left, scope))
        self.shape(condition, element)
        return {"type": "array", "items": self.shape(right, element)}

    def _flatten(self, node: Mapping[str, Any], scope: Shape) -> Shape:
        inner = self.shape(node["children"][0], scope)
        element = _items(inner)
        return element if element.get("type") == "array" else inner

    def _comparator(self, node: Mapping[str, Any], scope: Shape) -> Shape:
        left, right = (self.shape(child, scope) for child in node["children"])
        if node["value"] in ("eq", "ne"):
            self._compare(left, right)
            self._compare(right, left)
        return _BOOLEAN

    def _compare(self, asked: Shape, literal: Shape) -> None:
        allowed = _resolved(asked).get("enum")
        if allowed is not None and "const" in literal and literal["const"] not in allowed:
            self._add(f"It is never {literal['const']!r}.", allowed, str(literal["const"]))

    def _or_expression(self, node: Mapping[str, Any], scope: Shape) -> Shape:
        left, right = (self.shape(child, scope) for child in node["children"])
        return left if left == right else _UNKNOWN

    _and_expression = _or_expression

    def _not_expression(self, node: Mapping[str, Any], scope: Shape) -> Shape:
        self.shape(node["children"][0], scope)
        return _BOOLEAN

    def _multi_select_list(self, node: Mapping[str, Any], scope: Shape) -> Shape:
        for child in node["children"]:
            self.shape(child, scope)
        return {"type": "array"}

    def _multi_select_dict(self, node: Mapping[str, Any], scope: Shape) -> Shape:
        return _closed({pair["value"]: self.shape(pair["children"][0], scope) for pair in node["children"]})

    def _function_expression(self, node: Mapping[str, Any], scope: Shape) -> Shape:
        name, arguments = node["value"], node["children"]
        if not self._can_be_called(name, len(arguments)):
            return _UNKNOWN
        shapes = [_UNKNOWN if child["type"] == "expref" else self.shape(child, scope) for child in arguments]
        listed = next((shape for shape in shapes if _resolved(shape).get("type") == "array"), _UNKNOWN)
        for child in arguments:
            if child["type"] == "expref":
                self.shape(child["children"][0], _items(listed))
        if name == "contains":
            for literal in _constants(shapes[0]):
                self._compare(shapes[1], literal)
        if name in _SAME_AS_FIRST:
            return shapes[0]
        return _items(listed) if name in _ELEMENT_OF_FIRST else _RESULTS.get(name, _UNKNOWN)

    def _expref(self, _node: Mapping[str, Any], _scope: Shape) -> Shape:
        self._add("An expression after & stands only where a function asks for one.", ())
        return _UNKNOWN

    def _can_be_called(self, name: str, given: int) -> bool:
        taken = expressions.arity(name)
        if taken is None:
            self._add(f"There is no function {name!r}.", expressions.function_names(), name)
            return False
        wanted, more = taken
        if given < wanted or (given > wanted and not more):
            self._add(f"{name}() takes {wanted}{' or more' if more else ''} values, not {given}.", ())
            return False
        return True

    def _add(self, message: str, known: Iterable[Any], meant: str = "") -> None:
        names = [str(name) for name in known]
        near = get_close_matches(meant, names, n=1, cutoff=0.5) if meant else []
        hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(names)}." if names else ""
        self.found.append(Finding(message, hint))


def _resolved(shape: Shape) -> Shape:
    reference = shape.get("$ref")
    if not isinstance(reference, str):
        return shape
    resolved: Shape = schemas.load("record")["$defs"][reference.rpartition("/")[2]]
    return resolved


def _items(shape: Shape) -> Shape:
    inner = _resolved(shape).get("items", _UNKNOWN)
    return _resolved(inner) if isinstance(inner, Mapping) else _UNKNOWN


def _constants(shape: Shape) -> Iterator[Shape]:
    value = shape.get("const")
    if isinstance(value, list):
        for item in value:
            yield {"const": item}


def _in_words(kind: str) -> str:
    return {"array": "a list", "string": "a text"}.get(kind, "a number or a yes or no")
