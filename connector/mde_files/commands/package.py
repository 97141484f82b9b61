"""``mde-files package``: writes the package of a platform."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mde_files.commands.options import parser
from mde_files.platforms.packages import PLATFORMS, build

if TYPE_CHECKING:
    from mde_files.console import Console


def run(words: list[str], console: Console) -> int:
    """Write the package and say how it is installed."""
    listed = "; ".join(f"{name}: {platform.title}" for name, platform in PLATFORMS.items())
    made = parser("package", f"Write the package that a platform installs. Platforms: {listed}.", connects=False)
    made.add_argument("platform", metavar="PLATFORM", help=", ".join(PLATFORMS))
    made.add_argument("--output", required=True, metavar="DIR", type=Path, help="folder for the package")
    arguments = made.parse_args(words)
    built = build(arguments.platform, arguments.output)
    if console.as_json:
        console.write_json({"platform": arguments.platform, "path": str(built.path), "steps": list(built.steps)})
        return 0
    console.write(f"{built.path}\n")
    for number, step in enumerate(built.steps, 1):
        console.write(f"{number}. {step}")
    return 0
