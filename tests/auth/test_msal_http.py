from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING, Any

import pytest

from mde_files import config
from mde_files.auth import token_provider
from mde_files.emulator import Fault
from mde_files.errors import (
    AuthFailedError,
    InvalidConfigError,
    NetworkError,
    ThrottledError,
    UpstreamError,
    UpstreamInvalidError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from mde_files.auth import TokenProvider
    from mde_files.deadline import Deadline
    from mde_files.emulator import Emulator
    from mde_files.transport.session import HttpSession

    Provide = Callable[..., TokenProvider]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 429, "headers": {"Retry-After": "0"}},
        {"kind": "html", "status": 502},
        {"kind": "close"},
    ],
    ids=lambda fault: f"{fault['kind']} {fault.get('status', '')}",
)
@pytest.mark.parametrize("endpoint", ["openid_configuration", "token"])
def test_passing_trouble_is_survived_twice(
    emulator: Emulator, provide: Provide, deadline: Deadline, fault: dict[str, Any], endpoint: str
) -> None:
    emulator.scenario.faults = [Fault(endpoint=endpoint, times=2, **fault)]
    assert provide().token(deadline).from_cache is False


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ({"kind": "status", "status": 503}, UpstreamError, "status 503"),
        ({"kind": "status", "status": 501}, UpstreamError, "status 501"),
        ({"kind": "status", "status": 429, "headers": {"Retry-After": "0"}}, ThrottledError, "come back later"),
        ({"kind": "close"}, NetworkError, "broke off"),
    ],
)
def test_lasting_trouble_is_told_after_three_attempts(
    emulator: Emulator, provide: Provide, deadline: Deadline, fault: dict[str, Any], kind: type[Exception], words: str
) -> None:
    emulator.scenario.faults = [Fault(endpoint="token", **fault)]
    with pytest.raises(kind, match=rf"The sign-in failed: 127\.0\.0\.1.*{words}|The sign-in failed: .*{words}"):
        provide().token(deadline)
    assert sum(request.endpoint == "token" for request in emulator.requests) == 3


def test_wait_longer_than_reasonable_is_not_waited(emulator: Emulator, provide: Provide, deadline: Deadline) -> None:
    emulator.scenario.faults = [Fault(kind="status", endpoint="token", status=503, headers={"Retry-After": "15"})]
    started = time.monotonic()
    with pytest.raises(UpstreamError):
        provide().token(deadline)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "html"},
        {"kind": "html", "status": 403},
        {"kind": "plain_404"},
        {"kind": "redirect"},
        {"kind": "empty"},
        {"kind": "truncated_json"},
        {"kind": "status", "status": 200, "body": []},
        {"kind": "status", "status": 200, "body": "[" * 100_000},
        {"kind": "status", "status": 200, "body": {}},
        {"kind": "status", "status": 200, "body": {"access_token": "a b", "expires_in": 3599}},
        {"kind": "status", "status": 200, "body": {"access_token": 7, "expires_in": 3599}},
        {"kind": "status", "status": 200, "body": {"access_token": "a", "expires_in": -1}},
        {"kind": "status", "status": 200, "body": {"access_token": "a", "expires_in": "soon"}},
        {"kind": "status", "status": 200, "body": {"access_token": "a", "expires_in": None}},
    ],
    ids=lambda fault: f"{fault['kind']} {str(fault.get('body', ''))[:40]}",
)
@pytest.mark.parametrize("endpoint", ["openid_configuration", "token"])
def test_what_is_no_sign_in_service_gives_one_clear_error(
    emulator: Emulator,
    provide: Provide,
    deadline: Deadline,
    fault: dict[str, Any],
    endpoint: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    emulator.scenario.faults = [Fault(endpoint=endpoint, **fault)]
    with pytest.raises((UpstreamInvalidError, AuthFailedError), match="sign-in") as caught:
        provide().token(deadline)
    assert caught.value.hint
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_token_that_claims_to_last_for_ever_does_not(emulator: Emulator, provide: Provide, deadline: Deadline) -> None:
    body = {"access_token": "a", "expires_in": 10**12, "token_type": "Bearer"}
    emulator.scenario.faults = [Fault(kind="status", endpoint="token", status=200, body=body)]
    assert provide().token(deadline).expires_at < time.time() + 3 * 86400


@pytest.mark.parametrize(
    ("elsewhere", "hint"),
    [
        ("https://login.microsoftonline.us/t/oauth2/v2.0/token", "Set 'cloud' to gcc_high or dod."),
        ("https://collector.attacker.example/token", "Check 'cloud' and 'authority'."),
        ("http://127.0.0.1/token", "Check 'cloud' and 'authority'."),
    ],
)
def test_secret_goes_to_the_configured_authority_only(
    emulator: Emulator, provide: Provide, deadline: Deadline, elsewhere: str, hint: str
) -> None:
    document = {"authorization_endpoint": elsewhere, "token_endpoint": elsewhere, "issuer": elsewhere}
    emulator.scenario.faults = [Fault(kind="status", endpoint="openid_configuration", status=200, body=document)]
    with pytest.raises((InvalidConfigError, UpstreamInvalidError)) as caught:
        provide().token(deadline)
    if elsewhere.startswith("https"):
        assert "but at" in caught.value.message
        assert caught.value.hint == hint
    assert all(request.endpoint == "openid_configuration" for request in emulator.requests)


@pytest.mark.parametrize(
    ("authority", "words"),
    [("https://127.0.0.1:9", "refused the connection"), ("https://nowhere.invalid", "could not be resolved")],
)
def test_sign_in_host_that_cannot_be_reached_is_named(
    provide: Provide, deadline: Deadline, authority: str, words: str
) -> None:
    with pytest.raises(NetworkError, match=rf"The sign-in failed: .*{words}") as caught:
        provide(authority=authority).token(deadline)
    assert "'authority'" in caught.value.hint


def test_sign_in_host_that_is_not_trusted(emulator: Emulator, provide: Provide, deadline: Deadline) -> None:
    with pytest.raises(NetworkError, match="not trusted") as caught:
        provide(ca_bundle=None).token(deadline)
    assert caught.value.retryable is False
    assert emulator.requests == []


def test_attempts_are_logged_without_secrets(
    emulator: Emulator, provide: Provide, deadline: Deadline, capsys: pytest.CaptureFixture[str]
) -> None:
    emulator.scenario.faults = [Fault(kind="close", endpoint="token", times=1)]
    token = provide(log={"level": "debug", "format": "json"}).token(deadline)
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(event["event"], event["attempt"]) for event in events] == [
        ("sign_in_attempt", 1),
        ("sign_in_attempt", 1),
        ("sign_in_attempt", 2),
    ]
    assert [event.get("status") for event in events] == [200, None, 200]
    assert emulator.configuration()["auth"]["client_secret"] not in str(events)
    assert token.value.reveal() not in str(events)


def test_nothing_secret_in_any_representation(
    emulator: Emulator, deadline: Deadline, open_session: Callable[[config.Config], HttpSession]
) -> None:
    document = emulator.configuration()
    document["auth"]["client_secret"] = canary = "canary~4f2a"
    emulator.scenario.application().secrets[0].value = canary
    configuration = config.load(document)
    provider = token_provider(configuration, open_session(configuration))
    token = provider.token(deadline)
    seen = "".join(
        [
            repr(provider),
            repr(token),
            str(token),
            repr(vars(provider)),
            repr(configuration),
            repr(vars(provider)["_held"]),
        ]
    )
    assert canary not in seen
    assert token.value.reveal() not in seen
