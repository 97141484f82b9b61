"""The OpenAPI 2.0 document of the custom connector.

Reference: Microsoft Learn, "OpenAPI extensions for custom connectors" (x-ms-summary, x-ms-visibility) and "Create a
custom connector from an OpenAPI definition": version 2.0, less than 1 MB, the first security definition counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files import manifest, schemas
from mde_files.serve.keys import HEADER
from mde_files.serve.operations import operations, playbooks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mde_files.serve.operations import Operation, Option

PLACEHOLDER_HOST = "mde-files.example.com"
"""Where the document says the server is until somebody says where it really is."""

KEY = "api_key"
_KEPT = ("type", "description", "enum", "default", "minimum", "maximum", "minLength", "maxLength", "pattern")
_KEPT_OF_LISTS = ("minItems", "maxItems")
_INTERNAL = ("schema_version", "content_digest", "unmapped")


def document() -> dict[str, Any]:
    """Return the document of every action and every playbook that ships with the package."""
    about = manifest.load().document
    return {
        "swagger": "2.0",
        "info": {
            "title": about["name"],
            "version": about["version"],
            "description": about["description"],
            "contact": {"name": about["publisher"]},
            "license": {"name": about["license"]},
        },
        "host": PLACEHOLDER_HOST,
        "basePath": "/",
        "schemes": ["https"],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "securityDefinitions": {KEY: {"type": "apiKey", "in": "header", "name": HEADER}},
        "security": [{KEY: []}],
        "paths": {operation.path: {"post": _post(operation)} for operation in operations(playbooks())},
    }


def _post(operation: Operation) -> dict[str, Any]:
    return {
        "operationId": operation.public_id,
        "summary": operation.title,
        "description": operation.description,
        "x-ms-visibility": "important",
        "parameters": [*map(_option, operation.options), _body(operation)],
        "responses": {
            "200": {"description": operation.result_description, "schema": _plain(operation.result, {}, "Result")},
            "default": {"description": "What went wrong.", "schema": _plain(schemas.load("problem"), {}, "Problem")},
        },
    }


def _body(operation: Operation) -> dict[str, Any]:
    if operation.playbook is not None:
        return {
            "name": "incident",
            "in": "body",
            "required": True,
            "description": "The whole body of the trigger.",
            "schema": {
                "type": "object",
                "x-ms-summary": "Incident",
                "description": "The whole body of the trigger: triggerBody().",
                "x-ms-visibility": "important",
            },
        }
    schema = _plain(operation.body, {}, "File")
    required = operation.body["required"]
    for name, inner in schema["properties"].items():
        inner["x-ms-visibility"] = "important" if name in required else "advanced"
    return {
        "name": "file",
        "in": "body",
        "required": True,
        "description": operation.body["description"],
        "schema": {**schema, "required": list(required)},
    }


def _option(option: Option) -> dict[str, Any]:
    declared = {key: value for key, value in option.schema.items() if key in _KEPT}
    if option.schema.get("type") == "array":
        # Offered as a choice of one; the designer takes any text, too.
        declared |= {"type": "string", "enum": list(option.schema["items"]["enum"])}
        declared["description"] = f"{option.schema['description']} Several are written with commas between them."
    return {
        "name": option.name,
        "in": "query",
        "required": False,
        "x-ms-summary": _words(option.name),
        "x-ms-visibility": "important" if option.name == "sink" else "advanced",
        **declared,
    }


def _plain(schema: Mapping[str, Any], shared: Mapping[str, Any], summary: str) -> dict[str, Any]:
    """Return a schema in the words that OpenAPI 2.0 knows, without references, each part with a name for people."""
    shared = schema.get("$defs", shared)
    resolved = {**shared[schema["$ref"].rpartition("/")[2]], **schema} if "$ref" in schema else schema
    made = {key: resolved[key] for key in _KEPT if key in resolved}
    if "const" in resolved:
        made["enum"] = [resolved["const"]]
    if isinstance(made.get("type"), list):
        # In the connector a number is a number; elsewhere, whoever can only send text may do so.
        made["type"] = made["type"][0]
        made = {key: value for key, value in made.items() if key != "pattern" or made["type"] == "string"}
    if "type" not in made and "enum" in made:
        made["type"] = "boolean" if isinstance(made["enum"][0], bool) else "string"
    made["x-ms-summary"] = summary
    if "properties" in resolved:
        made["properties"] = {name: _property(name, inner, shared) for name, inner in resolved["properties"].items()}
    if "items" in resolved:
        made["items"] = _plain(resolved["items"], shared, summary)
        made |= {key: resolved[key] for key in _KEPT_OF_LISTS if key in resolved}
    return made


def _property(name: str, schema: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    made = _plain(schema, shared, _words(name))
    if name in _INTERNAL:
        made["x-ms-visibility"] = "advanced"
    return made


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
