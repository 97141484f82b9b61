"""What every platform declares: settings, parameters and outputs, read from the manifest and the schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files import manifest, schemas

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mde_files.manifest import Action


class Setting(NamedTuple):
    """A setting of a platform's own form.

    Attributes:
        name: Its name on a platform, such as ``auth_client_secret``.
        key: Its key in the configuration, such as ``auth.client_secret``.
        kind: ``string``, ``integer``, ``number`` or ``boolean``.
        title: Name shown to people.
        description: What it is for.
        required: Whether nothing works without it.
        secret: Whether the platform has to hide it.
        default: What holds where nothing is entered; ``None``: nothing does.
        choices: What may be chosen; empty: anything of its kind.
    """

    name: str
    key: str
    kind: str
    title: str
    description: str
    required: bool
    secret: bool
    default: str | int | float | bool | None
    choices: tuple[str, ...]


class Parameter(NamedTuple):
    """A parameter of an action; ``minimum`` and ``maximum`` bound numbers."""

    name: str
    kind: str
    description: str
    required: bool
    default: str | int | float | bool | None
    minimum: int | None
    maximum: int | None
    example: str | int | float | bool | None


class Output(NamedTuple):
    """A value that a record of an action may carry.

    Attributes:
        path: Keys with dots between them, ``[]`` after each list: ``file_alerts.alerts[].severity``.
        kind: ``string``, ``integer``, ``number`` or ``boolean``.
        description: What it says.
        format: ``sha1``, ``sha256``, ``md5``, ``timestamp`` or empty.
        choices: The only texts it can be; empty: any.
    """

    path: str
    kind: str
    description: str
    format: str
    choices: tuple[str, ...]


def settings() -> list[Setting]:
    """Return the settings that every platform offers, in the manifest's order."""
    schema = schemas.load(manifest.load().document["configuration_schema"])
    return [_setting(row, _at(schema, row.setting)) for row in manifest.load().platform_settings]


def parameters(action: Action) -> list[Parameter]:
    """Return the parameters of an action, those that are required first."""
    schema = schemas.load(action.input_schema)
    example: Mapping[str, Any] = next(iter(schema.get("examples", ())), {})
    found = [
        Parameter(
            name=name,
            kind=inner["type"],
            description=inner["description"],
            required=name in schema["required"],
            default=inner.get("default"),
            minimum=inner.get("minimum"),
            maximum=inner.get("maximum"),
            example=example.get(name),
        )
        for name, inner in schema["properties"].items()
    ]
    return sorted(found, key=lambda parameter: not parameter.required)


def outputs(action: Action) -> list[Output]:
    """Return every value that a record of ``action`` may carry, in the schema's order."""
    schema = record_schema(action)
    return list(_outputs(schema, schema["$defs"], ""))


def record_schema(action: Action) -> dict[str, Any]:
    """Return the record schema as one action fills it: with its own outcomes, without the bodies of other actions."""
    schema = dict(schemas.load(action.output_schema))
    others = set(manifest.load().actions) - {action.id}
    properties = {name: inner for name, inner in schema["properties"].items() if name not in others}
    properties["action"] = {**properties["action"], "enum": [action.id]}
    properties["outcome"] = {**properties["outcome"], "enum": list(action.outcomes)}
    return {**schema, "properties": properties}


def _setting(row: manifest.PlatformSetting, schema: Mapping[str, Any]) -> Setting:
    return Setting(
        name=row.setting.replace(".", "_"),
        key=row.setting,
        kind=schema.get("type", "string"),
        title=row.title,
        description=schema["description"],
        required=row.required,
        secret=schema.get("writeOnly", False),
        default=schema.get("default"),
        choices=row.choices or tuple(schema.get("enum", ())),
    )


def _at(schema: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    for part in key.split("."):
        schema = schema["properties"][part]
    return schema


def _outputs(schema: Mapping[str, Any], shared: Mapping[str, Any], path: str) -> Iterator[Output]:
    named = schema.get("$ref", "").rpartition("/")[2]
    resolved = {**shared[named], **schema} if named else schema
    if "properties" in resolved:
        for name, inner in resolved["properties"].items():
            yield from _outputs(inner, shared, f"{path}.{name}" if path else name)
    elif resolved.get("type") == "array":
        yield from _outputs(resolved["items"], shared, f"{path}[]")
    else:
        allowed = [resolved["const"]] if "const" in resolved else resolved.get("enum", [])
        kind = resolved.get("type") or ("boolean" if isinstance(allowed[0], bool) else "string")
        choices = tuple(allowed) if kind == "string" else ()
        yield Output(path, kind, schema.get("description", resolved["description"]), named, choices)
