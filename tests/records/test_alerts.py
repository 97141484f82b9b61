from __future__ import annotations

import pytest

SHA1 = "0991a395da64e1c5fbe8732ed11e6be064081d9f"
MACHINE = "111e6dd8c833c8a052ea231ec1b19adaf497b625"
EVIDENCE = {
    "entityType": "File",
    "evidenceCreationTime": "2026-01-26T20:33:58.42Z",
    "sha1": SHA1,
    "sha256": "dc0ade0c95d6db98882bc8fa6707e64353cd6f7767ff48d6a81a6c2aef21c608",
    "fileName": "suspicious.dll",
    "filePath": "c:\\temp",
    "processId": None,
    "processCommandLine": None,
    "processCreationTime": None,
    "parentProcessId": None,
    "registryValueName": None,
    "detectionStatus": "Detected",
}
FULL = {
    "id": "da637472900382838869_1364969609",
    "incidentId": 1126093,
    "investigationId": None,
    "assignedTo": None,
    "severity": "Medium",
    "status": "New",
    "classification": None,
    "determination": None,
    "investigationState": "Queued",
    "detectionSource": "WindowsDefenderAtp",
    "detectorId": "17e10bbc-3a68-474a-8aad-faef14d43952",
    "category": "Execution",
    "threatFamilyName": None,
    "title": "Low-reputation arbitrary code executed by signed executable",
    "description": "Synthetic description.",
    "alertCreationTime": "2026-01-26T20:33:57.7220239Z",
    "firstEventTime": "2026-01-26T20:31:32.9562661Z",
    "lastEventTime": "2026-01-26T20:31:33.0577322Z",
    "lastUpdateTime": "2026-01-26T20:33:59.2Z",
    "resolvedTime": None,
    "machineId": MACHINE,
    "computerDnsName": "host1.contoso.example",
    "rbacGroupName": "UnassignedGroup",
    "aadTenantId": "11111111-2222-3333-4444-555555555555",
    "relatedUser": {"userName": "temp123", "domainName": "CONTOSO"},
    "threatName": None,
    "mitreTechniques": ["T1220", "T1064"],
    "loggedOnUsers": [{"accountName": "temp123", "domainName": "CONTOSO"}],
    "comments": [
        {"comment": "triage started", "createdBy": "a@contoso.example", "createdTime": "2026-01-26T21:00:37.8404534Z"}
    ],
    "evidence": [
        EVIDENCE,
        {
            "entityType": "Process",
            "processId": 4100,
            "parentProcessId": "12",
            "processCreationTime": "0001-01-01T00:00:00Z",
            "processCommandLine": "rundll32 suspicious.dll",
        },
    ],
    "domains": [{"host": "evil.example"}],
}
XDR_STYLE = {
    "id": "ca0123456789abcdef0123456789abcdef01",
    "incidentId": 42,
    "investigationId": 7,
    "assignedTo": "Automation",
    "severity": "Informational",
    "status": "Resolved",
    "classification": "InformationalExpectedActivity",
    "determination": "SecurityTesting",
    "category": "null",
    "alertCreationTime": "2026-02-01T10:00:00Z",
    "firstEventTime": "2026-02-01T09:59:58.12Z",
    "lastEventTime": "2026-02-01T09:59:58.5Z",
    "resolvedTime": "2026-02-01T10:05:01.6666667Z",
    "evidence": [],
}
AS_OF_2020 = {
    "id": "121688558380765161_2136280442",
    "incidentId": "7696",
    "severity": "Low",
    "status": "InProgress",
    "relatedUser": "CONTOSO\\temp123",
    "mitreTechniques": "T1064, T1220;T1001",
    "machineId": "222e6dd8c833c8a052ea231ec1b19adaf497b625",
    "evidence": [{"entityType": "File", "sha1": None, "fileName": "a.exe"}],
}


