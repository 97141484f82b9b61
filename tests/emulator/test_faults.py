from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from mde_files.emulator import Emulator, Fault, Quota, QuotaWindow

if TYPE_CHECKING:
    from tests.emulator.conftest import Get

EICAR = "3395856ce81f2b7382dee72602f798b642f14140"
STATS = f"/api/files/{EICAR}/stats"
ALERTS = f"/api/files/{EICAR}/alerts"


def add(emulator: Emulator, kind: Any, **settings: Any) -> None:
    emulator.scenario.faults.append(Fault(kind, **settings))


@pytest.mark.parametrize(
    ("status", "code"),
    [(500, "InternalServerError"), (503, "ServiceUnavailable"), (408, "RequestTimeout"), (504, "InternalServerError")],
)
def test_errors_for_the_next_requests(status: int, code: str, emulator: Emulator, get: Get) -> None:
    add(emulator, "status", status=status, headers={"Retry-After": "3"}, times=2)
    answers = [get(STATS) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [status, status, 200]
    assert answers[0].json()["error"]["code"] == code
    assert answers[0].headers["Retry-After"] == "3"


def test_bodies_as_given(emulator: Emulator, get: Get) -> None:
    add(emulator, "status", status=429, body="slow down", times=1)
    add(emulator, "status", status=400, body={"error": "plain text"}, times=1)
    add(emulator, "status", status=200, body="[]", content_type="text/csv", times=1)
    first, second, third = get(STATS), get(STATS), get(STATS)
    assert (first.status_code, first.text) == (429, "slow down")
    assert first.headers["Content-Type"].startswith("text/plain")
    assert (second.status_code, second.json()) == (400, {"error": "plain text"})
    assert third.headers["Content-Type"].startswith("text/csv")


def test_pages_of_html(emulator: Emulator, get: Get) -> None:
    add(emulator, "html", times=1)
    add(emulator, "html", status=502, times=1)
    for status in (200, 502):
        response = get(STATS)
        assert response.status_code == status
        assert response.headers["Content-Type"].startswith("text/html")
        assert response.text.startswith("<!DOCTYPE html>")


def test_answers_cut_in_the_middle(emulator: Emulator, get: Get) -> None:
    add(emulator, "truncated_json")
    response = get(STATS)
    assert response.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(response.text)


def test_answers_of_something_else(emulator: Emulator, get: Get) -> None:
    add(emulator, "plain_404", times=1)
    add(emulator, "redirect", location="https://elsewhere.example/x", status=307, times=1)
    add(emulator, "redirect", times=1)
    add(emulator, "empty", times=1)
    add(emulator, "error_with_200", times=1)
    response = get(STATS)
    assert (response.status_code, response.text) == (404, "Not Found")
    response = get(STATS)
    assert (response.status_code, response.headers["Location"]) == (307, "https://elsewhere.example/x")
    assert get(STATS).status_code == 302
    response = get(STATS)
    assert (response.status_code, response.content) == (204, b"")
    response = get(STATS)
    assert (response.status_code, set(response.json())) == (200, {"error"})
    assert get(STATS).status_code == 200


@pytest.mark.parametrize("compressed", [False, True])
def test_answers_that_are_too_large(compressed: bool, emulator: Emulator, get: Get) -> None:
    size = 3_000_000
    add(emulator, "oversized", size=size, compressed=compressed)
    response = get(STATS, stream=True)
    raw = response.raw.read(decode_content=False)
    assert (len(raw) < size / 100) if compressed else (len(raw) == size)
    response = get(STATS)
    assert len(response.content) == size
    assert response.json()["value"] == []


def test_answers_about_another_file(emulator: Emulator, get: Get) -> None:
    add(emulator, "other_file", endpoint="file_stats", file="known-globally-only", times=1)
    assert get(STATS).json()["sha1"] == emulator.scenario.file("known-globally-only").sha1
    assert get(STATS).json()["sha1"] == EICAR
    add(emulator, "other_file", file="B" * 40, times=1)
    assert get(STATS).status_code == 404


def test_slow_answers(emulator: Emulator, get: Get) -> None:
    add(emulator, "latency", seconds=0.2, times=1)
    emulator.scenario.latency.service = 0.1
    started = time.monotonic()
    assert get(STATS).status_code == 200
    assert time.monotonic() - started >= 0.3
    started = time.monotonic()
    get(STATS)
    assert time.monotonic() - started >= 0.1


def test_slow_sign_in(emulator: Emulator, session: requests.Session) -> None:
    emulator.scenario.latency.sign_in = 0.2
    started = time.monotonic()
    session.get(f"{emulator.authority}/contoso.example/discovery/v2.0/keys", timeout=10)
    assert time.monotonic() - started >= 0.2


def test_dripping_answers(emulator: Emulator, get: Get) -> None:
    add(emulator, "drip", seconds=0.001, times=1)
    response = get(STATS, stream=True)
    chunks = list(response.iter_content(chunk_size=None))
    assert len(chunks) > 20
    assert json.loads(b"".join(chunks))["sha1"] == EICAR


def test_closed_connections(emulator: Emulator, get: Get) -> None:
    add(emulator, "close", times=1)
    with pytest.raises(requests.exceptions.ConnectionError):
        get(STATS)
    assert get(STATS).status_code == 200
    closed, answered = emulator.requests
    assert (closed.status, answered.status) == (None, 200)


def test_headers_are_added_to_the_ordinary_answer(emulator: Emulator, get: Get) -> None:
    add(emulator, "headers", headers={"Deprecation": "@1771200000", "Sunset": "Mon, 01 Feb 2027 00:00:00 GMT"})
    response = get(STATS)
    assert response.json()["sha1"] == EICAR
    assert response.headers["Sunset"] == "Mon, 01 Feb 2027 00:00:00 GMT"


def test_401_for_ever(emulator: Emulator, get: Get) -> None:
    add(emulator, "unauthorized")
    assert {get(STATS).status_code for _ in range(3)} == {401}


def test_faults_hit_what_they_name(emulator: Emulator, get: Get) -> None:
    add(emulator, "status", endpoint="file_alerts", status=500)
    assert get(STATS).status_code == 200
    assert get(ALERTS).status_code == 500
    emulator.scenario.faults.clear()
    add(emulator, "status", id="EICAR", status=500)
    quiet = emulator.scenario.file("quiet-file")
    assert get(STATS).status_code == 500
    assert get(f"/api/files/{quiet.sha1}/stats").status_code == 200
    emulator.scenario.faults.clear()
    add(emulator, "status", id=quiet.sha256, status=500)
    assert get(f"/api/files/{quiet.sha1}/stats").status_code == 500
    emulator.scenario.faults.clear()
    add(emulator, "status", application="files-only", status=500)
    assert get(STATS).status_code == 200
    assert get(STATS, application="files-only").status_code == 500
    emulator.scenario.faults.clear()
    add(emulator, "status", endpoint="sign_in", status=500)
    assert get(STATS).status_code == 200


def test_faults_wait_their_turn(emulator: Emulator, get: Get) -> None:
    add(emulator, "status", status=500, after=1, times=1)
    add(emulator, "status", status=503, after=3, times=1)
    assert [get(STATS).status_code for _ in range(5)] == [200, 500, 200, 200, 503]


def test_one_fault_replaces_the_answer_and_the_next_waits(emulator: Emulator, get: Get) -> None:
    add(emulator, "status", status=500, times=1)
    add(emulator, "headers", headers={"X-Seen": "yes"}, times=1)
    add(emulator, "status", status=503, times=1)
    first = get(STATS)
    assert (first.status_code, first.headers["X-Seen"]) == (500, "yes")
    assert get(STATS).status_code == 503
    assert get(STATS).status_code == 200


def test_faults_without_a_token(emulator: Emulator, get: Get) -> None:
    add(emulator, "html", status=502, times=1)
    assert get(STATS, token="none").status_code == 502
    assert get(STATS, token="none").status_code == 401


def test_the_quota_counts_before_any_fault(emulator: Emulator, get: Get) -> None:
    emulator.scenario.quota = Quota([QuotaWindow(2, 300)])
    add(emulator, "status", status=500)
    assert [get(STATS).status_code for _ in range(3)] == [500, 500, 429]
    assert emulator.rejected["file_stats"] == 1


def test_faults_of_the_sign_in(emulator: Emulator, session: requests.Session) -> None:
    add(emulator, "status", endpoint="token", status=503, headers={"Retry-After": "1"}, times=1)
    add(emulator, "other_file", endpoint="token", file="eicar", times=1)
    configuration = emulator.configuration()
    form = {
        "grant_type": "client_credentials",
        "client_id": configuration["client_id"],
        "client_secret": configuration["auth"]["client_secret"],
        "scope": configuration["scope"],
    }
    address = f"{emulator.authority}/{configuration['tenant_id']}/oauth2/v2.0/token"
    response = session.post(address, data=form, timeout=10)
    assert (response.status_code, response.json()["error_codes"]) == (503, [90033])
    assert response.headers["Retry-After"] == "1"
    assert session.post(address, data=form, timeout=10).status_code == 200
