"""Writes the app's declarations as Python, from the catalogue: asset, parameters, outputs, summaries."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mde_files import manifest
from mde_files.platforms import catalogue
from mde_files.platforms.splunk_soar import contains
from mde_files.platforms.splunk_soar.actions import MARKDOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mde_files.manifest import Action
    from mde_files.platforms.catalogue import Output, Parameter, Setting

# The app's identity on every SOAR; it never changes.
APP_ID = "8c1f5a0e-3b52-4c7e-9d0a-6f4b1e2d7a93"
_TYPES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
_CONNECTIVITY = frozenset(
    {"tenant_id", "client_id", "auth", "cloud", "region", "base_url", "authority", "scope", "portal_host", "ca_bundle"}
    | {"proxy"}
)
# Names that pydantic's own models have; such a field goes by another name in Python.
_TAKEN = frozenset({"json", "copy", "dict", "schema", "construct", "validate", "model_dump", "model_fields"})
_HEAD = '''"""What the app declares to Splunk SOAR, generated from the manifest and the schemas."""

from typing import Any

from pydantic import field_validator
from soar_sdk.action_results import ActionOutput, OutputField
from soar_sdk.asset import AssetField, BaseAsset, FieldCategory
from soar_sdk.params import Param, Params


class EnteredAsset(BaseAsset):
    """What was entered stays as it is where it is of another type, so that the app itself says what is wrong."""

    @field_validator("*", mode="wrap")
    @classmethod
    def as_entered(cls, value: Any, read: Any) -> Any:
        try:
            return read(value)
        except ValueError:
            return value


class EnteredParams(Params):
    """As the asset: SOAR shows no result at all for parameters that the declaration itself refuses."""

    @field_validator("*", mode="wrap")
    @classmethod
    def as_entered(cls, value: Any, read: Any) -> Any:
        try:
            return read(value)
        except ValueError:
            return value


class Part(ActionOutput):
    """Leaves out what is unknown."""

    def model_dump(self, **options: Any) -> dict[str, Any]:
        return super().model_dump(**{**options, "exclude_none": True})
'''


def declarations() -> str:
    """Return the text of the module ``mde_files_declared``: ``APP``, ``ACTIONS``, ``Asset``, each action's classes."""
    actions = list(manifest.load().actions.values())
    outputs = _Outputs()
    parts = [_HEAD, _app(), _actions(actions), _asset()]
    for action in actions:
        parts += [_params(action), outputs.of(action), _summary(action)]
    return "\n\n".join(part.rstrip("\n") + "\n" for part in parts)


def class_name(action: Action, kind: str) -> str:
    """Return the name of an action's class of a kind: ``Params``, ``Output`` or ``Summary``."""
    return f"{_camel(action.id)}{kind}"


def _app() -> str:
    document = manifest.load().document
    told = {
        "name": document["name"],
        "app_type": "endpoint",
        "logo": "logo.svg",
        "logo_dark": "logo_dark.svg",
        "product_vendor": document["vendor"],
        "product_name": document["product"],
        "publisher": document["publisher"],
        "appid": APP_ID,
        "python_version": "3.13",
        "fips_compliant": False,
    }
    return f"APP = {told!r}"


def _actions(actions: list[Action]) -> str:
    declared = manifest.load().document["actions"]
    told = {
        action.id: {
            "description": action.description,
            "action_type": "investigate",
            "read_only": declared[action.id]["read_only"],
        }
        for action in actions
    }
    return f"ACTIONS = {told!r}"


def _asset() -> str:
    fields = "\n".join(f"    {_setting(setting)}" for setting in catalogue.settings())
    return f'class Asset(EnteredAsset):\n    """The settings of the manifest."""\n\n{fields}'


def _setting(setting: Setting) -> str:
    area = "CONNECTIVITY" if setting.key.partition(".")[0] in _CONNECTIVITY else "ACTION"
    named = setting.description.lower().startswith(setting.title.lower())
    told: dict[str, Any] = {"description": setting.description if named else f"{setting.title}: {setting.description}"}
    if setting.choices:
        told["value_list"] = list(setting.choices)
    if setting.secret:
        told["sensitive"] = True
    if setting.default is not None:
        told["default"] = setting.default
    optional = "" if setting.required else " | None"
    return (
        f"{setting.name}: {_TYPES[setting.kind]}{optional} = "
        f"AssetField({_keywords(told)}, category=FieldCategory.{area})"
    )