def ids(record):
    return [alert.get("id") for alert in record["file_alerts"]["alerts"]]


def test_every_property_of_an_alert_is_carried_over(alerts):
    record = alerts([FULL])
    assert record["outcome"] == "alerts_found"
    assert record["file_alerts"]["alerts"] == [
        {
            "id": "da637472900382838869_1364969609",
            "incident_id": 1126093,
            "severity": "Medium",
            "status": "New",
            "investigation_state": "Queued",
            "detection_source": "WindowsDefenderAtp",
            "detector_id": "17e10bbc-3a68-474a-8aad-faef14d43952",
            "category": "Execution",
            "title": "Low-reputation arbitrary code executed by signed executable",
            "description": "Synthetic description.",
            "alert_creation_time": "2026-01-26T20:33:57.7220239Z",
            "first_event_time": "2026-01-26T20:31:32.9562661Z",
            "last_event_time": "2026-01-26T20:31:33.0577322Z",
            "last_update_time": "2026-01-26T20:33:59.2Z",
            "machine_id": MACHINE,
            "computer_dns_name": "host1.contoso.example",
            "rbac_group_name": "UnassignedGroup",
            "aad_tenant_id": "11111111-2222-3333-4444-555555555555",
            "related_user": {"user_name": "temp123", "domain_name": "CONTOSO"},
            "mitre_techniques": ["T1220", "T1064"],
            "logged_on_users": [{"account_name": "temp123", "domain_name": "CONTOSO"}],
            "comments": [
                {
                    "comment": "triage started",
                    "created_by": "a@contoso.example",
                    "created_time": "2026-01-26T21:00:37.8404534Z",
                }
            ],
            "evidence": [
                {
                    "entity_type": "File",
                    "evidence_creation_time": "2026-01-26T20:33:58.42Z",
                    "sha1": SHA1,
                    "sha256": "dc0ade0c95d6db98882bc8fa6707e64353cd6f7767ff48d6a81a6c2aef21c608",
                    "file_name": "suspicious.dll",
                    "file_path": "c:\\temp",
                    "detection_status": "Detected",
                },
                {
                    "entity_type": "Process",
                    "process_id": 4100,
                    "parent_process_id": 12,
                    "process_command_line": "rundll32 suspicious.dll",
                },
            ],
            "domains": [{"host": "evil.example"}],
        }
    ]
    assert "unmapped" not in record


def test_totals_are_over_all_alerts(alerts):
    body = alerts([FULL, XDR_STYLE, AS_OF_2020])["file_alerts"]
    del body["alerts"]
    assert body == {
        "total": 3,
        "returned": 3,
        "truncated": False,
        "by_severity": {"unspecified": 0, "informational": 1, "low": 1, "medium": 1, "high": 0, "other": 0},
        "by_status": {
            "unknown": 0,
            "unspecified": 0,
            "new": 1,
            "in_progress": 1,
            "resolved": 1,
            "hidden": 0,
            "other": 0,
        },
        "first_activity": "2026-01-26T20:31:32.9562661Z",
        "last_activity": "2026-02-01T09:59:58.5Z",
        "devices": [
            {"machine_id": MACHINE, "name": "host1.contoso.example"},
            {"machine_id": "222e6dd8c833c8a052ea231ec1b19adaf497b625"},
        ],
        "mitre_techniques": ["T1001", "T1064", "T1220"],
        "incident_ids": [42, 7696, 1126093],
    }


def test_the_summary_counts_and_quotes_nothing_from_upstream(alerts):
    hostile = {**FULL, "severity": "<b>Critical</b>", "computerDnsName": "\x1b[31mhost"}
    assert alerts([hostile, XDR_STYLE])["summary"] == (
        "2 alerts name this file: 1 of other severity, 1 informational; 1 not resolved; on 1 device; "
        "last activity on 2026-02-01."
    )
    assert (
        alerts([{"severity": "High", "status": "New"}])["summary"] == "1 alert names this file: 1 high; 1 not resolved."
    )


