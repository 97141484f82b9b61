from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from mde_files.auth import renewal
from mde_files.deadline import Deadline
from mde_files.emulator import Fault
from mde_files.errors import AuthFailedError, TimeoutExceededError, UpstreamError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mde_files.auth import AccessToken, TokenProvider
    from mde_files.emulator import Emulator

    Provide = Callable[..., TokenProvider]
    Count = Callable[[], int]


def test_second_call_uses_the_first_token(provide: Provide, deadline: Deadline, token_requests: Count) -> None:
    provider = provide()
    first, second = provider.token(deadline), provider.token(deadline)
    assert second == first._replace(from_cache=True)
    assert token_requests() == 1


def test_token_is_renewed_five_minutes_before_it_expires(
    emulator: Emulator, provide: Provide, deadline: Deadline
) -> None:
    provider = provide()
    emulator.scenario.token_lifetime_seconds = 290
    first = provider.token(deadline)
    emulator.scenario.token_lifetime_seconds = 400
    second = provider.token(deadline)
    assert (first.from_cache, second.from_cache) == (False, False)
    assert second.value != first.value
    assert provider.token(deadline).value == second.value


def test_sign_in_that_is_down_does_no_harm_while_the_token_lasts(
    emulator: Emulator, provide: Provide, deadline: Deadline
) -> None:
    provider = provide()
    emulator.scenario.token_lifetime_seconds = 290
    first = provider.token(deadline)
    emulator.scenario.faults = [Fault(kind="status", endpoint="sign_in", status=503)]
    assert provider.token(deadline) == first._replace(from_cache=True)
    with pytest.raises(UpstreamError):
        provider.renew(first, deadline)
    with pytest.raises(UpstreamError):
        provider.token(deadline)


def test_rejected_token_is_given_up_everywhere(
    provide: Provide, deadline: Deadline, token_path: Path, token_requests: Count
) -> None:
    provider = provide(token_cache=str(token_path))
    first = provider.token(deadline)
    second = provider.renew(first, deadline)
    assert second.value != first.value
    assert second.from_cache is False
    assert provider.token(deadline).value == second.value
    assert first.value.reveal() not in token_path.read_text()
    assert provide(token_cache=str(token_path)).token(deadline).value == second.value
    assert token_requests() == 2


def test_rejected_token_leaves_the_file_even_if_no_new_one_comes(
    emulator: Emulator, provide: Provide, deadline: Deadline, token_path: Path
) -> None:
    provider = provide(token_cache=str(token_path))
    first = provider.token(deadline)
    emulator.scenario.faults = [Fault(kind="html", endpoint="sign_in", times=1)]
    with pytest.raises(Exception, match="something else than JSON"):
        provider.renew(first, deadline)
    assert not token_path.exists()
    assert provider.token(deadline).value != first.value


def test_renewal_takes_what_another_process_got_in_the_meantime(
    provide: Provide, deadline: Deadline, token_path: Path, token_requests: Count
) -> None:
    ours, theirs = provide(token_cache=str(token_path)), provide(token_cache=str(token_path))
    rejected = ours.token(deadline)
    replacement = theirs.renew(theirs.token(deadline), deadline)
    assert ours.renew(rejected, deadline) == replacement._replace(from_cache=True)
    assert ours.token(deadline).value == replacement.value
    assert token_requests() == 2


def test_memory_wins_over_an_older_token_in_the_file(
    emulator: Emulator, provide: Provide, deadline: Deadline, token_path: Path
) -> None:
    emulator.scenario.token_lifetime_seconds = 290
    ours, theirs = provide(token_cache=str(token_path)), provide(token_cache=str(token_path))
    rejected = theirs.token(deadline)
    emulator.scenario.token_lifetime_seconds = 3600
    current = ours.token(deadline)
    emulator.scenario.token_lifetime_seconds = 310
    theirs.renew(current, deadline)
    assert ours.renew(rejected, deadline).value == current.value


def at_once(count: int, work: Callable[[], AccessToken]) -> list[AccessToken]:
    barrier = threading.Barrier(count)

    def start() -> AccessToken:
        barrier.wait()
        return work()

    with ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(start) for _ in range(count)]]


