"""Decodes answers: JSON documents and the service's error envelope."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files.errors import UpstreamInvalidError

if TYPE_CHECKING:
    from typing import NoReturn

    from mde_files.transport.session import HttpAnswer

_LONGEST_KIND = 60
# A GUID, or what gateways use instead; longer texts are no ids, and what is cut could not be redacted.
_CORRELATION_ID = re.compile(r"[0-9A-Za-z|._:-]{1,100}")
_WRONG_HINT = "A proxy or gateway may have answered instead of the service; check base_url and proxy."


class ErrorEnvelope(NamedTuple):
    """The service's ``{"error": {code, message, target}}`` (Microsoft Learn, common-errors).

    Attributes:
        code: Stable code, such as ``ResourceNotFound``.
        message: Free text that may change; never decided upon.
        correlation_id: The envelope's ``target``.
    """

    code: str
    message: str
    correlation_id: str | None


def parse_json(answer: HttpAnswer) -> Any:
    """Return the JSON document of ``answer``.

    Raises:
        UpstreamInvalidError: It is no JSON: another content type, cut short, broken text, nested without end.
    """
    content_type = answer.headers.get("Content-Type", "")
    if "json" not in content_type.lower():
        kind = content_type.partition(";")[0].strip()
        named = "another content type" if len(kind) > _LONGEST_KIND else repr(kind) if kind else "no content type"
        raise UpstreamInvalidError(
            f"The service answered with {named} instead of JSON.",
            hint=_WRONG_HINT,
            http_status=answer.status,
        )
    try:
        return json.loads(answer.body.decode("utf-8-sig"), parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        raise UpstreamInvalidError(
            "The service's answer is no valid JSON; it may have been cut short.",
            hint="Try again.",
            http_status=answer.status,
        ) from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number too large to be written as JSON again")
    return number


def error_envelope(answer: HttpAnswer) -> ErrorEnvelope | None:
    """Return the service's own error in ``answer``, or ``None`` if it carries none."""
    try:
        document = parse_json(answer)
    except UpstreamInvalidError:
        return None
    error = document.get("error") if isinstance(document, dict) else None
    if not isinstance(error, dict) or not isinstance(error.get("code"), str):
        return None
    message, target = error.get("message"), error.get("target")
    return ErrorEnvelope(
        code=error["code"],
        message=message if isinstance(message, str) else "",
        correlation_id=target if isinstance(target, str) and _CORRELATION_ID.fullmatch(target) else None,
    )
