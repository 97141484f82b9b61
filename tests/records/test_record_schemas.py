from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from mde_files.records import alert_properties, alerts, file_details, stats
from mde_files.resources import schema_path

NAMES = ["record", "upstream_stats", "upstream_file", "upstream_alerts", "upstream_error"]
TABLES = {
    "stats": (stats.STATS_PROPERTIES, ["properties"], "upstream_stats"),
    "file": (file_details.FILE_PROPERTIES, ["properties"], "upstream_file"),
    "alert": (
        alert_properties.ALERT_PROPERTIES,
        ["properties", "value", "items", "properties"],
        "upstream_alerts",
    ),
}
RECORD_PARTS = {
    "file_stats": (stats.STATS_PROPERTIES, {"lookback_hours", "lookback_defaulted"}),
    "alert": (alert_properties.ALERT_PROPERTIES, {"evidence_total", "evidence_truncated"}),
    "evidence": (alert_properties.EVIDENCE_PROPERTIES, set()),
}


def load(name):
    return json.loads(schema_path(name).read_bytes())


def names_of(table):
    return {*table.texts.values(), *(name for name, _ in table.readers.values())}


def subschemas(schema, path=""):
    """Yield every property of a schema with its path."""
    if isinstance(schema, dict):
        for name, entry in schema.get("properties", {}).items():
            yield f"{path}/{name}", entry
        for key, entry in schema.items():
            if key not in ("examples", "allOf"):
                yield from subschemas(entry, f"{path}/{key}")
    elif isinstance(schema, list):
        for entry in schema:
            yield from subschemas(entry, path)


@pytest.mark.parametrize("name", NAMES)
def test_each_schema_is_valid_named_and_explained(name):
    schema = load(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"urn:mde-files:schema:{name}"
    assert schema["title"]
    assert schema["description"]
    found = dict(subschemas(schema))
    assert found
    assert [path for path, entry in found.items() if not entry.get("description")] == []


@pytest.mark.parametrize("name", NAMES)
def test_each_example_is_valid(name):
    schema = load(name)
    assert schema["examples"]
    for example in schema["examples"]:
        Draft202012Validator(schema).validate(example)


def test_the_examples_show_every_outcome():
    schema = load("record")
    shown = {example["outcome"] for example in schema["examples"]}
    assert shown == set(schema["properties"]["outcome"]["enum"])


@pytest.mark.parametrize("name", NAMES)
def test_the_schemas_stay_with_what_every_validator_agrees_on(name):
    schema = load(name)
    del schema["examples"]
    text = json.dumps(schema)
    assert "\\\\d" not in text
    assert '"format"' not in text
    assert '"null"' not in text or name == "upstream_alerts"
    for _, entry in subschemas(schema):
        if "pattern" in entry:
            assert "minLength" in entry


def test_the_record_is_closed_everywhere():
    def objects(schema):
        if isinstance(schema, dict):
            if schema.get("type") == "object":
                yield schema
            for key, entry in schema.items():
                if key != "examples":
                    yield from objects(entry)

    found = list(objects(load("record")))
    assert len(found) >= 15
    assert all(entry["additionalProperties"] is False for entry in found)


@pytest.mark.parametrize("part", TABLES)
def test_what_is_read_is_what_the_upstream_schema_documents(part):
    table, path, name = TABLES[part]
    documented = load(name)
    for step in path:
        documented = documented[step]
    assert {*table.texts, *table.readers} == set(documented)


@pytest.mark.parametrize("part", RECORD_PARTS)
def test_what_is_read_is_what_the_record_schema_takes(part):
    table, own = RECORD_PARTS[part]
    named = names_of(table) - ({"sha1"} if part == "file_stats" else set())
    assert set(load("record")["$defs"][part]["properties"]) == named | own


def test_the_file_block_takes_what_is_read_of_a_file():
    taken = set(load("record")["properties"]["file"]["properties"])
    assert taken == names_of(file_details.FILE_PROPERTIES) | {"queried", "queried_type"}


@pytest.mark.parametrize(
    ("name", "document", "accepted"),
    [
        ("upstream_stats", {"sha1": 5, "newThing": 1}, True),
        ("upstream_stats", {"orgPrevalence": None}, True),
        ("upstream_stats", {"@odata.context": "x"}, False),
        ("upstream_stats", {"sha1": "x", "error": {"code": "X"}}, False),
        ("upstream_stats", {"value": []}, False),
        ("upstream_stats", [], False),
        ("upstream_file", {"sha256": "x", "size": "big"}, True),
        ("upstream_file", {"md5": "x"}, False),
        ("upstream_file", {"sha1": "x", "error": {}}, False),
        ("upstream_alerts", {"value": [{"id": 5, "evidence": "x"}]}, True),
        ("upstream_alerts", {"value": [], "@odata.nextLink": None}, True),
        ("upstream_alerts", {"value": [], "@odata.nextLink": 5}, False),
        ("upstream_alerts", {"value": ["x"]}, False),
        ("upstream_alerts", {"value": {}}, False),
        ("upstream_alerts", {}, False),
        ("upstream_error", {"error": {"code": "X", "more": 1}, "x": 1}, True),
        ("upstream_error", {"error": {"message": "x"}}, False),
        ("upstream_error", {"error": "x"}, False),
    ],
)
def test_upstream_schemas_decide_only_the_kind_of_answer(name, document, accepted):
    assert Draft202012Validator(load(name)).is_valid(document) is accepted


def changed(outcome, /, **changes):
    example = next(entry for entry in load("record")["examples"] if entry["outcome"] == outcome)
    return {key: value for key, value in {**example, **changes}.items() if value is not None}


@pytest.mark.parametrize(
    "record",
    [
        changed("seen_in_organization", file_stats=None),
        changed("seen_in_organization", action="file_alerts"),
        changed("seen_in_organization", error={"code": "x", "message": "", "hint": "", "retryable": True}),
        changed("seen_in_organization", newThing=1),
        changed("seen_in_organization", outcome="harmless"),
        changed("seen_in_organization", portal_url="javascript:alert(1)"),
        changed("seen_in_organization", record_id="6d0f7a0e-4c1e-1d8e-9a43-0b6c5f1d2e3a"),
        changed("seen_in_organization", caveats=[{"code": "Not a code", "message": "x"}]),
        changed("seen_in_organization", unmapped=[]),
        changed("unknown_to_defender", action="file_alerts"),
        changed("alerts_found", file_alerts=None),
        changed("no_alerts", file_alerts=None),
        changed("no_alerts", outcome="not_queried"),
        changed("alerts_found", outcome="no_alerts"),
        changed("failed", error=None),
        changed("deferred", error=None),
        changed("prevalence_unavailable", outcome="known_globally_only"),
        changed("known_globally_only", outcome="prevalence_unavailable"),
    ],
)
def test_a_record_that_contradicts_itself_is_refused(record):
    assert not Draft202012Validator(load("record")).is_valid(record)


@pytest.mark.parametrize("text", ["2026-01-01", "2026-01-01T00:00:00Z\n", "2026-01-01T00:00:00+00:00", "x" * 20])
def test_a_timestamp_of_another_form_is_refused(text):
    record = changed("seen_in_organization")
    record["source"]["retrieved_at"] = text
    assert not Draft202012Validator(load("record")).is_valid(record)


def test_pages_are_known_by_their_value():
    assert set(alerts.PAGE_PROPERTIES.readers) == {"value"}
