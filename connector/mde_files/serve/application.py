"""The ASGI application: who calls, what is asked for, and one answer for every end it can take."""

from __future__ import annotations

import json
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers
from starlette.responses import Response

from mde_files.errors import MdeFilesError
from mde_files.platforms.running import bug_sentence
from mde_files.serve import openapi
from mde_files.serve.asking import read_options, task
from mde_files.serve.body import DisconnectedError, check_framing, read_json
from mde_files.serve.operations import operations
from mde_files.serve.problems import MEDIA_TYPE, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.types import Receive, Scope, Send

    from mde_files.connector import Connector
    from mde_files.logs import EventLog
    from mde_files.playbook.definition import Playbook
    from mde_files.serve.callers import Caller, Callers
    from mde_files.serve.operations import Operation
    from mde_files.serve.work import Work

_HEALTH = "/health"
_OPENAPI = "/openapi.json"
_OWN_FAULT = 500
_ALWAYS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Application:
    """Everything behind the socket.

    Args:
        connectors: The connector of each tenant, by its name.
        callers: Tells who calls.
        work: Runs what blocks.
        playbooks: The playbooks that are offered.
        entra: Whether callers can sign in with Microsoft Entra ID.
        log: Gets one event for each request.
    """

    def __init__(
        self,
        connectors: Mapping[str | None, Connector],
        callers: Callers,
        work: Work,
        playbooks: Sequence[Playbook],
        *,
        entra: bool,
        log: EventLog,
    ) -> None:
        self._connectors = connectors
        self._callers = callers
        self._work = work
        self._playbooks = playbooks
        self._entra = entra
        self._log = log
        self._operations = lru_cache(maxsize=None)(self._operations_of)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        started = time.monotonic()
        asked = _Asked(scope)
        problem = None
        try:
            response = await self._response(asked, receive)
        except DisconnectedError:
            self._log.info("caller_gone", path=asked.known_path)
            return
        except Exception as error:  # noqa: BLE001 - the last resort between a bug and a traceback for a caller
            problem = self._problem(error)
            response = Response(problem.content(), problem.status, {**_ALWAYS, **problem.headers}, MEDIA_TYPE)
        own_fault = problem if problem is not None and problem.status >= _OWN_FAULT else None
        (self._log.info if own_fault is None else self._log.warning)(
            "request",
            method=asked.method if asked.known_path else None,
            path=asked.known_path,
            status=response.status_code,
            code=problem.code if problem is not None else None,
            message=own_fault.reason if own_fault is not None else None,
            caller=asked.caller.name if asked.caller else None,
            tenant=asked.caller.tenant if asked.caller else None,
            client=scope["client"][0] if scope.get("client") else None,
            duration=round(time.monotonic() - started, 4),
        )
        await response(scope, receive, send)

    async def _response(self, asked: _Asked, receive: Receive) -> Response:
        check_framing(asked.headers)
        if asked.path == _HEALTH:
            asked.known_path = _HEALTH
            _check_method(asked, "GET", "HEAD")
            read_options(asked.query, None)
            return _json({"status": "ok"})
        asked.caller = await self._callers.identify(asked.headers)
        offered = self._operations(asked.caller.tenant)
        if asked.path == _OPENAPI:
            asked.known_path = _OPENAPI
            _check_method(asked, "GET", "HEAD")
            read_options(asked.query, None)
            return _json(openapi.document(offered.values(), entra=self._entra))
        operation = offered.get(asked.path)
        if operation is None:
            raise Problem(
                "not_found", "There is nothing at this address.", hint="GET /openapi.json lists all there is."
            )
        asked.known_path = operation.path
        _check_method(asked, "POST")
        options = read_options(asked.query, operation)
        document = await read_json(asked.headers, receive)
        to_run, late = task(operation, options, document, self._connectors[asked.caller.tenant])
        return _json(await self._work.run(to_run, late=late))

    def _problem(self, error: Exception) -> Problem:
        if isinstance(error, Problem):
            return error
        if isinstance(error, MdeFilesError):
            return Problem.of(error)
        self._log.warning("internal_error", error=bug_sentence(error), place=_place(error))
        return Problem("internal_error", bug_sentence(error))

    def _operations_of(self, tenant: str | None) -> dict[str, Operation]:
        config = self._connectors[tenant].config
        offered = operations(self._playbooks, md5=config.md5, sinks=config.sinks.names)
        return {operation.path: operation for operation in offered}


class _Asked:
    """A request, as far as it is understood."""

    def __init__(self, scope: Scope) -> None:
        self.method: str = scope["method"]
        # As it was sent: what is escaped in it is no path of ours.
        self.path: str = scope["raw_path"].decode("latin-1")
        self.query: bytes = scope["query_string"]
        self.headers = Headers(scope=scope)
        self.known_path: str | None = None
        self.caller: Caller | None = None


def _check_method(asked: _Asked, *allowed: str) -> None:
    if asked.method not in allowed:
        raise Problem(
            "method_not_allowed",
            "The address does not take this method.",
            hint=f"Use {allowed[0]}.",
            headers={"Allow": ", ".join(allowed)},
        )


def _json(document: Mapping[str, Any]) -> Response:
    # Only ASCII: whatever a file is called, every reader can read the answer.
    return Response(json.dumps(document), 200, _ALWAYS, "application/json")


def _place(error: BaseException) -> str | None:
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return f"{last.tb_frame.f_code.co_name}, line {last.tb_lineno}" if last is not None else None
