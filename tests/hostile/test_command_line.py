"""The command line before a hostile server: one JSON object, no traceback, nothing that moves a terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import yaml
from tests.transport.hostile import HostileServer, error_answer, http_answer

from mde_files import schemas

from .bench import BUDGETS, PATIENT, ROOM, SECRET, TOKEN
from .scripts import (
    ALERT,
    GOOD,
    HEAD,
    SHA1,
    drip,
    flood,
    hold,
    in_order,
    openid_answer,
    page,
    raw,
    serving,
    sign_in_beside,
    sign_in_error,
    stats_text,
    then,
    token_answer,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fault_table import FaultTable
    from tests.transport.hostile import Connection

    from .bench import Bench
    from .scripts import Step

START = 6.0
"""Seconds a process may take to start on a busy machine."""
EVIL = "\x1b]0;evil\x07\x1b[2J\u202e"
FAULTS: dict[str, tuple[str, Step, Step, int, str]] = {
    "says nothing": ("file-stats", hold, b"", 6, "timeout"),
    "one byte at a time": ("file-stats", drip(HEAD + b"X: " + b"x" * 500), b"", 6, "timeout"),
    "closes in the headers": ("file-stats", then(HEAD), b"", 6, "network_error"),
    "endless": ("file-alerts", then(HEAD + b"\r\n", flood(b" " * 60_000)), b"", 6, "upstream_invalid"),
    "nested 100,000 deep": ("file-alerts", raw(b"[" * 100_000), b"", 6, "upstream_invalid"),
    "NaN": ("file-stats", stats_text('"x": NaN'), b"", 6, "upstream_invalid"),
    "302": (
        "file-stats",
        http_answer(status=302, headers={"Location": "https://collector.attacker.example/"}),
        b"",
        6,
        "wrong_endpoint",
    ),
    "401 for ever": ("file-stats", error_answer(401, "Unauthorized"), b"", 3, "auth_failed"),
    "403 with control characters": ("file-stats", error_answer(403, EVIL, EVIL, EVIL), b"", 4, "forbidden"),
    "429, Retry-After 3600": (
        "file-stats",
        error_answer(429, "TooManyRequests", retry_after="3600"),
        b"",
        5,
        "throttled",
    ),
    "control characters in every text": (
        "file-alerts",
        page({**ALERT, "title": EVIL, "description": EVIL, "computerDnsName": EVIL, EVIL: EVIL}),
        b"",
        0,
        "alerts_found",
    ),
    "lone surrogates in every text": (
        "file-alerts",
        page({**ALERT, "title": "\ud800", "\udfff": "\ud800"}),
        b"",
        0,
        "alerts_found",
    ),
    "sign-in says nothing": ("file-stats", GOOD, hold, 6, "timeout"),
    "sign-in refused with control characters": ("file-stats", GOOD, sign_in_error(EVIL + SECRET), 3, "auth_failed"),
    "sign-in token with a line break": ("file-stats", GOOD, token_answer(f"{TOKEN}\r\nX: y"), 6, "upstream_invalid"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_command_ends_as_it_should(bench: Bench, fault_table: FaultTable, tmp_path: Path, fault: str) -> None:
    command, api, token, code, expected = FAULTS[fault]

    def script(connection: Connection) -> None:
        answers = sign_in_beside(in_order(api), openid=openid_answer(server.url), token=token or token_answer(TOKEN))
        serving(answers)(connection)

    with HostileServer(script, tls=bench.trusted.server_context("127.0.0.1")) as server:
        budgets = BUDGETS if expected == "timeout" else PATIENT
        auth = {"method": "client_secret", "client_secret": SECRET}
        path = tmp_path / "configuration.yaml"
        path.write_text(yaml.safe_dump(bench.configuration(server.url, auth=auth, timeouts=budgets)))
        path.chmod(0o600)
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "mde_files", command, SHA1, "--json", "--config", str(path)],
            capture_output=True,
            timeout=60,
            check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        seconds = time.monotonic() - started
    record = json.loads(done.stdout)
    written = (done.stdout + done.stderr).decode()
    assert schemas.problems("record", record) == []
    assert "Traceback" not in written
    assert all(character.isprintable() for character in written.replace("\n", ""))
    assert TOKEN not in written
    assert SECRET not in written
    assert (bench.elsewhere.connections, bench.elsewhere_plain.connections) == (0, 0)
    assert code == 0 or done.stderr.decode().count("mde-files: ") == 1
    fault_table.row(
        ROOM,
        f"command line: {fault}",
        f"exit code {code}, {expected}",
        f"exit code {done.returncode}, {record['error']['code'] if 'error' in record else record['outcome']}",
        seconds,
        within=budgets["total"] + START,
    )
