"""Writes the validators of this package from the schemas, by ``fastjsonschema``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mde_files import schemas
from mde_files.schemas import validator_module

_DRAFT_7 = "http://json-schema.org/draft-07/schema#"
_WORDS_ONLY = frozenset({"title", "description", "examples", "default", "$id", "$schema", "writeOnly", "$comment"})
# The schemas that an action needs; the others are read by people's commands, where jsonschema is fast enough.
NAMES = (
    "configuration",
    "file_alerts.input",
    "file_stats.input",
    "record",
    "upstream_alerts",
    "upstream_error",
    "upstream_file",
    "upstream_stats",
)
_RAISE = re.compile(r"raise JsonSchemaValueException\(.*\)$", re.MULTILINE)
_COMPILED = re.compile(r"re\.compile\((.*)\),?$", re.MULTILINE)
_HEADER = '''# mypy: ignore-errors
"""Generated from schemas/{name}.schema.json by ``python -m mde_files.validators.generate``."""

from mde_files.validators.patterns import Patterns


class Invalid(Exception):
    """The document is not valid."""


'''
_FOOTER = '''

def is_valid(document):
    """Tell whether ``document`` agrees with the schema."""
    try:
        validate(document)
    except Invalid:
        return False
    return True
'''


def generated(name: str) -> str:
    """Return the source of the validator of the schema ``name``.

    The schemas use no keyword that draft 7, which ``fastjsonschema`` knows, reads differently from 2020-12.
    """
    import fastjsonschema

    schema = {"$schema": _DRAFT_7, **_without_words(schemas.load(name), of_properties=False)}
    code = fastjsonschema.compile_to_code(schema, use_default=False, use_formats=False)
    code = _RAISE.sub("raise Invalid", code)
    code = code.replace("(JsonSchemaValueException, JsonSchemaValuesException)", "Invalid")
    code = code.replace("(int, float, Decimal)", "(int, float)")
    code = _COMPILED.sub(r"\1,", code).replace("REGEX_PATTERNS = {", "REGEX_PATTERNS = Patterns({", 1)
    code = re.sub(r"^}$", "})", code, count=1, flags=re.MULTILINE)
    body = code[min(code.index(start) for start in ("REGEX_PATTERNS", "NoneType") if start in code) :]
    return _HEADER.format(name=name) + body.rstrip() + "\n" + _FOOTER


def _without_words(part: Any, *, of_properties: bool) -> Any:
    """Return a schema without what only people read; inside ``properties`` every key is a name and stays."""
    if isinstance(part, list):
        return [_without_words(item, of_properties=False) for item in part]
    if not isinstance(part, dict):
        return part
    return {
        key: _without_words(value, of_properties=not of_properties and key in ("properties", "$defs"))
        for key, value in part.items()
        if of_properties or key not in _WORDS_ONLY
    }


def write() -> None:
    """Write the validators into this package and remove those that are not wanted any more."""
    folder = Path(__file__).parent
    wanted = {f"{validator_module(name)}.py": generated(name) for name in NAMES}
    for path in folder.glob("validate_*.py"):
        if path.name not in wanted:
            path.unlink()
    for file_name, source in wanted.items():
        (folder / file_name).write_text(source, encoding="utf-8")


if __name__ == "__main__":
    write()
