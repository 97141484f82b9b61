"""What the tests of the protocol need: the real server as a process, the official client, and a configuration."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import anyio
import pytest
from jsonschema import Draft202012Validator
from mcp import StdioServerParameters
from mcp.client.client import Client
from mcp.client.stdio import stdio_client

from mde_files.commands.emulator import write_configuration
from mde_files.mcp_server.tools import tools

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from mcp_types import CallToolResult

    from mde_files.emulator import Emulator

SERVER = [sys.executable, "-m", "mde_files", "mcp"]
SECRET = "emulated~secret.of-the_enrichment~application"
LONGEST_CONVERSATION = 90.0
OUTPUT_SCHEMAS = {tool.name: tool.output_schema for tool in tools()}


class Said(NamedTuple):
    """What a conversation came to, and what the server wrote to standard error meanwhile."""

    result: Any
    log: str


@pytest.fixture
def configure(emulator: Emulator, tmp_path: Path) -> Callable[..., Path]:
    """Write a configuration for the emulator, with a state that processes share; keyword arguments change it."""

    def configure(**changes: Any) -> Path:
        kept = {"token_cache": str(tmp_path / "tokens.json"), "state": f"sqlite:///{tmp_path / 'state.sqlite3'}"}
        return write_configuration({**emulator.configuration(), **kept, **changes}, tmp_path)

    return configure


@pytest.fixture
def converse(tmp_path: Path) -> Callable[..., Said]:
    """Talk to a server of its own process by the official client, over standard streams."""

    def converse(config: Path, talk: Callable[[Client], Awaitable[Any]], *options: str) -> Said:
        log = tmp_path / "server.log"

        async def whole() -> Any:
            server = StdioServerParameters(
                command=SERVER[0], args=[*SERVER[1:], "--config", str(config), *options], env=dict(os.environ)
            )
            with log.open("w") as written, anyio.fail_after(LONGEST_CONVERSATION):
                async with Client(stdio_client(server, errlog=written)) as client:
                    return await talk(client)

        result = anyio.run(whole)
        said = Said(result, log.read_text())
        assert "Traceback" not in said.log
        assert SECRET not in said.log
        return said

    return converse


def text_of(result: CallToolResult) -> str:
    (part,) = result.content
    assert part.type == "text"
    return part.text


async def checked(client: Client, tool: str, arguments: dict[str, Any]) -> CallToolResult:
    """Call a tool; judge by its own schema also what the client does not judge, the results of failed calls."""
    result = await client.call_tool(tool, arguments)
    assert SECRET not in result.model_dump_json()
    if result.structured_content is not None:
        Draft202012Validator(OUTPUT_SCHEMAS[tool]).validate(result.structured_content)
    return result
