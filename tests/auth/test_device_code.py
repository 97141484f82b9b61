from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from mde_files.auth import decode_claims
from mde_files.deadline import Deadline
from mde_files.emulator import Fault
from mde_files.errors import AuthFailedError, NetworkError, UpstreamInvalidError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mde_files.auth import TokenProvider
    from mde_files.emulator import Emulator

    Provide = Callable[..., TokenProvider]


@pytest.fixture
def shown() -> list[str]:
    return []


@pytest.fixture
def quick(emulator: Emulator) -> Emulator:
    emulator.scenario.device_code.after_polls = 1
    return emulator


def test_person_confirms_the_code(emulator: Emulator, provide: Provide, token_path: Path, shown: list[str]) -> None:
    provider = provide("device_code", prompt=shown.append, token_cache=str(token_path))
    # The code is valid for longer than a call may take: a person needs minutes.
    token = provider.token(Deadline(1.0))
    claims = decode_claims(token.value.reveal())
    assert (claims.upn, claims.scp) == ("alex@contoso.example", ("File.Read.All", "Alert.Read"))
    assert "/devicelogin and enter the code" in shown[0]
    assert provider.token(Deadline(1)).from_cache
    assert len(shown) == 1


def test_another_process_goes_on_without_the_person(
    quick: Emulator, provide: Provide, deadline: Deadline, token_path: Path, shown: list[str]
) -> None:
    first = provide("device_code", prompt=shown.append, token_cache=str(token_path)).token(deadline)
    unattended = provide("device_code", token_cache=str(token_path))
    assert unattended.token(deadline) == first._replace(from_cache=True)
    second = unattended.renew(first, deadline)
    assert second.value != first.value
    third = provide("device_code", token_cache=str(token_path)).renew(second, deadline)
    assert third.value != second.value
    assert len(shown) == 1


def test_rejected_token_does_not_come_back_from_what_msal_remembers(
    quick: Emulator, provide: Provide, deadline: Deadline, token_path: Path, shown: list[str]
) -> None:
    first = provide("device_code", prompt=shown.append, token_cache=str(token_path)).token(deadline)
    document = json.loads(token_path.read_text())
    (entry,) = document["sign_ins"].values()
    person = json.loads(entry["person"])
    for remembered in person["AccessToken"].values():
        remembered["target"] += f" {quick.configuration()['scope']}"
    entry["person"] = json.dumps(person)
    token_path.write_text(json.dumps(document))
    assert provide("device_code", token_cache=str(token_path)).renew(first, deadline).value != first.value


def test_person_is_remembered_in_memory_where_the_file_is_off(
    quick: Emulator, provide: Provide, deadline: Deadline, shown: list[str]
) -> None:
    quick.scenario.token_lifetime_seconds = 200
    provider = provide("device_code", prompt=shown.append)
    values = {provider.token(deadline).value for _ in range(3)}
    assert len(values) == 3
    assert len(shown) == 1


def test_nobody_there_to_sign_in(emulator: Emulator, provide: Provide, deadline: Deadline) -> None:
    with pytest.raises(AuthFailedError, match=r"Somebody has to sign in first\.$") as caught:
        provide("device_code").token(deadline)
    assert "mde-files check" in caught.value.hint
    assert emulator.requests == []


def test_earlier_sign_in_that_has_expired(
    quick: Emulator, provide: Provide, deadline: Deadline, token_path: Path, shown: list[str]
) -> None:
    first = provide("device_code", prompt=shown.append, token_cache=str(token_path)).token(deadline)
    quick.scenario.faults = [
        Fault(
            kind="status",
            endpoint="token",
            times=2,
            status=400,
            body={"error": "invalid_grant", "error_description": "AADSTS700082: inactive", "error_codes": [700082]},
        )
    ]
    with pytest.raises(AuthFailedError, match=r"has to sign in first.*AADSTS700082.*has expired"):
        provide("device_code", token_cache=str(token_path)).renew(first, deadline)
    quick.scenario.faults = quick.scenario.faults[:0]
    attended = provide("device_code", prompt=shown.append, token_cache=str(token_path))
    document = json.loads(token_path.read_text())
    (entry,) = document["sign_ins"].values()
    entry["person"] = entry["person"].replace('"secret": "', '"secret": "unknown')
    token_path.write_text(json.dumps(document))
    assert attended.token(deadline).from_cache is False
    assert len(shown) == 2


