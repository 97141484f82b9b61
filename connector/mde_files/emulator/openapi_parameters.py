"""Parameters of the emulator's OpenAPI description: what stands in a path, and query options."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mde_files.emulator.scenario import Scenario
    from mde_files.manifest import Call

_LENGTHS = {"sha1": 40, "sha256": 64, "md5": 32}
_GUID = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
_API_VERSION = "^20[0-9]{2}-[0-9]{2}-[0-9]{2}(-preview)?$"
_MOST_EXAMPLES = 8
_SOME_COMMENT = "4bb36b7b-26ff-4d1c-9cbe-0d8ab3da0014"

Schema = dict[str, Any]


def in_path(call: Call, scenario: Scenario) -> list[dict[str, Any]]:
    """Return the parameters in the path of a call, with examples from the scenario."""
    return [_parameter(name, "path", _in_path(name, call, scenario)) for name in re.findall("{(.+?)}", call.path)]


def in_query(call: Call, scenario: Scenario) -> list[dict[str, Any]]:
    """Return the query options that the emulator understands; others are ignored, as OData and Azure do."""
    described = [
        _parameter(name, "query", schema, required=name == "api-version")
        for name, schema in _in_query(call, scenario).items()
    ]
    return sorted(described, key=lambda parameter: str(parameter["name"]))


def tenant(scenario: Scenario) -> dict[str, Any]:
    """Return the tenant in the path of the sign-in."""
    names = [name for item in scenario.tenants for name in (item.id, item.name)]
    return _parameter("tenant", "path", {"type": "string", "enum": names})


def managed_identity(scenario: Scenario) -> list[dict[str, Any]]:
    """Return the query options of the managed-identity endpoint."""
    audiences = [name for item in scenario.resources for name in item.identifiers]
    identities = [item.client_id for item in scenario.applications if item.managed_identity == "user"]
    return [
        _parameter("api-version", "query", {"type": "string", "examples": ["2019-08-01"]}, required=False),
        _parameter("resource", "query", {"type": "string", "enum": audiences}),
        _parameter("client_id", "query", {"type": "string", "enum": identities}, required=False),
    ]


def _in_path(name: str, call: Call, scenario: Scenario) -> Schema:
    if name in ("id", "sha1"):
        return _hashes(call.id, scenario)
    incidents = [item for item in scenario.incidents if item.sentinel is not None]
    places = [item.sentinel for item in incidents if item.sentinel is not None]
    if name == "incident":
        if call.service == "azure_management":
            return {"type": "string", "pattern": _GUID, "examples": [place.id for place in places]}
        return {"type": "string", "pattern": "^[0-9]{1,19}$", "examples": [str(item.id) for item in scenario.incidents]}
    if name == "comment":
        return {"type": "string", "pattern": _GUID, "examples": [_SOME_COMMENT]}
    known = dict.fromkeys(str(getattr(place, name)) for place in places)
    return {"type": "string", "minLength": 1, "examples": list(known)}


def _hashes(call_id: str, scenario: Scenario) -> Schema:
    """Return the hashes that an operation takes: a kind that the scenario lets it refuse is none of them."""
    switches = scenario.switches
    policies: dict[str, Mapping[str, str]] = {
        "file_info": {"sha256": switches.info_sha256, "md5": switches.info_md5},
        "file_stats": {"sha256": switches.stats_sha256, "md5": switches.stats_md5},
        "file_alerts": {"sha256": switches.alerts_sha256, "md5": switches.alerts_md5},
    }
    kinds = ["sha1", *(kind for kind, policy in policies[call_id].items() if policy != "bad_request")]
    known: Iterable[str | None] = (getattr(item, kind) for item in scenario.files for kind in kinds)
    pattern = "|".join(f"[0-9a-fA-F]{{{_LENGTHS[kind]}}}" for kind in kinds)
    examples = [text for text in known if text][:_MOST_EXAMPLES]
    return {"type": "string", "pattern": f"^({pattern})$", "examples": examples}


def _in_query(call: Call, scenario: Scenario) -> dict[str, Schema]:
    switches = scenario.switches
    if call.id == "file_stats":
        reject = switches.look_back_out_of_range == "reject"
        bounds: Schema = {"type": "integer", "minimum": 1, "maximum": 720} if reject else {"type": "string"}
        return {call.query["look_back"]: bounds}
    if call.id == "file_alerts":
        return _options_of_alerts(scenario, call.query["expand"])
    if call.id == "graph_incident":
        return {"$expand": {"type": "string", "examples": ["alerts"]}}
    if call.id == "defender_incidents":
        return {"$top": {"type": "integer", "minimum": 0, "maximum": 100}}
    options: dict[str, Schema] = {}
    if "api-version" in call.query:
        options["api-version"] = {"type": "string", "pattern": _API_VERSION, "examples": [call.query["api-version"]]}
    if "$top" in call.query:
        options["$top"] = {"type": "integer", "minimum": 1, "maximum": 1000}
    return options


def _options_of_alerts(scenario: Scenario, expanded: str) -> dict[str, Schema]:
    from mde_files.emulator.files_api import MOST_ALERTS, skip_token

    switches = scenario.switches
    links = [skip_token(position) for position in (0, 1)]
    options: dict[str, Schema] = {
        "$skiptoken": {"type": "string", "enum": links, "description": "What a next link says."}
    }
    if switches.expand == "accept":
        options["$expand"] = {"type": "string", "enum": [expanded]}
    if switches.top_and_skip == "accept":
        options["$top"] = {"type": "integer", "minimum": 0, "maximum": MOST_ALERTS}
        options["$skip"] = {"type": "integer", "minimum": 0, "maximum": 999_999_999}
    return options


def _parameter(name: str, place: str, schema: Schema, *, required: bool = True) -> dict[str, Any]:
    return {"name": name, "in": place, "required": required, "schema": schema}
