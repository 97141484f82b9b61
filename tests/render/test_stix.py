from __future__ import annotations

import builtins
import json
from typing import Any

import pytest
from stix2validator import ValidationOptions, validate_string
from tests.render.conftest import HOSTILE_TEXTS, alerts_everywhere, example, named, of_file

from mde_files.errors import InvalidConfigError
from mde_files.render.stix import bundle

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

# Deterministic ids are UUIDv5, which STIX 2.1 allows for the recommended UUIDv4 (103); a page behind a sign-in has no
# hash (302).
STRICT = ValidationOptions(version="2.1", strict=True, disabled="103,302")
PLAIN = ValidationOptions(version="2.1")


def judged(text: str) -> list[dict[str, Any]]:
    """Return the objects of a bundle that the OASIS validator has nothing against."""
    for options in (PLAIN, STRICT):
        results = validate_string(text, options)
        for result in results if isinstance(results, list) else [results]:
            assert result.is_valid, [str(error) for error in result.errors]
    objects: list[dict[str, Any]] = json.loads(text)["objects"]
    known = {item["id"] for item in objects}
    for item in objects:
        assert set(item.get("object_refs", ())) <= known
    return objects


def of_type(objects: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [item for item in objects if item["type"] == kind]


def test_real_records_pass_the_oasis_validator(records: list[dict[str, Any]]) -> None:
    objects = judged(bundle(records))
    assert {item["type"] for item in objects} == {"identity", "file", "note", "observed-data"}
    assert len(of_type(objects, "file")) == 13
    assert len(of_type(objects, "note")) == 26
    seen = [record for record in records if record["outcome"] == "seen_in_organization"]
    assert len(of_type(objects, "observed-data")) == len(seen) < 13


def test_the_same_records_make_the_same_bundle(records: list[dict[str, Any]]) -> None:
    assert bundle(records) == bundle(records)


def test_a_file_is_one_object_with_all_its_hashes() -> None:
    sha256 = "b" * 64
    objects = judged(bundle([named("x.exe"), of_file(example("alerts_found"), "a" * 40, sha256=sha256)]))
    (file,) = of_type(objects, "file")
    assert file["hashes"] == {"SHA-1": "a" * 40, "SHA-256": sha256}
    assert file["name"] == "x.exe"
    for note in of_type(objects, "note"):
        assert note["object_refs"][0] == file["id"]
        assert note["external_references"][0]["url"] == f"https://security.microsoft.com/file/{'a' * 40}?tid=t"


def test_observed_data_carries_times_and_bounded_numbers() -> None:
    for prevalence, wanted in ((0, 1), (7, 7), (10**12, 999_999_999)):
        record = named("x")
        record["file_stats"].update(
            organization_prevalence=prevalence, organization_first_seen="2019-12-07T13:44:16.1234567Z"
        )
        (observed,) = of_type(judged(bundle([record])), "observed-data")
        assert observed["number_observed"] == wanted
        assert observed["first_observed"] == "2019-12-07T13:44:16.123456Z"
        assert observed["last_observed"] == "2026-11-21T13:39:36Z"


def test_times_that_are_odd_or_missing_are_handled() -> None:
    record = named("x")
    record["file_stats"].update(
        organization_first_seen="2026-11-21T00:00:00Z", organization_last_seen="2026-11-01T00:00:00Z"
    )
    (observed,) = of_type(judged(bundle([record])), "observed-data")
    assert observed["first_observed"] < observed["last_observed"]
    del record["file_stats"]["organization_first_seen"]
    (observed,) = of_type(judged(bundle([record])), "observed-data")
    assert observed["first_observed"] == observed["last_observed"]
    del record["file_stats"]["organization_last_seen"]
    assert of_type(judged(bundle([record])), "observed-data") == []


def test_what_says_nothing_about_a_file_is_left_out() -> None:
    objects = judged(bundle([example("failed"), example("deferred")]))
    assert [item["type"] for item in objects] == ["identity"]
    unknown = example("unknown_to_defender")
    del unknown["source"]["retrieved_at"], unknown["portal_url"]
    (note,) = of_type(judged(bundle([unknown])), "note")
    assert "external_references" not in note


def test_a_changed_finding_is_a_new_note() -> None:
    ids = set()
    for changes in ({}, {"content_digest": "0" * 32}):
        ids |= {item["id"] for item in of_type(judged(bundle([{**named("x"), **changes}])), "note")}
    assert len(ids) == 2


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_hostile_texts_do_not_break_the_bundle(text: str) -> None:
    text = text.replace("\ud800", "\ufffd")  # a record holds no lone surrogates
    judged(bundle([named(text), alerts_everywhere(text)]))


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "stix2":
            raise ImportError(name)
        return original(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InvalidConfigError) as caught:
        bundle([])
    assert "mde-files[stix]" in caught.value.hint
