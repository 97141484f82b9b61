"""Makes a sign-in or an error out of what MSAL returns or raises."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mde_files.auth.entra_errors import explain_sign_in_failure
from mde_files.auth.token_store import LONGEST_TOKEN_LIFE, SignedIn
from mde_files.auth.tokens import is_token_text
from mde_files.errors import MdeFilesError, UpstreamError, UpstreamInvalidError
from mde_files.foreign_logs import kept_out
from mde_files.logs import redacted
from mde_files.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mde_files.auth.msal_http import MsalHttpClient

_TEMPORARY_ERRORS = frozenset({"temporarily_unavailable", "server_error"})
_LONGEST_TEXT = 4096
_USUAL_LIFE = 3599.0
_UNUSABLE_HINT = "Check 'authority'; what answered may be no Microsoft Entra ID."


def ask_msal(ask: Callable[[], Any], http: MsalHttpClient, secrets: Iterable[str]) -> Any:
    """Return what ``ask`` returns.

    Args:
        ask: Uses MSAL.
        http: The HTTP client that MSAL was given.
        secrets: Texts that appear in no error.

    Raises:
        MdeFilesError: ``ask`` raised it, or whatever MSAL raised stands for it.
    """
    try:
        with kept_out("msal"):
            return ask()
    except MdeFilesError:
        raise
    except Exception as error:  # noqa: BLE001 - MSAL meets a malformed answer with whatever it stumbles over
        if http.refusal is not None:
            raise sign_in_failure(http.refusal, secrets) from None
        raise UpstreamInvalidError(
            f"The sign-in failed: its answer cannot be understood ({type(error).__name__}).", hint=_UNUSABLE_HINT
        ) from None


def signed_in(
    result: Mapping[str, Any], asked_at: float, secrets: Iterable[str], person: Secret | None = None
) -> SignedIn:
    """Return the sign-in of MSAL's ``result``.

    Args:
        result: ``access_token`` and ``expires_in`` (seconds), or ``error`` and so on.
        asked_at: When it was asked for, in seconds since 1970.
        secrets: Texts that appear in no error.
        person: What to keep for the next sign-in of the same person.

    Raises:
        AuthFailedError: ``result`` is a refusal.
        UpstreamError: ``result`` asks to try again.
        UpstreamInvalidError: ``result`` holds no usable token.
    """
    if "access_token" not in result:
        raise sign_in_failure(result, secrets)
    token = result["access_token"]
    try:
        life = float(result.get("expires_in", _USUAL_LIFE))
    except (TypeError, ValueError, OverflowError):
        life = math.nan
    if not is_token_text(token) or not life > 0:
        raise UpstreamInvalidError("The sign-in failed: its answer holds no usable access token.", hint=_UNUSABLE_HINT)
    return SignedIn(Secret(token), asked_at + min(life, LONGEST_TOKEN_LIFE), person)


def sign_in_failure(result: Mapping[str, Any], secrets: Iterable[str]) -> MdeFilesError:
    """Return the error that stands for MSAL's error ``result``, without ``secrets``."""
    known = tuple(secrets)
    harmless = {
        key: redacted(_beginning(value), known) if isinstance(value, str) else value for key, value in result.items()
    }
    refusal = explain_sign_in_failure(harmless)
    error = result.get("error")
    if isinstance(error, str) and error in _TEMPORARY_ERRORS:
        return UpstreamError(
            refusal.message, hint="The sign-in service asks to try again later.", correlation_id=refusal.correlation_id
        )
    return refusal


def _beginning(text: str) -> str:
    """Return the first words of a text, never part of one: half a secret would not be known for one."""
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT].rpartition(" ")[0]
