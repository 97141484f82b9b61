"""Texts of playbooks with values in them.

Such as: ``Seen on {steps.stats.file_stats.organization_prevalence} devices.`` What stands in braces is a JMESPath
expression; ``{{`` and ``}}`` stand for the braces themselves.
"""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from mde_files.playbook.expression import Expression, ExpressionError
from mde_files.records.text import encodable

if TYPE_CHECKING:
    from collections.abc import Mapping

_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_LONGEST_VALUE = 200
_MOST_ITEMS = 10
_LONGEST_TEXT = 1000


class Template:
    """A text with expressions in braces.

    Args:
        text: The text.

    Raises:
        ExpressionError: A brace has no partner, or an expression cannot be used.
    """

    __slots__ = ("_parts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._parts: list[str | Expression] = []
        end = 0
        for found in _PART.finditer(text):
            self._parts.append(text[end : found.start()])
            end = found.end()
            if found[1] is not None:
                self._parts.append(_expression(found[1], found.start(1)))
            elif found[0] in ("{{", "}}"):
                self._parts.append(found[0][0])
            else:
                raise ExpressionError(
                    f"The brace at character {found.start() + 1} has no partner.",
                    hint="Write expressions as {expression}, and a brace itself as {{ or }}.",
                    position=found.start(),
                )
        self._parts.append(text[end:])

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """The expressions in it."""
        return tuple(part for part in self._parts if isinstance(part, Expression))

    def filled(self, data: Mapping[str, Any]) -> str:
        """Return the text with the values that its expressions have on ``data``; plain text, hostile where those are.

        Raises:
            ExpressionError: An expression cannot be evaluated.
        """
        filled = "".join(part if isinstance(part, str) else in_words(part.value(data)) for part in self._parts)
        return filled[:_LONGEST_TEXT]


def in_words(value: Any) -> str:
    """Return a JSON value as short text for people: 14,850; unknown; a, b and 3 more. Lists say nothing twice."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) < 10**18 else "a huge number"
    if isinstance(value, float):
        return f"{value:,.1f}"
    if isinstance(value, str):
        text = encodable(value)
        return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
    if isinstance(value, list):
        items = list(dict.fromkeys(in_words(item) for item in value if not isinstance(item, list)))
        more = f" and {len(items) - _MOST_ITEMS} more" if len(items) > _MOST_ITEMS else ""
        return (", ".join(items[:_MOST_ITEMS]) or "none") + more
    # Only as much as is shown: the same group of keys may stand in it many times over.
    pieces = islice(json.JSONEncoder(ensure_ascii=False, default=str).iterencode(value), _LONGEST_VALUE + 1)
    return in_words("".join(pieces)[: _LONGEST_VALUE + 1])


def _expression(text: str, start: int) -> Expression:
    try:
        return Expression(text)
    except ExpressionError as error:
        position = None if error.position is None else start + error.position
        raise ExpressionError(error.message, hint=error.hint, position=position) from None
