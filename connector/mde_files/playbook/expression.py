"""Expressions of playbooks: JMESPath with two functions of its own. They read data and can do nothing else.

An expression is bounded before it ever runs, in length and in the number of calls and selections, and while it runs, in
time and in what it makes of its data.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jmespath import exceptions
from jmespath.parser import ParsedResult, Parser

from mde_files.errors import InvalidInputError
from mde_files.playbook.evaluation import PlaybookFunctions, TooMuchError, evaluate

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_EXPRESSION = 500
_MOST_CALLS = 16
_DEEPEST = 60
_COUNTED = frozenset({"function_expression", "multi_select_list", "multi_select_dict"})
_EMPTY: tuple[object, ...] = (None, "", [], {})


class ExpressionError(InvalidInputError):
    """An expression cannot be used, or cannot be evaluated on the data at hand.

    Attributes:
        position: Characters before the mistake, where it is known.
    """

    def __init__(self, message: str, *, hint: str = "", position: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.position = position


class Expression:
    """A compiled expression.

    Args:
        text: JMESPath.

    Raises:
        ExpressionError: It does not parse, is too long or does too much.
    """

    __slots__ = ("_parsed", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._parsed = _parsed(text)
        nodes = list(_nodes(self._parsed.parsed))
        if max(depth for _, depth in nodes) > _DEEPEST:
            raise ExpressionError("The expression is nested too deeply.", hint="Split it into several decisions.")
        if sum(_size(node) for node, _ in nodes) > _MOST_CALLS:
            raise ExpressionError(
                f"The expression calls and selects too much: at most {_MOST_CALLS} calls and selected values.",
                hint="Split it into several decisions.",
            )

    @property
    def tree(self) -> Mapping[str, Any]:
        """The parsed expression, as ``jmespath`` describes it: nodes of type, value and children."""
        return self._parsed.parsed

    def value(self, data: Mapping[str, Any]) -> Any:
        """Return the value of the expression on ``data``.

        Raises:
            ExpressionError: A function was given a value of the wrong type, or the data is too much for it.
        """
        try:
            return evaluate(self._parsed.parsed, data)
        except TooMuchError:
            raise ExpressionError(
                f"The expression {self.text!r} takes too much time or memory on this data.",
                hint="Choose what it is about first, as in: steps.alerts.file_alerts.alerts[:100].title",
            ) from None
        except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
            said = _reason(error)
            raise ExpressionError(
                f"The expression {self.text!r} cannot be evaluated: {said}.",
                hint="Ask first whether the value is there, as in: steps.stats.file_stats && length(…) > `0`",
            ) from None

    def holds(self, data: Mapping[str, Any]) -> bool:
        """Tell whether the value on ``data`` is neither false, null nor empty.

        Raises:
            ExpressionError: As :meth:`value`.
        """
        value = self.value(data)
        return value is not False and value not in _EMPTY


def arity(function: str) -> tuple[int, bool] | None:
    """Return how many arguments a function takes and whether it takes more; ``None`` when there is no such function."""
    known = PlaybookFunctions.FUNCTION_TABLE.get(function)
    if known is None:
        return None
    signature = known["signature"]
    return len(signature), bool(signature and signature[-1].get("variadic"))


def function_names() -> tuple[str, ...]:
    """Return the names of all functions."""
    return tuple(PlaybookFunctions.FUNCTION_TABLE)


def children(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the nodes below a node; the numbers of a slice are none."""
    for child in node["children"]:
        if isinstance(child, Mapping):
            yield child


def _parsed(text: str) -> ParsedResult:
    if len(text) > LONGEST_EXPRESSION:
        raise ExpressionError(
            f"The expression has {len(text)} characters; at most {LONGEST_EXPRESSION} are allowed.",
            hint="Split it into several decisions.",
        )
    if not text.strip():
        raise ExpressionError("The expression is empty.", hint="Write JMESPath, see jmespath.org.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return Parser().parse(text)
    except exceptions.ParseError as error:
        raise ExpressionError(
            f"The expression does not parse: {_reason(error)}.",
            hint="Texts are written 'so', numbers `5`; see jmespath.org.",
            position=min(error.lex_position, len(text)),
        ) from None
    except Warning:
        raise ExpressionError(
            "The expression has a literal in backquotes that is no JSON.", hint="Write texts as 'text', numbers as `5`."
        ) from None
    except (ValueError, RecursionError) as error:
        raise ExpressionError(
            f"The expression does not parse: {_reason(error)}.", hint="See jmespath.org for the language."
        ) from None


def _reason(error: Exception) -> str:
    if isinstance(error, exceptions.IncompleteExpressionError):
        return "it ends too early"
    if isinstance(error, exceptions.LexerError):
        return f"at character {error.lex_position + 1}: {error.message.rstrip('.')}"
    if isinstance(error, exceptions.ArityError):
        return f"{error.function_name}() was given {error.actual_arity} values"
    if isinstance(error, exceptions.ParseError):
        return f"{error.token_value!r} at character {error.lex_position + 1} is not expected there"
    if isinstance(error, exceptions.JMESPathTypeError):
        return f"{error.function_name}() was given a value of type {error.actual_type}"
    return (
        "it is nested too deeply" if isinstance(error, RecursionError) else "values of these types do not go together"
    )


def _nodes(root: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], int]]:
    """Yield every node with its depth."""
    waiting = [(root, 1)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting.extend((child, depth + 1) for child in children(node))


def _size(node: Mapping[str, Any]) -> int:
    if node["type"] not in _COUNTED:
        return 0
    return 1 if node["type"] == "function_expression" else len(node["children"])
