"""What people read in the pack: README, the help of the form, release notes, and the pack's metadata."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mde_files import manifest
from mde_files.platforms.xsoar import declaration, names, playbook

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_ASSETS = Path(__file__).with_name("assets")
_CREATED = "2026-11-01T00:00:00Z"
_MODULES = ("agentix", "xsiam")
_KEYWORDS = ("Microsoft", "Defender for Endpoint", "MDE", "file", "hash", "prevalence", "alerts")


def pack_metadata() -> dict[str, Any]:
    """Return ``pack_metadata.json``."""
    declared = manifest.load()
    return {
        "name": f"{declared.product} File Enrichment",
        "description": declared.document["description"],
        "support": "community",
        "currentVersion": declared.version,
        "author": declared.document["publisher"],
        "url": "",
        "email": "",
        "created": _CREATED,
        "categories": [declaration.CATEGORY],
        "tags": [],
        "useCases": [],
        "keywords": list(_KEYWORDS),
        "marketplaces": list(declaration.MARKETPLACES),
        "supportedModules": list(_MODULES),
    }


def metadata(integration: Mapping[str, Any], playbook: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``metadata.json``, by which the platform knows what an uploaded pack holds.

    Args:
        integration: The integration's YAML document.
        playbook: The playbook's YAML document.
    """
    pack = pack_metadata()
    left_out = ("url", "email", "marketplaces", "supportedModules")
    commands = [{key: row[key] for key in ("name", "description")} for row in integration["script"]["commands"]]
    return {
        **{key: value for key, value in pack.items() if key not in left_out},
        "id": names.PACK,
        "updated": _CREATED,
        "legacy": True,
        "supportDetails": {},
        "eulaLink": "",
        "certification": "",
        "price": 0,
        "serverMinVersion": declaration.FROM_VERSION,
        "contentItems": {
            "integration": [
                {
                    "name": integration["display"],
                    "description": integration["description"],
                    "category": integration["category"],
                    "commands": commands,
                }
            ],
            "playbook": [{key: playbook[key] for key in ("name", "description")}],
        },
        "dependencies": {},
    }


def pack_readme() -> str:
    """Return the pack's README."""
    commands = [f"- `{names.command(action.id)}`: {action.description}" for action in manifest.load().actions.values()]
    return _lines(
        manifest.load().document["description"],
        "",
        "## What is in this pack",
        "",
        *commands,
        f"- The playbook **{playbook.NAME}** asks both about every file of an incident and attaches the records: "
        "to the context and, as notes, to the war room.",
        "",
        "A file that is rare, unknown or without alerts is not thereby harmless: its score stays 0, unknown.",
    )


def integration_readme(declared: Mapping[str, Any]) -> str:
    """Return the integration's README.

    Args:
        declared: The integration's YAML document.
    """
    return _lines(
        declared["description"],
        "",
        *_permissions(),
        "",
        f"## Configure {declared['display']} in Cortex",
        "",
        *_table(
            ("Parameter", "Description", "Required"),
            [(_name(row), row.get("additionalinfo", ""), str(row["required"])) for row in declared["configuration"]],
        ),
        "",
        _asset("keeping.md"),
        "",
        "## Commands",
        "",
        "Run them in the war room, in a playbook or from an automation. Each hash gives one entry; one that cannot be",
        "asked about does not spoil the others.",
        "",
        *(line for command in declared["script"]["commands"] for line in _command(command)),
    )


def description() -> str:
    """Return the help that stands beside the form."""
    return _lines(
        f"## {declaration.title()}",
        "",
        *_permissions(),
        "",
        _asset("help.md"),
    )


def release_notes() -> str:
    """Return the notes of the present version."""
    return _lines(
        "",
        "#### Integrations",
        "",
        f"##### {declaration.title()}",
        "",
        *(f"- Added the ***{names.command(action.id)}*** command." for action in manifest.load().actions.values()),
        "",
        "#### Playbooks",
        "",
        f"##### {playbook.NAME}",
        "",
        "- Enriches the files of an incident and attaches the records.",
    )


def playbook_readme(document: Mapping[str, Any], image: str) -> str:
    """Return the playbook's README.

    Args:
        document: Its YAML document.
        image: Path of its picture, from where the README lies.
    """
    commands = [names.command(action) for action in manifest.load().actions]
    inputs = [
        (row["key"], row["description"], _shown_value(row["value"]), "Required" if row["required"] else "Optional")
        for row in document["inputs"]
    ]
    outputs = [(row["contextPath"], row["description"], row["type"]) for row in document["outputs"]]
    return _lines(
        document["description"],
        "",
        "## Dependencies",
        "",
        "This playbook uses the following sub-playbooks, integrations, and scripts.",
        "",
        "### Sub-playbooks",
        "",
        "This playbook does not use any sub-playbooks.",
        "",
        "### Integrations",
        "",
        f"* {names.INTEGRATION}",
        "",
        "### Scripts",
        "",
        "This playbook does not use any scripts.",
        "",
        "### Commands",
        "",
        *(f"* {command}" for command in sorted(commands)),
        "",
        "## Playbook Inputs",
        "",
        "---",
        "",
        *_table(("**Name**", "**Description**", "**Default Value**", "**Required**"), inputs),
        "",
        "## Playbook Outputs",
        "",
        "---",
        "",
        *_table(("**Path**", "**Description**", "**Type**"), outputs),
        "",
        "## Playbook Image",
        "",
        "---",
        "",
        f"![{document['name']}]({image})",
    )


def _permissions() -> Iterator[str]:
    declared = manifest.load()
    yield "## Permissions"
    yield ""
    yield "Register an application in Microsoft Entra ID and grant it these application permissions (admin consent):"
    yield ""
    calls = [
        declared.calls[call] for action in declared.actions.values() for call in (action.call, action.resolves_with)
    ]
    granted = {
        (declared.services[call.service].resource, call.permissions.application[0]): call.title for call in calls
    }
    for resource, permission in granted:
        yield f"- {permission} of {resource}"


def _asset(name: str) -> str:
    return _ASSETS.joinpath(name).read_text(encoding="utf-8").rstrip("\n")


def _command(command: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {command['name']}"
    yield ""
    yield "***"
    yield command["description"]
    yield ""
    yield "#### Base Command"
    yield ""
    yield f"`{command['name']}`"
    yield ""
    yield "#### Input"
    yield ""
    arguments = [
        (row["name"], row["description"], "Required" if row["required"] else "Optional") for row in command["arguments"]
    ]
    yield from _table(("**Argument Name**", "**Description**", "**Required**"), arguments)
    yield ""
    yield "#### Context Output"
    yield ""
    outputs = [(row["contextPath"], row["type"], row["description"]) for row in command["outputs"]]
    yield from _table(("**Path**", "**Type**", "**Description**"), outputs)
    yield ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' for _ in head)} |"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |"


def _name(row: Mapping[str, Any]) -> str:
    second = row.get("displaypassword")
    return f"{row['display']}, {second}" if second else str(row["display"])


def _shown_value(value: Mapping[str, Any]) -> str:
    if "simple" in value:
        return str(value["simple"])
    found = value["complex"]
    return f"{found['root']}.{found['accessor']}"


def _lines(*lines: str) -> str:
    return "\n".join(lines).rstrip("\n") + "\n"
