from __future__ import annotations

from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mde_files.records import content_digest, portal_url, record_id

SHA1 = "0991a395da64e1c5fbe8732ed11e6be064081d9f"
TENANT = "11111111-2222-3333-4444-555555555555"
HERE = {"organizationPrevalence": 14850, "globallyPrevalence": 705012, "orgLastSeen": "2026-11-21T13:39:36Z"}
ALERT = {"id": "a1", "severity": "Medium", "status": "New", "lastEventTime": "2026-11-21T10:00:00Z"}


def test_the_record_id_is_the_same_for_ever():
    assert record_id(TENANT, "file_stats", SHA1) == "70e28a74-77e2-5bbc-8ef5-ca520f3afb73"
    assert record_id(TENANT.upper(), "file_stats", SHA1) == record_id(TENANT, "file_stats", SHA1)


def test_another_question_has_another_id():
    given_ids = {
        record_id(TENANT, "file_stats", SHA1),
        record_id(TENANT, "file_alerts", SHA1),
        record_id("tenant-2", "file_stats", SHA1),
        record_id(TENANT, "file_stats", "f" * 40),
    }
    assert len(given_ids) == 4


@given(st.text(alphabet=st.characters()), st.text(alphabet=st.characters()))
def test_any_text_has_an_id(tenant, text):
    assert UUID(record_id(tenant, "file_stats", text)).version == 5


_ASCII = st.text(st.characters(max_codepoint=127), max_size=256)


@given(_ASCII, _ASCII)
def test_the_record_id_is_a_uuid_of_version_5(tenant, text):
    namespace = UUID("4f0b7c0e-9d0e-5b8b-8f39-6a3f5a0a6f5d")
    assert record_id(tenant, "file_stats", text) == str(uuid5(namespace, f"{tenant.lower()}\nfile_stats\n{text}"))


def test_the_record_id_does_not_depend_on_the_answer(stats, question):
    by_sha256 = question("file_stats", "d" * 64, "sha256")
    made = {stats(answer)["record_id"] for answer in (HERE, None, {"organizationPrevalence": 0})}
    made.add(stats(HERE, question=by_sha256)["record_id"])
    assert made == {record_id(TENANT, "file_stats", SHA1)}


@pytest.mark.parametrize(
    "drift",
    [
        {"orgLastSeen": "2026-11-21T14:39:36Z"},
        {"organizationPrevalence": 14851},
        {"globallyPrevalence": 706000},
        {"topFileNames": ["other.exe"]},
        {"organizationPrevalence": None, "orgPrevalence": "14850"},
    ],
)
def test_drift_is_the_same_finding(stats, drift):
    assert stats({**HERE, **drift})["content_digest"] == stats(HERE)["content_digest"]


@pytest.mark.parametrize(
    "change",
    [
        {"organizationPrevalence": 148},
        {"organizationPrevalence": 0, "orgLastSeen": None},
        {"globallyPrevalence": 7},
        {"globallyPrevalence": None},
        {"globallyPrevalence": 0},
    ],
)
def test_another_order_of_magnitude_is_another_finding(stats, change):
    assert stats({**HERE, **change})["content_digest"] != stats(HERE)["content_digest"]


def test_an_unknown_number_is_not_zero():
    assert content_digest("x", global_prevalence=None) != content_digest("x", global_prevalence=0)
    assert content_digest("x", global_prevalence=0) != content_digest("x", global_prevalence=1)


@pytest.mark.parametrize(
    "drift", [{"lastEventTime": "2026-11-21T11:00:00Z"}, {"assignedTo": "someone"}, {"title": "Reworded"}]
)
def test_an_alert_that_moves_on_is_the_same_finding(alerts, drift):
    assert alerts([{**ALERT, **drift}])["content_digest"] == alerts([ALERT])["content_digest"]


@pytest.mark.parametrize("change", [{"severity": "High"}, {"status": "Resolved"}, {"id": "a2"}])
def test_an_alert_that_changes_is_another_finding(alerts, change):
    assert alerts([{**ALERT, **change}])["content_digest"] != alerts([ALERT])["content_digest"]


def test_a_new_alert_is_another_finding_even_when_it_is_not_listed(alerts):
    new = {**ALERT, "id": "a2", "severity": "Low"}
    assert alerts([ALERT, new], max_alerts=1)["content_digest"] != alerts([ALERT], max_alerts=1)["content_digest"]


def test_order_and_limits_do_not_change_the_finding(alerts):
    new = {**ALERT, "id": "a2"}
    made = {
        alerts([ALERT, new])["content_digest"],
        alerts([new, ALERT])["content_digest"],
        alerts([ALERT, new], max_alerts=1)["content_digest"],
    }
    assert len(made) == 1


def test_the_portal_address_is_quoted():
    assert portal_url("security.microsoft.com", SHA1, "a/b&c") == (
        f"https://security.microsoft.com/file/{SHA1}?tid=a%2Fb%26c"
    )
