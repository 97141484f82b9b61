"""What a record names becomes observables; its numbers become tags."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.render.conftest import HOSTILE_TEXTS, alerts_everywhere, example, named

from mde_files.platforms.cortex.answer import report
from mde_files.platforms.cortex.observables import observables
from mde_files.platforms.cortex.taxonomies import taxonomies

SHA1 = "a" * 40


def kinds(record: dict, asked: str = SHA1) -> set[tuple[str, str]]:
    return {(found["dataType"], found["data"]) for found in observables(record, asked, None)}


def with_evidence(**row: object) -> dict:
    record = example("alerts_found")
    alert = {"id": "a", "evidence": [row], "related_user": {"user_name": "riley"}, "domains": [{"host": "a.example"}]}
    record["file"] = {"sha1": SHA1, "queried": SHA1, "queried_type": "sha1"}
    record["file_alerts"] = {
        **record["file_alerts"],
        "alerts": [alert],
        "devices": [{"machine_id": "m", "name": "pc1"}],
    }
    return record


@pytest.mark.parametrize(
    ("row", "observable"),
    [
        ({"sha1": "B" * 40}, ("hash", "b" * 40)),
        ({"sha256": "c" * 64}, ("hash", "c" * 64)),
        ({"file_name": "a b.exe"}, ("filename", "a b.exe")),
        ({"ip_address": "203.0.113.66"}, ("ip", "203.0.113.66")),
        ({"ip_address": "2001:db8::1"}, ("ip", "2001:db8::1")),
        ({"url": "https://a.example/x"}, ("url", "https://a.example/x")),
        ({"url": "javascript:alert(1)"}, ("other", "javascript:alert(1)")),
        ({"registry_hive": "HKLM", "registry_key": "Run"}, ("registry", "HKLM\\Run")),
        ({"account_name": "riley", "domain_name": "CONTOSO"}, ("other", "CONTOSO\\riley")),
        ({"user_principal_name": "riley@contoso.example"}, ("mail", "riley@contoso.example")),
    ],
)
def test_evidence_becomes_observables(row: dict[str, str], observable: tuple[str, str]) -> None:
    assert kinds(with_evidence(**row)) == {observable, ("other", "riley"), ("domain", "a.example"), ("hostname", "pc1")}


@pytest.mark.parametrize(
    "row", [{"sha1": "none"}, {"ip_address": "1.2.3.400"}, {"file_name": " "}, {"url": "x" * 5000}]
)
def test_what_is_none_is_left_out(row: dict[str, str]) -> None:
    assert kinds(with_evidence(**row)) == kinds(with_evidence())


def test_each_is_named_once_and_the_question_is_no_news() -> None:
    record = named("twice.exe", SHA1)
    record["file_stats"]["top_file_names"] = ["twice.exe", "twice.exe"]
    assert len(observables(record, SHA1.upper(), 3)) == 1
    assert observables(record, SHA1, 3)[0]["tlp"] == 3
    assert ("hash", SHA1) in kinds(record, "b" * 64)


@pytest.mark.parametrize("tlp", [None, "2", 7, -1, True, [], "RED"])
def test_only_a_level_of_tlp_is_handed_on(tlp: object) -> None:
    artifacts = report(named("a.exe"), {"tlp": tlp}, "")["artifacts"]
    assert {found.get("tlp") for found in artifacts} == ({2} if tlp in (None, "2") else {None})


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_hostile_texts_stay_what_they_are_in_the_record_and_are_shown_harmless(text: str) -> None:
    record = alerts_everywhere(text, SHA1)
    answer = report(record, {}, SHA1)
    assert {key: answer["full"][key] for key in record} == record
    shown = answer["full"].get("shown", {})
    assert text.isprintable() or shown["=" + text].isprintable()
    for tag in answer["summary"]["taxonomies"]:
        assert all(value.isprintable() for value in tag.values())


@given(st.text(), st.text(), st.text())
def test_any_text_becomes_observables_or_none(name: str, host: str, address: str) -> None:
    record = with_evidence(file_name=name, ip_address=address, user_principal_name=host, url=address)
    record["file_alerts"]["devices"] = [{"machine_id": "m", "name": host}]
    for found in observables(record, SHA1, 2):
        assert set(found) == {"dataType", "data", "message", "tlp"}
        assert found["data"].strip()


def test_a_list_cut_short_counts_at_least() -> None:
    record = example("alerts_found")
    counts = dict.fromkeys(record["file_alerts"]["by_severity"], 0) | {"informational": 3}
    record["file_alerts"] = {**record["file_alerts"], "by_severity": counts, "truncated": True}
    record["file_alerts"].pop("total", None)
    assert taxonomies(record) == [
        {
            "level": "info",
            "namespace": "Defender",
            "predicate": "Alerts",
            "value": "at least 3 alerts, most severe: informational",
        }
    ]


@pytest.mark.parametrize(
    ("severity", "level"),
    [
        ("high", "suspicious"),
        ("other", "suspicious"),
        ("medium", "suspicious"),
        ("low", "suspicious"),
        ("unspecified", "info"),
    ],
)
def test_alerts_make_a_file_suspicious(severity: str, level: str) -> None:
    record = example("alerts_found")
    counts = dict.fromkeys(record["file_alerts"]["by_severity"], 0) | {severity: 1}
    record["file_alerts"] = {**record["file_alerts"], "by_severity": counts}
    assert taxonomies(record)[0]["level"] == level


@pytest.mark.parametrize(
    ("verdict", "level"),
    [
        ("Malware", "malicious"),
        ("Pua", "suspicious"),
        ("Unwanted", "suspicious"),
        ("Clean", "info"),
        ("Odd", "info"),
        ("Unknown", None),
    ],
)
def test_a_verdict_is_microsofts(verdict: str, level: str | None) -> None:
    record = named("a.exe")
    record["file"] |= {"determination_type": verdict, "determination_value": "Threat"}
    levels = [tag["level"] for tag in taxonomies(record) if tag["predicate"] == "Determination"]
    assert levels == ([level] if level else [])


@pytest.mark.parametrize(
    "outcome", ["known_globally_only", "prevalence_unavailable", "unknown_to_defender", "no_alerts", "not_queried"]
)
def test_absence_is_told_as_information(outcome: str) -> None:
    told = taxonomies(example(outcome))
    assert told
    assert {tag["level"] for tag in told} == {"info"}
