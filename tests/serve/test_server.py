"""The server itself: where it listens, whom it cuts off, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
import trustme
import yaml
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from mde_files import cli, schemas
from mde_files.commands.emulator import write_configuration
from mde_files.emulator import Fault
from mde_files.emulator.credentials import make_key
from mde_files.logs import EventLog
from mde_files.serve import body, connections
from mde_files.serve import server as serve_server
from mde_files.serve.application import Application
from mde_files.serve.asking import read_options
from mde_files.serve.callers import Callers
from mde_files.serve.key_file import KnownKeys
from mde_files.serve.keys import digest, new_key
from mde_files.serve.operations import operations, playbooks
from mde_files.serve.problems import Problem
from mde_files.serve.settings import ApiKey, ServeSettings
from mde_files.serve.work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import uvicorn
    from tests.serve.conftest import Served

    from mde_files import Connector
    from mde_files.emulator import Emulator

EICAR = "3395856ce81f2b7382dee72602f798b642f14140"
STATS = "/actions/file_stats"


@pytest.fixture
def refused(
    configuration: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., dict[str, Any]]:
    """Start a server that cannot start, and return the error that says why."""

    def refused(serve: dict[str, Any], *words: str, code: int = 3, **changes: Any) -> dict[str, Any]:
        path = write_configuration({**configuration, **changes, "serve": serve}, tmp_path)
        assert cli.main(["serve", "--json", "--port", "0", "--config", str(path), *words]) == code
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        error: dict[str, Any] = json.loads(captured.out)["error"]
        assert error["hint"]
        return error

    return refused


def row(name: str = "analyst", **more: str) -> dict[str, str]:
    return {"name": name, "sha256": digest(new_key()).hex(), **more}


def test_a_server_that_nobody_could_call_says_how_to_make_a_key(refused: Callable[..., dict[str, Any]]) -> None:
    assert "--new-key" in refused({})["hint"]


def test_wrong_settings_are_named(refused: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    same = row()
    assert "'contoso'" in refused({"keys": [row(tenant="contoso")]})["message"]
    assert "twice" in refused({"keys": [row(), row()]})["message"]
    assert "twice" in refused({"keys": [same, {**same, "name": "other"}]})["message"]
    assert "serve.keys.0.sha256" in refused({"keys": [row(sha256="x" * 64)]})["message"]
    key = new_key()
    assert key not in json.dumps(refused({"keys": [{"name": "analyst", "sha256": key}]}))
    assert "audiences" in refused({"entra": {}})["message"]
    assert "cannot be read" in refused({"keys": [row()], "playbooks": [str(tmp_path / "none.yaml")]}, code=2)["message"]
    copy = tmp_path / "copy.yaml"
    copy.write_text(Path(playbooks()[0].place).read_text())
    assert "already is" in refused({"keys": [row()], "playbooks": [str(copy)]})["message"]
    sweep = next(playbook for playbook in playbooks() if playbook.id == "file-alert-sweep")
    copy.write_text(Path(sweep.place).read_text().replace("many_devices", "sink").replace("file-alert-sweep", "ours"))
    assert "'sink'" in refused({"keys": [row()], "playbooks": [str(copy)]})["message"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])
def test_another_address_than_loopback_needs_tls_or_a_proxy(refused: Callable[..., dict[str, Any]], host: str) -> None:
    assert "TLS" in refused({"keys": [row()]}, "--host", host)["message"]


def test_a_proxy_in_front_can_do_tls(start: Callable[..., Served], configuration: dict[str, Any]) -> None:
    server = start(configuration, {"analyst": None}, "--host", "0.0.0.0", "--behind-proxy")
    server.url = server.url.replace("0.0.0.0", "127.0.0.1")
    assert server.send("GET", "/health", key=None).json() == {"status": "ok"}
    forged = {"X-Forwarded-For": "10.0.0.1", "X-Forwarded-Proto": "https", "Forwarded": "for=10.0.0.1"}
    assert server.send("GET", "/openapi.json", headers=forged).status_code == 200
    assert "10.0.0.1" not in server.log


def test_with_a_certificate_it_speaks_tls_only(
    start: Callable[..., Served], configuration: dict[str, Any], tmp_path: Path
) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    names = {"--certificate": tmp_path / "chain.pem", "--key": tmp_path / "key.pem"}
    names["--certificate"].write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
    names["--key"].write_bytes(issued.private_key_pem.bytes())
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    words = [word for name, path in names.items() for word in (name, str(path))]
    server = start(configuration, {"analyst": None}, *words)
    server.verify = str(tmp_path / "ca.pem")
    assert server.url.startswith("https://")
    assert server.post(STATS, {"file_hash": EICAR}).status_code == 200
    with pytest.raises(requests.ConnectionError):
        requests.get(server.url.replace("https", "http") + "/health", timeout=10)


def test_a_certificate_that_cannot_be_used_is_named(refused: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    keys = {"keys": [row()]}
    empty, locked = tmp_path / "empty.pem", tmp_path / "locked.pem"
    empty.write_text("")
    locked.write_bytes(
        make_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"passphrase"))
    )
    certificate = tmp_path / "certificate.pem"
    certificate.write_bytes(trustme.CA().cert_pem.bytes())
    assert "go together" in refused(keys, "--certificate", str(empty))["message"]
    for files in ((empty, empty), (tmp_path / "none", empty), (certificate, locked), (certificate, empty)):
        error = refused(keys, "--certificate", str(files[0]), "--key", str(files[1]))
        assert "cannot be used" in error["message"]


def test_a_place_where_nobody_can_listen_is_named(refused: Callable[..., dict[str, Any]]) -> None:
    keys = {"keys": [row()]}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "cannot listen" in refused(keys, "--port", str(taken.getsockname()[1]))["message"]
    assert "no port" in refused(keys, "--port", "65536")["message"]
    assert "cannot listen" in refused(keys, "--host", "no such host", "--behind-proxy")["message"]


def test_without_the_extra_it_says_what_to_install(
    refused: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "mde_files.serve.server")
    assert "mde-files[serve]" in refused({"keys": [row()]})["hint"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_runs_when_the_server_is_told_to_stop_is_finished(
    start: Callable[..., Served], configuration: dict[str, Any], emulator: Emulator, number: signal.Signals
) -> None:
    server = start(configuration, {"analyst": None})
    server.openapi("analyst")
    emulator.scenario.faults.append(Fault("latency", endpoint="file_stats", seconds=1.5))
    answers: list[requests.Response] = []
    asking = threading.Thread(target=lambda: answers.append(server.post(STATS, {"file_hash": EICAR})))
    asking.start()
    deadline = time.monotonic() + 20
    while not [request for request in emulator.requests if request.endpoint == "file_stats"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(server.process.pid, number)
    asking.join(30)
    assert answers[0].status_code == 200
    assert server.process.wait(30) == 0
    assert "Traceback" not in server.log


class InThread:
    """A server in a thread of this process, so that a test can hurry its clocks and break its parts."""

    def __init__(self, application: Application) -> None:
        self.server: uvicorn.Server = serve_server._server(application, None, 5.0)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=lambda: asyncio.run(self.server.serve(sockets=[self.socket])))
        self.thread.start()
        deadline = time.monotonic() + 20
        while not self.server.started:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(20)
        self.socket.close()


@pytest.fixture
def key() -> str:
    return new_key()


@pytest.fixture
def in_thread(connect: Callable[..., Connector], key: str) -> Iterator[InThread]:
    log = EventLog("error")
    settings = ServeSettings((ApiKey("analyst", digest(key), None),), None, (), 2, 5.0, (None,), None)
    connectors = {None: connect()}
    callers = Callers(KnownKeys(settings, lambda: settings, log), None, connectors, log)
    work = Work(2, 5.0)
    running = InThread(Application(connectors, callers, work, [], entra=False, log=log))
    yield running
    running.stop()
    work.close()
    callers.close()


def received(connection: socket.socket) -> bytes:
    content = b""
    try:
        while part := connection.recv(65536):
            content += part
    except ConnectionResetError:
        pass
    return content


@pytest.mark.parametrize("sent", [b"", b"GET /hea", b"GET /health HTTP/1.1\r\nHost: x\r\nX: "])
def test_a_caller_that_never_finishes_its_headers_is_cut_off(
    in_thread: InThread, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(connections, "_QUIET_SECONDS", 0.5)
    with in_thread.connect() as connection:
        connection.sendall(sent)
        stop = threading.Event()

        def trickle() -> None:
            while sent and not stop.wait(0.1):
                try:
                    connection.sendall(b"a")
                except OSError:
                    return

        thread = threading.Thread(target=trickle)
        thread.start()
        assert received(connection) == b""
        stop.set()
        thread.join()


def test_a_caller_that_never_finishes_its_body_is_told_so_and_cut_off(
    in_thread: InThread, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setattr(body, "_SECONDS", 0.3)
    with in_thread.connect() as connection:
        connection.sendall(
            f"POST {STATS} HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n"
            'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"file'.encode()
        )
        assert received(connection).startswith(b"HTTP/1.1 408 ")


def test_a_caller_without_a_key_is_answered_before_its_body_is_read(in_thread: InThread) -> None:
    with in_thread.connect() as connection:
        connection.sendall(
            f"POST {STATS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1000000\r\n\r\n".encode()
        )
        assert received(connection).startswith(b"HTTP/1.1 401 ")


def test_an_error_of_the_server_itself_is_a_problem_without_its_text(
    in_thread: InThread, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("sesame")

    monkeypatch.setattr("mde_files.connector.Connector.run", broken)
    url = f"http://127.0.0.1:{in_thread.port}{STATS}"
    answer = requests.post(url, json={"file_hash": EICAR}, headers={"X-API-Key": key}, timeout=20)
    assert answer.status_code == 500
    assert schemas.problems("problem", answer.json()) == []
    assert answer.json()["code"] == "internal_error"
    assert "sesame" not in answer.text


def test_beyond_what_may_wait_a_request_is_sent_away_at_once() -> None:
    work, go_on = Work(1, 30.0), threading.Event()

    async def ask() -> list[str]:
        first, second = (asyncio.create_task(work.run(lambda: str(go_on.wait(20)), late="")) for _ in range(2))
        await asyncio.sleep(0.05)
        with pytest.raises(Problem, match="as much as it may") as refused:
            await asyncio.wait_for(work.run(lambda: "", late=""), 5)
        assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "5"})
        go_on.set()
        return [await first, await second, await work.run(lambda: "afterwards", late="")]

    try:
        assert asyncio.run(ask()) == ["True", "True", "afterwards"]
    finally:
        go_on.set()
        work.close()


@given(st.binary(max_size=60) | st.sampled_from([b'{"a":1,"a":2}', b'{"a":{"b":1,"b":1}}', b"[1e400]", b"-Infinity"]))
def test_any_body_is_read_alike_by_everybody_or_refused(content: bytes) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": content, "more_body": False}

    async def read() -> Any:
        return await body.read_json(Headers({"content-type": "application/json"}), receive)

    problem: Problem | None = None
    try:
        document = asyncio.run(read())
    except Problem as caught:
        problem = caught
    if problem is not None:
        assert problem.status in (400, 413)
        assert schemas.problems("problem", problem.document()) == []
        return
    assert document == json.loads(content.decode("utf-8-sig"))
    json.dumps(document, allow_nan=False)


@given(st.binary(max_size=60))
def test_any_query_is_understood_or_refused(query: bytes) -> None:
    operation = next(operation for operation in operations(playbooks()) if operation.playbook is not None)
    options: dict[str, Any] = {}
    status = 422
    try:
        options = read_options(query, operation)
    except Problem as caught:
        status = caught.status
    assert status in (400, 422)
    assert set(options) <= {option.name for option in operation.options}


def test_keys_without_a_file_stay_as_they_are(configuration: dict[str, Any]) -> None:
    settings = serve_server.serve_settings.load({**configuration, "serve": {"keys": [row()]}})
    assert settings.path is None
    assert KnownKeys(settings, lambda: settings, EventLog("error")).current() == settings.keys


def test_the_example_of_the_schema_can_be_written_as_yaml(configuration: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump({**configuration, "serve": {"keys": [row()], "request_seconds": "30"}}))
    settings = serve_server.serve_settings.load(path)
    assert (settings.request_seconds, settings.max_concurrent, settings.path) == (30.0, 16, path)
