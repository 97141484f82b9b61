"""A real server in a process of its own, in front of the emulator, and the keys of those who may call it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml
from jsonschema import Draft202012Validator

import mde_files
from mde_files.serve.keys import digest, new_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mde_files.emulator import Emulator

EICAR = "3395856ce81f2b7382dee72602f798b642f14140"
FABRIKAM = "66666666-7777-8888-9999-aaaaaaaaaaaa"


class Served:
    """A running server.

    Attributes:
        url: Where it answers.
        keys: Its keys, by name.
        path: Its configuration.
        log: What it wrote to standard error.
    """

    def __init__(self, process: subprocess.Popen[str], url: str, keys: dict[str, str], path: Path, log: Path) -> None:
        self.process, self.url, self.keys, self.path, self._log = process, url, keys, path, log
        self.verify: str | bool = True
        self._documents: dict[str, Any] = {}

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def headers(self, key: str | None) -> dict[str, str]:
        return {} if key is None else {"X-API-Key": self.keys[key]}

    def send(self, method: str, path: str, *, key: str | None = "analyst", **more: Any) -> requests.Response:
        """Send a request and hold the answer to what the server declares of itself."""
        headers = {**self.headers(key), **more.pop("headers", {})}
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(method, self.url + path, headers=headers, timeout=30, verify=self.verify, **more)
        if answer.headers.get("Content-Type") == "application/problem+json":
            self.check({"$ref": "#/components/schemas/Problem"}, answer.json(), "analyst")
            assert answer.json()["status"] == answer.status_code
        elif key is not None and method == "POST" and answer.status_code == 200:
            declared = self.openapi(key)["paths"][path.partition("?")[0]]["post"]["responses"]["200"]
            self.check(declared["content"]["application/json"]["schema"], answer.json(), key)
        assert answer.headers["Cache-Control"] == "no-store"
        return answer

    def post(self, path: str, body: Any, **more: Any) -> requests.Response:
        return self.send("POST", path, json=body, **more)

    def openapi(self, key: str) -> dict[str, Any]:
        if key not in self._documents:
            self._documents[key] = self.send("GET", "/openapi.json", key=key).json()
        document: dict[str, Any] = self._documents[key]
        return document

    def check(self, schema: dict[str, Any], document: Any, key: str) -> None:
        components = self.openapi(key)["components"]
        problems = list(Draft202012Validator({**schema, "components": components}).iter_errors(document))
        assert not problems, problems[0]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Served]]:
    """Start servers: each gets a configuration, the names of its keys with their tenants, and further words."""
    running: list[Served] = []

    def start(configuration: dict[str, Any], keys: dict[str, str | None], *words: str) -> Served:
        folder = tmp_path_factory.mktemp("serve")
        made = {name: new_key() for name in keys}
        rows: list[dict[str, str]] = []
        for name, tenant in keys.items():
            row = {"name": name, "sha256": digest(made[name]).hex()}
            rows.append(row if tenant is None else {**row, "tenant": tenant})
        serve = {"keys": rows, **configuration.get("serve", {})}
        path = folder / "config.yaml"
        path.write_text(yaml.safe_dump({**configuration, "serve": serve}))
        command = [sys.executable, "-m", "mde_files", "serve", "--json", "--port", "0", "--config", str(path), *words]
        log = folder / "log"
        with log.open("w") as errors:
            process = subprocess.Popen(
                command,
                env={"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": _shelf()},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, log.read_text()
        served = Served(process, json.loads(line)["url"], made, path, log)
        running.append(served)
        return served

    yield start
    for served in running:
        if served.process.poll() is None:
            served.stop()
        assert served.process.stdout is not None
        served.process.stdout.close()


@pytest.fixture(scope="session")
def configuration(running_emulator: Emulator) -> dict[str, Any]:
    """A configuration of the emulator in which nothing of one test is left for the next."""
    return {
        **running_emulator.configuration(),
        "state": "memory:",
        "cache": {"enabled": False},
        "quota": {"windows": [{"calls": 60000, "seconds": 1}]},
        "log": {"level": "debug"},
    }


@pytest.fixture(scope="session")
def running_server(start: Callable[..., Served], configuration: dict[str, Any], running_emulator: Emulator) -> Served:
    """A server with a tenant for each way in which asking can go wrong."""
    fabrikam = running_emulator.configuration("fabrikam-enrichment")
    tenants: dict[str, dict[str, Any]] = {
        "fabrikam": {name: fabrikam[name] for name in ("tenant_id", "client_id", "auth")},
        "wrong-secret": {"auth": {"client_secret": "not~the~secret~of~the~application"}},
        "no-roles": {name: running_emulator.configuration("no-roles")[name] for name in ("client_id", "auth")},
        "used-up": {"quota": {"windows": [{"calls": 1, "seconds": 3600}], "max_wait_seconds": 0}},
        "unreachable": {"base_url": "https://127.0.0.1:1"},
        "hasty": {"timeouts": {"total": 0.3, "read": 0.3}},
        "stateless": {"state": "sqlite:////dev/null/state", "state_required": True},
        "md5": {"md5": True},
    }
    keys = {"analyst": None, "leaver": None, **{tenant: tenant for tenant in tenants}}
    return start({**configuration, "tenants": tenants}, keys)


@pytest.fixture
def server(running_server: Served, emulator: Emulator) -> Served:
    """The server, in front of the emulator with its default scenario."""
    return running_server


def _shelf() -> str:
    return str(Path(mde_files.__file__).parents[1])
