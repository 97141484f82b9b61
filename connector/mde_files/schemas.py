"""Validation against the JSON Schemas that ship with the package."""

from __future__ import annotations

import itertools
import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from mde_files import resources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mde_files.schema_rules import BrokenRule

_INTEGER_TEXT = r"\s*[+-]?[0-9]{1,18}\s*"
_NUMBER_TEXT = r"\s*[+-]?[0-9]{1,18}(\.[0-9]{1,18})?\s*"
_BOOLEAN_TEXT = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
_SHOWN_LENGTH = 60
_MOST_KEYS_SHOWN = 10
_NAME = r"[A-Za-z0-9_.-]{1,40}"
_WORDS = r"[A-Za-z_ -]{0,20}"
_USER_OF_URL = r"(?i)(https?:|//).*@"
_SENTENCES = {
    "type": "must be {rule}, not {value}",
    "enum": "must be one of {rule}, not {value}",
    "const": "must be {rule}, not {value}",
    "minimum": "must be at least {rule}, not {value}",
    "maximum": "must be at most {rule}, not {value}",
    "exclusiveMinimum": "must be more than {rule}, not {value}",
    "exclusiveMaximum": "must be less than {rule}, not {value}",
    "minLength": "must have at least {rule} characters",
    "maxLength": "must have at most {rule} characters",
    "pattern": "has the wrong form: {value}",
    "not": "has the wrong form: {value}",
}
_TYPES = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a group of keys",
    "null": "null",
}


class Problem(NamedTuple):
    """One way in which a document breaks its schema.

    Attributes:
        path: Where in the document, as dotted keys; empty for the document itself.
        keyword: The schema keyword that is broken, such as ``maximum``.
        message: What is wrong and what is allowed, in words.
        unknown_keys: The keys that the schema does not know, if that is the problem.
        known_keys: The keys it does know there.
    """

    path: str
    keyword: str
    message: str
    unknown_keys: tuple[str, ...] = ()
    known_keys: tuple[str, ...] = ()


@lru_cache(maxsize=32)
def load(name: str) -> dict[str, Any]:
    """Return the schema ``schemas/<name>.schema.json`` as a dictionary that nobody may change."""
    schema: dict[str, Any] = json.loads(resources.read(f"schemas/{name}.schema.json"))
    return schema


@lru_cache(maxsize=32)
def _validator(name: str) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(load(name))


def validator_module(name: str) -> str:
    """Return the name of the module that holds the generated validator of the schema ``name``."""
    return f"validate_{name.replace('.', '_')}"


@lru_cache(maxsize=32)
def _judge(name: str) -> Callable[[object], bool]:
    from importlib import import_module

    try:
        generated = import_module(f"mde_files.validators.{validator_module(name)}")
    except ModuleNotFoundError:
        return lambda document: next(_broken_rules(name, document), None) is None
    return cast("Callable[[object], bool]", generated.is_valid)


# Loading the compiled validator takes as long as the generated ones need for about so many records.
_WORTH_LOADING = 1000
_judged = itertools.count()


@lru_cache(maxsize=32)
def compiled_judge(name: str) -> Callable[[object], bool] | None:
    """Return the validator of the extra ``fast``, or ``None`` where that is not installed.

    Loading it takes longer than a generated validator needs for hundreds of alerts.
    """
    try:
        from jsonschema_rs import Draft202012Validator
    except ImportError:
        return None
    return cast("Callable[[object], bool]", Draft202012Validator(load(name)).is_valid)


def is_valid(name: str, document: object, *, large: bool = False) -> bool:
    """Tell whether ``document`` agrees with the schema ``name``.

    A validator that was generated from the schema decides where there is one, for it is many times faster than
    ``jsonschema``. Of a ``large`` document, and in a process that has judged many, the compiled one of the extra
    ``fast`` does, where that is installed.
    """
    compiled = compiled_judge(name) if large or next(_judged) > _WORTH_LOADING else None
    if compiled is not None:
        try:
            return compiled(document)
        except (ValueError, TypeError):
            # Text that is no Unicode and keys that are no text are beyond it.
            return _judge(name)(document)
    return _judge(name)(document)


def problems(name: str, document: object, *, large: bool = False) -> list[Problem]:
    """Return every way in which ``document`` breaks the schema ``name``, in document order.

    ``large`` is as for :func:`is_valid`.
    """
    if is_valid(name, document, large=large):
        return []
    found = sorted(_broken_rules(name, document), key=lambda broken: [str(part) for part in broken.path])
    return [_explained(broken) for broken in found]


