"""Reads the body of a request: bounded in size and time, and JSON that leaves no doubt."""

from __future__ import annotations

import asyncio
import json
import math
from typing import TYPE_CHECKING, Any

from mde_files.serve.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.datastructures import Headers
    from starlette.types import Receive

MOST_BYTES = 1024 * 1024
_SECONDS = 15.0
_LARGEST_WHOLE = 2**53
_CLOSE = {"Connection": "close"}


class DisconnectedError(Exception):
    """The caller has gone."""


class _DoubtError(ValueError):
    """The text is JSON that different readers read differently."""


def check_framing(headers: Headers) -> None:
    """Refuse a request of which a proxy and this server could see different ends.

    Raises:
        Problem: It says its length in two ways.
    """
    if "transfer-encoding" in headers and "content-length" in headers:
        raise Problem(
            "malformed",
            "The request has both Content-Length and Transfer-Encoding.",
            hint="Send one of them.",
            headers=_CLOSE,
        )


async def read_json(headers: Headers, receive: Receive) -> Any:
    """Return the JSON document in the body.

    Raises:
        Problem: It is no JSON, too large or too slow.
        DisconnectedError: The caller has gone.
    """
    _check_type(headers)
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > MOST_BYTES:
        raise _too_large()
    try:
        content = await asyncio.wait_for(_content(receive), _SECONDS)
    except asyncio.TimeoutError:
        raise Problem(
            "request_timeout",
            f"The body was not complete after {_SECONDS:g} seconds.",
            hint="Send it again.",
            retryable=True,
            headers=_CLOSE,
        ) from None
    try:
        return json.loads(
            content.decode("utf-8-sig"),
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except _DoubtError as error:
        raise Problem("malformed", str(error), hint="Send JSON as RFC 8259 describes it.") from None
    except (ValueError, RecursionError):
        raise Problem("malformed", "The body is no valid JSON.", hint="Send one JSON object in UTF-8.") from None


def _check_type(headers: Headers) -> None:
    kind, *options = (part.strip().lower() for part in headers.get("content-type", "").split(";"))
    charsets = {option.partition("=")[2].strip('"') for option in options if option.startswith("charset=")}
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if kind != "application/json" or charsets - {"utf-8", "utf8"} or encoding != "identity":
        raise Problem(
            "unsupported_media_type",
            "The body is not announced as plain JSON in UTF-8.",
            hint="Send Content-Type: application/json, without Content-Encoding.",
            headers={"Accept": "application/json"},
        )


async def _content(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise DisconnectedError
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MOST_BYTES:
            raise _too_large()
        if not message.get("more_body", False):
            return b"".join(parts)


def _too_large() -> Problem:
    return Problem(
        "too_large",
        f"The body has more than {MOST_BYTES:,} bytes.",
        hint="Send the incident with its files and hashes, without what else is there.",
        headers=_CLOSE,
    )


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise _DoubtError("An object in the body has the same key twice.")
    return document


def _no_constant(_name: str) -> float:
    raise _DoubtError("The body has a number that JSON does not know (NaN or Infinity).")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _DoubtError("The body has a number that is too large.")
    # To JSON Schema, 1.0 is a whole number.
    return int(value) if value.is_integer() and abs(value) <= _LARGEST_WHOLE else value
