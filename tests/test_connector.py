from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from mde_files import (
    AuthFailedError,
    Connector,
    ForbiddenError,
    InvalidInputError,
    ThrottledError,
    UpstreamInvalidError,
    manifest,
)
from mde_files.deadline import Deadline
from mde_files.emulator import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from mde_files.emulator import Emulator

    Connect = Callable[..., Connector]

OUTCOMES = [
    ("file_stats", "eicar", "sha1", "seen_in_organization"),
    ("file_stats", "known-globally-only", "sha1", "known_globally_only"),
    ("file_stats", "prevalence-empty", "sha1", "prevalence_unavailable"),
    ("file_stats", "unknown", "sha1", "unknown_to_defender"),
    ("file_stats", "unknown", "sha256", "unknown_to_defender"),
    ("file_alerts", "eicar", "sha1", "alerts_found"),
    ("file_alerts", "quiet-file", "sha1", "no_alerts"),
    ("file_alerts", "unknown", "sha1", "no_alerts"),
    ("file_alerts", "unknown", "sha256", "not_queried"),
]


def endpoints_asked(emulator: Emulator) -> list[str]:
    return [request.path for request in emulator.requests if request.path.startswith("/api/")]


@pytest.mark.parametrize(("action", "label", "kind", "outcome"), OUTCOMES)
def test_each_outcome_comes_from_what_the_service_says(
    connect: Connect, emulator: Emulator, action: str, label: str, kind: str, outcome: str
) -> None:
    file = emulator.scenario.file(label)
    record = connect().run(action, {"file_hash": getattr(file, kind)})
    assert record["outcome"] == outcome
    assert record["file"]["queried"] == getattr(file, kind)
    assert record["source"]["tenant_id"] == emulator.configuration()["tenant_id"]


def test_the_outcomes_tested_here_are_all_there_are() -> None:
    declared = {outcome for action in manifest.load().actions.values() for outcome in action.outcomes}
    assert declared == {outcome for *_, outcome in OUTCOMES} | {"deferred", "failed"}


def test_every_file_of_the_default_scenario_gives_a_valid_record_for_both_actions(
    connect: Connect, emulator: Emulator
) -> None:
    connector = connect()
    hashes = [{"file_hash": file.sha1} for file in emulator.scenario.files]
    for action in ("file_stats", "file_alerts"):
        records = connector.run_many(action, hashes)
        assert [record["file"]["queried"] for record in records] == [params["file_hash"] for params in hashes]
        failed = {emulator.scenario.file(r["file"]["queried"]).label for r in records if r["outcome"] == "failed"}
        assert failed == ({"answer-for-another-file"} if action == "file_stats" else set())


def test_a_sha256_is_resolved_before_alerts_are_asked_for(connect: Connect, emulator: Emulator) -> None:
    file = emulator.scenario.file("eicar")
    record = connect().file_alerts(file.sha256 or "")
    assert record["file"]["sha1"] == file.sha1
    assert record["file"]["md5"] == file.md5
    assert record["file"]["queried_type"] == "sha256"
    assert endpoints_asked(emulator) == [f"/api/files/{file.sha256}", f"/api/files/{file.sha1}/alerts"]


def test_the_same_question_has_the_same_id_by_any_hash(connect: Connect, emulator: Emulator) -> None:
    file = emulator.scenario.file("eicar")
    connector = connect(md5=True)
    ids = {connector.file_stats(value)["record_id"] for value in (file.sha1, file.sha256, file.md5) if value}
    assert len(ids) == 1
    assert connector.file_alerts(file.sha1)["record_id"] not in ids


@pytest.mark.parametrize(("given", "sent", "defaulted"), [(None, "720", True), (48, "48", False), ("48", "48", False)])
def test_the_look_back_is_always_sent(
    connect: Connect, emulator: Emulator, given: Any, sent: str, defaulted: bool
) -> None:
    params = {"file_hash": emulator.scenario.file("eicar").sha1}
    record = connect().run("file_stats", params if given is None else {**params, "lookback_hours": given})
    assert emulator.requests[-1].query["lookBackHours"] == sent
    assert record["file_stats"]["lookback_hours"] == int(sent)
    assert record["file_stats"]["lookback_defaulted"] is defaulted


@pytest.mark.parametrize("hours", [0, -1, 721, 1.5, "x", "", True, [48]])
def test_a_wrong_look_back_never_reaches_the_service(connect: Connect, emulator: Emulator, hours: Any) -> None:
    with pytest.raises(InvalidInputError, match="lookback_hours"):
        connect().run("file_stats", {"file_hash": "0" * 40, "lookback_hours": hours})
    assert emulator.requests == []


def test_actions_and_parameters_are_named_when_unknown(connect: Connect) -> None:
    with pytest.raises(InvalidInputError, match="no action") as refused:
        connect().run("file_machines", {})
    assert "file_stats, file_alerts" in refused.value.hint
    with pytest.raises(InvalidInputError, match="file_hash is required"):
        connect().run("file_alerts", {})
    with pytest.raises(InvalidInputError, match="no setting 'lookback_hours'"):
        connect().run("file_alerts", {"file_hash": "0" * 40, "lookback_hours": 3})
    with pytest.raises(InvalidInputError, match="no action"):
        connect().run_many("nothing", [])


