"""Where jsonschema is not there, what is wrong with a document is told in the same words."""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator
from tests.validators.test_generated import json_documents, mutated

from mde_files import schemas
from mde_files.schema_rules import UnknownKeywordError, broken_rules
from mde_files.validators import generate

if TYPE_CHECKING:
    from collections.abc import Iterator


def without_jsonschema(name: str, document: object) -> list[schemas.Problem]:
    """Return what is said where jsonschema cannot be imported."""
    schemas._validator.cache_clear()
    with patch.dict(sys.modules, jsonschema=None):
        return schemas.problems(name, document)


def both(name: str, document: object) -> list[schemas.Problem]:
    expected = schemas.problems(name, document)
    assert without_jsonschema(name, document) == expected
    return expected


@pytest.mark.parametrize("name", generate.NAMES)
def test_examples_and_what_becomes_of_them_are_explained_alike(name: str) -> None:
    chance = random.Random(name)
    found: list[schemas.Problem] = []
    for example in schemas.load(name)["examples"]:
        assert both(name, example) == []
        for document in _mutants(example, chance):
            found += both(name, document)
    assert len({problem.keyword for problem in found}) > 1


def _mutants(example: Any, chance: random.Random) -> Iterator[Any]:
    for _ in range(40):
        document = mutated(example, chance)
        yield document
        yield mutated(document, chance)


@pytest.mark.parametrize("name", generate.NAMES)
@given(document=json_documents)
def test_any_document_is_explained_alike(name: str, document: object) -> None:
    both(name, document)


@pytest.mark.parametrize(
    ("document", "path", "words"),
    [
        ({}, "tenant_id", "is required and missing"),
        ({"tenant_id": "a.test", "quota": {"share": 2}}, "quota.share", "must be at most 1, not 2"),
        ({"tenant_id": "a.test", "clientid": "x"}, "", "has no setting 'clientid'"),
        ({"tenant_id": "a.test", "auth": {"client_secret": 7}}, "auth.client_secret", "must be text, not the value"),
        ({"tenant_id": "a.test", "proxy": "sesame"}, "proxy", "has the wrong form: the value"),
    ],
)
def test_a_wrong_setting_is_told_in_words(document: dict[str, Any], path: str, words: str) -> None:
    (problem,) = without_jsonschema("configuration", document)
    assert (problem.path, problem.message) == (path, words)


def test_a_schema_without_a_generated_validator_is_judged_without_jsonschema_too() -> None:
    assert without_jsonschema("upstream_list", {"value": 7})
    assert without_jsonschema("upstream_list", {"value": []}) == []


def test_a_keyword_that_is_not_known_is_not_passed_over() -> None:
    with pytest.raises(UnknownKeywordError, match="uniqueItems"):
        list(broken_rules({"uniqueItems": True}, [1, 1]))


@pytest.mark.parametrize("rule", [True, False, 0, 1, 1.0, "1", None])
@pytest.mark.parametrize("value", [True, False, 0, 1, 1.0, "1", None, [1], {}])
def test_true_is_not_one(rule: Any, value: Any) -> None:
    for schema in ({"const": rule}, {"enum": [rule, "x"]}, {"type": ["integer", "null"]}, {"type": "number"}):
        assert (not list(broken_rules(schema, value))) is Draft202012Validator(schema).is_valid(value)
