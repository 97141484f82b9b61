"""Expressions and templates of playbooks that make much of little: they end soon, stay small and say why."""

from __future__ import annotations

import resource
import time
from typing import TYPE_CHECKING, Any

import pytest

from mde_files.playbook.expression import Expression, ExpressionError
from mde_files.playbook.template import Template

if TYPE_CHECKING:
    from tests.fault_table import FaultTable

ALERTS = "steps.a.file_alerts.alerts"
LONGEST_SECONDS = 10.0
MOST_BYTES = 150 * 2**20
TOO_MUCH = "takes too much time or memory"
REFUSED = {
    "the same text again and again": " | ".join(["[@, @]"] * 7) + " | to_string(@)",
    "wide copies": "[@, @, @, @] | [@, @, @, @] | [@, @, @, @] | to_string(@)",
    "copies under names": " | ".join(["{a: @, b: @}"] * 7) + " | to_string(@)",
    "backslashes that double": "to_string([" * 8 + "@" + "])" * 8,
    "everything between everything": f"join(to_string(@), {ALERTS}[].evidence[].command)",
    "joins of joins": "join(join(join(file.names[0], file.names), file.names), file.names)",
    "turned text of everything": " | ".join(["[@, @]"] * 6) + " | reverse(to_string(@))",
    "flattened copies": " | ".join(["[@, @, @][]"] * 5) + f" | [*].{ALERTS}[] | [].evidence[] | [].command[]",
}
BOUNDED = {
    "copies without text": " | ".join(["[@, @]"] * 8),
    "comparison of copies": " | ".join(["[@, @]"] * 7) + " | @ == @",
    "sorting by long texts": f"sort_by({ALERTS}, &to_string(evidence))[0].id",
    "a filter in a filter": f"{ALERTS}[?evidence[?contains(command, 'zz')]]",
    "forty filters": ALERTS + "[?severity > `1`]" * 20,
    "all values of all values": ".".join(["*"] * 12),
    "a literal in a literal": "`" + "[" * 240 + "]" * 240 + "`",
    "a number without end": "to_number(join('', [file.names[0]]))",
    "an index without end": "file.names[99999999999999999999999999]",
}


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    command = 'x\\"' * 60
    alerts = [
        {"id": str(number), "severity": number % 7, "evidence": [{"command": command, "n": row} for row in range(25)]}
        for number in range(400)
    ]
    steps = {"a": {"file_alerts": {"alerts": alerts}}}
    return {"file": {"names": ["9" * 1000] * 60}, "incident": {}, "parameters": {}, "steps": steps}


def evaluated(text: str, data: dict[str, Any]) -> tuple[str, float, int]:
    """Return what came of an expression, after how many seconds, and by how many bytes the process grew."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    try:
        Expression(text).holds(data)
        said = "evaluated"
    except ExpressionError as error:
        said = "refused" if TOO_MUCH in error.message and error.hint else str(error.as_dict())
    seconds = time.monotonic() - started
    return said, seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024


@pytest.mark.parametrize("name", REFUSED)
def test_what_grows_without_end_is_refused(name: str, data: dict[str, Any], fault_table: FaultTable) -> None:
    said, seconds, grown = evaluated(REFUSED[name], data)
    actual = said if grown < MOST_BYTES else f"{grown:,} bytes"
    fault_table.row("secrets: expressions", name, "refused", actual, seconds, within=LONGEST_SECONDS)


@pytest.mark.parametrize("name", BOUNDED)
def test_what_is_merely_odd_ends_soon(name: str, data: dict[str, Any], fault_table: FaultTable) -> None:
    said, seconds, grown = evaluated(BOUNDED[name], data)
    actual = said if grown < MOST_BYTES else f"{grown:,} bytes"
    fault_table.row("secrets: expressions", name, "evaluated", actual, seconds, within=LONGEST_SECONDS)


def test_ordinary_questions_about_many_alerts_are_answered(data: dict[str, Any]) -> None:
    assert Expression(f"length({ALERTS}[].evidence[].command)").value(data) == 10_000
    assert Expression(f"join(', ', {ALERTS}[:3].id)").value(data) == "0, 1, 2"
    assert Expression("to_string({a: `[1, \"é\"]`, b: 'x'})").value({}) == '{"a":[1,"\\u00e9"],"b":"x"}'


def test_each_evaluation_has_bounds_of_its_own(data: dict[str, Any]) -> None:
    expression = Expression(f"to_string({ALERTS})")
    assert len({len(expression.value(data)) for _ in range(8)}) == 1


def test_a_template_shows_the_beginning_of_a_huge_value(data: dict[str, Any], fault_table: FaultTable) -> None:
    started = time.monotonic()
    text = Template("{steps}" * 100).filled(data)
    seconds = time.monotonic() - started
    actual = "cut short" if len(text) == 1000 else f"{len(text):,} characters"
    name = "a template with everything 100 times"
    fault_table.row("secrets: expressions", name, "cut short", actual, seconds, within=1.0)


@pytest.mark.parametrize("text", ["{" * 5000, "{a" * 5000, "{}" * 2000, "{a}}" * 2000, "{{" * 5000 + "}" * 5001])
def test_a_template_of_braces_is_read_or_refused_at_once(text: str, fault_table: FaultTable) -> None:
    started = time.monotonic()
    try:
        Template(text).filled({})
        said = "read"
    except ExpressionError:
        said = "refused"
    seconds = time.monotonic() - started
    fault_table.row("secrets: expressions", "a template of braces", ("read", "refused"), said, seconds, within=2.0)
