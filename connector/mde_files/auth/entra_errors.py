"""Explains why Microsoft Entra ID refused a sign-in (Microsoft Learn, reference-error-codes)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files.errors import AuthFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping

_CODE = re.compile(r"AADSTS([0-9]{4,8})")
_DIAGNOSTICS = re.compile(r" ?(?:Trace ID|Correlation ID|Timestamp):")
_CORRELATION_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
_MAX_DESCRIPTION = 300
_CODES_END = 10**8
_REGISTRATION = "Entra admin center > App registrations > the application"


class _Explanation(NamedTuple):
    sentence: str
    hint: str


_SIGN_IN_AGAIN = "Somebody has to sign in again: run 'mde-files check' in a terminal."
_FEDERATED_HINT = (
    f"Compare issuer, subject and audience of the token in auth.federated_token_file with {_REGISTRATION} > "
    "Certificates & secrets > Federated credentials."
)
_CERTIFICATE_HINT = (
    f"Upload the certificate of auth.certificate under {_REGISTRATION} > Certificates & secrets > Certificates."
)

_BY_CODE: dict[int, _Explanation] = {
    7000215: _Explanation(
        "the client secret is wrong",
        f"Set auth.client_secret to the secret's value, not its id: {_REGISTRATION} > Certificates & secrets.",
    ),
    7000222: _Explanation(
        "the client secret has expired",
        f"Create a new secret under {_REGISTRATION} > Certificates & secrets and set auth.client_secret to its value.",
    ),
    700016: _Explanation(
        "the application does not exist in this tenant",
        f"Compare client_id and tenant_id with {_REGISTRATION} > Overview; check 'cloud' too.",
    ),
    7000229: _Explanation(
        "the application has no service principal in this tenant",
        "An administrator of the tenant has to grant the application consent once.",
    ),
    7000112: _Explanation(
        "the application is disabled",
        "Enable it: Entra admin center > Enterprise applications > the application > Properties.",
    ),
    700027: _Explanation("the application does not know this certificate", _CERTIFICATE_HINT),
    700024: _Explanation(
        "the signed assertion is not valid at this time",
        "Correct this machine's clock; a federated token may also have expired in its file.",
    ),
    7000218: _Explanation(
        "the application must prove itself, and no credential was sent",
        f"For device_code turn on {_REGISTRATION} > Authentication > 'Allow public client flows'; "
        "otherwise set another auth.method.",
    ),
    700025: _Explanation(
        "the application is a public client and takes no secret",
        f"Turn off {_REGISTRATION} > Authentication > 'Allow public client flows', or set auth.method to device_code.",
    ),
    70021: _Explanation("no federated credential fits the token of the workload", _FEDERATED_HINT),
    700211: _Explanation("no federated credential has the issuer of the workload's token", _FEDERATED_HINT),
    700212: _Explanation("no federated credential has the audience of the workload's token", _FEDERATED_HINT),
    700213: _Explanation("no federated credential has the subject of the workload's token", _FEDERATED_HINT),
    500011: _Explanation(
        "the tenant does not know the API the token is for",
        "Check 'cloud' and 'scope'; the tenant also needs a licence for Defender for Endpoint.",
    ),
    70011: _Explanation("the scope is not valid", "Check 'scope': it is the API's identifier followed by /.default."),
    1002012: _Explanation("the scope is not valid", "Check 'scope': it is the API's identifier followed by /.default."),
    90002: _Explanation(
        "the tenant was not found",
        "Compare tenant_id with Entra admin center > Overview; set 'cloud' if the tenant is in a government cloud.",
    ),
    900023: _Explanation(
        "tenant_id names no tenant",
        "Give the directory (tenant) id or a verified domain: Entra admin center > Overview.",
    ),
    53003: _Explanation(
        "a Conditional Access policy blocks the sign-in",
        "Entra admin center > Sign-in logs names the policy; allow this application or this machine's address.",
    ),
    50105: _Explanation(
        "this person is not assigned to the application",
        "Assign the person: Entra admin center > Enterprise applications > the application > Users and groups.",
    ),
    65001: _Explanation(
        "nobody consented to the application's permissions",
        f"Grant admin consent: {_REGISTRATION} > API permissions.",
    ),
    50076: _Explanation("multifactor authentication is required", _SIGN_IN_AGAIN),
    50079: _Explanation("multifactor authentication is required", _SIGN_IN_AGAIN),
    50173: _Explanation("the earlier sign-in was revoked", _SIGN_IN_AGAIN),
    70008: _Explanation("the earlier sign-in has expired", _SIGN_IN_AGAIN),
    700082: _Explanation("the earlier sign-in has expired", _SIGN_IN_AGAIN),
    70043: _Explanation("the earlier sign-in has expired", _SIGN_IN_AGAIN),
    50057: _Explanation("the person's account is disabled", "Sign in with another account."),
    70016: _Explanation("nobody entered the code in time", _SIGN_IN_AGAIN),
    70019: _Explanation("nobody entered the code in time", _SIGN_IN_AGAIN),
    70020: _Explanation("nobody entered the code in time", _SIGN_IN_AGAIN),
}
_BY_ERROR: dict[str, _Explanation] = {
    "authorization_pending": _BY_CODE[70016],
    "expired_token": _BY_CODE[70016],
    "code_expired": _BY_CODE[70016],
    "authorization_declined": _Explanation("the sign-in was declined", _SIGN_IN_AGAIN),
    "access_denied": _Explanation("the sign-in was declined", _SIGN_IN_AGAIN),
    "interaction_required": _Explanation("a person has to sign in", _SIGN_IN_AGAIN),
}
_UNKNOWN_HINT = (
    "Look the code up in Microsoft's list of sign-in error codes; Entra admin center > Sign-in logs tells more."
)


def explain_sign_in_failure(result: Mapping[str, Any]) -> AuthFailedError:
    """Return the error for a refused sign-in, with what to change and where.

    Args:
        result: The error that MSAL returns: ``error``, ``error_description``, ``error_codes``, ``correlation_id``.

    Returns:
        An error whose sentence carries the AADSTS code, where there is one. Text of a code nobody knows passes
        through in one short printable line.
    """
    description = result.get("error_description")
    description = description if isinstance(description, str) else ""
    error = result.get("error")
    error = error if isinstance(error, str) else ""
    codes = _codes(result.get("error_codes"), description)
    code = next((code for code in codes if code in _BY_CODE), codes[0] if codes else None)
    explanation = _BY_CODE.get(code or 0) or _BY_ERROR.get(error)
    if explanation is None:
        said = _one_line(description) or _one_line(error) or "no reason was given"
        explanation = _Explanation(said.rstrip("."), _UNKNOWN_HINT)
    named = f" (AADSTS{code})" if code is not None and f"AADSTS{code}" not in explanation.sentence else ""
    return AuthFailedError(
        f"Microsoft Entra ID refused the sign-in{named}: {explanation.sentence}.",
        hint=explanation.hint,
        correlation_id=correlation_id_of(result),
    )


def correlation_id_of(result: Mapping[str, Any]) -> str | None:
    """Return the id that Microsoft's support asks for, if there is one."""
    value = result.get("correlation_id")
    return value if isinstance(value, str) and _CORRELATION_ID.fullmatch(value) else None


def _codes(listed: object, description: str) -> list[int]:
    if isinstance(listed, list):
        codes = [code for code in listed if isinstance(code, int) and 1 < code < _CODES_END]
        if codes:
            return codes
    return [int(code) for code in _CODE.findall(description)]


def _one_line(text: str) -> str:
    start = _DIAGNOSTICS.split(" ".join(text.split()), maxsplit=1)[0]
    return "".join(character for character in start if character.isprintable())[:_MAX_DESCRIPTION]