def test_one_bad_hash_spoils_no_other(connect: Connect, emulator: Emulator) -> None:
    good = emulator.scenario.file("eicar").sha1
    inputs: list[dict[str, Any]] = [
        {"file_hash": good},
        {"file_hash": "../" + "x" * 400},
        {},
        {"file_hash": 7},
        {"file_hash": good.upper()},
    ]
    records = connect().run_many("file_stats", inputs)
    assert [record["outcome"] for record in records] == [
        "seen_in_organization",
        "failed",
        "failed",
        "failed",
        "seen_in_organization",
    ]
    assert [record["error"]["code"] for record in records[1:4]] == ["invalid_input"] * 3
    assert records[0]["record_id"] == records[4]["record_id"]


def test_an_answer_about_another_file_is_refused(connect: Connect, emulator: Emulator) -> None:
    file = emulator.scenario.file("answer-for-another-file")
    connector = connect()
    with pytest.raises(UpstreamInvalidError, match="another file"):
        connector.file_stats(file.sha1)
    record = connector.record_of("file_stats", {"file_hash": file.sha1})
    assert [caveat["code"] for caveat in record["caveats"]] == ["answer_for_another_file"]
    emulator.scenario.faults.append(Fault("other_file", endpoint="file_info", file="ransomware"))
    with pytest.raises(UpstreamInvalidError, match="another file"):
        connector.file_alerts(emulator.scenario.file("eicar").sha256 or "")


def test_a_resolution_without_a_sha1_is_no_resolution(connect: Connect, emulator: Emulator) -> None:
    file = emulator.scenario.file("eicar")
    file.information["sha1"] = None
    with pytest.raises(UpstreamInvalidError, match="names no SHA-1"):
        connect().file_alerts(file.sha256 or "")


def test_a_throttled_question_is_deferred_with_its_time(connect: Connect, emulator: Emulator) -> None:
    emulator.scenario.faults.append(Fault("status", endpoint="service", status=429, headers={"Retry-After": "300"}))
    connector = connect()
    params = {"file_hash": "1" * 40}
    with pytest.raises(ThrottledError) as refused:
        connector.run("file_stats", params)
    assert refused.value.retry_at is not None
    record = connector.record_of("file_stats", params)
    assert record["outcome"] == "deferred"
    assert record["error"]["retry_at"] >= refused.value.retry_at


def test_a_short_pause_is_waited_for(connect: Connect, emulator: Emulator) -> None:
    emulator.scenario.faults.append(
        Fault("status", endpoint="service", status=429, headers={"Retry-After": "0.1"}, times=2)
    )
    assert connect().file_stats(emulator.scenario.file("eicar").sha1)["outcome"] == "seen_in_organization"


