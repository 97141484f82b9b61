"""The integration's YAML: its form, commands, arguments and context outputs, all from the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files import manifest
from mde_files.platforms import catalogue
from mde_files.platforms.xsoar import form, names

if TYPE_CHECKING:
    from mde_files.manifest import Action
    from mde_files.platforms.catalogue import Output, Parameter, Setting

FROM_VERSION = "6.10.0"
MARKETPLACES = ("xsoar", "marketplacev2", "platform")
CATEGORY = "Data Enrichment & Threat Intelligence"
# With Python 3.12, msal, cryptography, requests and PyYAML, as https://github.com/demisto/dockerfiles-info lists them.
DOCKER_IMAGE = "demisto/crypto:1.0.0.13447173"
_SHORT_TEXT, _ENCRYPTED, _CHECKBOX, _CREDENTIALS, _ENCRYPTED_AREA, _SINGLE_SELECT = 0, 4, 8, 9, 14, 15
_SEVERAL_LINES = frozenset({"auth_certificate_pem"})
_SECTION = "Connect"
_AT_HAND = frozenset({"tenant_id", "auth_method", "cloud"})
_NOTES = {
    "auth_method": "Empty: the one that the entered credential is for.",
    "state": "Empty: the integration context of this instance, which all engines share. "
    "redis:// needs an image of your own with the package 'redis'.",
    "ca_bundle": "Path inside the container. Empty: what the engine's own certificates say.",
    "proxy": "Instead of the system's proxy.",
}
_TYPES = {"string": "String", "integer": "Number", "number": "Number", "boolean": "Boolean"}
_GENERIC_OUTPUTS = (
    ("File.MD5", "String", "MD5 of the file."),
    ("File.SHA1", "String", "SHA-1 of the file."),
    ("File.SHA256", "String", "SHA-256 of the file."),
    ("File.Size", "Number", "Size in bytes."),
    ("DBotScore.Indicator", "String", "The hash that was asked."),
    ("DBotScore.Type", "String", "Type of the indicator: file."),
    ("DBotScore.Vendor", "String", "Who gives the score."),
    ("DBotScore.Score", "Number", "Always 0, unknown: neither prevalence nor alerts are a verdict."),
)


def title() -> str:
    """Return what people call the integration."""
    return manifest.load().name


def integration() -> dict[str, Any]:
    """Return the integration's YAML document, without the script."""
    declared = manifest.load()
    return {
        "category": CATEGORY,
        "provider": declared.vendor,
        "sectionorder": [_SECTION],
        "commonfields": {"id": names.INTEGRATION, "version": -1},
        "name": names.INTEGRATION,
        "display": title(),
        "description": declared.document["description"],
        "configuration": configuration(),
        "script": {
            "type": "python",
            "subtype": "python3",
            "script": "-",
            "dockerimage": DOCKER_IMAGE,
            "isfetch": False,
            "runonce": False,
            "commands": [command(action) for action in declared.actions.values()],
        },
        "fromversion": FROM_VERSION,
        "marketplaces": list(MARKETPLACES),
        "tests": ["No tests (auto formatted)"],
    }


def configuration() -> list[dict[str, Any]]:
    """Return the fields of an instance's form."""
    settings = {setting.name: setting for setting in catalogue.settings()}
    rows = []
    for name, setting in settings.items():
        if name not in form.IN_CREDENTIALS:
            rows.append(_field(setting))
        elif form.IN_CREDENTIALS[name] == "identifier":
            secret = next(other for other, part in form.IN_CREDENTIALS.items() if part == "password")
            rows.append(_credentials(setting, settings[secret]))
    return [*rows, _system_proxy()]


def command(action: Action) -> dict[str, Any]:
    """Return the declaration of an action's command."""
    outputs = [_output(action, output) for output in catalogue.outputs(action)]
    generic = [{"contextPath": path, "type": kind, "description": said} for path, kind, said in _GENERIC_OUTPUTS]
    return {
        "name": names.command(action.id),
        "description": action.description,
        "arguments": [_argument(parameter) for parameter in catalogue.parameters(action)],
        "outputs": outputs + generic,
    }


def _field(setting: Setting) -> dict[str, Any]:
    note = _NOTES.get(setting.name, "")
    row: dict[str, Any] = {
        "display": setting.title,
        "name": form.RENAMED.get(setting.name, setting.name),
        "type": _kind(setting),
        "required": setting.required,
        "section": _SECTION,
        "additionalinfo": note if setting.name == "state" else f"{setting.description} {note}".strip(),
    }
    if setting.choices:
        row["options"] = list(setting.choices)
    # An empty method lets the entered credential decide.
    if setting.default is not None and setting.name != "auth_method":
        row["defaultvalue"] = str(setting.default).lower() if setting.kind == "boolean" else str(setting.default)
    if setting.name not in _AT_HAND:
        row["advanced"] = True
    return row


def _kind(setting: Setting) -> int:
    if setting.name in _SEVERAL_LINES:
        return _ENCRYPTED_AREA
    if setting.secret:
        return _ENCRYPTED
    if setting.choices:
        return _SINGLE_SELECT
    return _CHECKBOX if setting.kind == "boolean" else _SHORT_TEXT


def _credentials(identifier: Setting, secret: Setting) -> dict[str, Any]:
    return {
        "display": identifier.title,
        "displaypassword": secret.title,
        "name": form.CREDENTIALS,
        "type": _CREDENTIALS,
        "required": False,
        "section": _SECTION,
        "additionalinfo": identifier.description,
    }


def _system_proxy() -> dict[str, Any]:
    return {
        "display": "Use system proxy settings",
        "name": form.SYSTEM_PROXY,
        "type": _CHECKBOX,
        "required": False,
        "section": _SECTION,
        "defaultvalue": "false",
        "advanced": True,
    }


def _argument(parameter: Parameter) -> dict[str, Any]:
    argument: dict[str, Any] = {
        "name": parameter.name,
        "description": parameter.description,
        "required": parameter.required,
    }
    if parameter.required:
        argument |= {
            "default": True,
            "isArray": True,
            "description": f"{parameter.description} Several are separated by commas.",
        }
    return argument


def _output(action: Action, output: Output) -> dict[str, Any]:
    return {
        "contextPath": f"{names.context_path(action.id)}.{output.path.replace('[]', '')}",
        "type": "Date" if output.format == "timestamp" else _TYPES[output.kind],
        "description": output.description,
    }
