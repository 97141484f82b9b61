import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mde_files import manifest, resources, schemas

NAMES = sorted(
    path.name.removesuffix(".schema.json") for path in (resources.data_directory() / "schemas").glob("*.json")
)


def _every_schema(part: Any) -> Any:
    if isinstance(part, dict):
        yield part
        for value in part.values():
            yield from _every_schema(value)
    elif isinstance(part, list):
        for value in part:
            yield from _every_schema(value)


def test_every_schema_of_the_design_is_there() -> None:
    assert {
        "configuration",
        "file_alerts.input",
        "file_stats.input",
        "manifest",
        "record",
        "scenario",
        "upstream_alerts",
        "upstream_error",
        "upstream_file",
        "upstream_stats",
    } <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_valid_named_and_shown_by_valid_examples(name: str) -> None:
    schema = schemas.load(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:mde-files:schema:{name}"
    assert schema["title"]
    assert schema["description"]
    assert schema["examples"]
    for example in schema["examples"]:
        assert schemas.problems(name, example) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_written_so_that_every_validator_agrees(name: str) -> None:
    for part in _every_schema(schemas.load(name)):
        pattern = part.get("pattern")
        if isinstance(pattern, str):
            re.compile(pattern)
            assert not re.search(r"\\[dwsDWS]|\(\?", pattern), f"{pattern} is read differently by different validators"
        assert "format" not in part or isinstance(part["format"], dict), "formats are not checked by every validator"


@pytest.mark.parametrize("action", ["file_stats", "file_alerts"])
def test_the_examples_of_an_action_are_valid_parameters(action: str) -> None:
    declared = manifest.load().actions[action]
    assert declared.examples
    for example in declared.examples:
        assert schemas.problems(declared.input_schema, dict(example)) == []


def test_the_manifest_agrees_with_its_schema() -> None:
    assert schemas.problems("manifest", dict(manifest.load().document)) == []


def test_the_manifest_names_only_calls_and_schemas_that_exist() -> None:
    loaded = manifest.load()
    for action in loaded.actions.values():
        assert {action.call, action.resolves_with} <= set(loaded.calls)
        assert {action.input_schema, action.output_schema} <= set(NAMES)
    for call in loaded.calls.values():
        assert call.upstream_schema in NAMES


def test_the_outcomes_of_the_actions_are_those_of_the_record() -> None:
    declared = {outcome for action in manifest.load().actions.values() for outcome in action.outcomes}
    assert declared == set(schemas.load("record")["properties"]["outcome"]["enum"])


def test_endpoints_permissions_and_limits_stand_in_the_manifest_alone() -> None:
    package = Path(schemas.__file__).parent
    once = re.compile(
        r"/api/files/|\.Read\.All|\.ReadWrite\.All|\bapi\.security(center)?\.microsoft|login\.microsoftonline"
    )
    offenders = [
        f"{path.relative_to(package)}: {found.group()}"
        for path in package.rglob("*.py")
        if "emulator" not in path.parts and path.name != "manifest_document.py"
        for found in once.finditer(re.sub(r'"""[\s\S]*?"""', "", path.read_text(encoding="utf-8")))
    ]
    assert offenders == []


@pytest.mark.parametrize(
    ("document", "path", "words"),
    [
        ({}, "file_hash", "required"),
        ({"file_hash": ""}, "file_hash", "at least 1"),
        ({"file_hash": "a" * 300}, "file_hash", "at most 256"),
        ({"file_hash": "a", "lookback_hours": 0}, "lookback_hours", "at least 1, not 0"),
        ({"file_hash": "a", "lookback_hours": -1}, "lookback_hours", "at least 1"),
        ({"file_hash": "a", "lookback_hours": 721}, "lookback_hours", "at most 720, not 721"),
        ({"file_hash": "a", "lookback_hours": 1.5}, "lookback_hours", "a whole number, not 1.5"),
        ({"file_hash": "a", "lookback_hours": "x"}, "lookback_hours", 'a whole number, not "x"'),
        ({"file_hash": "a", "lookback_hours": True}, "lookback_hours", "a whole number, not true"),
        ({"file_hash": "a", "lookback_hours": [1]}, "lookback_hours", "not a list"),
        ({"file_hash": {"a": 1}}, "file_hash", "text, not a group of keys"),
        ({"file_hash": "a", "hours": 1}, "", "no setting 'hours'"),
    ],
)
def test_a_problem_names_the_field_and_what_is_allowed(document: dict[str, Any], path: str, words: str) -> None:
    (problem,) = schemas.problems("file_stats.input", document)
    assert problem.path == path
    assert words in problem.message


@pytest.mark.parametrize(
    ("given_value", "value"), [("48", 48), (" 48 ", 48), ("-1", -1), (48.0, 48), ("1.5", "1.5"), (7, 7)]
)
def test_numbers_sent_as_text_are_read(given_value: Any, value: Any) -> None:
    schema = schemas.load("file_stats.input")
    assert schemas.coerced(schema, {"lookback_hours": given_value}) == {"lookback_hours": value}


@pytest.mark.parametrize(("given_value", "value"), [("true", True), ("OFF", False), ("maybe", "maybe"), (True, True)])
def test_booleans_sent_as_text_are_read(given_value: Any, value: Any) -> None:
    assert schemas.coerced(schemas.load("configuration"), {"md5": given_value}) == {"md5": value}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["file_hash", "lookback_hours", "x"]), json_values))
def test_any_parameters_are_valid_or_explained(document: dict[str, Any]) -> None:
    coerced = schemas.coerced(schemas.load("file_stats.input"), document)
    problems = schemas.problems("file_stats.input", coerced)
    assert bool(problems) != schemas.is_valid("file_stats.input", coerced)
    assert all(problem.message and len(problem.message) < 1000 for problem in problems)


def test_defaults_are_filled_in_at_every_depth() -> None:
    complete = schemas.with_defaults(schemas.load("configuration"), {"tenant_id": "a", "timeouts": {"total": 9}})
    assert complete["timeouts"] == {"connect": 5, "read": 30, "total": 9}
    assert complete["cache"]["stats_ttl"] == 3600
    assert json.dumps(schemas.load("configuration")["properties"]["timeouts"]["default"]) == "{}"
