"""Reads ``manifest.yaml``: actions, calls with permissions and quotas, services, sign-in methods and clouds.

Every action needs it, and reading YAML costs more than an answer from the cache: what is read is the same document as a
module, written by ``python -m mde_files.manifest``.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files import resources

if TYPE_CHECKING:
    from collections.abc import Mapping

MODULE = Path(__file__).with_name("manifest_document.py")
_HEADER = '"""Generated from manifest.yaml by ``python -m mde_files.manifest``."""\n\nDOCUMENT = '


class Permissions(NamedTuple):
    """Alternatives: one of each list is enough.

    Attributes:
        application: App roles, for a sign-in without a person.
        delegated: Scopes, for a person's sign-in.
    """

    application: tuple[str, ...]
    delegated: tuple[str, ...]


class Call(NamedTuple):
    """A call to the service, as the manifest's ``calls`` declare it. Quotas are numbers of calls."""

    id: str
    title: str
    service: str
    method: str
    path: str
    permissions: Permissions
    per_minute: int
    per_hour: int
    upstream_schema: str
    query: Mapping[str, str]
    max_pages: int
    fresh_seconds: int
    documentation: str


class Action(NamedTuple):
    """An action, as the manifest's ``actions`` declare it."""

    id: str
    title: str
    description: str
    input_schema: str
    output_schema: str
    call: str
    resolves_with: str
    outcomes: tuple[str, ...]
    examples: tuple[Mapping[str, Any], ...]


class Service(NamedTuple):
    """A service that is called, as the manifest's ``services`` declare it.

    Attributes:
        id: Its id.
        title: Name shown to people.
        resource: Whose permissions are granted: an API's name, or what an Azure role is assigned on.
        permission_kind: ``api_permission`` (stands in the token) or ``azure_role`` (does not).
        url_setting: Configuration key of its URL.
        scope_setting: Configuration key of its token scope.
    """

    id: str
    title: str
    resource: str
    permission_kind: str
    url_setting: str
    scope_setting: str


class Cloud(NamedTuple):
    """A row of the cloud table. ``hosts``, ``scopes`` and ``audiences`` are keyed by service."""

    id: str
    title: str
    hosts: Mapping[str, str]
    regions: Mapping[str, str]
    authority: str
    scopes: Mapping[str, str]
    audiences: Mapping[str, tuple[str, ...]]


class SignInMethod(NamedTuple):
    """A way to sign in; ``kind`` is ``application`` or ``delegated``."""

    id: str
    title: str
    kind: str
    required: tuple[str, ...]


class PlatformSetting(NamedTuple):
    """A setting that every platform's own form offers.

    Attributes:
        setting: Key of the configuration schema, dots between levels.
        title: Name shown to people.
        required: Whether nothing works without it.
        choices: What may be chosen; empty: what the schema allows.
    """

    setting: str
    title: str
    required: bool
    choices: tuple[str, ...]


class Manifest(NamedTuple):
    """The whole manifest; ``document`` is the file as it was read."""

    name: str
    version: str
    vendor: str
    product: str
    actions: Mapping[str, Action]
    platform_settings: tuple[PlatformSetting, ...]
    calls: Mapping[str, Call]
    services: Mapping[str, Service]
    sign_in_methods: Mapping[str, SignInMethod]
    clouds: Mapping[str, Cloud]
    document: Mapping[str, Any]


@lru_cache(maxsize=1)
def load() -> Manifest:
    """Return the manifest that ships with the package."""
    from mde_files.manifest_document import DOCUMENT

    return parse(DOCUMENT)


def as_module() -> str:
    """Return the source that belongs into :data:`MODULE`: ``manifest.yaml`` as a dictionary."""
    import pprint

    import yaml

    document = yaml.safe_load((resources.data_directory() / "manifest.yaml").read_bytes())
    return f"{_HEADER}{pprint.pformat(document, width=118, sort_dicts=False)}\n"


def parse(document: Mapping[str, Any]) -> Manifest:
    """Return the typed form of a manifest document that agrees with ``schemas/manifest.schema.json``."""
    return Manifest(
        name=document["name"],
        version=document["version"],
        vendor=document["vendor"],
        product=document["product"],
        actions={key: _action(key, value) for key, value in document["actions"].items()},
        platform_settings=tuple(
            PlatformSetting(row["setting"], row["title"], row.get("required", False), tuple(row.get("choices", ())))
            for row in document["platform_settings"]
        ),
        calls={key: _call(key, value) for key, value in document["calls"].items()},
        services={key: Service(id=key, **value) for key, value in document["services"].items()},
        sign_in_methods={
            key: SignInMethod(key, value["title"], value["kind"], tuple(value["required"]))
            for key, value in document["sign_in_methods"].items()
        },
        clouds={key: _cloud(key, value) for key, value in document["clouds"].items()},
        document=document,
    )


def _action(key: str, value: Mapping[str, Any]) -> Action:
    return Action(
        id=key,
        title=value["title"],
        description=value["description"],
        input_schema=value["input_schema"],
        output_schema=value["output_schema"],
        call=value["call"],
        resolves_with=value["resolves_with"],
        outcomes=tuple(value["outcomes"]),
        examples=tuple(value["examples"]),
    )


def _call(key: str, value: Mapping[str, Any]) -> Call:
    permissions = value["permissions"]
    return Call(
        id=key,
        title=value["title"],
        service=value["service"],
        method=value["method"],
        path=value["path"],
        permissions=Permissions(tuple(permissions["application"]), tuple(permissions["delegated"])),
        per_minute=value["quota"]["per_minute"],
        per_hour=value["quota"]["per_hour"],
        upstream_schema=value.get("upstream_schema", ""),
        query=value.get("query", {}),
        max_pages=value.get("max_pages", 1),
        fresh_seconds=value.get("fresh_seconds", 0),
        documentation=value["documentation"],
    )


def _cloud(key: str, value: Mapping[str, Any]) -> Cloud:
    return Cloud(
        id=key,
        title=value["title"],
        hosts=value["hosts"],
        regions=value["regions"],
        authority=value["authority"],
        scopes=value["scopes"],
        audiences={service: tuple(names) for service, names in value["audiences"].items()},
    )


if __name__ == "__main__":
    MODULE.write_text(as_module(), encoding="utf-8")
