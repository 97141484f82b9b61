"""The texts of the package, filled in from the manifest."""

from __future__ import annotations

from pathlib import Path

from mde_files import manifest
from mde_files.platforms import catalogue
from mde_files.platforms.cortex import flavours
from mde_files.platforms.cortex.connection import STATE_FOLDER_VARIABLE
from mde_files.platforms.cortex.request import job_parameters

FILES = Path(__file__).parent / "package_files"
_STATE_FOLDER = "/state"


def filled(name: str) -> str:
    """Return a text of the package in which each ``@NAME@`` is replaced by what it stands for."""
    document = manifest.load().document
    actions = manifest.load().actions.values()
    values = {
        "TITLE": document["name"],
        "DESCRIPTION": document["description"].strip(),
        "VERSION": document["version"],
        "LICENSE": document["license"],
        "ANALYZER": flavours.ANALYZER,
        "LAUNCHER": flavours.LAUNCHER,
        "IMAGE": flavours.image(),
        "STATE_FOLDER": _STATE_FOLDER,
        "STATE_FOLDER_VARIABLE": STATE_FOLDER_VARIABLE,
        "FLAVOURS": "\n".join(map(_flavour_row, actions)),
        "SETTINGS": "\n".join(map(_setting_row, catalogue.settings())),
        "PERMISSIONS": "\n".join(dict.fromkeys(row for action in actions for row in _permission_rows(action))),
    }
    text = (FILES / name).read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text


def _flavour_row(action: manifest.Action) -> str:
    names = ", ".join(f"`{parameter.name}`" for parameter in job_parameters(action)) or "-"
    return f"| `{flavours.name_of(action)}` | {action.description} | {names} |"


def _permission_rows(action: manifest.Action) -> list[str]:
    calls = [manifest.load().calls[name] for name in (action.call, action.resolves_with) if name]
    return [f"| {call.title} | {' or '.join(call.permissions.application)} |" for call in calls]


def _setting_row(setting: catalogue.Setting) -> str:
    item = flavours.setting_item(setting)
    default = f"`{item['defaultValue']}`" if "defaultValue" in item else ""
    return f"| `{setting.name}` | {item['description']} | {'yes' if setting.required else ''} | {default} |"