def test_no_alerts_is_no_verdict(alerts):
    record = alerts([])
    assert record["outcome"] == "no_alerts"
    assert record["file_alerts"]["total"] == 0
    assert record["file_alerts"]["truncated"] is False
    assert "first_activity" not in record["file_alerts"]


def test_shapes_of_2020_are_read(alerts):
    (alert,) = alerts([AS_OF_2020])["file_alerts"]["alerts"]
    assert alert["incident_id"] == 7696
    assert alert["related_user"] == {"user_name": "CONTOSO\\temp123"}
    assert alert["mitre_techniques"] == ["T1064", "T1220", "T1001"]
    assert alert["evidence"] == [{"entity_type": "File", "file_name": "a.exe"}]


@pytest.mark.parametrize("category", ["null", "None", "", "  ", None])
def test_a_category_that_says_nothing_is_absent(alerts, category):
    record = alerts([{"id": "1", "category": category}])
    assert "category" not in record["file_alerts"]["alerts"][0]
    assert "unmapped" not in record


def test_open_enumerations_pass_through_and_count_as_other(alerts):
    odd = {"id": "1", "severity": "Critical", "status": "Snoozed", "determination": "Clean", "category": " General "}
    record = alerts([odd])
    assert record["file_alerts"]["alerts"][0] == {**odd, "category": "General"}
    assert record["file_alerts"]["by_severity"]["other"] == 1
    assert record["file_alerts"]["by_status"]["other"] == 1


def test_letter_case_does_not_change_what_is_counted(alerts):
    body = alerts([{"severity": "high", "status": "INPROGRESS"}, {"severity": "Unspecified"}])["file_alerts"]
    assert body["by_severity"]["high"] == body["by_severity"]["unspecified"] == 1
    assert body["by_status"]["in_progress"] == body["by_status"]["unspecified"] == 1


def test_most_severe_first_then_newest_whatever_the_number_of_digits(alerts):
    def alert(name, severity, created):
        return {"id": name, "severity": severity, "alertCreationTime": created}

    mixed = [
        alert("informational", "Informational", "2026-09-01T00:00:00Z"),
        alert("none", None, "2026-10-01T00:00:00Z"),
        alert("unspecified", "UnSpecified", "2026-08-01T00:00:00Z"),
        alert("medium", "Medium", "2026-01-01T00:00:00Z"),
        alert("high old", "High", "2026-01-01T00:00:00Z"),
        alert("high undated", "High", None),
        alert("high newest", "High", "2026-01-01T00:00:00.51Z"),
        alert("high newer", "High", "2026-01-01T00:00:00.5000000Z"),
        alert("high offset", "High", "2026-01-01T02:00:01+02:00"),
        alert("critical", "Critical", "2020-01-01T00:00:00Z"),
        alert("low", "Low", "2026-01-01T00:00:00Z"),
    ]
    assert ids(alerts(mixed)) == [
        "high offset",
        "high newest",
        "high newer",
        "high old",
        "high undated",
        "critical",
        "medium",
        "low",
        "informational",
        "none",
        "unspecified",
    ]


def test_a_cut_keeps_the_most_severe_and_counts_all(alerts, caveat_codes):
    many = [{"id": str(number), "severity": "Low", "machineId": f"m{number}"} for number in range(150)]
    many.append({"id": "worst", "severity": "High", "newThing": 1})
    record = alerts(many)
    body = record["file_alerts"]
    assert (body["total"], body["returned"], body["truncated"]) == (151, 100, True)
    assert ids(record)[0] == "worst"
    assert body["by_severity"]["low"] == 150
    assert len(body["devices"]) == 150
    assert caveat_codes(record) == ["alerts_truncated"]
    assert record["caveats"][0]["message"] == (
        "Listed are the 100 most severe, then newest of 151; the counts cover all."
    )
    assert record["unmapped"] == [{"path": "/value/150/newThing", "json": "1"}]


