"""What can be asked over HTTP, declared once: both OpenAPI documents and the server itself follow from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files import manifest, schemas
from mde_files.errors import InvalidConfigError
from mde_files.platforms import catalogue
from mde_files.playbook.incident import FORMATS
from mde_files.playbook.library import open_playbook, shipped
from mde_files.serve import incident_body

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mde_files.playbook.definition import Playbook

SINKS = ("sentinel", "graph", "webhook")
"""The sinks a caller can name; where a webhook listens is the configuration's to say."""

MOST = 2**53 - 1
"""The greatest number that every reader of JSON reads alike."""

_NO_FINDINGS = ("deferred", "failed")
_DRY_RUN = {
    "type": "boolean",
    "default": False,
    "description": "Only say what would be asked and written.",
}


class Option(NamedTuple):
    """A query parameter: its name and schema. A list is written with commas between its members."""

    name: str
    schema: Mapping[str, Any]


class Operation(NamedTuple):
    """Something that can be asked with ``POST``.

    Attributes:
        id: Id of the action, or of the playbook.
        playbook: The playbook; ``None``: it is an action.
        path: Path below the server's address.
        title: Name shown to people.
        description: What it does.
        options: Query parameters.
        body: Schema of the body.
        examples: Bodies that are valid.
        result: Schema of the result.
        result_description: What the result says.
    """

    id: str
    playbook: Playbook | None
    path: str
    title: str
    description: str
    options: tuple[Option, ...]
    body: Mapping[str, Any]
    examples: tuple[Mapping[str, Any], ...]
    result: Mapping[str, Any]
    result_description: str

    @property
    def public_id(self) -> str:
        """Its ``operationId``."""
        return pascal_case(self.id if self.playbook is None else f"run_{self.id}")


def playbooks(own: Sequence[str] = ()) -> list[Playbook]:
    """Return the playbooks that ship with the package, and those in the files ``own``.

    Raises:
        InvalidInputError: A file cannot be read, or there are mistakes in it.
        InvalidConfigError: Two have the same id, or a parameter has the name of an option.
    """
    found = {path.stem: open_playbook(path.stem) for path in shipped()}
    for place in own:
        playbook = open_playbook(place)
        if playbook.id in found:
            raise InvalidConfigError(
                f"serve.playbooks: there already is a playbook {playbook.id!r}.", hint="Give it another id."
            )
        taken = {"sink", "dry_run"} & set(playbook.parameters)
        if taken:
            raise InvalidConfigError(
                f"serve.playbooks: the playbook {playbook.id!r} has a parameter {taken.pop()!r}.",
                hint="That is an option of every run; give the parameter another name.",
            )
        found[playbook.id] = playbook
    return list(found.values())


def operations(offered: Sequence[Playbook], *, md5: bool = False, sinks: Sequence[str] = SINKS) -> list[Operation]:
    """Return what can be asked.

    Args:
        offered: The playbooks.
        md5: Whether MD5 hashes are accepted.
        sinks: Where findings may be attached.
    """
    actions = [_action(action, md5=md5) for action in manifest.load().actions.values()]
    return [*actions, *(_playbook(playbook, sinks) for playbook in offered)]


def pascal_case(name: str) -> str:
    """Return ``name`` as OpenAPI documents name operations and schemas: ``file_stats`` becomes ``FileStats``."""
    return "".join(part[:1].upper() + part[1:] for part in name.replace("-", "_").replace(".", "_").split("_"))


def _action(action: manifest.Action, *, md5: bool) -> Operation:
    given = _without_names(schemas.load(action.input_schema))
    properties = {name: _as_sent(name, inner, md5=md5) for name, inner in given["properties"].items()}
    result = _without_names(catalogue.record_schema(action))
    findings = [outcome for outcome in action.outcomes if outcome not in _NO_FINDINGS]
    result["properties"] = {**result["properties"], "outcome": {**result["properties"]["outcome"], "enum": findings}}
    result["examples"] = [example for example in result["examples"] if example["outcome"] in findings]
    return Operation(
        id=action.id,
        playbook=None,
        path=f"/actions/{action.id}",
        title=action.title,
        description=action.description,
        options=(),
        body={**given, "properties": properties},
        examples=action.examples,
        result=result,
        result_description="The record of what was found.",
    )


def _playbook(playbook: Playbook, sinks: Sequence[str]) -> Operation:
    sink = {
        "type": "array",
        "items": {"enum": list(sinks)},
        "description": "Where to attach what was found; without it, it is only answered.",
    }
    return Operation(
        id=playbook.id,
        playbook=playbook,
        path=f"/playbooks/{playbook.id}/runs",
        title=playbook.title,
        description=playbook.description,
        options=(
            *((Option("sink", sink),) if sinks else ()),
            Option("dry_run", _DRY_RUN),
            *(Option(name, _option(parameter.schema)) for name, parameter in playbook.parameters.items()),
        ),
        body=incident_body.schema(playbook.formats or FORMATS),
        examples=tuple(schemas.load("incident")["examples"]),
        result=_without_names(schemas.load("playbook_report")),
        result_description="The report of the run: every record, what was attached where, and what is still open.",
    )


def _without_names(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key not in ("$schema", "$id")}


def _as_sent(name: str, schema: Mapping[str, Any], *, md5: bool) -> dict[str, Any]:
    """Return the schema of a parameter as the connector reads it: exact about hashes, numbers also as text."""
    if name == "file_hash":
        lengths = "|".join(f"[0-9a-fA-F]{{{length}}}" for length in (40, 64, *((32,) if md5 else ())))
        return {**schema, "pattern": f"^ *({lengths}) *$"}
    if schema["type"] == "integer" and schema.get("minimum") == 1 and "maximum" in schema:
        return {**schema, "type": ["integer", "string"], "pattern": f"^({_digits_up_to(schema['maximum'])})$"}
    return dict(schema)


def _digits_up_to(greatest: int) -> str:
    """Return a pattern of the whole numbers from 1 to ``greatest``."""
    digits = str(greatest)
    ways = [f"[1-9][0-9]{{{length}}}" for length in range(len(digits) - 1)]
    for position, digit in enumerate(digits):
        least, below = int(position == 0), int(digit) - 1
        if below >= least:
            ways.append(f"{digits[:position]}[{least}-{below}][0-9]{{{len(digits) - position - 1}}}")
    return "|".join([*ways, digits])


def _option(schema: Mapping[str, Any]) -> dict[str, Any]:
    declared = {key: value for key, value in schema.items() if key != "choices"}
    if "choices" in schema:
        declared["enum"] = list(schema["choices"])
    if schema["type"] == "integer":
        declared = {"minimum": -MOST, "maximum": MOST, **declared}
    if schema["type"] == "string":
        declared["maxLength"] = 1000
    return declared
