"""Whoever looks at the objects of a connector at work, or tries to store them, finds no secret."""

from __future__ import annotations

import copy
import json
import pickle
import sys
from typing import TYPE_CHECKING, Any

import pytest
from tests.redis_server import _running_redis_server, redis_server, start_redis  # noqa: F401 - fixtures

from mde_files import Connector, config
from mde_files.auth.certificate import CertificateCredential
from mde_files.deadline import Deadline
from mde_files.logs import EventLog
from mde_files.playbook.incident import read_incident
from mde_files.secret import Secret

from .canaries import Canary, canary, found, known
from .watching import reachable

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fault_table import FaultTable
    from tests.redis_server import RedisServer

    from .conftest import Tenant

    Leaks = Callable[[Any, list[Canary]], list[str]]

ROOM = "secrets: objects"


def everything(tenant: Tenant, **changes: Any) -> tuple[dict[str, Any], list[Canary]]:
    """Return settings with a secret wherever one can be, and the secrets."""
    names = ("proxy", "webhook URL", "webhook key", "broker", "results")
    proxy, url, key, broker, results = (canary(name, odd=name == "webhook key") for name in names)
    settings = tenant.settings(
        proxy=f"http://user:{proxy.text}@127.0.0.1:9",
        sinks={"webhook": {"url": f"https://127.0.0.1:9/{url.text}", "secret": key.text}},
        celery={"broker": f"redis://:{broker.text}@127.0.0.1:9/0", "results": f"redis://:{results.text}@127.0.0.1:9/1"},
        log={"level": "debug"},
        **changes,
    )
    return settings, [proxy, url, key, broker, results, tenant.client_secret]


def credentials(tenant: Tenant, method: str) -> tuple[dict[str, Any], list[Canary]]:
    emulator = tenant.emulator
    applications = {"certificate": "certificate", "workload_identity": "federated", "device_code": "public_client"}
    held = applications.get(method)
    named = next(
        (entry.name for entry in emulator.scenario.applications if held is not None and getattr(entry, held)), None
    )
    forms = ("pem", "text", "pfx") if method == "certificate" else ("pem",)
    made = {"auth": emulator.configuration(named, method=method, certificate_as=forms[-1])["auth"]}
    made["client_id"] = emulator.scenario.application(named).client_id
    secrets = []
    for key, value in {**made["auth"], **made["auth"].get("certificate", {})}.items():
        if key in ("client_secret", "access_token", "passphrase", "pem"):
            secrets.append(known(key, value if key != "access_token" else value.rpartition(".")[2]))
    return made, secrets


@pytest.mark.parametrize("method", ["client_secret", "certificate", "access_token", "workload_identity", "device_code"])
def test_nothing_that_a_connector_reaches_shows_a_secret(
    tenant: Tenant, leaks: Leaks, fault_table: FaultTable, method: str
) -> None:
    settings, secrets = everything(tenant)
    made, more = credentials(tenant, method)
    settings = {**settings, **made}
    with Connector.from_config(settings, prompt=lambda _text: None) as connector:
        connector.file_stats(tenant.sha1)
        connector.file_alerts(tenant.sha1)
        sink = connector.open_sink("webhook")
        place = sink._place_of(read_incident({"id": "1", "files": [{"sha1": tenant.sha1}]}))  # type: ignore[attr-defined]
        token = connector.service.tokens().token(Deadline(5)).value.reveal()
        secrets += [known("token", token.rpartition(".")[2]), *more]
        said = leaks(reachable([connector, sink, place, vars(connector)]), secrets)
    fault_table.row(ROOM, f"connector signed in by {method}", "nothing shown", "; ".join(said[:5]) or "nothing shown")


@pytest.mark.parametrize("form", ["pem", "text", "pfx"])
def test_a_certificate_keeps_its_key_to_itself(tenant: Tenant, leaks: Leaks, form: str) -> None:
    name = next(entry.name for entry in tenant.emulator.scenario.applications if entry.certificate)
    settings = tenant.emulator.configuration(name, method="certificate", certificate_as=form)
    held = config.load(settings).auth.certificate
    assert held is not None
    credential = CertificateCredential(held)
    made = credential.for_msal()
    line = str(made["private_key"]).splitlines()[3]
    secrets = [known("key", line), *([known("passphrase", "emulated-passphrase")] if form == "pfx" else [])]
    assert leaks(reachable(credential), secrets) == []


def test_a_state_in_redis_shows_no_password(
    tenant: Tenant,
    leaks: Leaks,
    start_redis: Callable[..., RedisServer],  # noqa: F811
    fault_table: FaultTable,
) -> None:
    secret = canary("Redis password", odd=False)
    server = start_redis(secret.text)
    with Connector.from_config(tenant.settings(state=server.url)) as connector:
        connector.file_stats(tenant.sha1)
        state = connector.service.state
        assert state.shared
        shown = (
            (way, text)
            for way, text in reachable([connector])
            # The client keeps the password as it needs it; what it says of itself counts.
            if "._server." not in way
        )
        said = leaks(shown, [secret])
    fault_table.row(ROOM, "state in Redis", "nothing shown", "; ".join(said[:5]) or "nothing shown")


def test_a_configuration_cannot_be_stored_with_its_secrets(tenant: Tenant) -> None:
    settings, secrets = everything(tenant)
    loaded = config.load(settings)
    for store in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be pickled"):
            store(loaded)
    told = [repr(loaded), str(loaded), json.dumps(loaded._asdict(), default=str), repr(loaded._asdict())]
    told += [repr(EventLog.from_config(loaded)), repr(vars(EventLog.from_config(loaded)))]
    assert [found(text, secrets) for text in told] == [[]] * len(told)


def test_a_secret_shows_itself_in_no_form() -> None:
    secret = canary("the secret")
    held = Secret(secret.text)
    told = [repr(held), str(held), f"{held}", f"{held!r}", f"{held!s}", repr([held]), repr({"a": held})]
    told += [json.dumps(held, default=str), repr(sys.exc_info()), repr(dir(held))]
    assert not any(found(text, [secret]) for text in told)
    with pytest.raises(TypeError):
        vars(held)
    with pytest.raises(TypeError):
        format(held, ">20")
