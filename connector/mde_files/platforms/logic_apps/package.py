"""Writes the custom connector: a folder that the portals import and that ``paconn`` takes whole."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mde_files.platforms.logic_apps import swagger
from mde_files.platforms.packages import Built

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROOM = Path(__file__).parent
_FOLDER = "mde-files-logic-apps"
_DEFINITION = "apiDefinition.swagger.json"
_PROPERTIES = "apiProperties.json"
_COPIED = ("icon.png", "README.md")
_COLOUR = "#0f4c5c"
_START = (
    "Start the server where Azure reaches it over TLS: 'mde-files serve --new-key logic-apps' makes its key, "
    "'mde-files serve --host ADDRESS --certificate FILE --key FILE' serves."
)
_IMPORT = (
    f"In Power Automate choose Custom connectors, New, Import an OpenAPI file, and take {_DEFINITION}; in the Azure "
    "portal open a Logic Apps Custom Connector, choose Edit, and upload it there."
)
_CREATE = (
    f"On the page General, replace the host {swagger.PLACEHOLDER_HOST} by your server's and upload icon.png; then "
    "choose Create connector."
)
_USE = (
    "Make a connection with the key; in a playbook of Microsoft Sentinel, put one of its actions after the incident "
    "trigger and give it triggerBody()."
)


def build(output: Path) -> Built:
    """Write the connector into a folder of its own in ``output``.

    Raises:
        OSError: The folder cannot be written.
    """
    folder = output / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / _DEFINITION, swagger.document())
    _write(folder / _PROPERTIES, _properties())
    _write(folder / "settings.json", _settings())
    for name in _COPIED:
        shutil.copyfile(_ROOM / name, folder / name)
    return Built(folder, (_START, _IMPORT, _CREATE, _USE))


def _write(path: Path, document: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _properties() -> dict[str, Any]:
    """Return what the definition cannot say: the connection's own form, and that it names the host."""
    return {
        "properties": {
            "connectionParameters": {
                "host": _parameter(
                    "string", "Host", "Host name of your mde-files server, with its port if it has one."
                ),
                swagger.KEY: _parameter("securestring", "API key", "A key that 'mde-files serve --new-key' printed."),
            },
            "iconBrandColor": _COLOUR,
            "capabilities": [],
            "policyTemplateInstances": [
                {
                    "templateId": "dynamichosturl",
                    "title": "Ask the server that the connection names",
                    "parameters": {
                        "x-ms-apimTemplateParameter.urlTemplate": "https://@connectionParameters('host')",
                    },
                }
            ],
        }
    }


def _parameter(kind: str, name: str, description: str) -> dict[str, Any]:
    return {
        "type": kind,
        "uiDefinition": {
            "displayName": name,
            "description": description,
            "tooltip": description,
            "constraints": {"required": "true", "clearText": kind == "string"},
        },
    }


def _settings() -> dict[str, str]:
    return {
        "apiProperties": _PROPERTIES,
        "apiDefinition": _DEFINITION,
        "icon": "icon.png",
        "powerAppsUrl": "https://api.powerapps.com",
        "powerAppsApiVersion": "2016-11-01",
    }