def test_paging_cut_short_has_no_total(alerts, caveat_codes):
    record = alerts([FULL, XDR_STYLE], complete=False)
    assert record["outcome"] == "alerts_found"
    assert "total" not in record["file_alerts"]
    assert record["file_alerts"]["truncated"] is True
    assert record["file_alerts"]["returned"] == 2
    assert caveat_codes(record) == ["alerts_truncated"]
    assert "lower bounds" in record["caveats"][0]["message"]
    assert record["summary"].startswith("At least 2 alerts name this file: ")


def test_both_cuts_are_told_in_one_caveat(alerts, caveat_codes):
    record = alerts([FULL, XDR_STYLE], complete=False, max_alerts=1)
    assert caveat_codes(record) == ["alerts_truncated"]
    assert "lower bounds. Listed are the 1 most severe" in record["caveats"][0]["message"]


def test_a_list_that_broke_off_before_its_first_alert_is_never_no_alerts(alerts, caveat_codes):
    record = alerts([], complete=False)
    assert record["outcome"] == "not_queried"
    assert "file_alerts" not in record
    assert caveat_codes(record) == ["alerts_truncated"]


def test_evidence_is_cut_at_its_limit_and_the_cut_is_told(alerts):
    rows = [{"entityType": "File", "fileName": f"{number}.exe", "newThing": number} for number in range(4)]
    record = alerts([{"id": "1", "evidence": rows}], max_evidence=3)
    (alert,) = record["file_alerts"]["alerts"]
    assert [row["file_name"] for row in alert["evidence"]] == ["0.exe", "1.exe", "2.exe"]
    assert alert["evidence_total"] == 4
    assert alert["evidence_truncated"] is True
    assert [entry["path"] for entry in record["unmapped"]] == [
        f"/value/0/evidence/{number}/newThing" for number in range(3)
    ]


def test_evidence_at_its_limit_is_not_called_cut(alerts):
    (alert,) = alerts([{"evidence": [EVIDENCE] * 3}], max_evidence=3)["file_alerts"]["alerts"]
    assert len(alert["evidence"]) == 3
    assert "evidence_total" not in alert


def test_the_same_device_is_listed_once(alerts):
    seen = [
        {"machineId": "m1"},
        {"machineId": "m1", "computerDnsName": "one.example"},
        {"machineId": "m1", "computerDnsName": "renamed.example"},
        {"machineId": "", "computerDnsName": "one.example"},
        {"machineId": None, "computerDnsName": "two.example"},
        {"computerDnsName": "two.example"},
        {"machineId": 5, "computerDnsName": ""},
    ]
    assert alerts(seen)["file_alerts"]["devices"] == [
        {"machine_id": "m1", "name": "one.example"},
        {"name": "two.example"},
    ]


