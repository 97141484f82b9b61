"""A playbook, ready to run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files import schemas
from mde_files.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mde_files.playbook.expression import Expression
    from mde_files.playbook.template import Template

Value = str | int | float | bool
SEVERITIES = ("informational", "low", "medium", "high")
_TYPES: Mapping[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "boolean": (bool,),
}
_TYPES_IN_WORDS = {"integer": "a whole number", "number": "a number", "string": "text", "boolean": "true or false"}
_LONGEST_TEXT = 1000


class Parameter(NamedTuple):
    """A parameter of a playbook; ``schema`` has type, description, default and bounds."""

    name: str
    schema: Mapping[str, Any]

    def problem(self, value: object) -> str:
        """Return what is wrong with a value, in words; empty when nothing is."""
        kind = self.schema["type"]
        if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
            return f"must be {_TYPES_IN_WORDS[kind]}, not {schemas.shown(value)}"
        if isinstance(value, str) and len(value) > _LONGEST_TEXT:
            return f"must have at most {_LONGEST_TEXT} characters"
        if isinstance(value, int | float):
            if "minimum" in self.schema and not value >= self.schema["minimum"]:
                return f"must be at least {self.schema['minimum']}, not {schemas.shown(value)}"
            if "maximum" in self.schema and not value <= self.schema["maximum"]:
                return f"must be at most {self.schema['maximum']}, not {schemas.shown(value)}"
        choices = self.schema.get("choices")
        if choices is not None and value not in choices:
            return f"must be one of {', '.join(map(str, choices))}, not {schemas.shown(value)}"
        return ""


class ActionStep(NamedTuple):
    """Runs an action for the file; ``inputs`` are values or expressions, by name of the parameter."""

    id: str
    when: Expression | None
    action: str
    inputs: Mapping[str, Value | Expression]


class DecisionStep(NamedTuple):
    """Gives tags and a note where the condition holds."""

    id: str
    when: Expression | None
    tags: tuple[str, ...]
    note: Template | None


class AttachStep(NamedTuple):
    """Attaches the records of some action steps."""

    id: str
    when: Expression | None
    title: str
    records: tuple[str, ...]


Step = ActionStep | DecisionStep | AttachStep


class Playbook(NamedTuple):
    """A playbook whose every part has been checked.

    Attributes:
        id: Identifier.
        title: Title for people.
        description: When to use it.
        formats: Incident formats it is for; empty for all.
        minimum_severity: Incidents of a lower severity are left alone; empty for none.
        parameters: Parameters by name.
        steps: Steps in order.
        place: Where it was read from.
    """

    id: str
    title: str
    description: str
    formats: tuple[str, ...]
    minimum_severity: str
    parameters: Mapping[str, Parameter]
    steps: tuple[Step, ...]
    place: str

    @property
    def actions(self) -> tuple[ActionStep, ...]:
        """The steps that run an action."""
        return tuple(step for step in self.steps if isinstance(step, ActionStep))

    @property
    def attach(self) -> AttachStep | None:
        """The step that attaches, if there is one."""
        last = self.steps[-1]
        return last if isinstance(last, AttachStep) else None

    @property
    def tags(self) -> tuple[str, ...]:
        """Every tag that a decision may give."""
        decisions = (step for step in self.steps if isinstance(step, DecisionStep))
        return tuple(dict.fromkeys(tag for step in decisions for tag in step.tags))

    def values(self, given: Mapping[str, Any]) -> dict[str, Value]:
        """Return the value of every parameter; numbers and truth values may be given as text.

        Raises:
            InvalidInputError: A parameter is not known, or its value is not allowed.
        """
        unknown = [name for name in given if name not in self.parameters]
        if unknown:
            from difflib import get_close_matches

            near = get_close_matches(unknown[0], self.parameters, n=1)
            known = f"Parameters: {', '.join(self.parameters)}." if self.parameters else "It has none."
            raise InvalidInputError(
                f"The playbook {self.id} has no parameter {schemas.shown(unknown[0])}.",
                hint=f"Did you mean {near[0]!r}?" if near else known,
            )
        values: dict[str, Value] = {}
        for name, parameter in self.parameters.items():
            value = schemas.coerced(parameter.schema, given.get(name, parameter.schema["default"]))
            problem = parameter.problem(value)
            if problem:
                raise InvalidInputError(f"The parameter {name} {problem}.", hint=parameter.schema["description"])
            values[name] = value
        return values
