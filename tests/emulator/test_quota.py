from __future__ import annotations

import threading
import time
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mde_files.emulator import Emulator, Quota, QuotaWindow
from mde_files.emulator.quota import QuotaCounter

if TYPE_CHECKING:
    import requests
    from tests.emulator.conftest import Get

EICAR = "3395856ce81f2b7382dee72602f798b642f14140"
KEY = ("tenant", "application", "file_stats")


@given(
    st.lists(st.integers(0, 30), max_size=80),
    st.lists(st.tuples(st.integers(1, 6), st.integers(1, 60)), min_size=1, max_size=2),
)
def test_windows_are_sliding_and_exact(steps: list[int], limits: list[tuple[int, int]]) -> None:
    counter = QuotaCounter()
    windows = [QuotaWindow(calls, seconds) for calls, seconds in limits]
    accepted: list[int] = []
    now = 0
    for step in steps:
        now += step
        has_room = all(sum(1 for arrived in accepted if arrived > now - seconds) < calls for calls, seconds in limits)
        refusal = counter.take(KEY, windows, now)
        assert (refusal is None) is has_room
        if refusal is None:
            accepted.append(now)
        else:
            free_at = now + refusal.seconds
            assert all(
                sum(1 for arrived in accepted if arrived > free_at - seconds) < calls for calls, seconds in limits
            )


def test_exactly_the_allowed_calls_of_many_threads_pass(emulator: Emulator, get: Get) -> None:
    emulator.scenario.quota = Quota([QuotaWindow(20, 300), QuotaWindow(1000, 600)])
    token = emulator.issue_token()
    statuses: list[int] = []

    def ask() -> None:
        for _ in range(10):
            statuses.append(get(f"/api/files/{EICAR}/stats", token=token).status_code)  # noqa: PERF401

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert statuses.count(200) == 20
    assert statuses.count(429) == 20
    assert emulator.accepted["file_stats"] == 20
    assert emulator.rejected["file_stats"] == 20


def test_tenants_applications_and_endpoints_are_counted_apart(emulator: Emulator, get: Get) -> None:
    emulator.scenario.quota = Quota([QuotaWindow(1, 300)])
    assert get(f"/api/files/{EICAR}/stats").status_code == 200
    assert get(f"/api/files/{EICAR}/stats").status_code == 429
    assert get(f"/api/v1.0/files/{EICAR}/stats").status_code == 429
    assert get(f"/api/files/{EICAR}/alerts").status_code == 200
    assert get(f"/api/files/{EICAR}").status_code == 200
    assert get(f"/api/files/{EICAR}/stats", application="files-only").status_code == 200
    assert get(f"/api/files/{EICAR}/stats", application="fabrikam-enrichment").status_code == 200
    emulator.reset()
    assert get(f"/api/files/{EICAR}/stats").status_code == 200


def test_room_returns_when_the_window_has_passed(emulator: Emulator, get: Get) -> None:
    emulator.scenario.quota = Quota([QuotaWindow(1, 0.5)])
    assert get(f"/api/files/{EICAR}/stats").status_code == 200
    assert get(f"/api/files/{EICAR}/stats").status_code == 429
    time.sleep(0.55)
    assert get(f"/api/files/{EICAR}/stats").status_code == 200


def test_without_quota_everything_passes(emulator: Emulator, get: Get) -> None:
    emulator.scenario.quota = None
    assert {get(f"/api/files/{EICAR}/stats").status_code for _ in range(5)} == {200}
    assert emulator.accepted["file_stats"] == 5


@pytest.fixture
def refused(emulator: Emulator, get: Get) -> requests.Response:
    emulator.scenario.quota = Quota([QuotaWindow(1, 300)])
    get(f"/api/files/{EICAR}/stats")
    return get(f"/api/files/{EICAR}/stats")


def test_refusal_names_the_wait_in_seconds(refused: requests.Response) -> None:
    assert refused.json()["error"]["code"] == "TooManyRequests"
    assert 295 <= int(refused.headers["Retry-After"]) <= 300


@pytest.mark.parametrize("hint", ["date", "body", "none"])
def test_refusal_hints_elsewhere(emulator: Emulator, refused: requests.Response, get: Get, hint: str) -> None:
    emulator.scenario.switches.throttle_hint = hint  # type: ignore[assignment]
    response = get(f"/api/files/{EICAR}/stats")
    assert response.status_code == 429
    if hint == "date":
        wait = parsedate_to_datetime(response.headers["Retry-After"]) - datetime.now(timezone.utc)
        assert 280 <= wait.total_seconds() <= 301
    else:
        assert "Retry-After" not in response.headers
    assert ("again in" in response.json()["error"]["message"]) is (hint == "body")
