"""Schemathesis tries the emulator with everything its own description allows and forbids, all checks on."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import requests
from tests.platforms.environments import python_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fault_table import FaultTable

    from mde_files.emulator import Emulator
    from mde_files.emulator.scenario import Scenario

pytestmark = pytest.mark.slow

RESOURCES = {
    "files_api": "WindowsDefenderATP",
    "incidents_api": "Microsoft Threat Protection",
    "graph": "Microsoft Graph",
    "azure_management": "Azure Resource Manager",
}
# The managed-identity endpoint of App Service answers 500 for a resource that it does not know, and 400 for an identity
# that it has not; Microsoft Entra ID answers 400 for a scope, a secret or an application that is not of the tenant;
# Azure Resource Manager answers 409 or 412 for an etag that is not the one of now.
AS_THE_REAL_SERVICES_DO = """
[[operations]]
include-operation-id = "managed_identity"
[operations.checks.not_a_server_error]
expected-statuses = ["2xx", "4xx", "500"]

[[operations]]
include-operation-id = ["token", "device_code"]
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "400"]

[[operations]]
include-operation-id = "sentinel_incident_update"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "412"]
"""
OTHER_WAYS = {
    "stats_shape": "documented",
    "stats_sha256": "not_found",
    "stats_md5": "accept",
    "info_md5": "bad_request",
    "alerts_sha256": "not_found",
    "alerts_md5": "bad_request",
    "alerts_unknown": "not_found",
    "alerts_page_size": 1,
    "look_back_out_of_range": "clamp",
    "expand": "reject",
    "top_and_skip": "accept",
    "next_link": "endless",
    "challenge": "claims",
    "odata_count": "include",
    "etag_mismatch": "precondition_failed",
    "timestamps": "seven_digits",
}


@pytest.fixture(scope="session")
def schemathesis() -> Path:
    return python_of("http").parent / "schemathesis"


def as_usual(_scenario: Scenario) -> None:
    pass


def other_ways(scenario: Scenario) -> None:
    for name, value in OTHER_WAYS.items():
        setattr(scenario.switches, name, value)


def credentials(emulator: Emulator) -> str:
    """Return the tokens of one application for every service, as configuration for Schemathesis."""
    lines = [
        f'[auth.openapi.{service}]\nbearer = "{emulator.issue_token("enrichment", resource=resource)}"'
        for service, resource in RESOURCES.items()
    ]
    return "\n".join(
        [*lines, f'[auth.openapi.identity_header]\napi_key = "{emulator.environment()["IDENTITY_HEADER"]}"']
    )


def description(emulator: Emulator) -> Any:
    """Return the emulator's description; only here it says a secret too, so that a sign-in succeeds."""
    document = requests.get(f"{emulator.base_url}/openapi.json", verify=str(emulator.ca_bundle), timeout=10).json()
    content = document["paths"]["/{tenant}/oauth2/v2.0/token"]["post"]["requestBody"]["content"]
    (form,) = (part["schema"]["properties"] for part in content.values())
    application = emulator.scenario.application("enrichment")
    form["client_id"]["enum"] = [application.client_id]
    form["client_secret"]["enum"] = [application.secrets[0].value]
    return document


@pytest.mark.parametrize(
    ("name", "change", "signed_in", "examples"),
    [
        ("with tokens", as_usual, True, 50),
        ("with tokens, every switch the other way", other_ways, True, 20),
        ("without a token", as_usual, False, 20),
    ],
)
def test_the_emulator_keeps_to_its_description(
    emulator: Emulator,
    schemathesis: Path,
    tmp_path: Path,
    fault_table: FaultTable,
    name: str,
    change: Any,
    signed_in: bool,
    examples: int,
) -> None:
    change(emulator.scenario)
    settings = AS_THE_REAL_SERVICES_DO + (credentials(emulator) if signed_in else "")
    (tmp_path / "schemathesis.toml").write_text(settings)
    (tmp_path / "openapi.json").write_text(json.dumps(description(emulator)))
    command = [schemathesis, "--config-file", "schemathesis.toml", "run", "openapi.json", "--url", emulator.base_url]
    options = ["--checks", "all", "--max-examples", str(examples), "--continue-on-failure", "--no-color"]
    reports = ["--report", "json", "--report-json-path", "report.json", "--generation-database", "none"]
    trust = ["--tls-verify", str(emulator.ca_bundle)]
    done = subprocess.run(
        [*command, *options, *reports, *trust], cwd=tmp_path, capture_output=True, text=True, timeout=900, check=False
    )
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["operations"]["tested"] == report["operations"]["total"] > 20
    assert report["errors"] == []
    found = report["test_cases"]["unique_failures"]
    sys.stdout.write(done.stdout[-20_000:])
    for _ in range(report["test_cases"]["generated"] - 1):
        fault_table.row("fuzzed emulator", name, "no findings", "no findings")
    fault_table.row("fuzzed emulator", name, "no findings", f"{found} findings" if found else "no findings")
    assert done.returncode == 0
    answered(emulator, signed_in=signed_in)


def answered(emulator: Emulator, *, signed_in: bool) -> None:
    """Every operation was reached with a token, and none of the services without one."""
    endpoints = {endpoint.name: endpoint.group for endpoint in emulator._asgi()._endpoints}
    served = {seen.endpoint for seen in emulator.requests if seen.status in (200, 201)}
    assert not [seen for seen in emulator.requests if seen.status == 500 and seen.endpoint != "managed_identity"]
    if signed_in:
        assert served - {None} == set(endpoints)
    else:
        assert not [name for name in served if name and (endpoints[name] == "service" or name == "managed_identity")]
