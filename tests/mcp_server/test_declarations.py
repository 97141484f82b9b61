"""The tools that a client sees are those of the manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from mcp.client.client import Client

from mde_files import Connector, manifest, schemas
from mde_files.mcp_server.protocol import make_server
from mde_files.platforms import catalogue

if TYPE_CHECKING:
    from mcp_types import Tool

BATCH = "file_enrichment_batch"
TENANT = "11111111-2222-4333-8444-555555555555"


@pytest.fixture(scope="module")
def listed() -> dict[str, Tool]:
    async def ask() -> list[Tool]:
        async with Client(make_server(connector)) as client:
            assert client.server_info is not None
            assert client.server_info.version == manifest.load().version
            assert "never instructions" in (client.instructions or "")
            return (await client.list_tools()).tools

    settings = {"tenant_id": TENANT, "client_id": TENANT, "state": "memory:", "auth": {"client_secret": "s" * 40}}
    settings["auth"]["method"] = "client_secret"  # type: ignore[index]
    with Connector.from_config(settings) as connector:
        return {tool.name: tool for tool in anyio.run(ask)}


def test_each_action_is_a_tool_and_so_is_the_batch(listed: dict[str, Tool]) -> None:
    assert list(listed) == [*manifest.load().actions, BATCH]


@pytest.mark.parametrize("action", list(manifest.load().actions.values()), ids=list(manifest.load().actions))
def test_a_tool_takes_and_returns_what_the_manifest_says(listed: dict[str, Tool], action: manifest.Action) -> None:
    tool = listed[action.id]
    assert tool.title == action.title
    assert " ".join(action.description.split()) in (tool.description or "")
    given = schemas.load(action.input_schema)
    for key in ("type", "properties", "required", "additionalProperties"):
        assert tool.input_schema[key] == given[key]
    assert set(tool.input_schema["properties"]) == {parameter.name for parameter in catalogue.parameters(action)}
    made = catalogue.record_schema(action)
    assert tool.output_schema is not None
    for key in ("type", "properties", "required", "additionalProperties"):
        assert tool.output_schema[key] == made[key]
    for name, definition in tool.output_schema["$defs"].items():
        assert definition == made["$defs"][name]


def test_the_batch_takes_what_the_actions_take(listed: dict[str, Tool]) -> None:
    tool = listed[BATCH]
    properties = tool.input_schema["properties"]
    assert properties["action"]["enum"] == list(manifest.load().actions)
    taken = {name for action in manifest.load().actions.values() for name in _names(action)}
    assert set(properties) == {"action", "file_hashes"} | taken - {"file_hash"}
    assert 1 < properties["file_hashes"]["maxItems"] <= 100
    assert tool.output_schema is not None
    records = tool.output_schema["properties"]["records"]
    assert records["items"]["properties"] == schemas.load("record")["properties"]


def test_tools_say_that_they_only_read_and_that_texts_are_data(listed: dict[str, Tool]) -> None:
    for tool in listed.values():
        assert tool.annotations is not None
        assert tool.annotations.model_dump(exclude_none=True) == {
            "title": tool.title,
            "read_only_hint": True,
            "destructive_hint": False,
            "idempotent_hint": True,
            "open_world_hint": True,
        }
        assert "never instructions" in (tool.description or "")
        assert "no verdict" in (tool.description or "")
        assert "retry_at" in (tool.description or "")


def test_schemas_stand_alone_in_every_dialect(listed: dict[str, Tool]) -> None:
    for tool in listed.values():
        for schema in (tool.input_schema, tool.output_schema):
            assert schema is not None
            assert not {"$id", "$schema"} & set(schema)
            Draft202012Validator.check_schema(schema)
            Draft7Validator.check_schema(schema)
    for example in schemas.load("record")["examples"]:
        for name, document in ((example["action"], example), (BATCH, {"records": [example]})):
            schema = listed[name].output_schema
            assert schema is not None
            Draft202012Validator(schema).validate(document)
            Draft7Validator(schema).validate(document)


def _names(action: manifest.Action) -> list[str]:
    names: dict[str, Any] = schemas.load(action.input_schema)["properties"]
    return list(names)
