"""Checks playbooks and says where what is wrong: file, line and column, and what was probably meant."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files import manifest, schemas
from mde_files.errors import InvalidInputError
from mde_files.playbook.definition import ActionStep, AttachStep, DecisionStep, Parameter, Playbook, Step
from mde_files.playbook.expression import Expression, ExpressionError
from mde_files.playbook.expression_types import DECISION_SHAPE, data_shape, findings, record_shape
from mde_files.playbook.template import Template
from mde_files.playbook.yaml_document import Place, YamlMistakeError, read_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mde_files.playbook.yaml_document import Document

_KINDS = ("action", "decide", "attach")
_MOST_SHOWN = 10


class Mistake(NamedTuple):
    """Something wrong in a playbook; ``line`` and ``column`` count from 1, ``hint`` can be empty."""

    line: int
    column: int
    message: str
    hint: str


class Examined(NamedTuple):
    """A playbook and what is wrong with it: there is a playbook exactly when there are no mistakes."""

    playbook: Playbook | None
    mistakes: tuple[Mistake, ...]


def examine(text: str, place: str) -> Examined:
    """Return the playbook written in ``text``, or every mistake in it, in the order of lines.

    Args:
        text: YAML as ``schemas/playbook.schema.json`` describes it.
        place: Where it comes from, for messages.
    """
    try:
        document = read_document(text)
    except YamlMistakeError as error:
        hint = "Keys and values are written as 'key: value', one a line, nested keys indented by spaces."
        return Examined(None, (Mistake(error.place.line, error.place.column, f"{error.message}.", hint),))
    examiner = _Examiner(document)
    examiner.check_schema()
    if examiner.mistakes:
        return Examined(None, examiner.in_order())
    playbook = examiner.playbook(place)
    return Examined(None if examiner.mistakes else playbook, examiner.in_order())


def load(text: str, place: str) -> Playbook:
    """Return the playbook written in ``text``.

    Raises:
        InvalidInputError: There are mistakes in it; the message says where.
    """
    playbook, mistakes = examine(text, place)
    if playbook is None:
        said = [f"{place}:{mistake.line}:{mistake.column}: {mistake.message}" for mistake in mistakes[:_MOST_SHOWN]]
        raise InvalidInputError(" ".join(said), hint=mistakes[0].hint or "'mde-files playbook validate' explains more.")
    return playbook


class _Examiner:
    def __init__(self, document: Document) -> None:
        self._document = document.value
        self._places = document.places
        self._actions = manifest.load().actions
        self.mistakes: list[Mistake] = []

    def in_order(self) -> tuple[Mistake, ...]:
        return tuple(sorted(self.mistakes, key=lambda mistake: mistake[:2]))

    def check_schema(self) -> None:
        """Note every way in which the document breaks its schema."""
        for problem in schemas.problems("playbook", self._document):
            for key in problem.unknown_keys:
                near = get_close_matches(key, problem.known_keys, n=1, cutoff=0.5)
                known = f"Known keys: {', '.join(problem.known_keys)}."
                hint = f"Did you mean {near[0]!r}?" if near else known
                path = f"{problem.path}.{key}" if problem.path else key
                self._add(path, f"There is no key {schemas.shown(key)}.", hint, key=True)
            if not problem.unknown_keys:
                name = problem.path.rpartition(".")[2]
                subject = f"{schemas.shown(name)} " if name and not name.isdecimal() else "This "
                self._add(problem.path, f"{subject}{problem.message}.", "")

    def playbook(self, place: str) -> Playbook:
        """Return the playbook; what is wrong in it is noted."""
        document = self._document
        parameters = {
            name: self._parameter(name, schema, f"parameters.{name}")
            for name, schema in document.get("parameters", {}).items()
        }
        incidents = document.get("incidents", {})
        return Playbook(
            id=document["id"],
            title=document["title"],
            description=document["description"].strip(),
            formats=tuple(incidents.get("formats", ())),
            minimum_severity=incidents.get("minimum_severity", ""),
            parameters=parameters,
            steps=tuple(self._steps(document["steps"], parameters)),
            place=place,
        )

    def _parameter(self, name: str, schema: Mapping[str, Any], path: str) -> Parameter:
        parameter = Parameter(name, schema)
        problem = parameter.problem(schema["default"])
        if problem:
            self._add(f"{path}.default", f'"default" {problem}.', schema["description"])
        return parameter

    def _steps(self, given: list[Mapping[str, Any]], parameters: Mapping[str, Parameter]) -> list[Step]:
        shapes: dict[str, Mapping[str, Any]] = {}
        known_parameters = {name: {"type": parameter.schema["type"]} for name, parameter in parameters.items()}
        steps: list[Step] = []
        for position, step in enumerate(given):
            path = f"steps.{position}"
            if step["id"] in shapes:
                self._add(f"{path}.id", f"There are two steps {step['id']!r}.", "Each step has an id of its own.")
            data = data_shape(known_parameters, shapes)
            kinds = [kind for kind in _KINDS if kind in step]
            if len(kinds) != 1:
                said = f"has {' and '.join(kinds)}" if kinds else "does nothing"
                self._add(path, f"The step {step['id']!r} {said}.", f"Give it exactly one of {', '.join(_KINDS)}.")
                continue
            if "with" in step and kinds != ["action"]:
                self._add(f"{path}.with", "Only an action takes parameters.", "", key=True)
            when = self._expression(step["when"], f"{path}.when", data) if "when" in step else None
            if kinds == ["action"]:
                steps.append(self._action(step, path, when, data))
                shapes[step["id"]] = (
                    record_shape(self._actions[step["action"]]) if step["action"] in self._actions else {}
                )
            elif kinds == ["decide"]:
                steps.append(self._decision(step, path, when, data))
                shapes[step["id"]] = DECISION_SHAPE
            else:
                if position != len(given) - 1:
                    self._add(
                        f"{path}.attach", "Nothing comes after a step that attaches.", "Move it to the end.", key=True
                    )
                steps.append(self._attach(step, path, when, steps))
        if not any(isinstance(step, ActionStep) for step in steps) and not self.mistakes:
            self._add("steps", "No step runs an action.", f"Actions: {', '.join(self._actions)}.", key=True)
        return steps

    def _action(
        self, step: Mapping[str, Any], path: str, when: Expression | None, data: Mapping[str, Any]
    ) -> ActionStep:
        name = step["action"]
        action = self._actions.get(name)
        if action is None:
            self._add(f"{path}.action", f"There is no action {schemas.shown(name)}.", _meant(name, self._actions))
        inputs: dict[str, Any] = {}
        for key, value in step.get("with", {}).items():
            below = f"{path}.with.{key}"
            if isinstance(value, dict):
                inputs[key] = self._expression(value["expression"], f"{below}.expression", data)
            else:
                inputs[key] = value
            if action is not None:
                self._check_input(action.input_schema, key, inputs[key], below)
        return ActionStep(step["id"], when, name, inputs)

    def _check_input(self, input_schema: str, key: str, value: object, path: str) -> None:
        known = {
            name: schema for name, schema in schemas.load(input_schema)["properties"].items() if name != "file_hash"
        }
        if key == "file_hash":
            self._add(path, "The file is given by the incident.", "Leave 'file_hash' out.", key=True)
        elif key not in known:
            hint = _meant(key, known) if known else "The action takes no parameters besides the file."
            self._add(path, f"The action has no parameter {schemas.shown(key)}.", hint, key=True)
        elif value is not None and not isinstance(value, Expression):
            coerced = schemas.coerced(known[key], value)
            document = {"file_hash": "0" * 40, key: coerced}
            for problem in schemas.problems(input_schema, document):
                self._add(path, f"{schemas.shown(key)} {problem.message}.", known[key]["description"])

    def _decision(
        self, step: Mapping[str, Any], path: str, when: Expression | None, data: Mapping[str, Any]
    ) -> DecisionStep:
        decide = step["decide"]
        note = None
        if not decide:
            self._add(
                f"{path}.decide", f"The step {step['id']!r} decides nothing.", "Give it tags or a note.", key=True
            )
        if "note" in decide:
            below = f"{path}.decide.note"
            try:
                note = Template(decide["note"].strip())
            except ExpressionError as error:
                self._add_expression(below, error.message, error.hint, error.position)
            for expression in note.expressions if note else ():
                self._check_types(expression, below, data)
        return DecisionStep(step["id"], when, tuple(decide.get("tags", ())), note)

    def _attach(
        self, step: Mapping[str, Any], path: str, when: Expression | None, before: Iterable[Step]
    ) -> AttachStep:
        actions = {earlier.id: earlier.action for earlier in before if isinstance(earlier, ActionStep)}
        chosen = tuple(step["attach"].get("records", actions))
        taken: dict[str, str] = {}
        for position, name in enumerate(chosen):
            below = f"{path}.attach.records.{position}" if "records" in step["attach"] else f"{path}.attach"
            if name not in actions:
                self._add(below, f"There is no step {schemas.shown(name)} that runs an action.", _meant(name, actions))
            elif actions[name] in taken:
                self._add(
                    below,
                    f"{taken[actions[name]]!r} and {name!r} are both records of {actions[name]}.",
                    "Attach one record of each action; name them under 'records'.",
                )
            else:
                taken[actions[name]] = name
        return AttachStep(step["id"], when, step["attach"].get("title", self._document["title"]), chosen)

    def _expression(self, text: str, path: str, data: Mapping[str, Any]) -> Expression | None:
        try:
            expression = Expression(text)
        except ExpressionError as error:
            self._add_expression(path, error.message, error.hint, error.position)
            return None
        self._check_types(expression, path, data)
        return expression

    def _check_types(self, expression: Expression, path: str, data: Mapping[str, Any]) -> None:
        for finding in findings(expression, data):
            self._add(path, f"In {schemas.shown(expression.text)}: {finding.message}", finding.hint)

    def _add_expression(self, path: str, message: str, hint: str, position: int | None) -> None:
        place = self._place(path)
        if position is not None and place.text_column is not None:
            place = Place(place.line, place.text_column + position)
        self.mistakes.append(Mistake(place.line, place.column, message, hint))

    def _add(self, path: str, message: str, hint: str, *, key: bool = False) -> None:
        place = self._place(f"{path}\x00key") if key else self._place(path)
        self.mistakes.append(Mistake(place.line, place.column, message, hint))

    def _place(self, path: str) -> Place:
        """Return where a value stands, or where what it should be in stands."""
        while path not in self._places:
            path = path.removesuffix("\x00key") if path.endswith("\x00key") else path.rpartition(".")[0]
        return self._places[path]


def _meant(name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    return f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(names) or 'none'}."
