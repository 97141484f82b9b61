from __future__ import annotations

import time
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mde_files.playbook.expression import LONGEST_EXPRESSION, Expression, ExpressionError
from mde_files.playbook.template import Template, in_words

DATA: dict[str, Any] = {
    "file": {"hash": "a" * 40, "names": ["<b>x</b>", "y"]},
    "steps": {"stats": {"outcome": "seen_in_organization", "file_stats": {"organization_prevalence": 3}}},
    "incident": {"devices": ["d1", "host.contoso.example"]},
    "alerts": [
        {"id": "1", "machine_id": "D1", "severity": "High"},
        {"id": "2", "machine_id": "d2", "severity": "High"},
        {"id": "3", "computer_dns_name": "HOST.contoso.example"},
        {"id": "4"},
        7,
    ],
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("steps.stats.outcome == 'seen_in_organization'", True),
        ("steps.stats.file_stats.organization_prevalence <= `5`", True),
        ("steps.alerts.outcome", None),
        ("length(file.names)", 2),
        ("on_other_devices(alerts, incident.devices)[*].id", ["2", "4"]),
        ("on_other_devices(nothing, incident.devices)", []),
        ("days_since(nothing)", None),
        ("days_since('no time')", None),
    ],
)
def test_an_expression_reads_the_data(text: str, value: Any) -> None:
    assert Expression(text).value(DATA) == value


def test_days_since_counts_from_any_time_of_the_service() -> None:
    ago = datetime.now(timezone.utc) - timedelta(days=3, hours=12)
    data = {"when": f"{ago:%Y-%m-%dT%H:%M:%S}.1234567Z"}
    assert Expression("days_since(when)").value(data) == pytest.approx(3.5, abs=0.01)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("`0`", True),
        ("`false`", False),
        ("nothing", False),
        ("''", False),
        ("`[]`", False),
        ("`{}`", False),
        ("'x'", True),
    ],
)
def test_a_condition_holds_as_jmespath_defines_it(text: str, holds: bool) -> None:
    assert Expression(text).holds(DATA) is holds


@pytest.mark.parametrize(
    ("text", "words", "position"),
    [
        ("", "empty", None),
        ("  ", "empty", None),
        ("a ==", "ends too early", 4),
        ("a == 5", "5 at character 6 is not expected", 5),
        ("a.b[?c == 'x'", "ends too early", 13),
        ("a 'b'", "not expected", 2),
        ("a = b", "character 3", 2),
        ("a == `so`", "literal in backquotes", None),
        ("#", "character 1", 0),
        ("(" * 499, "nested too deeply", None),
        ("!" * 100 + "a", "nested too deeply", None),
        (" || ".join("a" * 70), "nested too deeply", None),
        ("a" * (LONGEST_EXPRESSION + 1), "501 characters", None),
        ("a[::0]", "do not go together", None),
    ],
)
def test_an_expression_that_does_not_parse_says_where(text: str, words: str, position: int | None) -> None:
    with pytest.raises(ExpressionError, match=words) as refused:
        Expression(text).value({"a": [1]})
    assert refused.value.hint
    if position is not None:
        assert refused.value.position == position


@pytest.mark.parametrize(
    "text",
    [
        " | ".join(["[@, @][]"] * 30),
        "to_string(to_array(" * 12 + "@" + "))" * 12,
        " | ".join(["{a: @, b: @}"] * 20),
        "[" + ", ".join(["@"] * 17) + "]",
    ],
)
def test_an_expression_that_could_make_much_out_of_little_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError, match="too much"):
        Expression(text)


def test_what_is_allowed_cannot_grow_beyond_reason() -> None:
    started = time.monotonic()
    grown = Expression(" | ".join(["[@, @, @][]"] * 5)).value(list(range(1000)))
    assert len(grown) == 1000 * 3**5
    Expression("to_string(to_array(" * 8 + "@" + "))" * 8).value('"' * 1000)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("length(nothing)", r"length\(\) was given a value of type null"),
        ("length()", r"length\(\) was given 0 values"),
        ("file.hash < `5`", "do not go together"),
        ("contains(file.hash, `5`)", "do not go together"),
        ("ceil(to_number('1e999'))", "do not go together"),
        ('sort(`[1, "a"]`)', "type"),
        ("days_since(`5`)", "type number"),
        ("on_other_devices(alerts, nothing)", "type null"),
    ],
)
def test_a_value_of_the_wrong_type_is_an_error_that_says_so(text: str, words: str) -> None:
    with pytest.raises(ExpressionError, match=words) as refused:
        Expression(text).value(DATA)
    assert text in refused.value.message


@given(st.text(alphabet="ab.[]*?@&|!<>=(){}'`\"5, :#\\length", max_size=40))
def test_any_text_is_an_expression_or_an_error(text: str) -> None:
    with suppress(ExpressionError):
        expression = Expression(text)
        expression.value(DATA)
        assert expression.holds(DATA) in (True, False)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("no values", "no values"),
        ("{{literal}} {file.hash}", "{literal} " + "a" * 40),
        ("On {steps.stats.file_stats.organization_prevalence} devices", "On 3 devices"),
        ("{nothing} and {file.names}", "unknown and <b>x</b>, y"),
        ("{file.names[0]}{file.names[1]}", "<b>x</b>y"),
        ("{\n  file.names[0]\n}", "<b>x</b>"),
    ],
)
def test_a_text_is_filled_with_values(text: str, filled: str) -> None:
    assert Template(text).filled(DATA) == filled


@pytest.mark.parametrize(
    ("text", "words", "position"),
    [("a { b", "partner", 2), ("a } b", "partner", 2), ("ab {x ==}", "too early", 8), ("{}", "empty", None)],
)
def test_a_text_with_a_wrong_brace_or_expression_says_where(text: str, words: str, position: int | None) -> None:
    with pytest.raises(ExpressionError, match=words) as refused:
        Template(text)
    assert refused.value.position == position


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (14850, "14,850"),
        (10**30, "a huge number"),
        (3.456, "3.5"),
        (True, "yes"),
        (False, "no"),
        ("x" * 500, "x" * 199 + "…"),
        ("\ud800", "\ufffd"),
        ([], "none"),
        (["b", "a", "b"], "b, a"),
        (list(range(13)), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 3 more"),
        ({"a": 1}, '{"a": 1}'),
    ],
)
def test_a_value_is_written_for_people(value: Any, words: str) -> None:
    assert in_words(value) == words


@given(st.text(max_size=50), st.text(max_size=50))
def test_any_text_with_any_name_in_it_is_filled_or_refused(before: str, name: str) -> None:
    try:
        template = Template(before + "{file.names[0]}")
    except ExpressionError:
        return
    filled = template.filled({"file": {"names": [name]}})
    filled.encode("utf-8")
    assert filled.endswith(in_words(name))
