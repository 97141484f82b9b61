"""The server: what callers send to prove themselves, and what it signs in with, is told to nobody."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import requests
from tests.serve.conftest import start  # noqa: F401 - fixture

from mde_files.emulator import Fault

from .canaries import canary, found, known
from .watching import files_below

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fault_table import FaultTable
    from tests.serve.conftest import Served

    from .conftest import Tenant

ROOM = "secrets: server"


def test_keys_and_tokens_of_callers_are_not_told(
    tenant: Tenant,
    start: Callable[..., Served],  # noqa: F811
    fault_table: FaultTable,
) -> None:
    sent = canary("what callers send", odd=False)
    own = canary("client secret", odd=False)
    tenant.emulator.scenario.applications[0].secrets[0].value = own.text
    right = tenant._replace(client_secret=own).settings(log={"level": "debug"}, serve={})
    wrong = {"auth": {"method": "client_secret", "client_secret": canary("wrong", odd=False).text}}
    server = start({**right, "tenants": {"wrong": wrong}}, {"analyst": None, "wrong": "wrong"})
    web_token = f"eyJhbGciOiJSUzI1NiJ9.{sent.text}.{sent.text}"
    told: list[str] = []

    def send(path: str, headers: dict[str, str], **more: object) -> None:
        answer = requests.request(  # type: ignore[call-overload]
            "POST", server.url + path, headers=headers, timeout=30, verify=server.verify, **more
        )
        told.append(f"{answer.status_code} {dict(answer.headers)} {answer.text}")

    key = server.keys["analyst"]
    body = {"file_hash": tenant.sha1}
    send("/actions/file_stats", {"X-API-Key": key}, json=body)
    assert told[-1].startswith("200")
    send("/actions/file_stats", {"X-API-Key": server.keys["wrong"]}, json=body)
    for headers in (
        {"X-API-Key": sent.text},
        {"Authorization": f"Bearer {sent.text}"},
        {"Authorization": f"Bearer {web_token}"},
        {"Authorization": f"Basic {sent.text}"},
        {"X-API-Key": key, "Cookie": sent.text, "X-Other": sent.text},
    ):
        send("/actions/file_stats", headers, json=body)
        send(f"/actions/file_stats?key={sent.text}", headers, json=body)
        send(f"/{sent.text}", headers, data=sent.text)
    echo = {"error": {"code": "X", "message": sent.text, "target": own.text}}
    tenant.fail(Fault("status", endpoint="service", status=400, body=echo))
    send("/actions/file_alerts", {"X-API-Key": key}, json=body)
    command = Path(f"/proc/{server.process.pid}/cmdline").read_bytes()
    assert server.stop() == 0
    secrets = [sent, own, *(known(name, made) for name, made in server.keys.items())]
    said = [f"answer: {name}" for text in told for name in found(text, secrets)]
    said += [f"log: {name}" for name in found(server.log, secrets)]
    said += [f"command line: {name}" for name in found(command, secrets)]
    for path, content in files_below(server.path.parent):
        if path != server.path:
            said += [f"{path.name}: {name}" for name in found(content, secrets)]
    fault_table.row(ROOM, "keys, tokens and an echo", "nothing told", "; ".join(sorted(set(said))) or "nothing told")
