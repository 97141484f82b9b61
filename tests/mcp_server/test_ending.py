"""The server starts or says why not, and ends cleanly whatever the client does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import IO, TYPE_CHECKING, Any

import anyio
import pytest
from mcp.shared.exceptions import MCPError
from tests.mcp_server.conftest import SERVER, checked

from mde_files import cli
from mde_files.emulator import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mcp.client.client import Client

    from mde_files.emulator import Emulator

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "a test", "version": "1"},
    },
}
INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}
LONGEST_CALL = 12.0
LONGEST_END = 8.0


def call(number: int, sha1: str) -> dict[str, Any]:
    params = {"name": "file_stats", "arguments": {"file_hash": sha1}}
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}


class Server:
    """A server process and the raw lines that go to and fro."""

    def __init__(self, config: Path, log: IO[str]) -> None:
        command = [*SERVER, "--config", str(config)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=dict(os.environ)
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        self.expected_logs = 0

    def send(self, *messages: dict[str, Any] | str) -> None:
        for message in messages:
            self.stdin.write((message if isinstance(message, str) else json.dumps(message)) + "\n")
        self.stdin.flush()

    def receive(self) -> dict[str, Any]:
        line = self.stdout.readline()
        assert line, "the server ended"
        message: dict[str, Any] = json.loads(line)
        return message

    def connect(self) -> None:
        self.send(INITIALIZE, INITIALIZED)
        assert self.receive()["result"]["serverInfo"]["name"] == "mde-files"


@pytest.fixture
def server(configure: Callable[..., Path], tmp_path: Path) -> Iterator[Server]:
    log = tmp_path / "server.log"
    with log.open("w") as written:
        server = Server(configure(), written)
        with server.process:
            try:
                yield server
            finally:
                server.process.kill()
    logged = log.read_text().splitlines()
    assert len(logged) == server.expected_logs
    assert all("level=warning event=protocol" in line for line in logged)


def busy(server: Server, emulator: Emulator) -> None:
    """Let the server have more calls on its way than it asks at a time, none of which is answered soon."""
    emulator.scenario.faults.append(Fault("latency", endpoint="file_stats", seconds=LONGEST_CALL))
    server.connect()
    server.send(*(call(number, f"{number:040x}") for number in range(10, 22)))
    until = time.monotonic() + 20
    while not [request for request in emulator.requests if request.endpoint == "file_stats"]:
        assert time.monotonic() < until, "the service was not asked"
        time.sleep(0.05)


def test_a_client_that_closes_its_end_ends_the_server(server: Server) -> None:
    server.connect()
    server.stdin.close()
    assert server.process.wait(LONGEST_END) == 0
    assert server.stdout.read() == ""


def test_a_client_that_never_says_anything_ends_the_server(server: Server) -> None:
    server.stdin.close()
    assert server.process.wait(LONGEST_END) == 0


def test_calls_on_their_way_do_not_keep_the_server_alive(server: Server, emulator: Emulator) -> None:
    busy(server, emulator)
    server.stdin.close()
    assert server.process.wait(LONGEST_END) == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_the_server_in_the_middle_of_calls(
    server: Server, emulator: Emulator, number: signal.Signals, code: int
) -> None:
    busy(server, emulator)
    server.process.send_signal(number)
    assert server.process.wait(LONGEST_END) == code


def test_a_client_that_reads_no_longer_ends_the_server(server: Server) -> None:
    server.connect()
    server.stdout.close()
    server.send({"jsonrpc": "2.0", "id": 2, "method": "tools/list"})
    assert server.process.wait(LONGEST_END) == 0


def test_a_signal_ends_a_server_whose_answers_nobody_takes(server: Server) -> None:
    server.connect()
    server.send(*({"jsonrpc": "2.0", "id": number, "method": "tools/list"} for number in range(2, 20)))
    time.sleep(1.0)
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(LONGEST_END) == 0


def test_lines_that_are_no_messages_are_passed_over(server: Server) -> None:
    server.connect()
    server.send("", "{", "[]", "7", '{"jsonrpc": "2.0"}', "\x1b[2J\ufffd")
    server.send({"jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": {"name": 7}})
    server.send({"jsonrpc": "2.0", "id": 10, "method": "ping"})
    answers = {}
    while 10 not in answers:
        message = server.receive()
        answers[message.get("id")] = message
    assert answers[9]["error"]["code"] == -32602
    assert answers[10]["result"] == {}


def test_a_cancelled_call_leaves_the_server_to_others(
    configure: Callable[..., Path], converse: Callable[..., Any], emulator: Emulator
) -> None:
    slow, quick = (emulator.scenario.file(label).sha1 for label in ("eicar", "quiet-file"))
    emulator.scenario.faults.append(Fault("latency", endpoint="file_stats", id="eicar", seconds=LONGEST_CALL))

    async def talk(client: Client) -> bool:
        with pytest.raises(MCPError):
            await client.call_tool("file_stats", {"file_hash": slow}, read_timeout_seconds=3)
        with anyio.move_on_after(0.5):
            await client.call_tool("file_stats", {"file_hash": slow})
        return (await checked(client, "file_stats", {"file_hash": quick})).is_error

    assert converse(configure(), talk).result is False


def test_what_the_library_logs_is_a_line_like_any_other(server: Server) -> None:
    server.connect()
    server.send({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": ["\x1b[2J"]}})
    server.send({"jsonrpc": "2.0", "id": 2, "method": "ping"})
    assert server.receive()["result"] == {}
    server.expected_logs = 1


@pytest.mark.parametrize(
    ("changes", "options", "word"),
    [
        ({"cloud": "mars"}, [], "cloud"),
        ({"tenant_id": ""}, [], "tenant_id"),
        ({}, ["--tenant", "nowhere"], "--tenant"),
        ({}, ["--config", "/nonexistent/config.yaml"], "/nonexistent/config.yaml"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_said_before_the_protocol_starts(
    configure: Callable[..., Path],
    changes: dict[str, Any],
    options: list[str],
    word: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["mcp", "--config", str(configure(**changes)), *options]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("mde-files: ")
    assert word in captured.err


def test_a_wrong_option_is_said_on_standard_error_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["mcp", "--json", "--port", "7"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "--port" in captured.err


def test_without_its_library_the_way_to_install_it_is_said(
    configure: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "mde_files.mcp_server.protocol", raising=False)
    monkeypatch.setitem(sys.modules, "mcp_types", None)
    assert cli.main(["mcp", "--config", str(configure())]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "pip install 'mde-files[mcp]'" in captured.err
