"""Actions over HTTP: findings as records, everything else as problem details that say what to do."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mde_files import errors, manifest, schemas
from mde_files.emulator import Fault
from mde_files.serve.operations import _digits_up_to
from mde_files.serve.problems import KINDS, Problem

if TYPE_CHECKING:
    from tests.serve.conftest import Served

    from mde_files.emulator import Emulator

EICAR = "3395856ce81f2b7382dee72602f798b642f14140"
STATS = "/actions/file_stats"


@pytest.mark.parametrize("action", list(manifest.load().actions))
@pytest.mark.parametrize("label", ["eicar", "known-globally-only", "not-in-defender"])
def test_every_finding_is_a_record(server: Served, emulator: Emulator, action: str, label: str) -> None:
    known = [file.label for file in emulator.scenario.files]
    sha1 = emulator.scenario.file(label).sha1 if label in known else "0" * 39 + "1"
    answer = server.post(f"/actions/{action}", {"file_hash": sha1})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert schemas.problems("record", answer.json()) == []
    assert answer.json()["action"] == action


@pytest.mark.parametrize("hours", [48, "48", 48.0])
def test_numbers_may_come_as_text(server: Served, hours: Any) -> None:
    record = server.post(STATS, {"file_hash": f"  {EICAR.upper()} ", "lookback_hours": hours}).json()
    assert record["file_stats"]["lookback_hours"] == 48


@given(st.integers(1, 10**6), st.integers(0, 2 * 10**6))
def test_text_is_declared_for_the_numbers_that_are_accepted(greatest: int, number: int) -> None:
    import re

    declared = re.fullmatch(_digits_up_to(greatest), str(number)) is not None
    assert declared == (1 <= number <= greatest)


@pytest.mark.parametrize(
    ("body", "status", "code", "said"),
    [
        (b"", 400, "malformed", "no valid JSON"),
        (b"{", 400, "malformed", "no valid JSON"),
        (b'{"file_hash": "a", "file_hash": "b"}', 400, "malformed", "twice"),
        (b'{"file_hash": NaN}', 400, "malformed", "NaN"),
        (b'{"lookback_hours": 1e999}', 400, "malformed", "too large"),
        (b'{"lookback_hours": ' + b"9" * 5000 + b"}", 400, "malformed", "no valid JSON"),
        (b"[" * 100_000, 400, "malformed", "no valid JSON"),
        (b'{"file_hash": "\xff"}', 400, "malformed", "no valid JSON"),
        (b"[]", 422, "invalid_input", "no JSON object"),
        (b"{}", 422, "invalid_input", "file_hash is required"),
        (b'{"file_hash": "xyz"}', 422, "invalid_input", "hexadecimal"),
        (b'{"file_hash": "\\ud800"}', 422, "invalid_input", "hexadecimal"),
        (b'{"file_hash": "' + EICAR.encode() + b'", "lookback_hours": 721}', 422, "invalid_input", "at most 720"),
        (b'{"file_hash": "' + EICAR.encode() + b'", "look": 1}', 422, "invalid_input", "'look'"),
        (b" " * (1024 * 1024 + 1), 413, "too_large", "1,048,576"),
    ],
)
def test_a_wrong_body_is_told_so(server: Served, body: bytes, status: int, code: str, said: str) -> None:
    answer = server.send("POST", STATS, data=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert said in answer.json()["detail"]
    assert answer.json()["hint"]


def test_a_body_without_a_length_is_bounded_too(server: Served) -> None:
    def parts() -> Any:
        for _ in range(40):
            yield b" " * 65536

    answer = server.send("POST", STATS, data=parts(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": ""},
    ],
)
def test_only_plain_json_is_read(server: Served, headers: dict[str, str]) -> None:
    answer = server.send("POST", STATS, data=json.dumps({"file_hash": EICAR}), headers=headers)
    assert answer.status_code == 415


@pytest.mark.parametrize(("method", "path"), [("GET", STATS), ("DELETE", STATS), ("POST", "/openapi.json")])
def test_another_method_is_told_which_one_to_use(server: Served, method: str, path: str) -> None:
    answer = server.send(method, path)
    assert answer.status_code == 405
    assert answer.headers["Allow"]
    assert server.send(method, "/actions/file_stat").status_code == 404


@pytest.mark.parametrize(
    ("key", "status", "code"),
    [
        ("wrong-secret", 502, "auth_failed"),
        ("no-roles", 502, "forbidden"),
        ("unreachable", 502, "network_error"),
        ("stateless", 503, "state_unavailable"),
    ],
)
def test_a_tenant_that_cannot_be_asked_is_a_problem(server: Served, key: str, status: int, code: str) -> None:
    answer = server.post(STATS, {"file_hash": EICAR}, key=key)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.json()["hint"]
    assert f"code={code}" in server.log


@pytest.mark.parametrize(
    ("key", "fault", "status", "code"),
    [
        ("analyst", Fault("status", endpoint="service", status=500), 502, "upstream_error"),
        ("analyst", Fault("truncated_json", endpoint="service"), 502, "upstream_invalid"),
        ("analyst", Fault("status", endpoint="service", status=404, body="nothing here"), 502, "wrong_endpoint"),
        (
            "analyst",
            Fault("status", endpoint="service", status=429, headers={"Retry-After": "300"}),
            429,
            "throttled",
        ),
        ("hasty", Fault("latency", endpoint="any", seconds=2), 504, "timeout"),
    ],
)
def test_an_answer_that_cannot_be_used_is_a_problem(
    server: Served, emulator: Emulator, key: str, fault: Fault, status: int, code: str
) -> None:
    emulator.scenario.faults.append(fault)
    answer = server.post(STATS, {"file_hash": EICAR}, key=key)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    if code == "throttled":
        assert 250 <= int(answer.headers["Retry-After"]) <= 301
        assert answer.json()["retry_at"]
        assert answer.json()["upstream_status"] == 429


def test_a_used_up_quota_says_when_to_come_back(server: Served) -> None:
    answers = [server.post(STATS, {"file_hash": EICAR}, key="used-up") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    problem = answers[1].json()
    assert problem["code"] == "quota_exhausted"
    assert problem["retryable"] is True
    assert 1 <= int(answers[1].headers["Retry-After"]) <= 3610


def every_error() -> list[type[errors.MdeFilesError]]:
    return [errors.MdeFilesError, *errors.MdeFilesError.__subclasses__()]


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.code)
def test_every_error_has_a_problem(kind: type[errors.MdeFilesError]) -> None:
    error = kind("Something is wrong.", hint="Use --option.", retry_at="2026-01-01T00:00:00Z", http_status=503)
    problem = Problem.of(error)
    document = json.loads(problem.content())
    assert schemas.problems("problem", document) == []
    assert document["code"] == kind.code
    assert "--" not in document["hint"]
    assert KINDS[kind.code].status == problem.status
    assert problem.headers["Retry-After"] == "1"
    assert ("Something" in document["detail"]) == (kind is not errors.InvalidConfigError)
    assert problem.reason == "Something is wrong."


def test_the_schema_names_every_code_of_serving_itself() -> None:
    own = set(KINDS) - {kind.code for kind in every_error()}
    described = schemas.load("problem")["properties"]["code"]["description"]
    assert not [code for code in own if code not in described]
    assert {kind.code for kind in every_error()} <= set(KINDS)


def test_a_length_said_in_two_ways_is_refused(server: Served) -> None:
    """A proxy in front could see another end of the request, and so another request after it."""
    place = urlsplit(server.url)
    assert place.hostname
    with socket.create_connection((place.hostname, place.port or 0), timeout=20) as connection:
        connection.sendall(
            f"POST {STATS} HTTP/1.1\r\nHost: x\r\nX-API-Key: {server.keys['analyst']}\r\n"
            "Content-Type: application/json\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
            "0\r\n\r\nGET /openapi.json HTTP/1.1\r\n\r\n".encode()
        )
        received = b""
        while part := connection.recv(65536):
            received += part
    assert received.startswith(b"HTTP/1.1 400 ")
    assert received.count(b"HTTP/1.1") == 1


def test_nothing_that_is_secret_is_written(server: Served, emulator: Emulator) -> None:
    key = server.keys["analyst"]
    said = ""
    for headers in ({"X-API-Key": key + "x"}, {"Authorization": f"Bearer {key}x"}, {"X-API-Key": key}):
        for path in (STATS, f"{STATS}?key={key}", f"/{key}"):
            answer = server.post(path, {"file_hash": EICAR, "key": key}, key=None, headers=headers)
            said += answer.text.replace(key + "x", "") if path == STATS else ""
    server.post(STATS, {"file_hash": EICAR}, key="wrong-secret")
    server.post(STATS, {"file_hash": EICAR})
    log = server.log
    assert "event=request" in log
    assert "caller=analyst" in log
    for secret in (*server.keys.values(), emulator.configuration()["auth"]["client_secret"], "not~the~secret"):
        assert secret not in log
        assert secret not in said
    assert "Traceback" not in log
