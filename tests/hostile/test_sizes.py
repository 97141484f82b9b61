"""Answers that would fill the memory: measured in a process of its own, against what the configuration allows."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.transport.hostile import HostileServer

from .bench import ROOM
from .scripts import ALERT, CHUNKED, HEAD, SHA1, flood, in_order, page, raw, serving, then

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fault_table import FaultTable

    from .bench import Bench
    from .scripts import Step

PROGRAM = Path(__file__).parent / "memory.py"
LIMIT = 2 << 20
REFUSED_LIMIT = 16 << 20
MOST_TIMES = 30
"""How many times the largest accepted answer may be in memory: a list of empty lists takes most."""
REFUSED_TIMES = 2
"""The same, for what is refused by its size alone."""
QUICK = {"empty objects", "empty lists", "keys of an alert"}
"""What is measured each time; the others only with the slow tests."""
BUDGET = 20


def bomb(layers: int) -> bytes:
    packed = bytes(100_000_000)
    for _ in range(layers):
        packed = gzip.compress(packed, compresslevel=1)
    return raw(packed, content_encoding=", ".join(["gzip"] * layers))


def filled(head: bytes, part: bytes, tail: bytes) -> bytes:
    """Return an answer as large as allowed, made of ``part`` again and again."""
    return raw(head + part * ((LIMIT - len(head) - len(tail)) // len(part)) + tail)


def numbered(head: bytes, part: str, tail: bytes) -> bytes:
    count = LIMIT // (len(part) + 6)
    return raw(head + ",".join(part % number for number in range(count)).encode() + tail)


MILLION = b" " * 1_000_000
TOO_LARGE: dict[str, Callable[[], Step]] = {
    "100 MB of JSON, announced": lambda: then(HEAD + b"Content-Length: 100000000\r\n\r\n", *([MILLION] * 100)),
    "100 MB of JSON in chunks": lambda: then(CHUNKED, *([b"f4240\r\n" + MILLION + b"\r\n"] * 100)),
    "100 MB of JSON without a length": lambda: then(HEAD + b"\r\n", *([MILLION] * 100)),
    "100 MB in a gzip bomb": lambda: bomb(1),
    "100 MB in a gzip bomb in a gzip bomb": lambda: bomb(2),
    "100 MB in five gzip bombs in each other": lambda: bomb(5),
    "members of a gzip bomb without end": lambda: then(
        HEAD + b"Content-Encoding: gzip\r\n\r\n", flood(gzip.compress(bytes(1_000_000)))
    ),
    "a redirect with 100 MB": lambda: then(b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", *([MILLION] * 100)),
    "an error with 100 MB": lambda: then(b"HTTP/1.1 500 No\r\n\r\n", *([MILLION] * 100)),
}
FILLING: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty objects": (lambda: filled(b'{"value":[', b"{},", b"{}]}"), "upstream_invalid"),
    "objects of one key": (lambda: filled(b'{"value":[', b'{"a":0},', b"{}]}"), "upstream_invalid"),
    "empty lists": (lambda: filled(b'{"value":[{"a":[', b"[],", b"0]}]}"), "alerts_found"),
    "short texts": (lambda: filled(b'{"value":[{"a":[', b'"ab",', b"0]}]}"), "alerts_found"),
    "fractions": (lambda: filled(b'{"value":[{"a":[', b"1.5,", b"0]}]}"), "alerts_found"),
    "a text of wide letters": (lambda: filled('{"value":[{"a":"\U0001f600'.encode(), b"x", b'"}]}'), "alerts_found"),
    "escapes": (lambda: filled(b'{"value":[{"a":"', b"\\ud83d\\ude00", b'"}]}'), "alerts_found"),
    "keys of an alert": (lambda: numbered(b'{"value":[{', '"%06x":0', b"}]}"), "upstream_invalid"),
    "keys beside the alerts": (lambda: numbered(b'{"value":[],', '"%06x":0', b"}"), "upstream_invalid"),
    "techniques": (lambda: numbered(b'{"value":[{"mitreTechniques":[', '"%06x"', b"]}]}"), "alerts_found"),
    "comments": (
        lambda: filled(b'{"value":[{"comments":[', b'{"comment":"' + b"x" * 40 + b'"},', b"{}]}]}"),
        "alerts_found",
    ),
    "evidence": (
        lambda: filled(b'{"value":[{"evidence":[', b'{"entityType":"' + b"x" * 40 + b'"},', b"{}]}]}"),
        "alerts_found",
    ),
    "devices": (
        lambda: numbered(b'{"value":[', '{"machineId":"%06x","computerDnsName":"' + "x" * 10 + '"}', b"]}"),
        "alerts_found",
    ),
    "an error envelope": (
        lambda: raw(b'{"error":{"code":"' + b"x" * (LIMIT - 100) + b'","message":"x"}}'),
        "upstream_invalid",
    ),
}


def measured(bench: Bench, limit: int, *steps: Step) -> list[dict[str, Any]]:
    """Return what a process of its own tells of each of ``steps``, its memory in multiples of ``limit``."""
    script = serving(in_order(page(ALERT), *steps))
    with HostileServer(script, tls=bench.trusted.server_context("127.0.0.1")) as server:
        configuration = bench.configuration(
            server.url,
            limits={"max_response_bytes": limit},
            timeouts={"connect": BUDGET, "read": BUDGET, "total": BUDGET},
            cache={"enabled": False},
        )
        done = subprocess.run(
            [sys.executable, str(PROGRAM), json.dumps(configuration), "file_alerts", SHA1, str(len(steps))],
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    return [{**of_it, "taken": of_it["growth"] / limit} for of_it in told]


def judge(fault_table: FaultTable, fault: str, expected: str, times: int, told: dict[str, Any]) -> None:
    taken = told["taken"]
    memory = f"at most {times} times the limit" if taken <= times else f"{taken:.1f} times the limit"
    wanted = f"{expected}, memory at most {times} times the limit"
    found = f"{told['outcome']}, memory {memory}"
    fault_table.row(ROOM, f"memory: {fault}", wanted, found, told["seconds"], within=BUDGET + 1)


def test_what_is_too_large_is_given_up_before_it_is_in_memory(bench: Bench, fault_table: FaultTable) -> None:
    told = measured(bench, REFUSED_LIMIT, *(make() for make in TOO_LARGE.values()))
    for fault, of_it in zip(TOO_LARGE, told, strict=True):
        judge(fault_table, fault, "upstream_invalid", REFUSED_TIMES, of_it)


@pytest.mark.parametrize(
    "fault", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in FILLING]
)
def test_what_is_as_large_as_allowed_is_bounded_in_memory(bench: Bench, fault_table: FaultTable, fault: str) -> None:
    make, expected = FILLING[fault]
    (told,) = measured(bench, LIMIT, make())
    judge(fault_table, f"as many {fault} as fit", expected, MOST_TIMES, told)
