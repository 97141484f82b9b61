"""Evaluates expressions of playbooks within bounds: whatever the data, an evaluation ends soon and stays small.

JMESPath has no loops, but it can write the same data many times over, and join long texts with long texts.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jmespath import Options, functions
from jmespath.visitor import TreeInterpreter

from mde_files.timestamps import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_STEPS = 2_000_000
_MOST_CHARACTERS = 10_000_000
_SECONDS_PER_DAY = 86400.0


class TooMuchError(ValueError):
    """An evaluation takes more steps, or makes more text, than any decision needs."""


class PlaybookFunctions(functions.Functions):
    """The functions of JMESPath and those that playbooks add."""

    def __init__(self) -> None:
        super().__init__()
        self._characters = _MOST_CHARACTERS

    @functions.signature({"types": ["string", "null"]})
    def _func_days_since(self, moment: str | None) -> float | None:
        """``days_since(timestamp)``: days from an RFC 3339 time until now; null for an absent time."""
        if moment is None:
            return None
        try:
            return (time.time() - parse_timestamp(moment).timestamp()) / _SECONDS_PER_DAY
        except ValueError:
            return None

    @functions.signature({"types": ["array", "null"]}, {"types": ["array"]})
    def _func_on_other_devices(self, alerts: list[Any] | None, devices: list[Any]) -> list[Any]:
        """``on_other_devices(alerts, devices)``: the alerts whose device is none of ``devices`` (ids or DNS names)."""
        known = set(filter(lambda name: isinstance(name, str), devices))
        return [
            alert
            for alert in alerts or []
            if isinstance(alert, Mapping)
            and known.isdisjoint(
                {str(alert[key]).lower() for key in ("machine_id", "computer_dns_name") if alert.get(key)}
            )
        ]

    @functions.signature({"types": ["string"]}, {"types": ["array-string"]})
    def _func_join(self, between: str, texts: list[str]) -> str:
        self._make(sum(map(len, texts)) + len(between) * max(0, len(texts) - 1))
        return between.join(texts)

    @functions.signature({"types": []})
    def _func_to_string(self, value: Any) -> str:
        if isinstance(value, str):
            return value
        return "".join(self._counted(json.JSONEncoder(separators=(",", ":"), default=str).iterencode(value)))

    def _counted(self, pieces: Iterator[str]) -> Iterator[str]:
        for piece in pieces:
            self._make(len(piece))
            yield piece

    def _make(self, characters: int) -> None:
        self._characters -= characters
        if self._characters < 0:
            raise TooMuchError


class _Interpreter(TreeInterpreter):
    """Counts the nodes it visits and the elements it makes lists of."""

    def __init__(self) -> None:
        super().__init__(Options(custom_functions=PlaybookFunctions()))
        self._steps = _MOST_STEPS

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the value of a node."""
        value = super().visit(node, *args, **kwargs)
        self._steps -= len(value) + 1 if isinstance(value, list) and node["type"] == "flatten" else 1
        if self._steps < 0:
            raise TooMuchError
        return value


def evaluate(tree: Mapping[str, Any], data: Mapping[str, Any]) -> Any:
    """Return the value of a parsed expression on ``data``.

    Raises:
        TooMuchError: It takes too much.
        ValueError, TypeError, ArithmeticError, RecursionError: As ``jmespath`` raises them.
    """
    return _Interpreter().visit(tree, data)
