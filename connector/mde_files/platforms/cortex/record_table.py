"""Every value of a record as nested tables, generated from the record's schema: a new output needs no new template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files.platforms import catalogue
from mde_files.platforms.cortex.bindings import text
from mde_files.render.escaping import for_html
from mde_files.render.sentences import HASH_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mde_files.manifest import Action

_LONGEST = 2000


def record_table(action: Action) -> str:
    """Return a button and, once it is pressed, the table of every value that a finding of ``action`` may carry.

    Lists of groups open one by one: AngularJS watches each value it shows, and alerts have thousands.
    """
    schema = catalogue.record_schema(action)
    # a failed job has no record: TheHive shows its sentence instead
    found = {name: inner for name, inner in schema["properties"].items() if name != "error"}
    return _opened(
        "Everything in the record", "record", _rows({**schema, "properties": found}, schema["$defs"], "content")
    )


def _rows(schema: Mapping[str, Any], shared: Mapping[str, Any], place: str) -> str:
    rows = ""
    for name, inner in schema["properties"].items():
        resolved = _resolved(inner, shared)
        expression = f"{place}.{name}"
        said = for_html(inner.get("description", resolved["description"]))
        rows += (
            f'<tr ng-if="{expression} !== undefined"><th title="{said}">{_label(name)}</th>'
            f'<td class="wrap">{_value(resolved, shared, expression)}</td></tr>\n'
        )
    return f'<table class="table table-condensed">{rows}</table>'


def _value(schema: Mapping[str, Any], shared: Mapping[str, Any], expression: str) -> str:
    if "properties" in schema:
        return _rows(schema, shared, expression)
    if schema.get("type") == "array":
        alias = "each_" + expression.rpartition(".")[2]
        items = _resolved(schema["items"], shared)
        inner = _value(items, shared, alias)
        if "properties" in items:
            inner = _opened("{{$index + 1}}", alias, inner)
        return f'<div ng-repeat="{alias} in {expression} track by $index">{inner}</div>'
    return (
        f"{{{{{expression}}}}}"
        if schema.get("type") in ("integer", "number", "boolean")
        else text(expression, _LONGEST)
    )


def _opened(words: str, name: str, inner: str) -> str:
    switch = f"opened_{name}"
    return (
        f'<button type="button" class="btn btn-xs btn-default" ng-click="{switch} = !{switch}">{words}</button>\n'
        f'<div ng-if="{switch}">{inner}</div>'
    )


def _resolved(schema: Mapping[str, Any], shared: Mapping[str, Any]) -> Mapping[str, Any]:
    named = schema.get("$ref", "").rpartition("/")[2]
    return {**shared[named], **schema} if named else schema


def _label(name: str) -> str:
    return HASH_NAMES.get(name) or for_html(name.replace("_", " ").capitalize())
