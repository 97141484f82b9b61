"""What stands in a MISP event: everything a record says has a place or a reason, and nothing becomes a verdict."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mde_files import manifest, schemas
from mde_files.platforms import catalogue
from mde_files.platforms.misp import findings, hover
from mde_files.render.by_file import by_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from mde_files import Connector
    from mde_files.emulator import Emulator
    from mde_files.platforms.catalogue import Output
    from mde_files.platforms.misp.elements import Thing

Connect = Any
EICAR = "3395856ce81f2b7382dee72602f798b642f14140"
_OF_FORMAT = {
    "sha1": ("a" * 40, "b" * 40),
    "sha256": ("a" * 64, "b" * 64),
    "md5": ("a" * 32, "b" * 32),
    "timestamp": ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
}
_OF_KIND: dict[str, tuple[Any, Any]] = {
    "integer": (11, 12),
    "number": (1.5, 2.5),
    "boolean": (True, False),
    "string": ("before", "after"),
}
_OF_PATH = {
    "portal_url": ("https://security.microsoft.com/file/a", "https://security.microsoft.com/file/b"),
    "file_alerts.mitre_techniques[]": ("T1059.001", "T1204"),
    "file.signer_hash": ("c" * 40, "d" * 40),
}


def _values(output: Output) -> tuple[Any, Any]:
    """Return two values that an output can have."""
    if output.path in _OF_PATH:
        return _OF_PATH[output.path]
    if output.choices:
        return output.choices[0], output.choices[-1 if output.path != "outcome" else 1]
    return _OF_FORMAT.get(output.format) or _OF_KIND[output.kind]


def _put(document: dict[str, Any], path: str, value: Any) -> None:
    place: Any = document
    *groups, last = path.split(".")
    for group in groups:
        place = place.setdefault(group[:-2], [{}])[0] if group.endswith("[]") else place.setdefault(group, {})
    if last.endswith("[]"):
        place[last[:-2]] = [value]
    else:
        place[last] = value


def _told(record: dict[str, Any]) -> Any:
    file = by_file([record])[0]
    return findings.things(file, to_ids=False), findings.report(file)


def _reason(path: str) -> str | None:
    return next((key for key in findings.NOT_IN_MISP if path == key or path.startswith((f"{key}.", f"{key}["))), None)


def test_every_output_has_a_place_or_a_reason() -> None:
    placed: set[str] = set()
    of_action: set[tuple[str, str]] = set()
    every: set[str] = set()
    for action in manifest.load().actions.values():
        outputs = [output for output in catalogue.outputs(action) if len(output.choices) != 1]
        whole: dict[str, Any] = {"action": action.id}
        for output in outputs:
            _put(whole, output.path, _values(output)[0])
        whole["caveats"][0]["code"] = "other"
        before = _told(whole)
        for output in outputs:
            changed = copy.deepcopy(whole)
            _put(changed, output.path, _values(output)[1])
            every.add(output.path)
            if _told(changed) != before:
                placed.add(output.path)
                of_action.add((action.id, output.path))
    unplaced = every - placed
    assert {path for path in unplaced if _reason(path) is None} == set()
    assert set(findings.NOT_IN_MISP) == {_reason(path) for path in unplaced}
    assert not set(findings.NOT_IN_MISP) & placed
    assert {(action, "caveats[].message") for action in manifest.load().actions} <= of_action
    assert {"outcome", "summary", "file_stats.organization_prevalence", "file_alerts.alerts[].title"} <= placed


@pytest.mark.parametrize("record", schemas.load("record")["examples"], ids=lambda record: str(record["outcome"]))
def test_no_outcome_becomes_a_verdict(record: dict[str, Any]) -> None:
    if record["outcome"] in ("deferred", "failed"):
        assert findings.things(by_file([record])[0], to_ids=True) == []
        return
    things = findings.things(by_file([record])[0], to_ids=False)
    assert not any(value.to_ids for thing in things for value in thing.values)
    said = json.dumps([*map(str, things)]).lower()
    assert not [word for word in ("clean", "safe", "benign", "harmless") if word in said]
    tags = {value.tag for thing in things for value in thing.values if value.tag}
    assert tags == {f'mde-files:{record["action"]}="{record["outcome"]}"'}


def test_other_hashes_are_indicators_only_with_the_one_that_was_asked() -> None:
    file = by_file([_stats(sha256="1" * 64)])[0]
    marked = {value.relation: value.to_ids for value in findings.things(file, to_ids=True)[0].values}
    assert marked == {"sha1": True, "sha256": True, "filename": False}
    assert not any(value.to_ids for thing in findings.things(file, to_ids=False) for value in thing.values)
    other = _stats(sha256="1" * 64)
    other["caveats"] = [{"code": "answer_for_another_file", "message": "It is about another file."}]
    values = findings.things(by_file([other])[0], to_ids=True)[0].values
    assert not any(value.to_ids for value in values)


def test_an_unknown_file_has_an_annotation_of_the_attribute_and_no_file_object() -> None:
    record = next(one for one in schemas.load("record")["examples"] if one["outcome"] == "unknown_to_defender")
    (annotation,) = findings.things(by_file([record])[0], to_ids=False)
    assert annotation.template == "annotation"
    assert [(reference.relation, reference.target) for reference in annotation.references] == [("annotates", "")]
    assert annotation.values[0].value.startswith(f"SHA-1 {record['file']['sha1']}: ")
    assert annotation.first_seen is None


def test_seen_is_what_the_organization_saw_in_order() -> None:
    record = _stats()
    record["file_stats"] |= {
        "organization_first_seen": "2026-11-02T00:00:00.1234567Z",
        "organization_last_seen": "2026-11-01T00:00:00Z",
    }
    file = findings.things(by_file([record])[0], to_ids=False)[0]
    assert file.first_seen is not None
    assert file.last_seen is not None
    assert (file.first_seen.day, file.last_seen.day, file.last_seen.microsecond) == (1, 2, 123456)
    worldwide_only = findings.things(by_file([_stats()])[0], to_ids=False)
    assert all(thing.first_seen is None for thing in worldwide_only)


def test_all_real_findings_are_bounded_and_on_one_line(connect: Callable[..., Connector], emulator: Emulator) -> None:
    connector = connect(limits={"max_alerts": 1000})
    for file in emulator.scenario.files:
        records = [connector.record_of(action, {"file_hash": file.sha1}) for action in manifest.load().actions]
        (found,) = by_file(records)
        things = findings.things(found, to_ids=False)
        assert len(things) <= findings.MOST_ALERTS + 5
        for thing in things:
            assert thing.values
            for value in thing.values:
                assert value.value.strip() == value.value != ""
                assert not set(map(chr, range(32))) & set(value.value + value.comment)
                assert len(value.value) <= 1000
        assert _links(things) == [found.portal_url] if found.portal_url else True
        for line in hover.results(found, [])["Attribute"]:
            assert line["value"].isprintable()
            assert len(line["value"]) <= 330


def test_names_stay_as_they_are_but_for_what_misp_refuses() -> None:
    record = _stats()
    names = [
        "invoice\u202efdp.exe",
        "two\nlines",
        "half\ud800.exe",
        " ",
        "",
        "x" * 5000,
        *(f"{number}.exe" for number in range(50)),
    ]
    record["file_stats"]["top_file_names"] = names
    shown = [
        value.value
        for value in findings.things(by_file([record])[0], to_ids=False)[0].values
        if value.relation == "filename"
    ]
    assert shown[:4] == ["invoice\u202efdp.exe", "two\\u000alines", "half\\ud800.exe", "x" * 1000]
    assert len(shown) == findings.MOST_NAMES


@given(st.lists(st.text(), max_size=5), st.text(), st.text())
@example(names=[" "], title=" ", technique=" ")
def test_any_text_from_upstream_makes_findings(names: list[str], title: str, technique: str) -> None:
    stats = _stats()
    stats["file_stats"]["top_file_names"] = names
    alerts = copy.deepcopy(next(one for one in schemas.load("record")["examples"] if one["outcome"] == "alerts_found"))
    alerts["file_alerts"]["alerts"][0] |= {"title": title, "id": title, "computer_dns_name": title}
    stats["file"]["determination_value"] = title
    alerts["file_alerts"]["mitre_techniques"] = [technique]
    for record in (stats, alerts):
        things = findings.things(by_file([record])[0], to_ids=False)
        assert all(value.value.strip() for thing in things for value in thing.values)
        hover.results(by_file([record])[0], [])


def _links(things: list[Thing]) -> list[str]:
    links = {value.value for thing in things for value in thing.values if value.relation == "ref"}
    return sorted(link for link in links if not link.startswith("https://attack.mitre.org/techniques/T"))


def _stats(**file: Any) -> dict[str, Any]:
    example = next(one for one in schemas.load("record")["examples"] if one["outcome"] == "known_globally_only")
    record: dict[str, Any] = copy.deepcopy(example)
    record["file"] |= file
    return record
