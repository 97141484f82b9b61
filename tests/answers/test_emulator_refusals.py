"""What the fuzzed emulator once answered with 500, or took although it says that it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from mde_files.emulator import Emulator

DEFENDER = ("Microsoft Threat Protection", "/api/incidents")
ALERTS = ("WindowsDefenderATP", "/api/files/0991a395da64e1c5fbe8732ed11e6be064081d9f/alerts")
INCIDENT = b'{"properties": {"title": "t", "severity": "High", "status": "New", "labels": %s}}'


def at_sentinel(emulator: Emulator, *, incident: bool) -> tuple[str, str]:
    place = next(item.sentinel for item in emulator.scenario.incidents if item.sentinel is not None)
    path = (
        f"/subscriptions/{place.subscription}/resourceGroups/{place.resource_group}/providers/Microsoft.Operational"
        f"Insights/workspaces/{place.workspace}/providers/Microsoft.SecurityInsights/incidents"
    )
    return "Azure Resource Manager", f"{path}{'/' + place.id if incident else ''}?api-version=2025-09-01"


def ask(emulator: Emulator, method: str, where: tuple[str, str], body: bytes | None = None) -> requests.Response:
    token = emulator.issue_token("enrichment", resource=where[0])
    return requests.request(
        method,
        emulator.base_url + where[1],
        data=body,
        headers={"Authorization": f"Bearer {token}"},
        verify=str(emulator.ca_bundle),
        timeout=10,
    )


@pytest.mark.parametrize(
    "body",
    [
        b'{"status": {}}',
        b'{"comment": {}}',
        b'{"tags": [1]}',
        b'{"comment": NaN}',
        b'{"other": 1e400}',
        b'{"comment": "\\ud800"}',
        b'{"other": ' + b"[" * 100_000,
        b'{"other": ' + b"9" * 5_000 + b"}",
        b"\xff",
        b"[]",
        b"",
    ],
)
def test_a_body_that_is_none_changes_nothing(emulator: Emulator, body: bytes) -> None:
    service, path = DEFENDER
    before = ask(emulator, "GET", (service, f"{path}/42")).json()
    answer = ask(emulator, "PATCH", (service, f"{path}/42"), body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "BadRequest"
    assert ask(emulator, "GET", (service, f"{path}/42")).json() == before


@pytest.mark.parametrize(
    "labels", [b'[{"labelType": "User"}]', b"[1]", b'"x"', b'[{"labelName": "a", "labelType": {}}]']
)
def test_labels_that_are_none_are_refused(emulator: Emulator, labels: bytes) -> None:
    assert ask(emulator, "PUT", at_sentinel(emulator, incident=True), INCIDENT % labels).status_code == 400


@pytest.mark.parametrize("top", ["null", "-1", "0", "9" * 5_000, "%D9%A3", "1.0", ""])
def test_a_number_of_incidents_that_is_none_is_refused(emulator: Emulator, top: str) -> None:
    service, path = at_sentinel(emulator, incident=False)
    assert ask(emulator, "GET", (service, f"{path}&$top={top}")).status_code == 400
    if top != "0":
        assert ask(emulator, "GET", (DEFENDER[0], f"{DEFENDER[1]}?$top={top}")).status_code == 400


@pytest.mark.parametrize("cursor", ["%C3%A9", "x", "====", "cG9zaXRpb249-"])
def test_a_skip_token_that_is_none_is_refused(emulator: Emulator, cursor: str) -> None:
    service, path = ALERTS
    assert ask(emulator, "GET", (service, f"{path}?$skiptoken={cursor}")).json()["error"]["code"] == "ODataError"


@pytest.mark.parametrize("option", ["$top=10001", "$top=x", "$skip=-1", "$skip=9999999999"])
def test_a_part_of_the_alerts_that_is_none_is_refused(emulator: Emulator, option: str) -> None:
    emulator.scenario.switches.top_and_skip = "accept"
    service, path = ALERTS
    assert ask(emulator, "GET", (service, f"{path}?{option}")).json()["error"]["code"] == "ODataError"


def test_a_blank_identity_is_not_the_machines_own(emulator: Emulator) -> None:
    environment = emulator.environment()
    answer = requests.get(
        environment["IDENTITY_ENDPOINT"],
        params={"client_id": "", "resource": "https://graph.microsoft.com"},
        headers={"X-IDENTITY-HEADER": environment["IDENTITY_HEADER"]},
        verify=str(emulator.ca_bundle),
        timeout=10,
    )
    assert answer.status_code == 400