def test_unknown_and_unreadable_values_are_kept_at_any_depth(alerts):
    odd = {
        "@odata.type": "#alert",
        "files@odata.navigationLink": "files",
        "id": 17,
        "incidentId": "INC-9",
        "severity": 3,
        "status": ["New"],
        "category": 4,
        "lastEventTime": "soon",
        "machine": {"id": "x"},
        "recommendedAction": "look",
        "newNull": None,
        "relatedUser": {"userName": "u", "sid": "S-1"},
        "mitreTechniques": ["T1", {"id": "T2"}, None],
        "loggedOnUsers": [{"accountName": "a", "extra": 1}, "b", None],
        "comments": "none",
        "evidence": [{"entityType": "File", "verdict": {"a": 1}, "processId": "abc"}, 9],
        "domains": [{"host": 8}],
    }
    record = alerts([{"id": "0", "severity": "High"}, odd], pages=[{"@odata.context": "c", "value": [], "hint": "h"}])
    assert {entry["path"]: entry["json"] for entry in record["unmapped"]} == {
        "/hint": '"h"',
        "/value/1/id": "17",
        "/value/1/incidentId": '"INC-9"',
        "/value/1/severity": "3",
        "/value/1/status": '["New"]',
        "/value/1/category": "4",
        "/value/1/lastEventTime": '"soon"',
        "/value/1/machine": '{"id": "x"}',
        "/value/1/recommendedAction": '"look"',
        "/value/1/relatedUser/sid": '"S-1"',
        "/value/1/mitreTechniques/1": '{"id": "T2"}',
        "/value/1/loggedOnUsers/0/extra": "1",
        "/value/1/loggedOnUsers/1": '"b"',
        "/value/1/comments": '"none"',
        "/value/1/evidence/0/verdict": '{"a": 1}',
        "/value/1/evidence/0/processId": '"abc"',
        "/value/1/evidence/1": "9",
        "/value/1/domains/0/host": "8",
    }
    assert len(record["unmapped"]) == 18
    assert record["file_alerts"]["by_severity"]["other"] == 1
    assert record["file_alerts"]["alerts"][1]["evidence"] == [{"entity_type": "File"}]


@pytest.mark.parametrize("key", ["evidence", "relatedUser", "mitreTechniques", "loggedOnUsers", "domains"])
def test_a_part_of_the_wrong_kind_is_kept_aside(alerts, key):
    record = alerts([{"id": "1", key: 5}])
    assert record["unmapped"] == [{"path": f"/value/0/{key}", "json": "5"}]
    assert record["file_alerts"]["alerts"] == [{"id": "1"}]


@pytest.mark.parametrize(
    ("key", "value"), [("relatedUser", " "), ("relatedUser", {"userName": None}), ("mitreTechniques", "")]
)
def test_a_part_that_says_nothing_is_absent(alerts, key, value):
    record = alerts([{"id": "1", key: value}])
    assert record["file_alerts"]["alerts"] == [{"id": "1"}]
    assert "unmapped" not in record


def test_lone_surrogates_are_replaced_and_other_text_stays(alerts):
    odd = {
        "id": "1",
        "title": "caf\u00e9 \ud83d",
        "machineId": "m\udc00",
        "mitreTechniques": ["T\ud800"],
        "k\ud801": "v\ud802",
    }
    record = alerts([odd])
    (alert,) = record["file_alerts"]["alerts"]
    assert alert["title"] == "café \ufffd"
    assert record["file_alerts"]["devices"] == [{"machine_id": "m\ufffd"}]
    assert record["file_alerts"]["mitre_techniques"] == ["T\ufffd"]
    assert record["unmapped"] == [{"path": "/value/0/k\ufffd", "json": '"v\\ud802"'}]


def test_text_of_any_language_is_carried_over(alerts):
    (alert,) = alerts([{"id": "1", "title": "Schädliche Datei \u202egnp.exe", "description": "\ud83d"}])["file_alerts"][
        "alerts"
    ]
    assert alert == {"id": "1", "title": "Schädliche Datei \u202egnp.exe", "description": "\ufffd"}


def test_text_is_shared_with_the_answer_and_not_copied(alerts):
    description = "Much text. " * 1000
    (alert,) = alerts([{"id": "1", "description": description}])["file_alerts"]["alerts"]
    assert alert["description"] is description


def test_caveats_from_further_up_the_way_are_kept(alerts, caveat_codes):
    given = {"code": "device_groups", "message": "Only the devices this user may see."}
    assert caveat_codes(alerts([FULL], caveats=[given])) == ["device_groups"]


def test_ten_thousand_alerts_are_no_trouble(alerts):
    many = [{**FULL, "id": str(number), "machineId": f"{number % 700:040x}"} for number in range(10_000)]
    body = alerts(many)["file_alerts"]
    assert body["total"] == 10_000
    assert body["returned"] == 100
    assert len(body["devices"]) == 700
