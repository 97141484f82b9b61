"""``mde-files mcp``: the actions as tools of an assistant, over the Model Context Protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mde_files.commands.options import connector, parser
from mde_files.errors import InvalidConfigError

if TYPE_CHECKING:
    from mde_files.console import Console


def run(words: list[str], console: Console) -> int:
    """Serve one client on standard input and output until it goes away."""
    # Standard output belongs to the protocol: a failure is said on standard error alone.
    console.as_json = False
    made = parser("mcp", "Offer the actions to an assistant as a Model Context Protocol server (stdio).", connects=True)
    arguments = made.parse_args(words)
    try:
        from mde_files.mcp_server.protocol import serve
    except ImportError as error:
        raise InvalidConfigError(
            f"The Model Context Protocol needs a package that is not installed: {error.name}.",
            hint="Install it with: pip install 'mde-files[mcp]'",
        ) from None
    from mde_files.connector import Connector

    # Nobody is there to be asked to sign in on another device.
    with Connector(connector(arguments, console).config) as connected:
        serve(connected)
    return 0