def test_32_threads_make_one_sign_in(provide: Provide, token_requests: Count) -> None:
    provider = provide()
    tokens = at_once(32, lambda: provider.token(Deadline(20)))
    assert len({token.value for token in tokens}) == 1
    assert [token.from_cache for token in tokens].count(False) == 1
    assert token_requests() == 1
    renewed = at_once(32, lambda: provider.renew(tokens[0], Deadline(20)))
    assert {token.value for token in renewed} == {provider.token(Deadline(1)).value}
    assert token_requests() == 2


def test_threads_that_wait_for_a_sign_in_share_its_failure(emulator: Emulator, provide: Provide) -> None:
    emulator.scenario.faults = [Fault(kind="html", endpoint="sign_in")]
    emulator.scenario.latency.sign_in = 0.3
    provider = provide()
    failures = []

    def ask() -> None:
        with pytest.raises(Exception, match="something else than JSON") as caught:
            provider.token(Deadline(20))
        failures.append(caught.value)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failures) == 8
    assert len(emulator.requests) == 1


def test_refusal_is_not_asked_for_again_and_again(
    emulator: Emulator,
    provide: Provide,
    deadline: Deadline,
    token_requests: Count,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = emulator.configuration()["auth"]["client_secret"]
    provider = provide(auth={"client_secret": "not-yet-known"})
    for _ in range(3):
        with pytest.raises(AuthFailedError, match="AADSTS7000215"):
            provider.token(deadline)
    assert token_requests() == 1
    assert provide().token(deadline).value.reveal()
    emulator.scenario.application().secrets[0].value = "not-yet-known"
    with pytest.raises(AuthFailedError):
        provider.token(deadline)
    provider.forget()
    assert provider.token(deadline).from_cache is False
    emulator.scenario.application().secrets[0].value = secret
    with pytest.raises(AuthFailedError):
        provider.renew(provider.token(deadline), deadline)
    emulator.scenario.application().secrets[0].value = "not-yet-known"
    monkeypatch.setattr(renewal, "_REFUSAL_REMEMBERED", 0.0)
    assert provider.token(deadline).from_cache is False


def test_forgetting_removes_the_token(
    provide: Provide, deadline: Deadline, token_path: Path, token_requests: Count
) -> None:
    provider = provide(token_cache=str(token_path))
    provider.token(deadline)
    assert token_path.exists()
    provider.forget()
    assert not token_path.exists()
    provider.token(deadline)
    assert token_requests() == 2


def test_refused_renewal_waits_until_the_token_is_really_used_up(
    emulator: Emulator, provide: Provide, deadline: Deadline
) -> None:
    emulator.scenario.token_lifetime_seconds = 290
    provider = provide()
    first = provider.token(deadline)
    emulator.scenario.application().secrets[0].value = "rotated"
    assert provider.token(deadline).value == first.value
    with pytest.raises(AuthFailedError):
        provider.renew(first, deadline)


@pytest.mark.parametrize("kind", ["latency", "drip"])
def test_slow_sign_in_ends_at_the_deadline(emulator: Emulator, provide: Provide, kind: str) -> None:
    emulator.scenario.faults = [Fault(kind=kind, endpoint="token", seconds=1.0)]  # type: ignore[arg-type]
    started = time.monotonic()
    with pytest.raises(TimeoutExceededError, match=r"The sign-in failed: 127\.0\.0\.1"):
        provide().token(Deadline(0.8))
    assert time.monotonic() - started < 5


def test_waiting_for_another_calls_sign_in_ends_at_the_deadline(emulator: Emulator, provide: Provide) -> None:
    emulator.scenario.latency.sign_in = 0.6
    provider = provide()
    with ThreadPoolExecutor(1) as pool:
        patient = pool.submit(provider.token, Deadline(20))
        while not emulator.requests:
            time.sleep(0.01)
        with pytest.raises(TimeoutExceededError, match="another call was signing in"):
            provider.token(Deadline(0.1))
        assert patient.result().from_cache is False


def test_sign_in_that_ran_out_of_time_is_no_verdict_for_those_with_more_time(
    emulator: Emulator, provide: Provide
) -> None:
    emulator.scenario.faults = [Fault(kind="latency", endpoint="openid_configuration", seconds=1.5, times=1)]
    provider = provide()
    with ThreadPoolExecutor(2) as pool:
        hasty = pool.submit(provider.token, Deadline(0.5))
        while not emulator.requests:
            time.sleep(0.01)
        patient = pool.submit(provider.token, Deadline(20))
        with pytest.raises(TimeoutExceededError):
            hasty.result()
        assert patient.result().from_cache is False