def _params(action: Action) -> str:
    fields = "\n".join(f"    {_parameter(parameter)}" for parameter in catalogue.parameters(action))
    return f'class {class_name(action, "Params")}(EnteredParams):\n    """Parameters."""\n\n{fields}'


def _parameter(parameter: Parameter) -> str:
    bounds = (
        f" From {parameter.minimum} to {parameter.maximum}."
        if None not in (parameter.minimum, parameter.maximum)
        else ""
    )
    told: dict[str, Any] = {"description": f"{parameter.description}{bounds}"}
    kinds = contains.of_parameter(parameter)
    if kinds:
        told |= {"cef_types": list(kinds), "primary": True}
    if parameter.default is not None:
        told["default"] = parameter.default
    optional = "" if parameter.required else " | None"
    return f"{parameter.name}: {_TYPES[parameter.kind]}{optional} = Param({_keywords(told)})"


class _Outputs:
    """Writes the classes of records; a part that several actions have alike is written once."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._written: list[str] = []

    def of(self, action: Action) -> str:
        schema = catalogue.record_schema(action)
        rows = {output.path: output for output in catalogue.outputs(action)}
        self._written = []
        reading = _Reading(schema["$defs"], rows, schema["examples"])
        root = class_name(action, "Output")
        fields = [*self._fields(schema, "", root, reading)]
        fields.append(f"{MARKDOWN}: str | None = OutputField()")
        self._written.append(_class(root, fields))
        return "\n\n".join(self._written)

    def _fields(self, schema: Mapping[str, Any], path: str, owner: str, reading: _Reading) -> Iterator[str]:
        for name, inner in schema["properties"].items():
            place = f"{path}.{name}" if path else name
            resolved, depth = reading.resolved(inner), 0
            while resolved.get("type") == "array":
                resolved, depth, place = reading.resolved(resolved["items"]), depth + 1, f"{place}[]"
            alias = {"alias": name} if name in _TAKEN else {}
            if "properties" in resolved:
                kind, told = self._part(name, owner, [*self._fields(resolved, place, _camel(name), reading)]), alias
            else:
                output = reading.outputs[place]
                kind, told = _TYPES[output.kind], {**alias, **_told(output, reading.values(place))}
            field = f"{name}_" if alias else name
            yield f"{field}: {'list[' * depth}{kind}{']' * depth} | None = OutputField({_keywords(told)})"

    def _part(self, name: str, owner: str, fields: list[str]) -> str:
        text = "\n".join(fields)
        for known in (_camel(name), owner + _camel(name)):
            if self._known.get(known, text) == text:
                if known not in self._known:
                    self._known[known] = text
                    self._written.append(_class(known, fields))
                return known
        raise AssertionError(name)


class _Reading:
    """A record's schema while it is read: shared definitions, outputs by path, and example records."""

    def __init__(
        self, shared: Mapping[str, Any], outputs: Mapping[str, Output], examples: list[Mapping[str, Any]]
    ) -> None:
        self._shared = shared
        self.outputs = outputs
        self._examples = examples

    def resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        named = schema.get("$ref", "").rpartition("/")[2]
        return {**self._shared[named], **schema} if named else schema

    def values(self, path: str) -> list[Any]:
        return list(dict.fromkeys(value for example in self._examples for value in _at(example, path)))[:2]


def _at(value: Any, path: str) -> Iterator[Any]:
    key, _, rest = path.partition(".")
    name = key.rstrip("[]")
    if not isinstance(value, dict) or name not in value:
        return
    found = [value[name]]
    for _depth in range(key.count("[]")):
        found = [inner for outer in found for inner in outer]
    for inner in found:
        yield from _at(inner, rest) if rest else (inner,)


def _told(output: Output, examples: list[Any]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    kinds = contains.of_output(output)
    if kinds:
        told["cef_types"] = list(kinds)
    shown = list(output.choices) or examples
    if shown:
        told["example_values"] = shown
    return told


def _summary(action: Action) -> str:
    body = f"{action.id}."
    fields = ["outcome: str | None = OutputField()"]
    for output in catalogue.outputs(action):
        name = output.path.removeprefix(body)
        if output.path.startswith(body) and output.kind == "integer" and not {".", "["} & set(name):
            fields.append(f"{name}: int | None = OutputField()")
    return _class(class_name(action, "Summary"), fields)


def _class(name: str, fields: list[str]) -> str:
    lines = "\n".join(f"    {field}" for field in fields)
    return f'class {name}(Part):\n    """{name}."""\n\n{lines}\n'


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def _keywords(told: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={_literal(value)}" for name, value in told.items())


def _literal(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True) if isinstance(value, str) else repr(value)
