"""The generated and the compiled validators say what jsonschema says; the generated are those of today's schemas."""

from __future__ import annotations

import copy
import itertools
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mde_files import schemas
from mde_files.validators import generate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mde_files import Connector
    from mde_files.emulator import Emulator

ODD_VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    10**30,
    10**400,
    -3.0,
    float("nan"),
    float("inf"),
    "",
    "x",
    "x\n",
    "\ud800",
    [],
    [None],
    {},
    {"x": 1},
    "2026-01-01T00:00:00Z",
]


def agree(name: str, document: object) -> bool:
    expected = Draft202012Validator(schemas.load(name)).is_valid(document)
    assert schemas.is_valid(name, document) is expected
    assert schemas.is_valid(name, document, large=True) is expected
    return expected


@pytest.mark.parametrize("name", generate.NAMES)
def test_the_validators_are_those_of_todays_schemas(name: str) -> None:
    written = Path(generate.__file__).with_name(f"{schemas.validator_module(name)}.py")
    assert written.read_text(encoding="utf-8") == generate.generated(name), (
        "run: python -m mde_files.validators.generate"
    )


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(document, dict):
        for key, value in document.items():
            yield from places(value, (*path, key))
    elif isinstance(document, list):
        for number, value in enumerate(document):
            yield from places(value, (*path, number))


def mutated(document: Any, chance: random.Random) -> Any:
    """Return a copy with one value replaced, removed or added."""
    changed = copy.deepcopy(document)
    path = chance.choice(list(places(document)))
    if not path:
        return chance.choice(ODD_VALUES)
    owner = changed
    for step in path[:-1]:
        owner = owner[step]
    kind = chance.choice(["replace", "remove", "add"])
    if kind == "remove":
        del owner[path[-1]]
    elif kind == "add" and isinstance(owner, dict):
        owner[f"new_{path[-1]}"] = chance.choice(ODD_VALUES)
    else:
        owner[path[-1]] = chance.choice(ODD_VALUES)
    return changed


@pytest.mark.parametrize("name", generate.NAMES)
def test_examples_and_what_becomes_of_them_are_judged_alike(name: str) -> None:
    chance = random.Random(name)
    outcomes = set()
    for example in schemas.load(name)["examples"]:
        assert agree(name, example)
        outcomes |= {agree(name, mutated(example, chance)) for _ in range(60)}
    assert False in outcomes


json_documents = st.recursive(
    st.sampled_from([value for value in ODD_VALUES if not isinstance(value, list | dict)])
    | st.text(st.characters(), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "code", "value", "sha1", "file_hash", "tenant_id", "x"]), inner, max_size=4
        )
    ),
    max_leaves=10,
)


@pytest.mark.parametrize("name", generate.NAMES)
@given(document=json_documents)
def test_any_document_is_judged_alike(name: str, document: object) -> None:
    agree(name, document)


def test_every_record_of_the_local_tenant_is_judged_alike(
    connect: Callable[..., Connector], emulator: Emulator
) -> None:
    connector = connect()
    chance = random.Random(3)
    for file in emulator.scenario.files[::4]:
        for action in ("file_stats", "file_alerts"):
            record = connector.record_of(action, {"file_hash": file.sha1})
            assert agree("record", record)
            if len(record.get("file_alerts", {}).get("alerts", [])) < 20:
                agree("record", mutated(record, chance))


def test_without_the_compiled_validator_the_generated_one_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    schemas.compiled_judge.cache_clear()
    try:
        assert schemas.compiled_judge("record") is None
        assert schemas.is_valid("record", schemas.load("record")["examples"][0], large=True) is True
        assert schemas.is_valid("record", {}, large=True) is False
    finally:
        schemas.compiled_judge.cache_clear()


def test_many_alerts_are_judged_by_the_compiled_validator(
    connect: Callable[..., Connector], emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = next(alert for alert in emulator.scenario.alerts if len(alert.files) == 1)
    asked: list[str] = []
    judge = schemas.compiled_judge
    monkeypatch.setattr(schemas, "compiled_judge", lambda name: asked.append(name) or judge(name))
    # As in a process that has judged nothing yet: only the number of alerts can make it ask.
    monkeypatch.setattr(schemas, "_judged", itertools.count())
    monkeypatch.setattr("mde_files.connector.MANY_ALERTS", 1)
    connect().file_alerts(emulator.scenario.file(many.files[0]).sha1)
    assert set(asked) == {"record"}


def test_a_schema_without_a_generated_validator_is_judged_by_jsonschema() -> None:
    assert schemas.is_valid("manifest", {}) is False
    assert schemas.is_valid("manifest", schemas.load("manifest")["examples"][0]) is True
