"""Turns the service's refusals into errors that name what is wrong and what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mde_files import manifest
from mde_files.errors import AuthFailedError, ForbiddenError, MdeFilesError, UpstreamError, WrongEndpointError
from mde_files.transport.answers import ErrorEnvelope, error_envelope

if TYPE_CHECKING:
    from mde_files.auth import Claims
    from mde_files.clouds import ServiceEndpoint
    from mde_files.manifest import Call
    from mde_files.transport.session import HttpAnswer

NOT_FOUND_CODES = frozenset({"ResourceNotFound", "NotFound", "ResourceGroupNotFound", "SubscriptionNotFound"})
_REQUIRED_ROLES = re.compile(r"API required roles:\s*([A-Za-z][A-Za-z., ]{0,199}?)(?:, application roles|\.?$)")
_SAFE_CODE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")
_ODATA_ERROR = "ODataError"


class QueryRefusedError(UpstreamError):
    """The service does not accept a query option (400 ``ODataError``)."""

    usually_retryable = False


class ConflictError(UpstreamError):
    """Somebody else changed what was to be written (409, 412): it has to be read again first."""


def gateway_hint(endpoint: ServiceEndpoint) -> str:
    """Return what to look at when something else than the service seems to have answered."""
    setting = manifest.load().services[endpoint.service].url_setting
    return f"A gateway may have answered instead of the service; check {setting} and proxy."


def refusal(answer: HttpAnswer, call: Call, endpoint: ServiceEndpoint, claims: Claims | None) -> MdeFilesError:
    """Return the error for an answer that is neither a result nor "unknown".

    Args:
        answer: The answer.
        call: The call it answers.
        endpoint: Where the call went.
        claims: What the token says about itself, where it can be read.
    """
    envelope = error_envelope(answer)
    service = manifest.load().services[endpoint.service]
    if 300 <= answer.status < 400:  # noqa: PLR2004 - the range of redirects
        return _redirect(answer, endpoint)
    if answer.status == 401:  # noqa: PLR2004
        return AuthFailedError(
            f"{endpoint.host} refused the token{_because(call, endpoint, claims)}.",
            hint="Run 'mde-files check': it reads the token and says what does not fit.",
            http_status=401,
            correlation_id=_correlation(envelope),
        )
    if answer.status == 403:  # noqa: PLR2004
        return _forbidden(answer, call, endpoint, claims, envelope)
    if envelope is None and answer.status in (404, 410):
        return WrongEndpointError(
            f"{endpoint.host} does not know the path of '{call.title}'.",
            hint=f"This host is not the {service.title}; check {service.url_setting}, cloud and region.",
            http_status=answer.status,
        )
    return _upstream_error(answer, call, envelope)


def _redirect(answer: HttpAnswer, endpoint: ServiceEndpoint) -> WrongEndpointError:
    try:
        target = urlsplit(answer.headers.get("Location", "")).hostname or "nowhere"
    except ValueError:
        target = "nowhere"
    target = target if target.isascii() and target.isprintable() else "nowhere"
    return WrongEndpointError(
        f"{endpoint.host} redirects to {target[:100]}; redirects are not followed, the token stays here.",
        hint=f"Set {manifest.load().services[endpoint.service].url_setting} to the API's own address. "
        "A sign-in page of a proxy often answers like this.",
        http_status=answer.status,
    )


def _forbidden(
    answer: HttpAnswer,
    call: Call,
    endpoint: ServiceEndpoint,
    claims: Claims | None,
    envelope: ErrorEnvelope | None,
) -> ForbiddenError:
    service = manifest.load().services[endpoint.service]
    required = _REQUIRED_ROLES.search(envelope.message) if envelope else None
    delegated = claims is not None and bool(claims.scp)
    documented = call.permissions.delegated if delegated else call.permissions.application
    names = required.group(1).strip() if required else " or ".join(documented)
    if envelope and envelope.code == "DisabledFeature":
        message, hint = (
            f"'{call.title}' is switched off in this tenant.",
            "A Defender administrator has to enable the feature.",
        )
    elif _is_for_somebody_else(endpoint, claims):
        message = f"{endpoint.host} refused the token{_because(call, endpoint, claims)}."
        hint = (
            f"Correct '{service.scope_setting}', or leave it out so that it fits the cloud; "
            "a ready token has to be made out for it too."
        )
    else:
        message = f"The sign-in may not use '{call.title}': it needs {names}{_because(call, endpoint, claims)}."
        hint = how_to_grant(call, names, delegated=delegated)
        if envelope is None:
            hint += " If that is done, a proxy or gateway answered instead of the service."
    return ForbiddenError(message, hint=hint, http_status=answer.status, correlation_id=_correlation(envelope))


def how_to_grant(call: Call, names: str, *, delegated: bool) -> str:
    """Return how one of the permissions ``names`` is given to whoever signs in."""
    service = manifest.load().services[call.service]
    if service.permission_kind == "azure_role":
        return f"Assign one of these roles on {service.resource} to whoever signs in: {names}."
    kind = "delegated permission" if delegated else "application permission (role)"
    return f"Add one {kind} of {service.resource} to the app registration and grant admin consent: {names}."


def _because(call: Call, endpoint: ServiceEndpoint, claims: Claims | None) -> str:
    """Say what the token shows, as far as it explains the refusal."""
    if claims is None:
        return ""
    if _is_for_somebody_else(endpoint, claims):
        return f"; the token is made out for the audience {claims.aud[:100]!r}, not for {endpoint.audiences[0]!r}"
    if manifest.load().services[call.service].permission_kind == "azure_role":
        return ""
    needed = call.permissions.delegated if claims.scp else call.permissions.application
    held = claims.scp or claims.roles
    if not set(needed) & set(held):
        return f"; the token carries {', '.join(held)[:200] or 'no permission at all'}"
    return ""


def _is_for_somebody_else(endpoint: ServiceEndpoint, claims: Claims | None) -> bool:
    return claims is not None and bool(claims.aud) and claims.aud.rstrip("/") not in endpoint.audiences


def _upstream_error(answer: HttpAnswer, call: Call, envelope: ErrorEnvelope | None) -> UpstreamError:
    code = envelope.code if envelope and _SAFE_CODE.fullmatch(envelope.code) else ""
    kind = QueryRefusedError if answer.status == 400 and code == _ODATA_ERROR else UpstreamError  # noqa: PLR2004
    if answer.status in (409, 412):
        return ConflictError(
            f"Somebody else changed it while '{call.title}' was on its way (status {answer.status}).",
            hint="Try again.",
            http_status=answer.status,
            correlation_id=_correlation(envelope),
        )
    temporary = answer.status == 408 or answer.status >= 500  # noqa: PLR2004
    return kind(
        f"The service answered '{call.title}' with status {answer.status}{f' ({code})' if code else ''}.",
        hint="The service has a problem of its own; try again later."
        if temporary
        else "Report it with the correlation id; the parameters were checked before.",
        retryable=temporary,
        http_status=answer.status,
        correlation_id=_correlation(envelope),
    )


def _correlation(envelope: ErrorEnvelope | None) -> str | None:
    return envelope.correlation_id if envelope else None
