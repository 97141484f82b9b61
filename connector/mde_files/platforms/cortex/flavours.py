"""The flavours: what Cortex shows and asks of each action, generated from the manifest and the schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files import manifest
from mde_files.platforms import catalogue
from mde_files.platforms.cortex.request import DATA_TYPES, DEFAULT_LEVEL, job_parameters

if TYPE_CHECKING:
    from mde_files.manifest import Action
    from mde_files.platforms.catalogue import Parameter, Setting

ANALYZER = "MdeFiles"
LAUNCHER = "mde_files_analyzer.py"
LOGO = "assets/mde-files.svg"
# Cortex knows text (a form of several lines), string, number and boolean.
_KINDS = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}
_SEVERAL_LINES = frozenset({"auth.certificate.pem"})
# Cortex would enter a default for people: then nobody could tell a method that was chosen from one that was not, and
# the credential that was entered could not name it.
_WITHOUT_DEFAULT = frozenset({"auth.method"})


def name_of(action: Action) -> str:
    """Return the name of an action's flavour, such as ``MdeFiles_FileStats``."""
    return f"{ANALYZER}_{''.join(part.title() for part in action.id.split('_'))}"


def analyzer_id(action: Action) -> str:
    """Return the id that Cortex gives a flavour and TheHive looks its templates up by."""
    return f"{name_of(action)}_{manifest.load().version}".replace(".", "_")


def image() -> str:
    """Return the name of the Docker image that the package's steps build."""
    return f"{manifest.load().document['id']}-cortex:{manifest.load().version}"


def flavour(action: Action) -> dict[str, Any]:
    """Return the flavour of an action, as Cortex's ``flavor_schema.json`` describes it.

    What Cortex adds to every analyzer by itself (``check_tlp``, ``max_tlp``, ``check_pap``, ``max_pap``,
    ``proxy_http``, ``proxy_https``, ``cacerts``, ``auto_extract_artifacts``, ``jobTimeout``, ``jobCache``) is no item
    of the form: it would stand there twice. ``config`` holds where nobody entered a limit.
    """
    document = manifest.load().document
    return {
        "name": name_of(action),
        "version": manifest.load().version,
        "author": document["publisher"],
        "url": manifest.load().calls[action.call].documentation,
        "license": document["license"],
        "description": f"{document['product']}: {action.description}",
        "dataTypeList": list(DATA_TYPES),
        "command": f"{ANALYZER}/{LAUNCHER}",
        "baseConfig": ANALYZER,
        "config": {
            "service": action.id,
            "check_tlp": True,
            "max_tlp": DEFAULT_LEVEL,
            "check_pap": True,
            "max_pap": DEFAULT_LEVEL,
        },
        "configurationItems": [
            *(setting_item(setting) for setting in catalogue.settings()),
            *(_parameter_item(parameter) for parameter in job_parameters(action)),
        ],
        "registration_required": True,
        "subscription_required": True,
        "free_subscription": False,
        "service_homepage": "https://learn.microsoft.com/defender-endpoint/",
        "service_logo": {"path": LOGO, "caption": "logo"},
    }


def docker_catalogue() -> list[dict[str, Any]]:
    """Return all flavours as a catalogue that lets Cortex run them in the package's own image."""
    flavours = (flavour(action) for action in manifest.load().actions.values())
    return [
        {**{key: value for key, value in one.items() if key != "command"}, "dockerImage": image()} for one in flavours
    ]


def setting_item(setting: Setting) -> dict[str, Any]:
    """Return an item of the form that Cortex shows."""
    same = setting.description.startswith(setting.title)
    told = setting.description if same else f"{setting.title}: {setting.description}"
    choices = f" One of: {', '.join(setting.choices)}." if setting.choices else ""
    free = " If empty, the credential that is entered decides." if setting.key in _WITHOUT_DEFAULT else ""
    item = {
        "name": setting.name,
        "description": f"{told}{choices}{free}",
        "type": "text" if setting.key in _SEVERAL_LINES else _KINDS[setting.kind],
        "multi": False,
        "required": setting.required,
    }
    if setting.default is not None and setting.key not in _WITHOUT_DEFAULT:
        item["defaultValue"] = setting.default
    return item


def _parameter_item(parameter: Parameter) -> dict[str, Any]:
    """Return a parameter without its default, so that a record can say whether anybody chose its value."""
    default = f" If empty: {parameter.default}." if parameter.default is not None else ""
    return {
        "name": parameter.name,
        "description": f"{parameter.description}{default} A job may name its own as a parameter.",
        "type": _KINDS[parameter.kind],
        "multi": False,
        "required": False,
    }
