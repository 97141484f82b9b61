"""The files API, row by row of what is known about it, and every switch for what is not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from mde_files.emulator import Alert, Emulator, File
from mde_files.emulator.odata import ALERT_PROPERTIES, EVIDENCE_PROPERTIES
from mde_files.emulator.scenario import Organization

if TYPE_CHECKING:
    import requests
    from tests.emulator.conftest import Get

EICAR = "3395856ce81f2b7382dee72602f798b642f14140"
EICAR_SHA256 = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"
EICAR_MD5 = "44d88612fea8a8f36de82e1278abb02f"
DOCUMENTATION = "0991a395da64e1c5fbe8732ed11e6be064081d9f"
UNKNOWN = "1111111111111111111111111111111111111111"


def switch(emulator: Emulator, **switches: Any) -> None:
    for name, value in switches.items():
        setattr(emulator.scenario.switches, name, value)


def error_of(response: requests.Response) -> tuple[int, str]:
    error = response.json()["error"]
    assert set(error) == {"code", "message", "target"}
    assert re.fullmatch(r"[0-9a-f-]{36}", error["target"])
    return response.status_code, error["code"]


def test_statistics_carry_both_pairs(emulator: Emulator, get: Get) -> None:
    response = get(f"/api/files/{DOCUMENTATION}/stats")
    assert response.headers["Content-Type"] == "application/json"
    assert list(response.json().items()) == [
        (
            "@odata.context",
            f"{emulator.base_url}/api/$metadata#microsoft.windowsDefenderATP.api.InOrgFileStats",
        ),
        ("sha1", DOCUMENTATION),
        ("orgPrevalence", "14850"),
        ("organizationPrevalence", 14850),
        ("orgFirstSeen", "2019-12-07T13:44:16Z"),
        ("orgLastSeen", "2020-01-06T13:39:36Z"),
        ("globalPrevalence", "705012"),
        ("globallyPrevalence", 705012),
        ("globalFirstObserved", "2015-03-19T12:20:07.3432441Z"),
        ("globalLastObserved", "2020-01-06T13:39:36Z"),
        ("topFileNames", ["MREC.exe"]),
    ]


@pytest.mark.parametrize(
    ("shape", "present", "absent"),
    [
        ("documented", ("organizationPrevalence", "globallyPrevalence"), ("orgPrevalence", "globalPrevalence")),
        ("legacy", ("orgPrevalence", "globalPrevalence"), ("organizationPrevalence", "globallyPrevalence")),
    ],
)
def test_statistics_in_other_shapes(
    shape: str, present: tuple[str, ...], absent: tuple[str, ...], emulator: Emulator, get: Get
) -> None:
    switch(emulator, stats_shape=shape)
    body = get(f"/api/files/{DOCUMENTATION}/stats").json()
    assert set(present) <= set(body)
    assert set(absent).isdisjoint(body)


def test_statistics_of_a_file_known_elsewhere(emulator: Emulator, get: Get) -> None:
    body = get(f"/api/files/{emulator.scenario.file('known-globally-only').sha1}/stats").json()
    assert (body["orgPrevalence"], body["organizationPrevalence"]) == ("0", 0)
    assert (body["orgFirstSeen"], body["orgLastSeen"]) == (None, None)
    assert (body["globalPrevalence"], body["globallyPrevalence"]) == ("64356", 64356)


@pytest.mark.parametrize("code", ["ResourceNotFound", "NotFound"])
def test_an_unknown_file_is_a_404_with_envelope(code: str, emulator: Emulator, get: Get) -> None:
    switch(emulator, not_found_code=code)
    for path in (f"/api/files/{UNKNOWN}/stats", f"/api/files/{UNKNOWN}", f"/api/files/{'a' * 40}"):
        response = get(path)
        assert error_of(response) == (404, code)
    assert response.json()["error"]["message"] == f"File {'a' * 40} not found"


@pytest.mark.parametrize("endpoint", ["", "/stats", "/alerts"])
@pytest.mark.parametrize("wrong", ["zz", "a" * 39, "a" * 41, "g" * 40, "a" * 128, "%2e%2e", "x%2Fy"])
def test_what_is_no_hash_is_refused(wrong: str, endpoint: str, get: Get) -> None:
    assert error_of(get(f"/api/files/{wrong}{endpoint}")) == (400, "InvalidHashValue")


def test_hashes_and_paths_in_any_case_and_version(emulator: Emulator, get: Get) -> None:
    body = get(f"/API/v1.0/Files/{EICAR.upper()}/STATS").json()
    assert body["sha1"] == EICAR
    assert body["@odata.context"].startswith(f"{emulator.base_url}/api/v1.0/$metadata#")


@pytest.mark.parametrize(
    ("setting", "path", "policies"),
    [
        ("stats_sha256", f"/api/files/{EICAR_SHA256}/stats", {"accept": 200, "not_found": 404, "bad_request": 400}),
        ("stats_md5", f"/api/files/{EICAR_MD5}/stats", {"accept": 200, "not_found": 404, "bad_request": 400}),
        ("info_sha256", f"/api/files/{EICAR_SHA256}", {"accept": 200, "not_found": 404, "bad_request": 400}),
        ("info_md5", f"/api/files/{EICAR_MD5}", {"accept": 200, "not_found": 404, "bad_request": 400}),
        (
            "alerts_sha256",
            f"/api/files/{EICAR_SHA256}/alerts",
            {"accept": 200, "empty": 200, "not_found": 404, "bad_request": 400},
        ),
        (
            "alerts_md5",
            f"/api/files/{EICAR_MD5}/alerts",
            {"accept": 200, "empty": 200, "not_found": 404, "bad_request": 400},
        ),
    ],
)
def test_other_hashes_than_sha1(
    setting: str, path: str, policies: dict[str, int], emulator: Emulator, get: Get
) -> None:
    for policy, status in policies.items():
        switch(emulator, **{setting: policy})
        response = get(path)
        assert response.status_code == status, policy
        if status == 200 and "alerts" not in setting:
            assert response.json()["sha1"] == EICAR
        if status == 200 and "alerts" in setting:
            assert bool(response.json()["value"]) is (policy == "accept")
        if status != 200:
            error_of(response)


def test_hash_kinds_by_default(get: Get) -> None:
    assert get(f"/api/files/{EICAR_SHA256}/stats").status_code == 200
    assert get(f"/api/files/{EICAR_MD5}/stats").status_code == 400
    assert get(f"/api/files/{EICAR_MD5}").json()["sha1"] == EICAR
    assert get(f"/api/files/{EICAR_SHA256}/alerts").json()["value"] == []


@pytest.mark.parametrize("value", ["0", "-1", "721", "1.5", "x", "", "%D9%A3", "99999999999999999999"])
def test_look_back_out_of_range(value: str, emulator: Emulator, get: Get) -> None:
    path = f"/api/files/{EICAR}/stats?lookBackHours={value}"
    assert error_of(get(path)) == (400, "InvalidInput")
    switch(emulator, look_back_out_of_range="clamp")
    assert get(path).json()["organizationPrevalence"] in (2, 7)


@pytest.mark.parametrize(("hours", "prevalence"), [(1, 2), (24, 2), (25, 4), (168, 4), (169, 7), (720, 7)])
def test_look_back_bounds_the_organization_only(hours: int, prevalence: int, get: Get) -> None:
    body = get(f"/api/files/{EICAR}/stats?LOOKBACKHOURS={hours}").json()
    assert (body["organizationPrevalence"], body["globallyPrevalence"]) == (prevalence, 184233)


def test_query_options(get: Get) -> None:
    assert get(f"/api/files/{EICAR}/stats?lookback=x&api-version=2").status_code == 200
    for option in ("$select=sha1", "$expand=evidence", "$top=1"):
        assert error_of(get(f"/api/files/{EICAR}/stats?{option}")) == (400, "ODataError")
        assert error_of(get(f"/api/files/{EICAR}?{option}")) == (400, "ODataError")
    for option in (
        "$filter=severity eq 'High'",
        "$top=1",
        "$expand=machine",
        "$skiptoken=zz",
        "$skiptoken=cG9zaXRpb249eA==",
    ):
        assert error_of(get(f"/api/files/{EICAR}/alerts?{option}")) == (400, "ODataError")


def test_information_of_a_file(emulator: Emulator, get: Get) -> None:
    body = get(f"/api/files/{emulator.scenario.file('unknown-with-verdict').sha1}").json()
    assert list(body) == [
        "@odata.context",
        "sha1",
        "sha256",
        "md5",
        "globalPrevalence",
        "globalFirstObserved",
        "globalLastObserved",
        "size",
        "fileType",
        "isPeFile",
        "filePublisher",
        "fileProductName",
        "signer",
        "issuer",
        "signerHash",
        "isValidCertificate",
        "determinationType",
        "determinationValue",
    ]
    assert body["@odata.context"] == f"{emulator.base_url}/api/$metadata#Files/$entity"
    assert (body["determinationType"], body["determinationValue"]) == ("Unknown", "HackTool:MSIL/AutoKms")
    assert (body["globalPrevalence"], body["size"]) == (15, 2843585)


def test_alerts_have_every_property_in_order(emulator: Emulator, get: Get) -> None:
    sha1 = emulator.scenario.file("documentation-alerts").sha1
    body = get(f"/api/files/{sha1}/alerts").json()
    assert list(body) == ["@odata.context", "value"]
    assert body["@odata.context"] == f"{emulator.base_url}/api/$metadata#Alerts"
    (alert,) = body["value"]
    assert tuple(alert) == ALERT_PROPERTIES
    assert alert["aadTenantId"] == emulator.scenario.tenants[0].id
    assert alert["relatedUser"] == {"userName": "temp123", "domainName": "CONTOSO"}
    assert {tuple(row) for row in alert["evidence"]} == {EVIDENCE_PROPERTIES}
    assert alert["evidence"][0]["sha1"] == sha1


def test_alerts_of_files_that_have_none(emulator: Emulator, get: Get) -> None:
    quiet = emulator.scenario.file("quiet-file").sha1
    for sha1 in (quiet, UNKNOWN, "a" * 40):
        assert get(f"/api/files/{sha1}/alerts").json()["value"] == []
    switch(emulator, alerts_unknown="not_found")
    assert get(f"/api/files/{quiet}/alerts").json()["value"] == []
    assert error_of(get(f"/api/files/{UNKNOWN}/alerts")) == (404, "ResourceNotFound")
    assert error_of(get(f"/api/files/{'a' * 40}/alerts")) == (404, "ResourceNotFound")


def test_alerts_on_a_file_that_is_otherwise_unknown(emulator: Emulator, get: Get) -> None:
    sha1 = emulator.scenario.file("unknown-with-alerts").sha1
    assert get(f"/api/files/{sha1}/stats").status_code == 404
    assert len(get(f"/api/files/{sha1}/alerts").json()["value"]) == 1


def test_evidence_and_expand(emulator: Emulator, get: Get) -> None:
    plain, expanded = f"/api/files/{EICAR}/alerts", f"/api/files/{EICAR}/alerts?$expand=evidence"
    assert get(plain).json()["value"][0]["evidence"]
    switch(emulator, evidence_without_expand="empty")
    assert get(plain).json()["value"][0]["evidence"] == []
    assert get(expanded).json()["value"][0]["evidence"]
    switch(emulator, expand="reject")
    assert error_of(get(expanded)) == (400, "ODataError")
    assert get(plain).status_code == 200


def pages(get: Get, path: str, limit: int = 20) -> list[dict[str, Any]]:
    found = []
    while path and len(found) < limit:
        found.append(get(path).json())
        link = urlsplit(found[-1].get("@odata.nextLink", ""))
        path = f"{link.path}?{link.query}" if link.path else ""
    return found


def test_paging_delivers_every_alert_once(emulator: Emulator, get: Get) -> None:
    switch(emulator, alerts_page_size=100)
    sha1 = emulator.scenario.file("many-alerts").sha1
    found = pages(get, f"/api/files/{sha1}/alerts?$expand=evidence")
    assert [len(page["value"]) for page in found] == [100, 100, 50]
    assert len({alert["id"] for page in found for alert in page["value"]}) == 250
    assert found[0]["@odata.nextLink"].startswith(
        f"{emulator.base_url}/api/files/{sha1}/alerts?$expand=evidence&$skiptoken="
    )


def test_next_links_of_every_kind(emulator: Emulator, get: Get) -> None:
    switch(emulator, alerts_page_size=4)
    path = f"/api/files/{EICAR}/alerts"
    links = {}
    for kind in ("relative", "same", "other_host", "other_path", "other_file", "plain_http", "not_a_link"):
        switch(emulator, next_link=kind)
        links[kind] = get(path).json()["@odata.nextLink"]
    origin = emulator.base_url
    assert links["relative"].startswith(f"{path}?$skiptoken=")
    assert links["same"] == f"{origin}{path}?"
    assert links["other_host"].startswith(f"https://collector.attacker.example{path}?$skiptoken=")
    assert links["other_path"].startswith(f"{origin}/api/machines?$skiptoken=")
    assert links["other_file"].startswith(f"{origin}/api/files/{'0' * 40}/alerts?$skiptoken=")
    assert links["plain_http"].startswith(f"http://{origin.removeprefix('https://')}{path}?")
    assert links["not_a_link"] == 4
    switch(emulator, next_link="endless")
    found = pages(get, path, limit=6)
    assert len(found) == 6
    assert all(page["value"] for page in found)


def test_top_and_skip(emulator: Emulator, get: Get) -> None:
    switch(emulator, top_and_skip="accept", odata_count="include", alerts_page_size=2)
    path = f"/api/files/{EICAR}/alerts"
    every = [alert["id"] for page in pages(get, path) for alert in page["value"]]
    body = get(f"{path}?$top=3&$skip=1").json()
    assert [alert["id"] for alert in body["value"]] == every[1:4]
    assert body["@odata.count"] == len(every)
    assert "@odata.nextLink" not in body
    assert [alert["id"] for alert in get(f"{path}?$skip=2").json()["value"]] == every[2:]
    assert error_of(get(f"{path}?$top=-1")) == (400, "ODataError")


def test_alerts_of_2020(emulator: Emulator, get: Get) -> None:
    switch(emulator, alerts_shape="legacy")
    (alert,) = get(f"/api/files/{emulator.scenario.file('documentation-alerts').sha1}/alerts").json()["value"]
    assert {"detectorId", "mitreTechniques", "domains"}.isdisjoint(alert)
    assert {"evidenceCreationTime", "registryKey", "detectionStatus"}.isdisjoint(alert["evidence"][0])
    assert alert["evidence"][0]["fileName"] == "suspicious.dll"


def test_determinations_as_documented(emulator: Emulator, get: Get) -> None:
    path = f"/api/files/{emulator.scenario.file('every-enum-member').sha1}/alerts"
    assert "CompromisedAccount" in {alert["determination"] for alert in get(path).json()["value"]}
    switch(emulator, determination_names="documented")
    alerts = get(path).json()["value"]
    assert {"CompromisedUser", "Clean"} <= {alert["determination"] for alert in alerts}
    assert "CompromisedAccount" not in {alert["determination"] for alert in alerts}
    assert "Informational, expected activity" in {alert["classification"] for alert in alerts}


@pytest.mark.parametrize(("rule", "digits"), [("whole_seconds", ""), ("seven_digits", ".3432441")])
def test_times_with_other_digits(rule: str, digits: str, emulator: Emulator, get: Get) -> None:
    switch(emulator, timestamps=rule)
    body = get(f"/api/files/{DOCUMENTATION}/stats").json()
    assert body["globalFirstObserved"] == f"2015-03-19T12:20:07{digits}Z"
    assert body["orgFirstSeen"] == (
        "2019-12-07T13:44:16Z" if rule == "whole_seconds" else "2019-12-07T13:44:16.0000000Z"
    )
    alerts = get(f"/api/files/{EICAR}/alerts").json()["value"]
    lengths = {len(alert["lastUpdateTime"]) for alert in alerts}
    assert lengths == {20 if rule == "whole_seconds" else 28}


@pytest.mark.parametrize(("rule", "number"), [("wrap", -1294967296), ("saturate", 2147483647), ("empty", None)])
def test_prevalence_beyond_32_bits(rule: str, number: int | None, emulator: Emulator, get: Get) -> None:
    switch(emulator, prevalence_overflow=rule)
    sha1 = emulator.scenario.file("prevalence-beyond-32-bits").sha1
    body = get(f"/api/files/{sha1}/stats").json()
    assert (body["globalPrevalence"], body["globallyPrevalence"]) == ("3000000000", number)
    assert get(f"/api/files/{sha1}").json()["globalPrevalence"] == 3000000000


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer not.a.token", "Basic YTpi", "Bearer "])
def test_without_a_valid_token(header: str | None, emulator: Emulator, session: requests.Session) -> None:
    headers = {} if header is None else {"Authorization": header}
    response = session.get(f"{emulator.base_url}/api/files/{EICAR}", headers=headers, timeout=10)
    assert error_of(response) == (401, "Unauthorized")
    assert response.headers["WWW-Authenticate"].startswith("Bearer authorization_uri=")


def test_tokens_that_are_expired_forged_or_revoked(emulator: Emulator, get: Get) -> None:
    path = f"/api/files/{EICAR}"
    valid = emulator.issue_token()
    assert get(path, token=valid).status_code == 200
    assert error_of(get(path, token=emulator.issue_token(lifetime_seconds=-1))) == (401, "Unauthorized")
    assert error_of(get(path, token=valid[:-8] + "AAAAAAAA")) == (401, "Unauthorized")
    emulator.revoke_tokens()
    assert error_of(get(path, token=valid)) == (401, "Unauthorized")
    assert get(path).status_code == 200


def test_a_token_ends_while_it_is_in_use(emulator: Emulator, get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    token = emulator.issue_token()
    assert get(f"/api/files/{EICAR}", token=token).status_code == 200
    later = time.time() + 4000
    monkeypatch.setattr("mde_files.emulator.tokens.time.time", lambda: later)
    assert get(f"/api/files/{EICAR}", token=token).status_code == 401


def test_the_memory_of_checked_tokens_is_bounded(emulator: Emulator, get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mde_files.emulator.tokens._REMEMBERED", 1)
    tokens = [emulator.issue_token() for _ in range(3)]
    assert [get(f"/api/files/{EICAR}", token=token).status_code for token in tokens] == [200] * 3


def test_challenges(emulator: Emulator, get: Get) -> None:
    switch(emulator, challenge="claims")
    assert 'claims="' in get(f"/api/files/{EICAR}", token="x").headers["WWW-Authenticate"]
    switch(emulator, challenge="none")
    assert "WWW-Authenticate" not in get(f"/api/files/{EICAR}", token="x").headers


def test_wrong_audience(emulator: Emulator, get: Get) -> None:
    token = emulator.issue_token(resource="https://api.security.microsoft.com")
    assert error_of(get(f"/api/files/{EICAR}", token=token)) == (403, "Forbidden")
    switch(emulator, wrong_audience="unauthorized")
    assert error_of(get(f"/api/files/{EICAR}", token=token)) == (401, "Unauthorized")
    token = emulator.issue_token(resource="https://securitycenter.onmicrosoft.com/windowsatpservice")
    assert get(f"/api/files/{EICAR}", token=token).status_code == 200


def test_missing_roles_are_named(emulator: Emulator, get: Get) -> None:
    response = get(f"/api/files/{EICAR}/alerts", application="files-only")
    assert error_of(response) == (403, "Forbidden")
    assert response.json()["error"]["message"] == (
        "Missing application roles. API required roles: Alert.Read.All,Alert.ReadWrite.All, "
        "application roles: File.Read.All."
    )
    assert error_of(get(f"/api/files/{EICAR}/stats", application="no-roles")) == (403, "Forbidden")
    assert get(f"/api/files/{EICAR}/alerts", application="alerts-write").status_code == 200
    switch(emulator, alerts_permission="write_only")
    assert get(f"/api/files/{EICAR}/alerts", application="alerts-write").status_code == 200
    assert get(f"/api/files/{EICAR}/alerts").status_code == 403


def test_tenants_see_their_own(emulator: Emulator, get: Get) -> None:
    secret = emulator.scenario.file("other-tenant-only").sha1
    assert get(f"/api/files/{secret}/stats").status_code == 404
    assert get(f"/api/files/{secret}/stats", application="fabrikam-enrichment").status_code == 200
    theirs = get(f"/api/files/{EICAR}/alerts", application="fabrikam-enrichment").json()["value"]
    ours = get(f"/api/files/{EICAR}/alerts").json()["value"]
    assert "Only Fabrikam may see this alert" in {alert["title"] for alert in theirs}
    assert "Only Fabrikam may see this alert" not in {alert["title"] for alert in ours}
    assert {alert["aadTenantId"] for alert in theirs} == {emulator.scenario.tenants[1].id}


def test_a_tenant_s_own_entry_comes_first(emulator: Emulator, get: Get) -> None:
    emulator.scenario.files.append(
        File("eicar-at-fabrikam", EICAR, tenant="fabrikam.example", organization=Organization(prevalence=99))
    )
    fabrikam = get(f"/api/files/{EICAR}/stats", application="fabrikam-enrichment").json()
    assert fabrikam["organizationPrevalence"] == 99
    assert get(f"/api/files/{EICAR}/stats").json()["organizationPrevalence"] == 7


def test_a_tenant_that_is_gone(emulator: Emulator, get: Get) -> None:
    token = emulator.issue_token()
    emulator.scenario.tenants.pop(0)
    for path in (f"/api/files/{EICAR}/stats", f"/api/files/{EICAR}/alerts"):
        response = get(path, token=token)
        assert error_of(response) == (403, "Forbidden")
        assert "not provisioned" in response.json()["error"]["message"]


def delegated_token(emulator: Emulator, session: requests.Session, user: str) -> str:
    emulator.scenario.device_code.user = user
    emulator.scenario.device_code.after_polls = 1
    base = f"{emulator.authority}/contoso.example/oauth2/v2.0"
    form = {
        "client_id": emulator.scenario.applications[0].client_id,
        "scope": "https://api.securitycenter.microsoft.com/.default offline_access",
        "grant_type": "device_code",
    }
    code = session.post(f"{base}/devicecode", data=form, timeout=10).json()["device_code"]
    token: str = session.post(f"{base}/token", data={**form, "device_code": code}, timeout=10).json()["access_token"]
    return token


def test_users_see_alerts_of_their_device_groups(emulator: Emulator, get: Get, session: requests.Session) -> None:
    sha1 = emulator.scenario.file("restricted-device-group").sha1
    alex = delegated_token(emulator, session, "alex@contoso.example")
    sam = delegated_token(emulator, session, "sam@contoso.example")
    assert get(f"/api/files/{sha1}/alerts", token=alex).json()["value"] == []
    assert len(get(f"/api/files/{sha1}/alerts", token=sam).json()["value"]) == 2
    assert get(f"/api/files/{EICAR}/stats", token=alex).json()["organizationPrevalence"] == 7
    switch(emulator, stats_device_groups="filter")
    assert get(f"/api/files/{EICAR}/stats", token=alex).json()["organizationPrevalence"] == 5
    assert get(f"/api/files/{EICAR}/stats", token=sam).json()["organizationPrevalence"] == 7
    assert get(f"/api/files/{EICAR}/stats").json()["organizationPrevalence"] == 7
    switch(emulator, alerts_permission="write_only")
    response = get(f"/api/files/{EICAR}/alerts", token=alex)
    assert response.json()["error"]["message"].startswith("Missing user roles. API required roles: Alert.ReadWrite, ")


def test_unknown_routes_and_methods(emulator: Emulator, get: Get, session: requests.Session) -> None:
    for path in ("/", "/api/machine", f"/api/file/{EICAR}", f"/api/v2.0/files/{EICAR}", f"/api/files/{EICAR}/machines"):
        response = get(path)
        assert (response.status_code, response.text) == (404, "Not Found")
    for method in ("HEAD", "POST", "DELETE"):
        response = session.request(method, f"{emulator.base_url}/api/files/{EICAR}/stats", timeout=10)
        assert (response.status_code, response.headers["Allow"]) == (405, "GET")


def test_changes_take_effect_at_once(emulator: Emulator, get: Get) -> None:
    emulator.scenario.file("eicar").organization.prevalence = 8
    assert get(f"/api/files/{EICAR}/stats").json()["organizationPrevalence"] == 8
    sha1 = "c" * 40
    assert get(f"/api/files/{sha1}/stats").status_code == 404
    emulator.scenario.files.append(File("new", sha1, names=["new.exe"]))
    assert get(f"/api/files/{sha1}/stats").json()["topFileNames"] == ["new.exe"]
    emulator.scenario.alerts.append(Alert("new", [sha1], {"id": "new", "severity": "High", "status": "New"}))
    (alert,) = get(f"/api/files/{sha1}/alerts").json()["value"]
    assert tuple(alert) == ALERT_PROPERTIES
    assert alert["evidence"] == []


def test_every_default_file_and_alert_is_answered(emulator: Emulator, get: Get) -> None:
    emulator.scenario.quota = None
    token = emulator.issue_token()
    listed = 0
    for file in emulator.scenario.files:
        known = file.known and file.tenant is None
        assert get(f"/api/files/{file.sha1}/stats", token=token).status_code == (200 if known else 404)
        assert get(f"/api/files/{file.sha1}", token=token).status_code == (200 if known else 404)
        response = get(f"/api/files/{file.sha1}/alerts", token=token)
        assert "now" not in {value for alert in response.json()["value"] for value in map(str, alert.values())}
        assert '"now' not in response.text
        listed += len(response.json()["value"])
    assert listed >= 340
