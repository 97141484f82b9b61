"""The platforms a package can be made for, and what making one gives back."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from mde_files.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Platform(NamedTuple):
    """A platform: its name for people, and the module whose ``build(output)`` makes the package."""

    title: str
    module: str


class Built(NamedTuple):
    """A package that was made.

    Attributes:
        path: The file or folder to install.
        steps: What to do with it on the platform, a sentence each.
    """

    path: Path
    steps: Sequence[str]


PLATFORMS = {
    "splunk-soar": Platform("Splunk SOAR", "mde_files.platforms.splunk_soar.package"),
    "xsoar": Platform("Cortex XSOAR / XSIAM", "mde_files.platforms.xsoar.package"),
    "cortex": Platform("TheHive Cortex", "mde_files.platforms.cortex.package"),
    "misp": Platform("MISP", "mde_files.platforms.misp.package"),
    "logic-apps": Platform("Azure Logic Apps / Power Automate", "mde_files.platforms.logic_apps.package"),
}


def build(platform: str, output: Path) -> Built:
    """Write the package of a platform into the folder ``output``, which is made where it is missing.

    Raises:
        InvalidInputError: There is no such platform, or the folder cannot be written.
        InvalidConfigError: Something that the package carries is missing in this environment.
    """
    known = PLATFORMS.get(platform)
    if known is None:
        raise InvalidInputError(f"There is no package for {platform!r}.", hint=f"Platforms: {', '.join(PLATFORMS)}.")
    try:
        output.mkdir(parents=True, exist_ok=True)
        built: Built = import_module(known.module).build(output)
    except OSError as error:
        raise InvalidInputError(
            f"The package cannot be written into {str(output)!r}: {error.strerror}.",
            hint="Name a folder you may write to, with room left, after --output.",
        ) from None
    return built
