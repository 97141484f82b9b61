"""``mde-files version``: which version this is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mde_files import manifest
from mde_files.commands.options import parser

if TYPE_CHECKING:
    from mde_files.console import Console


def run(words: list[str], console: Console) -> int:
    """Write name and version."""
    arguments = parser("version", "Print the version.", connects=False).parse_args(words)
    version = manifest.load().version
    if arguments.json:
        console.write_json({"name": "mde-files", "version": version})
    else:
        console.write(f"mde-files {version}")
    return 0
