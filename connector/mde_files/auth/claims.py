"""Reads what an access token says about itself, to explain a refusal. Nothing is verified: the service does that."""

from __future__ import annotations

import base64
import json
import math
from typing import Any, NamedTuple

_SEGMENTS = 3


class Claims(NamedTuple):
    """Claims of an access token, named as Microsoft Learn's "access token claims reference" names them.

    A text the token lacks is empty, and so is a claim of another type than documented.

    Attributes:
        aud: Audience: the API the token is for.
        iss: Who issued it.
        tid: Tenant id.
        appid: Application (client) id; ``azp`` in tokens of version 2.
        roles: Application permissions.
        scp: Delegated permissions.
        exp: Expiry in seconds since 1970; ``None`` where it is missing.
        idtyp: ``app`` for a sign-in without a person, where the token tells.
        oid: Object id of the service principal or person.
        upn: User name of the person.
    """

    aud: str = ""
    iss: str = ""
    tid: str = ""
    appid: str = ""
    roles: tuple[str, ...] = ()
    scp: tuple[str, ...] = ()
    exp: float | None = None
    idtyp: str = ""
    oid: str = ""
    upn: str = ""


def decode_claims(token: str) -> Claims:
    """Return the claims of a JSON Web Token without verifying it.

    Raises:
        ValueError: The text is no JSON Web Token. Its message never contains the token.
    """
    segments = token.split(".")
    document: Any = None
    if len(segments) == _SEGMENTS:
        try:
            payload = segments[1].encode("ascii")
            document = json.loads(base64.b64decode(payload + b"=" * (-len(payload) % 4), altchars=b"-_", validate=True))
        except (ValueError, RecursionError):
            document = None
    if not isinstance(document, dict):
        raise ValueError("the access token is no JSON Web Token")  # noqa: TRY004 - the text is wrong, not its type
    return Claims(
        aud=_text(document, "aud"),
        iss=_text(document, "iss"),
        tid=_text(document, "tid"),
        appid=_text(document, "appid", "azp"),
        roles=_texts(document.get("roles")),
        scp=tuple(_text(document, "scp").split()),
        exp=_moment(document.get("exp")),
        idtyp=_text(document, "idtyp"),
        oid=_text(document, "oid"),
        upn=_text(document, "upn", "preferred_username"),
    )


def _text(document: dict[str, Any], *names: str) -> str:
    return next((document[name] for name in names if isinstance(document.get(name), str)), "")


def _texts(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _moment(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        moment = float(value)
    except OverflowError:
        return None
    return moment if math.isfinite(moment) else None