def _broken_rules(name: str, document: object) -> Iterator[BrokenRule]:
    from mde_files.schema_rules import BrokenRule, broken_rules

    try:
        errors = _validator(name).iter_errors(document)
    except ModuleNotFoundError:
        # Some platforms' images have no jsonschema, and what it needs is compiled.
        yield from broken_rules(load(name), document)
        return
    for error in errors:
        keyword, rule = str(error.validator), error.validator_value
        missing = ""
        if keyword == "required":
            missing = next(key for key in rule if error.message.startswith(repr(key)))
        yield BrokenRule(tuple(error.absolute_path), keyword, rule, error.instance, error.schema, missing)


def _explained(broken: BrokenRule) -> Problem:
    path = ".".join(str(part) for part in broken.path)
    choices = cast("list[dict[str, Any]]", broken.rule) if broken.keyword == "anyOf" else []
    missing = broken.missing
    if choices and all("required" in choice for choice in choices):
        missing = choices[0]["required"][0]
    if missing:
        return Problem(f"{path}.{missing}".lstrip("."), "required", "is required and missing")
    if broken.keyword == "additionalProperties" and isinstance(broken.schema, dict):
        known = tuple(broken.schema.get("properties", {}))
        unknown = tuple(key for key in broken.instance if key not in known)
        say = _key_shown if _holds_secrets(broken.schema) else repr
        told = ", ".join(map(say, unknown[:_MOST_KEYS_SHOWN]))
        more = f" and {len(unknown) - _MOST_KEYS_SHOWN:,} more" if len(unknown) > _MOST_KEYS_SHOWN else ""
        return Problem(path, broken.keyword, f"has no setting {told}{more}", unknown, known)
    return Problem(path, broken.keyword, _in_words(broken))


def _in_words(broken: BrokenRule) -> str:
    template = _SENTENCES.get(broken.keyword, "breaks the rule '{keyword}'")
    value = "the value" if _may_be_secret(broken) else shown(broken.instance)
    return template.format(keyword=broken.keyword, rule=_rule_in_words(broken.keyword, broken.rule), value=value)


def _rule_in_words(keyword: str, rule: Any) -> str:
    if keyword == "type":
        return " or ".join(_TYPES[name] for name in ([rule] if isinstance(rule, str) else rule))
    return ", ".join(str(value) for value in rule) if keyword == "enum" else str(rule)


def _may_be_secret(broken: BrokenRule) -> bool:
    """Tell whether the value is a secret, stands where secrets belong below it, or is no word where words belong."""
    if broken.keyword == "enum" and not re.fullmatch(_WORDS, str(broken.instance)):
        return True
    return _holds_secrets(broken.schema)


def _holds_secrets(schema: object) -> bool:
    if not isinstance(schema, dict):
        return False
    return bool(schema.get("writeOnly")) or any(map(_holds_secrets, schema.get("properties", {}).values()))


def _key_shown(key: object) -> str:
    """Return a key as far as it is a name: without a space after the colon, a key in YAML is name and value."""
    found = re.match(_NAME, str(key))
    name = found[0] if found else ""
    return repr(name if name == key else f"{name}…")


def shown(value: object) -> str:
    """Return ``value`` as short, printable text for a message to people."""
    if isinstance(value, dict | list):
        return "a group of keys" if isinstance(value, dict) else "a list"
    try:
        text = re.sub(_USER_OF_URL, r"\1****@", json.dumps(value, ensure_ascii=True, default=repr))
    except ValueError:
        return "a huge number"
    return text if len(text) <= _SHOWN_LENGTH else text[: _SHOWN_LENGTH - 1] + "…"


def coerced(schema: Mapping[str, Any], value: Any) -> Any:
    """Return ``value`` with texts turned into the numbers and booleans that ``schema`` asks for.

    Several platforms send every parameter as text. Whatever cannot be read stays as it came, for the
    validator to refuse. Whole numbers written as ``48.0`` become integers.
    """
    if isinstance(value, dict):
        inner = schema.get("properties", {})
        return {key: coerced(inner.get(key, {}), item) for key, item in value.items()}
    kind = schema.get("type")
    if isinstance(value, float) and kind == "integer" and value.is_integer():
        return int(value)
    if not isinstance(value, str):
        return value
    if kind == "integer" and re.fullmatch(_INTEGER_TEXT, value):
        return int(value)
    if kind == "number" and re.fullmatch(_NUMBER_TEXT, value):
        return float(value)
    if kind == "boolean":
        return _BOOLEAN_TEXT.get(value.strip().lower(), value)
    return value


def with_defaults(schema: Mapping[str, Any], value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of ``value`` in which every absent key has the default its schema declares."""
    result = dict(value)
    for key, inner in schema.get("properties", {}).items():
        if key not in result and "default" in inner:
            result[key] = inner["default"]
        if isinstance(result.get(key), dict):
            result[key] = with_defaults(inner, result[key])
    return result