def test_pages_are_followed_and_a_broken_one_is_told(
    connect: Connect, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    file = emulator.scenario.file("many-alerts")
    whole = connect(limits={"max_alerts": 1000}).file_alerts(file.sha1)["file_alerts"]
    emulator.scenario.switches.alerts_page_size = 40
    paged = connect(limits={"max_alerts": 1000}).file_alerts(file.sha1)["file_alerts"]
    assert paged == whole
    assert paged["total"] == 250
    emulator.scenario.faults.append(Fault("status", endpoint="file_alerts", status=400, after=2))
    cut = connect().file_alerts(file.sha1)
    assert cut["outcome"] == "alerts_found"
    assert cut["file_alerts"]["truncated"] is True
    assert "total" not in cut["file_alerts"]
    assert "status 400" in capsys.readouterr().err
    assert sum(cut["file_alerts"]["by_severity"].values()) == 80
    assert [caveat["code"] for caveat in cut["caveats"]] == ["alerts_truncated"]


def test_a_refused_expansion_is_asked_for_once(connect: Connect, emulator: Emulator) -> None:
    emulator.scenario.switches.expand = "reject"
    connector = connect(cache={"enabled": False})
    for _ in range(2):
        assert connector.file_alerts(emulator.scenario.file("eicar").sha1)["outcome"] == "alerts_found"
    expanded = ["$expand" in request.query for request in emulator.requests if request.path.startswith("/api/")]
    assert expanded == [True, False, False]


def test_a_token_without_the_role_names_the_role(connect: Connect, emulator: Emulator) -> None:
    connector = connect("files-only")
    assert connector.file_stats(emulator.scenario.file("eicar").sha1)["outcome"] == "seen_in_organization"
    with pytest.raises(ForbiddenError, match=r"Alert\.Read\.All") as refused:
        connector.file_alerts(emulator.scenario.file("eicar").sha1)
    assert "admin consent" in refused.value.hint
    assert refused.value.correlation_id


def test_a_revoked_token_is_renewed_once(connect: Connect, emulator: Emulator) -> None:
    connector = connect(cache={"enabled": False})
    sha1 = emulator.scenario.file("eicar").sha1
    connector.file_stats(sha1)
    emulator.scenario.faults.append(Fault("unauthorized", endpoint="service", times=1))
    assert connector.file_stats(sha1)["outcome"] == "seen_in_organization"
    emulator.scenario.faults.append(Fault("unauthorized", endpoint="service"))
    emulator.reset()
    with pytest.raises(AuthFailedError, match="refused the token"):
        connector.file_stats(sha1)
    assert len(endpoints_asked(emulator)) == 2


def test_device_groups_are_told_when_a_person_signs_in(emulator: Emulator) -> None:
    shown: list[str] = []
    configuration = emulator.configuration(method="device_code")
    with Connector.from_config(configuration, prompt=shown.append) as connector:
        record = connector.file_alerts(emulator.scenario.file("eicar").sha1)
        token = connector._service.tokens().token(Deadline(10)).value.reveal()
    assert "device_groups" in [caveat["code"] for caveat in record["caveats"]]
    assert len(shown) == 1
    ready = {**configuration, "auth": {"method": "access_token", "access_token": token}}
    with Connector.from_config(ready) as connector:
        record = connector.file_alerts(emulator.scenario.file("eicar").sha1)
    assert "device_groups" in [caveat["code"] for caveat in record["caveats"]]


def test_thirty_threads_share_one_connector_and_one_sign_in(connect: Connect, emulator: Emulator) -> None:
    connector = connect()
    sha1 = emulator.scenario.file("eicar").sha1
    with ThreadPoolExecutor(30) as pool:
        outcomes = {record["outcome"] for record in pool.map(connector.file_stats, [sha1] * 90)}
    assert outcomes == {"seen_in_organization"}
    assert len([request for request in emulator.requests if request.path.endswith("/token")]) == 1


def test_a_connector_shows_no_secret_and_can_be_closed_twice(connect: Connect, emulator: Emulator) -> None:
    secret = emulator.configuration()["auth"]["client_secret"]
    with connect() as connector:
        record = connector.file_stats(emulator.scenario.file("eicar").sha1)
        assert secret not in repr(connector) + repr(vars(connector)) + json.dumps(record)
    connector.close()
    assert connector.file_stats(emulator.scenario.file("eicar").sha1)["outcome"] == "seen_in_organization"


def test_an_own_mistake_in_a_record_is_an_error_and_not_handed_on(
    connect: Connect, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mde_files.records.stats_record", lambda *_arguments, **_named: {"outcome": "fine"})
    with pytest.raises(UpstreamInvalidError, match="valid record"):
        connect().file_stats(emulator.scenario.file("eicar").sha1)


class TestCheck:
    def test_everything_works(self, connect: Connect) -> None:
        report = connect().check()
        assert report.ok
        assert report.exit_code == 0
        assert {finding.status for finding in report.findings} == {"ok"}
        asked = {f"call_{call.id}" for call in manifest.load().calls.values() if call.service == "files_api"}
        assert asked <= {finding.name for finding in report.findings}

    def test_a_wrong_secret_ends_it_with_the_reason(self, connect: Connect) -> None:
        report = connect(auth={"client_secret": "not-the-secret-at-all"}).check()
        assert (report.ok, report.exit_code) == (False, 3)
        assert report.findings[-1].name == "sign_in"
        assert "secret" in report.findings[-1].message

    def test_missing_permissions_are_named_for_each_action(self, connect: Connect) -> None:
        report = connect("no-roles").check()
        assert report.exit_code == 4
        failed = {finding.name: finding for finding in report.findings if finding.status == "failed"}
        assert {"permission_file_stats_file_stats", "permission_file_alerts_file_alerts", "call_file_stats"} <= set(
            failed
        )
        assert "Alert.Read.All" in failed["permission_file_alerts_file_alerts"].hint

    def test_a_wrong_audience_and_a_foreign_tenant_are_seen(self, connect: Connect) -> None:
        token = connect()._service.tokens().token(Deadline(10)).value.reveal()
        report = connect(
            tenant_id="99999999-9999-9999-9999-999999999999",
            cloud="gcc",
            auth={"method": "access_token", "access_token": token},
        ).check()
        found = {finding.name: finding.status for finding in report.findings}
        assert found["audience"] == "warning"
        assert found["tenant"] == "failed"
        assert report.exit_code == 3

    def test_a_token_that_cannot_be_read_is_no_failure_in_itself(self, connect: Connect) -> None:
        report = connect(auth={"method": "access_token", "access_token": "opaque-token-of-a-proxy"}).check()
        found = {finding.name: finding.status for finding in report.findings}
        assert found["token"] == "warning"
        assert found["call_file_stats"] == "failed"

    def test_its_report_can_be_read_by_machines(self, connect: Connect) -> None:
        shown = json.loads(json.dumps(connect().check().as_dict()))
        assert shown["ok"] is True
        assert set(shown["findings"][0]) == {"name", "status", "message", "hint"}
