"""Checks what an application signs in with: a secret, a certificate's assertion, a federated assertion."""

from __future__ import annotations

import hmac
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import jwt

from mde_files.emulator.entra_errors import EntraError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mde_files.emulator.emulation import Emulation
    from mde_files.emulator.scenario import Application, Secret

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_CERTIFICATE_ALGORITHMS = ["RS256", "PS256"]


def authenticate(application: Application, form: Mapping[str, str], emulation: Emulation, audiences: list[str]) -> None:
    """Check the credential in a token request.

    Args:
        application: The application that ``client_id`` names.
        form: The request's fields.
        emulation: Holds the keys.
        audiences: What an application's own assertion may be made out to.

    Raises:
        EntraError: There is none (7000218), or it is wrong, expired, or signed by another key.
    """
    assertion = form.get("client_assertion")
    if assertion is not None and form.get("client_assertion_type") == _ASSERTION_TYPE:
        _check_assertion(application, assertion, emulation, audiences)
    elif form.get("client_secret"):
        _check_secret(application, form["client_secret"])
    else:
        raise EntraError(7000218)


def _check_secret(application: Application, given: str) -> None:
    for secret in application.secrets:
        if hmac.compare_digest(secret.value.encode(), given.encode()):
            if _has_expired(secret):
                raise EntraError(7000222, client_id=application.client_id)
            return
    raise EntraError(7000215, client_id=application.client_id)


def _has_expired(secret: Secret) -> bool:
    if secret.expires is None:
        return False
    return datetime.strptime(secret.expires[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc) <= datetime.now(
        timezone.utc
    )


def _check_assertion(application: Application, assertion: str, emulation: Emulation, audiences: list[str]) -> None:
    try:
        header = jwt.get_unverified_header(assertion)
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.InvalidTokenError as error:
        raise EntraError(700027, reason="The assertion is no valid JSON Web Token.") from error
    if claims.get("iss") == application.client_id:
        _check_certificate_assertion(application, assertion, header, emulation, audiences)
    else:
        _check_federated_assertion(application, assertion, claims, emulation)


def _check_certificate_assertion(
    application: Application, assertion: str, header: Mapping[str, Any], emulation: Emulation, audiences: list[str]
) -> None:
    if not application.certificate:
        raise EntraError(700027, reason="The key was not found.")
    certificate = emulation.certificate(application)
    # MSAL leaves the padding on.
    if not any(str(header.get(name)).rstrip("=") == value for name, value in certificate.identifiers.items()):
        raise EntraError(700027, reason="The key was not found.")
    _decode(
        assertion,
        certificate.private_key.public_key(),
        algorithms=_CERTIFICATE_ALGORITHMS,
        audience=audiences,
        subject=application.client_id,
    )


def _check_federated_assertion(
    application: Application, assertion: str, claims: Mapping[str, Any], emulation: Emulation
) -> None:
    subject = str(claims.get("sub"))
    for credential in application.federated:
        if (credential.issuer, credential.subject) == (claims.get("iss"), subject):
            break
    else:
        raise EntraError(700213, value=f"{claims.get('iss')} {subject}")
    if claims.get("aud") != credential.audience:
        raise EntraError(700212, value=str(claims.get("aud")))
    _decode(
        assertion,
        emulation.federated_issuer.private_key.public_key(),
        algorithms=["RS256"],
        audience=[credential.audience],
        subject=credential.subject,
    )


def _decode(assertion: str, key: Any, *, algorithms: list[str], audience: list[str], subject: str) -> None:
    try:
        jwt.decode(
            assertion,
            key,
            algorithms=algorithms,
            audience=audience,
            subject=subject,
            options={"require": ["exp", "aud", "iss", "sub"]},
        )
    except jwt.ExpiredSignatureError as error:
        raise EntraError(700024) from error
    except jwt.InvalidAudienceError as error:
        raise EntraError(700023) from error
    except jwt.InvalidTokenError as error:
        raise EntraError(700027, reason="Client assertion contains an invalid signature.") from error
