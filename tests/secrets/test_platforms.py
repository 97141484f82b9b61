"""Platforms hand over secrets as settings of a form: neither their logs nor their answers carry them."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from tests.platforms.test_running import as_platform_values
from tests.platforms.xsoar.stand_in import Demisto

from mde_files.emulator import Fault
from mde_files.errors import MdeFilesError
from mde_files.platforms import catalogue, running
from mde_files.platforms.cortex import analyzer
from mde_files.platforms.misp import module
from mde_files.platforms.splunk_soar import actions
from mde_files.platforms.xsoar import integration

from .canaries import Canary, canary
from .watching import failure_of, files_below, reachable, told_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.fault_table import FaultTable

    from .conftest import Tenant, Written

    Leaks = Callable[[Any, list[Canary]], list[str]]

ROOM = "secrets: platforms"
# What is entered besides a sign-in that works, with {} where the secret stands.
ENTERED: dict[str, dict[str, str]] = {
    "nothing wrong": {},
    "wrong secret": {"auth_client_secret": "{}"},
    "secret as the client id": {"client_id": "{}"},
    "secret as the method": {"auth_method": "{}"},
    "secret as the tenant": {"tenant_id": "8Q~{}"},
    "proxy of another kind": {"proxy": "ftp://user:{}@proxy.test"},
    "state out of reach": {"state": "redis://user:{}@127.0.0.1:9/0"},
    "state of another kind": {"state": "mongo://user:{}@db.test"},
    "key that is no key": {"auth_method": "certificate", "auth_certificate_pem": "-----BEGIN PRIVATE KEY-----{}"},
    "address with a password": {"base_url": "https://user:{}@api.test"},
    "token with spaces": {"auth_method": "access_token", "auth_access_token": "{} {}"},
    "a setting nobody knows": {"client_secret": "{}"},
}


@pytest.fixture(autouse=True)
def _connectors() -> Iterator[None]:
    yield
    module.CONNECTORS.close()


def form(tenant: Tenant, secret: Canary, name: str) -> dict[str, str]:
    """Return the values of a platform's form."""
    entered = {key: value.replace("{}", secret.text) for key, value in ENTERED[name].items()}
    own = {"state": "memory:", "log_level": "debug"}
    return {**as_platform_values(tenant.settings(sinks={})), **own, **entered}


def misp(values: dict[str, str], tenant: Tenant) -> object:
    attribute = {"type": "sha1", "value": tenant.sha1, "uuid": "5f1b2c3d-0000-4000-8000-000000000001"}
    answers = [
        module.dict_handler({"module": module.NAME, "attribute": attribute, "config": values, **more})
        for more in ({}, {"persistent": 1})
    ]
    return [answers, [text for _, text in reachable(module.CONNECTORS)]]


def splunk_soar(values: dict[str, str], tenant: Tenant) -> object:
    lines: list[tuple[str, str]] = []
    folder = tenant.folder / "state"

    def use() -> None:
        with actions.connector(values, "7", str(folder), lambda *line: lines.append(line)) as connector:
            lines.append(("output", repr(actions.output(connector, "file_stats", {"file_hash": tenant.sha1}))))
            lines.append(("findings", repr(list(actions.connectivity(connector)))))

    error = failure_of(use)
    if error is None:
        return lines
    assert isinstance(error, MdeFilesError)
    return [running.sentence(error), lines, list(told_by(error))]


def any_platform(values: dict[str, str], tenant: Tenant) -> object:
    lines: list[tuple[str, str]] = []

    def use() -> None:
        with running.connector(values, write_log=lambda *line: lines.append(line)) as connector:
            lines.append(("record", json.dumps(connector.record_of("file_alerts", {"file_hash": tenant.sha1}))))
            connector.check()

    error = failure_of(use)
    return [lines, *(told_by(error) if error is not None else ())]


def cortex(values: dict[str, str], tenant: Tenant) -> object:
    folder = tenant.folder / "job"
    (folder / "input").mkdir(parents=True)
    job = {"dataType": "hash", "data": tenant.sha1, "tlp": 2, "pap": 2}
    config = {**values, "service": "file_stats", "ca_bundle": str(tenant.emulator.ca_bundle)}
    (folder / "input" / "input.json").write_text(json.dumps({**job, "config": config}), encoding="utf-8")
    analyzer.main([str(folder)])
    shutil.rmtree(folder / "input")
    return (folder / "output" / "output.json").read_text(encoding="utf-8")


def xsoar(values: dict[str, str], tenant: Tenant) -> object:
    credentials = {"identifier": values["client_id"], "password": values["auth_client_secret"]}
    params = {**values, "credentials": credentials, "proxy": "true", "proxy_url": values.get("proxy")}
    context = tenant.folder / "context"
    job = {"command": "mde-file-stats", "args": {"file_hash": tenant.sha1}, "params": params, "context": str(context)}
    platforms = [Demisto(job), Demisto({**job, "command": "test-module"})]
    for platform in platforms:
        with suppress(SystemExit):
            integration.main(platform)
    kept = context.read_text() if context.exists() else ""
    return [[platform.entries, platform.lines] for platform in platforms] + [kept]


ROOMS: dict[str, Callable[[dict[str, str], Tenant], object]] = {
    "misp": misp,
    "splunk_soar": splunk_soar,
    "cortex": cortex,
    "xsoar": xsoar,
    "any": any_platform,
}


# Cortex keeps the job with its settings anyway, and shows those that are not named like secrets.
CASES = [(room, name) for room in ROOMS for name in ENTERED if room != "cortex" or not name.startswith("secret as")]


@pytest.mark.parametrize(("room", "name"), CASES)
def test_what_is_entered_stays_there(
    tenant: Tenant, written: Written, leaks: Leaks, fault_table: FaultTable, room: str, name: str
) -> None:
    secret = canary("entered", odd=False)
    told = repr(ROOMS[room](form(tenant, secret, name), tenant))
    said = leaks([("answer", told), ("written", written.text())], [secret, tenant.client_secret])
    kept = ((path.name, content) for path, content in files_below(tenant.folder))
    said += leaks(kept, [secret, tenant.client_secret])
    fault_table.row(ROOM, f"{room}: {name}", "nothing told", "; ".join(said) or "nothing told")


@pytest.mark.parametrize("room", ROOMS)
def test_what_the_sign_in_service_repeats_is_blacked_out(
    tenant: Tenant, written: Written, leaks: Leaks, fault_table: FaultTable, room: str
) -> None:
    secret = canary("repeated", odd=False)
    body = {"error": "x", "error_description": f"no {secret.text}"}
    tenant.fail(Fault("status", endpoint="token", status=400, body=body))
    values = {**form(tenant, secret, "nothing wrong"), "auth_client_secret": secret.text}
    told = repr(ROOMS[room](values, tenant))
    assert "no ****" in told
    said = leaks([("answer", told), ("written", written.text())], [secret])
    fault_table.row(ROOM, f"{room}: echo", "nothing told", "; ".join(said) or "nothing told")


def test_every_secret_setting_is_marked_as_one() -> None:
    secret = {setting.key for setting in catalogue.settings() if setting.secret}
    assert secret >= {"auth.client_secret", "auth.certificate.pem", "auth.certificate.passphrase", "proxy", "state"}
    assert not {"tenant_id", "client_id", "cloud"} & secret
