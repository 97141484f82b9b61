"""What goes wrong on purpose: which faults hit a request, and the answers they give."""

from __future__ import annotations

import asyncio
import html
import json
import uuid
import zlib
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from mde_files.emulator import odata

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Iterator

    from mde_files.emulator.scenario import Fault

CHANGES_THE_ANSWER = ("latency", "drip", "headers", "truncated_json", "other_file", "answer_lost")
_BLOCK = 65536
_GATEWAY_PAGE = "<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
_TITLES = {200: "Sign in to your account", 502: "502 Bad Gateway"}


def matching(
    faults: list[Fault], *, endpoint: str, group: str, names: Collection[str], application: Collection[str]
) -> list[Fault]:
    """Return the faults that hit a request, and count it for each of them.

    At most one of them replaces the answer: the first. Later ones wait for the next request.

    Args:
        faults: The scenario's faults, in order.
        endpoint: Name of the endpoint asked.
        group: ``service`` or ``sign_in``.
        names: Label and hashes of the file asked about, in lower case.
        application: Client id and name of the application, in lower case.
    """
    hits: list[Fault] = []
    for fault in list(faults):
        replaces = fault.kind not in CHANGES_THE_ANSWER
        if (
            fault.endpoint not in ("any", group, endpoint)
            or (fault.id is not None and fault.id.lower() not in names)
            or (fault.application is not None and fault.application.lower() not in application)
            or (replaces and any(hit.kind not in CHANGES_THE_ANSWER for hit in hits))
        ):
            continue
        fault.matched += 1
        if fault.matched > fault.after and (fault.times is None or fault.matched <= fault.after + fault.times):
            hits.append(fault)
    return hits


def replacement(fault: Fault, usual_error: Callable[[int], Response]) -> Response:
    """Return the answer that a fault gives instead of the ordinary one.

    Args:
        fault: A fault that replaces the answer, other than ``close`` and ``unauthorized``.
        usual_error: Makes the error that the asked server itself would send with a status.
    """
    status = fault.status or 500
    if fault.kind in _REPLACEMENTS:
        return _REPLACEMENTS[fault.kind](fault)
    if fault.body is not None:
        return _given_body(fault, status)
    response = usual_error(status)
    response.headers.update(fault.headers)
    return response


def _html_page(fault: Fault) -> Response:
    status = fault.status or 200
    page = _GATEWAY_PAGE.format(title=html.escape(_TITLES.get(status, f"{status} Error")))
    return Response(page, status, fault.headers, media_type="text/html")


def _given_body(fault: Fault, status: int) -> Response:
    if isinstance(fault.body, str):
        return Response(fault.body, status, fault.headers, media_type=fault.content_type or "text/plain")
    return Response(json.dumps(fault.body), status, fault.headers, media_type=fault.content_type or "application/json")


def _redirect(fault: Fault) -> Response:
    return Response(status_code=fault.status or 302, headers={"Location": fault.location, **fault.headers})


def _plain_404(fault: Fault) -> Response:
    return PlainTextResponse("Not Found", 404, fault.headers)


def _empty(fault: Fault) -> Response:
    return Response(status_code=204, headers=fault.headers)


def _error_with_200(fault: Fault) -> Response:
    return JSONResponse(odata.error("InternalServerError", "", str(uuid.uuid4())), 200, fault.headers)


def _oversized(fault: Fault) -> Response:
    blocks = _large_json(fault.size)
    headers = {"Content-Type": "application/json", **fault.headers}
    if fault.compressed:
        headers["Content-Encoding"] = "gzip"
        blocks = _gzip(blocks)
    return StreamingResponse(blocks, 200, headers)


def truncated(response: Response) -> Response:
    """Return the first half of an answer, with a Content-Length that agrees with it."""
    body = bytes(response.body)
    return Response(body[: len(body) // 2], response.status_code, media_type="application/json")


def dripping(response: Response, seconds: float) -> Response:
    """Return the same answer, sent byte by byte with a wait before each."""
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    return StreamingResponse(_drip(bytes(response.body), seconds), response.status_code, headers)


async def _drip(body: bytes, seconds: float) -> AsyncIterator[bytes]:
    for position in range(len(body)):
        await asyncio.sleep(seconds)
        yield body[position : position + 1]


def _large_json(size: int) -> Iterator[bytes]:
    head, tail = b'{"value":[],"padding":"', b'"}'
    yield head
    left = size - len(head) - len(tail)
    while left > 0:
        yield b"x" * min(left, _BLOCK)
        left -= _BLOCK
    yield tail


def _gzip(blocks: Iterator[bytes]) -> Iterator[bytes]:
    compressor = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    for block in blocks:
        if packed := compressor.compress(block):
            yield packed
    yield compressor.flush()


_REPLACEMENTS: dict[str, Callable[[Fault], Response]] = {
    "html": _html_page,
    "redirect": _redirect,
    "plain_404": _plain_404,
    "empty": _empty,
    "oversized": _oversized,
    "error_with_200": _error_with_200,
}
