from __future__ import annotations

import socket
import stat
import sys
from typing import TYPE_CHECKING

import pytest
import requests

from mde_files.emulator import Emulator, Scenario
from mde_files.errors import InvalidConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator.conftest import Get

EICAR = "3395856ce81f2b7382dee72602f798b642f14140"


def test_it_starts_stops_and_starts_again(default_scenario: Scenario) -> None:
    emulator = Emulator(default_scenario)
    emulator.start()
    emulator.start()
    ca_bundle, port = emulator.ca_bundle, int(emulator.base_url.rpartition(":")[2])
    assert ca_bundle.read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert stat.S_IMODE(ca_bundle.stat().st_mode) == 0o600
    assert stat.S_IMODE(ca_bundle.parent.stat().st_mode) == 0o700
    emulator.stop()
    assert not ca_bundle.parent.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=2)
    emulator.stop()
    with emulator:
        assert requests.get(f"{emulator.base_url}/x", verify=str(emulator.ca_bundle), timeout=5).status_code == 404


def test_its_certificate_is_trusted_by_its_own_authority_only(emulator: Emulator) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(emulator.base_url, timeout=5)


def test_a_given_folder_stays_and_the_files_in_it_go(tmp_path: Path, default_scenario: Scenario) -> None:
    folder = tmp_path / "deep" / "folder"
    with Emulator(default_scenario, directory=folder) as emulator:
        assert emulator.ca_bundle == folder / "ca.pem"
        emulator.configuration(method="certificate")
        emulator.configuration(method="certificate")
        assert len(list(folder.iterdir())) == 2
    assert list(folder.iterdir()) == []


def test_ipv6_loopback(default_scenario: Scenario) -> None:
    with Emulator(default_scenario, host="::1") as emulator:
        assert emulator.base_url.startswith("https://[::1]:")
        assert requests.get(f"{emulator.base_url}/x", verify=str(emulator.ca_bundle), timeout=5).status_code == 404


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.com"])
def test_other_machines_are_kept_out(host: str, default_scenario: Scenario) -> None:
    with pytest.raises(InvalidConfigError, match="does not listen") as caught:
        Emulator(default_scenario, host=host)
    assert "127.0.0.1" in caught.value.hint


def test_other_machines_are_let_in_when_asked(default_scenario: Scenario) -> None:
    with Emulator(default_scenario, host="0.0.0.0", allow_remote=True) as emulator:
        assert emulator.base_url.startswith("https://127.0.0.1:")


def test_a_port_in_use_is_said(emulator: Emulator, default_scenario: Scenario) -> None:
    port = int(emulator.base_url.rpartition(":")[2])
    with pytest.raises(InvalidConfigError, match=rf"port {port}: Address already in use"):
        Emulator(default_scenario, port=port).start()
    with pytest.raises(InvalidConfigError, match="no port 70000"):
        Emulator(default_scenario, port=70000)


def test_a_folder_that_cannot_be_made_leaves_nothing_open(tmp_path: Path, default_scenario: Scenario) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileExistsError):
        Emulator(default_scenario, directory=tmp_path / "file").start()


def test_a_server_that_fails_is_said(default_scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    import uvicorn

    async def fail(self: uvicorn.Server, sockets: object = None) -> None:
        raise RuntimeError("no event loop today")

    monkeypatch.setattr(uvicorn.Server, "serve", fail)
    with pytest.raises(InvalidConfigError, match="no event loop today"):
        Emulator(default_scenario).start()


@pytest.mark.parametrize("missing", ["trustme", "uvicorn", "starlette"])
def test_a_missing_extra_is_said(missing: str, default_scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(sys.modules):
        if name.partition(".")[0] == missing or name.startswith("mde_files.emulator.a"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(InvalidConfigError, match=missing) as caught:
        Emulator(default_scenario).start()
    assert caught.value.hint == "Install it with: pip install 'mde-files[emulator]'"


@pytest.mark.parametrize(
    "use",
    [
        lambda emulator: emulator.requests,
        lambda emulator: emulator.ca_bundle,
        lambda emulator: emulator.configuration(),
        lambda emulator: emulator.issue_token(),
        lambda emulator: emulator.environment(),
    ],
)
def test_before_the_start_it_says_so(use, default_scenario: Scenario) -> None:  # type: ignore[no-untyped-def]
    emulator = Emulator(default_scenario)
    emulator.scenario = default_scenario
    with pytest.raises(InvalidConfigError, match="not running"):
        use(emulator)


def test_every_request_is_recorded(emulator: Emulator, get: Get, session: requests.Session) -> None:
    get(f"/api/files/{EICAR}/stats?lookBackHours=48&lookBackHours=72&empty=")
    session.get(f"{emulator.base_url}/nowhere%2Felse", timeout=5)
    stats, unknown = emulator.requests
    assert (stats.method, stats.path, stats.status, stats.endpoint) == (
        "GET",
        f"/api/files/{EICAR}/stats",
        200,
        "file_stats",
    )
    assert stats.query == {"lookBackHours": "48", "empty": ""}
    assert stats.application == emulator.scenario.applications[0].client_id
    assert stats.host == emulator.base_url.removeprefix("https://")
    assert stats.has_authorization
    assert unknown.arrived > stats.arrived
    assert (unknown.path, unknown.status, unknown.endpoint, unknown.application) == (
        "/nowhere%2Felse",
        404,
        None,
        None,
    )
    assert not unknown.has_authorization
    emulator.reset()
    assert emulator.requests == []


def test_tokens_stay_valid_over_a_reset(emulator: Emulator, get: Get) -> None:
    token = emulator.issue_token()
    emulator.reset()
    assert get(f"/api/files/{EICAR}", token=token).status_code == 200


def test_configuration_is_what_the_connector_reads(emulator: Emulator) -> None:
    from mde_files import schemas

    for method in (
        "client_secret",
        "certificate",
        "managed_identity",
        "workload_identity",
        "device_code",
        "access_token",
    ):
        configuration = emulator.configuration(method=method)
        assert configuration["auth"]["method"] == method
        assert schemas.problems("configuration", configuration) == []
    assert configuration["base_url"] == configuration["authority"] == emulator.base_url
    assert "client_id" not in emulator.configuration("virtual-machine", method="managed_identity")


def test_configuration_names_what_an_application_cannot_do(emulator: Emulator) -> None:
    with pytest.raises(InvalidConfigError, match="'files-only' of the scenario cannot sign in with 'device_code'"):
        emulator.configuration("files-only", method="device_code")
    with pytest.raises(InvalidConfigError, match="no application 'nobody'"):
        emulator.configuration("nobody")
    with pytest.raises(InvalidConfigError, match="has no certificate"):
        emulator.certificate("no-roles")
