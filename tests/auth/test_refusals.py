from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mde_files.auth import explain_sign_in_failure
from mde_files.auth.msal_answers import signed_in
from mde_files.emulator import Fault
from mde_files.errors import AuthFailedError, ThrottledError, UpstreamError, UpstreamInvalidError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mde_files.auth import TokenProvider
    from mde_files.deadline import Deadline
    from mde_files.emulator import Emulator

    Provide = Callable[..., TokenProvider]

STRANGER = "a0000000-0000-4000-8000-0000000000ff"


@pytest.mark.parametrize(
    ("application", "changes", "code", "sentence", "hint"),
    [
        (None, {"auth": {"client_secret": "wrong"}}, 7000215, "secret is wrong", "value, not its id"),
        ("expired-secret", {}, 7000222, "secret has expired", "Create a new secret"),
        (None, {"client_id": STRANGER}, 700016, "does not exist in this tenant", "client_id and tenant_id"),
        (None, {"tenant_id": "nowhere.example"}, 90002, "tenant was not found", "tenant_id"),
        (None, {"scope": "https://nobody.example/.default"}, 500011, "does not know the API", "'scope'"),
        (None, {"scope": "https://api.securitycenter.microsoft.com/File"}, 1002012, "scope is not valid", "/.default"),
        ("blocked", {}, 53003, "Conditional Access", "Sign-in logs"),
    ],
)
def test_entra_refuses_and_the_error_says_what_to_change(
    provide: Provide,
    deadline: Deadline,
    application: str | None,
    changes: dict[str, Any],
    code: int,
    sentence: str,
    hint: str,
) -> None:
    with pytest.raises(AuthFailedError) as caught:
        provide("client_secret", application, **changes).token(deadline)
    assert f"(AADSTS{code})" in caught.value.message
    assert sentence in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.correlation_id is not None
    assert caught.value.exit_code == 3


def refuse(emulator: Emulator, body: Any, status: int = 401) -> None:
    emulator.scenario.faults = [Fault(kind="status", endpoint="token", status=status, body=body)]


def test_unknown_code_passes_entras_own_words_on(emulator: Emulator, provide: Provide, deadline: Deadline) -> None:
    refuse(
        emulator,
        {
            "error": "invalid_request",
            "error_description": "AADSTS9999999: Something\u202e new\r\nhappened. Trace ID: 1 Correlation ID: 2",
        },
    )
    with pytest.raises(AuthFailedError) as caught:
        provide().token(deadline)
    assert caught.value.message == "Microsoft Entra ID refused the sign-in: AADSTS9999999: Something new happened."
    assert caught.value.correlation_id is None


def test_secret_that_comes_back_in_the_refusal_is_blacked_out(
    emulator: Emulator, provide: Provide, deadline: Deadline
) -> None:
    secret = "canary~7c1d"
    refuse(emulator, {"error": secret, "error_description": f"You sent {secret}, really?"})
    with pytest.raises(AuthFailedError, match="You sent ") as caught:
        provide(auth={"client_secret": secret}).token(deadline)
    assert secret not in str(caught.value.as_dict()) + repr(caught.value)


def test_temporary_refusal_may_be_tried_again(emulator: Emulator, provide: Provide, deadline: Deadline) -> None:
    refuse(emulator, {"error": "temporarily_unavailable", "error_description": "AADSTS90033: Try again."}, 400)
    with pytest.raises(UpstreamError, match="AADSTS90033") as caught:
        provide().token(deadline)
    assert caught.value.retryable


def test_throttled_sign_in_says_when_to_come_back(emulator: Emulator, provide: Provide, deadline: Deadline) -> None:
    emulator.scenario.faults = [Fault(kind="status", endpoint="token", status=429, headers={"Retry-After": "240"})]
    with pytest.raises(ThrottledError, match="come back later") as caught:
        provide().token(deadline)
    assert caught.value.retry_at is not None
    assert caught.value.correlation_id is not None


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ({"error": "authorization_declined"}, "the sign-in was declined."),
        ({"error": "authorization_pending", "error_codes": [70016]}, "nobody entered the code in time."),
        ({"error": "expired_token"}, "nobody entered the code in time."),
        ({"error_codes": [50076, 7000215]}, "multifactor authentication is required."),
        ({"error_codes": [123456, 7000215]}, "the client secret is wrong."),
        ({"error_codes": [True, "x"], "error_description": "AADSTS65001: no."}, "nobody consented"),
        ({"error": "authorization_declined", "error_codes": [65004]}, "(AADSTS65004): the sign-in was declined."),
        ({"error": "odd_error"}, "odd_error."),
        ({}, "no reason was given."),
    ],
)
def test_explanations(result: dict[str, Any], message: str) -> None:
    assert message in explain_sign_in_failure(result).message


@pytest.mark.parametrize("life", ["soon", None, [], 10**400])
def test_answer_that_does_not_say_how_long_the_token_lasts(life: object) -> None:
    with pytest.raises(UpstreamInvalidError, match="no usable access token"):
        signed_in({"access_token": "a.b.c", "expires_in": life}, 0.0, ())


@given(
    st.dictionaries(
        st.sampled_from(["error", "error_description", "error_codes", "correlation_id"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
            max_leaves=5,
        ),
    )
)
@settings(deadline=None)
def test_any_refusal_gives_one_short_printable_sentence(result: dict[str, Any]) -> None:
    error = explain_sign_in_failure(result)
    assert error.message.isprintable()
    assert len(error.message) < 500
    assert error.hint
