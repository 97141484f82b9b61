"""Decodes answers: JSON documents and the service's error envelope."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files.errors import UpstreamInvalidError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from mde_files.transport.session import HttpAnswer

_LONGEST_KIND = 60
_MAX_MESSAGE = 2000
# Objects count as some keys, and a key has some bytes on average, in answers with more keys than are always allowed.
_ALWAYS_ALLOWED = 200_000
_NEVER_TOO_MANY_BYTES = 100_000  # an object and its comma take three bytes
_BYTES_PER_KEY = 8
_KEYS_PER_OBJECT = 4
_FLOATS_ROUND_FROM = 2**53
# A GUID, or what gateways use instead; longer texts are no ids, and what is cut could not be redacted.
_CORRELATION_ID = r"[0-9A-Za-z|._:-]{1,100}"
_WRONG_HINT = "A proxy or gateway may have answered instead of the service; check base_url and proxy."


class ErrorEnvelope(NamedTuple):
    """The service's ``{"error": {code, message, target}}`` (Microsoft Learn, common-errors).

    Attributes:
        code: Stable code, such as ``ResourceNotFound``.
        message: The beginning of a free text that may change; never decided upon.
        correlation_id: The envelope's ``target``.
    """

    code: str
    message: str
    correlation_id: str | None


def parse_json(answer: HttpAnswer) -> Any:
    """Return the JSON document of ``answer``.

    Raises:
        UpstreamInvalidError: It says to be something else, or as :func:`decode_json`.
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
    return decode_json(answer)


def decode_json(answer: HttpAnswer) -> Any:
    """Return the JSON document of ``answer``, whatever content type it names.

    Raises:
        UpstreamInvalidError: It is no JSON: cut short, broken text, nested without end; or it names a key twice, or is
            made of so many small parts that they would fill the memory.
    """
    decoder = _small if len(answer.body) <= _NEVER_TOO_MANY_BYTES else _decoder(_Counted(len(answer.body)).object)
    try:
        return decoder.decode(answer.body.decode("utf-8-sig"))
    except _RefusedError as refused:
        raise UpstreamInvalidError(str(refused), hint=_WRONG_HINT, http_status=answer.status) from None
    except (ValueError, RecursionError):
        raise UpstreamInvalidError(
            "The service's answer is no valid JSON; it may have been cut short.",
            hint="Try again.",
            http_status=answer.status,
        ) from None


class _RefusedError(Exception):
    """JSON that is valid and yet not accepted; says why, in a sentence."""


class _Counted:
    """Makes the objects of one answer, and refuses more and smaller ones than any answer has.

    In memory an empty object takes fifty times the bytes it has as JSON.
    """

    def __init__(self, size: int) -> None:
        self._left = max(_ALWAYS_ALLOWED, size // _BYTES_PER_KEY)

    def object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        self._left -= _KEYS_PER_OBJECT + len(pairs)
        if self._left < 0:
            raise _RefusedError("The service's answer is made of more and smaller parts than any other.")
        return _object(pairs)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object, but for one that another reader might understand in another way."""
    document = dict(pairs)
    if len(document) != len(pairs):
        raise _RefusedError("The service's answer names a key twice, so that it can be understood in two ways.")
    return document


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _float(text: str) -> float:
    """Return a number with a fraction or exponent; one that is not whole never becomes so by rounding."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number too large to be written as JSON again")
    return _unrounded(number, text) if number.is_integer() and abs(number) < _FLOATS_ROUND_FROM else number


def _unrounded(number: float, text: str) -> float:
    from decimal import Decimal, InvalidOperation

    try:
        exact = Decimal(text)
    except InvalidOperation:
        raise ValueError("an exponent that no number has") from None
    # 1e-400 devices are not 0 devices.
    return number if exact == number else math.nextafter(number, math.inf if exact > number else -math.inf)


def _decoder(make: Callable[[list[tuple[str, Any]]], dict[str, Any]]) -> json.JSONDecoder:
    return json.JSONDecoder(parse_constant=_refuse, parse_float=_float, object_pairs_hook=make)


_small = _decoder(_object)


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
        message=message[:_MAX_MESSAGE] if isinstance(message, str) else "",
        correlation_id=target if isinstance(target, str) and re.fullmatch(_CORRELATION_ID, target) else None,
    )
