"""Speaks the Model Context Protocol over standard input and output; logs go to standard error."""

from __future__ import annotations

import logging
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn, cast

import anyio
import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from mde_files import manifest
from mde_files.console import EXIT_INTERRUPTED
from mde_files.mcp_server.answering import Answering
from mde_files.mcp_server.standard_input import Lines
from mde_files.mcp_server.tools import INSTRUCTIONS, tools

if TYPE_CHECKING:
    from types import FrameType

    from mde_files.connector import Connector
    from mde_files.logs import EventLog

_EXIT_CODES = {signal.SIGTERM: 0, signal.SIGINT: EXIT_INTERRUPTED}


def serve(connector: Connector) -> None:
    """Answer one client until it closes standard input or goes away; SIGTERM ends the process at once, with code 0."""
    for number in _EXIT_CODES:
        signal.signal(number, _end)
    _send_logs_to(connector.log)
    try:
        anyio.run(_serve, make_server(connector))
    except Exception as error:
        if not _client_left(error):
            raise


def make_server(connector: Connector) -> Server[dict[str, Any]]:
    """Return the server, connected to nobody yet."""
    answering = Answering(connector)

    async def list_tools(_context: Any, _params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=_declarations())

    async def call_tool(_context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        answer = await answering.answer(params.name, params.arguments or {})
        return types.CallToolResult(
            content=[types.TextContent(type="text", text=answer.text)],
            structured_content=answer.result,
            is_error=answer.is_error,
        )

    declared = manifest.load()
    return Server(
        declared.document["id"],
        version=declared.version,
        title=declared.name,
        description=" ".join(declared.document["description"].split()),
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


async def _serve(server: Server[dict[str, Any]]) -> None:
    # The transport does nothing but iterate over its input.
    lines = cast("anyio.AsyncFile[str]", Lines())
    async with stdio_server(stdin=lines) as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


def _declarations() -> list[types.Tool]:
    return [
        types.Tool(
            name=tool.name,
            title=tool.title,
            description=tool.description,
            input_schema=tool.input_schema,
            output_schema=tool.output_schema,
            annotations=types.ToolAnnotations(
                title=tool.title,
                read_only_hint=tool.read_only,
                destructive_hint=not tool.read_only,
                idempotent_hint=True,
                open_world_hint=True,
            ),
        )
        for tool in tools()
    ]


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    # A thread that waits in a read, or a write that nobody takes, cannot be told to stop; nothing is lost by it.
    sys.stderr.flush()
    os._exit(_EXIT_CODES[signal.Signals(number)])


def _client_left(error: BaseException) -> bool:
    """Tell whether an error, or all of a group of errors, says no more than that nobody reads any longer."""
    parts: tuple[BaseException, ...] = getattr(error, "exceptions", ())
    if parts:
        return all(map(_client_left, parts))
    return isinstance(error, ConnectionError | anyio.BrokenResourceError | anyio.ClosedResourceError)


class _ToEventLog(logging.Handler):
    """Hands what the protocol's library logs to the log of this package: one line, without traceback and secrets."""

    def __init__(self, log: EventLog) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        self._log.warning("protocol", message=record.getMessage())


def _send_logs_to(log: EventLog) -> None:
    library = logging.getLogger("mcp")
    library.addHandler(_ToEventLog(log))
    library.setLevel(logging.WARNING)
    library.propagate = False