@pytest.mark.parametrize("person", ["{}", "no JSON", "[]", '{"Account": 7}'])
def test_damaged_memory_of_the_person(
    quick: Emulator, provide: Provide, deadline: Deadline, token_path: Path, shown: list[str], person: str
) -> None:
    first = provide("device_code", prompt=shown.append, token_cache=str(token_path)).token(deadline)
    document = json.loads(token_path.read_text())
    next(iter(document["sign_ins"].values())).update(person=person, expires_at=1)
    token_path.write_text(json.dumps(document))
    second = provide("device_code", prompt=shown.append, token_cache=str(token_path)).token(deadline)
    assert second.value != first.value
    assert len(shown) == 2


def test_sign_in_host_that_is_away_does_not_bother_the_person(
    quick: Emulator, provide: Provide, deadline: Deadline, token_path: Path, shown: list[str]
) -> None:
    provider = provide("device_code", prompt=shown.append, token_cache=str(token_path))
    first = provider.token(deadline)
    quick.scenario.faults = [Fault(kind="close", endpoint="sign_in")]
    with pytest.raises(NetworkError):
        provider.renew(first, deadline)
    quick.scenario.faults = []
    assert provider.token(deadline).value != first.value
    assert len(shown) == 1


@pytest.mark.parametrize(
    ("outcome", "sentence"), [("decline", "the sign-in was declined"), ("expire", "nobody entered the code in time")]
)
def test_person_who_does_not_confirm(
    quick: Emulator, provide: Provide, deadline: Deadline, outcome: Any, sentence: str, shown: list[str]
) -> None:
    quick.scenario.device_code.outcome = outcome
    with pytest.raises(AuthFailedError, match=sentence):
        provide("device_code", prompt=shown.append).token(deadline)


def test_code_that_runs_out(emulator: Emulator, provide: Provide, deadline: Deadline, shown: list[str]) -> None:
    emulator.scenario.device_code.after_polls = 1000
    emulator.scenario.device_code.expires_in_seconds = 1
    with pytest.raises(AuthFailedError, match="nobody entered the code in time"):
        provide("device_code", prompt=shown.append).token(deadline)


def test_application_that_is_no_public_client(
    quick: Emulator, provide: Provide, deadline: Deadline, shown: list[str]
) -> None:
    provider = provide("device_code", prompt=shown.append)
    quick.scenario.application().public_client = False
    with pytest.raises(AuthFailedError, match="AADSTS7000218") as caught:
        provider.token(deadline)
    assert "Allow public client flows" in caught.value.hint
    assert shown == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"user_code": "ABC", "device_code": "x", "verification_uri": "https://x.example/", "expires_in": 0},
            "To sign in, open https://x.example/ and enter the code ABC.",
        ),
        ({"user_code": "ABC", "device_code": "x", "message": "go\x1b[31m there\r\n", "expires_in": 0}, "go[31m there"),
    ],
)
def test_what_the_person_sees_is_printable(
    quick: Emulator, provide: Provide, deadline: Deadline, shown: list[str], body: Any, message: str
) -> None:
    quick.scenario.faults = [Fault(kind="status", endpoint="device_code", status=200, body=body)]
    with pytest.raises((AuthFailedError, Exception)):
        provide("device_code", prompt=shown.append).token(deadline)
    assert shown == [message]


def test_answer_without_a_code(quick: Emulator, provide: Provide, deadline: Deadline, shown: list[str]) -> None:
    quick.scenario.faults = [Fault(kind="status", endpoint="device_code", status=200, body={"user_code": "A"})]
    with pytest.raises(AuthFailedError, match="no reason was given"):
        provide("device_code", prompt=shown.append).token(deadline)
    quick.scenario.faults = [Fault(kind="status", endpoint="device_code", status=200, body={"expires_in": "soon"})]
    with pytest.raises(UpstreamInvalidError):
        provide("device_code", prompt=shown.append).token(deadline)
    assert shown == []
