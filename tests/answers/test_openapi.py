"""The emulator's own description says what it serves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import requests

from mde_files import manifest

if TYPE_CHECKING:
    from mde_files.emulator import Emulator

METHODS = {"get", "put", "post", "patch"}


@pytest.fixture
def description(emulator: Emulator) -> Any:
    answer = requests.get(emulator.base_url + "/openapi.json", verify=str(emulator.ca_bundle), timeout=10)
    assert answer.status_code == 200
    return answer.json()


def operations(description: Any) -> dict[str, tuple[str, str]]:
    """Return method and path of each operation by its id."""
    return {
        operation["operationId"]: (method, path)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    }


def test_every_route_is_described_and_every_described_operation_is_routed(emulator: Emulator, description: Any) -> None:
    described = operations(description)
    routes = {endpoint.name: endpoint for endpoint in emulator._asgi()._endpoints}
    assert set(described) == set(routes)
    for name, (method, path) in described.items():
        assert method == routes[name].method.lower()
        assert routes[name].pattern.fullmatch(re.sub("{.+?}", "x", path))


def test_every_call_of_the_manifest_is_described(description: Any) -> None:
    described = operations(description).values()
    for call in manifest.load().calls.values():
        assert (call.method.lower(), call.path) in described


def test_references_lead_somewhere_and_secrets_stay_where_they_are(emulator: Emulator, description: Any) -> None:
    text = str(description)
    for name in re.findall("#/components/schemas/([a-z_0-9]+)", text):
        assert name in description["components"]["schemas"]
    for application in emulator.scenario.applications:
        assert not any(secret.value in text for secret in application.secrets)


def test_a_scenario_without_incidents_is_described_too(emulator: Emulator) -> None:
    emulator.scenario.incidents.clear()
    emulator.scenario.files.clear()
    answer = requests.get(emulator.base_url + "/openapi.json", verify=str(emulator.ca_bundle), timeout=10)
    assert answer.status_code == 200
