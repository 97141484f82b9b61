"""Writes the folder that ``misp-modules -c FOLDER`` loads."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from mde_files.platforms import vendoring
from mde_files.platforms.misp import module, readme
from mde_files.platforms.packages import Built

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = "mde-files-misp"
LIBRARY = "mde_files_library"
_ROOM = Path(__file__).parent
# what this project requires itself, and pymisp, which the server brings along
REQUIREMENTS = (
    "jmespath>=1.0",
    "jsonschema>=4.21",
    "msal>=1.35",
    "platformdirs>=4.2",
    "pymisp>=2.5",
    "pyyaml>=6.0.1",
    "requests>=2.32",
    "structlog>=24.1",
    "urllib3>=2.6",
)
_REDIS = "redis>=5"


def build(output: Path) -> Built:
    """Write the package into ``output``; what an earlier version left there is replaced.

    Raises:
        OSError: It cannot be written.
    """
    folder = output / FOLDER
    if folder.exists():
        shutil.rmtree(folder)
    (folder / "expansion").mkdir(parents=True)
    launcher = f"{module.NAME}.py"
    shutil.copyfile(_ROOM / launcher, folder / "expansion" / launcher)
    vendoring.copy_own(
        folder / LIBRARY, without=(*vendoring.COMMAND_LINE, *_other_rooms(), f"platforms/misp/{launcher}")
    )
    (folder / module.REQUIREMENTS_FILE).write_text(_requirements(), encoding="utf-8")
    (folder / "README.md").write_text(readme.text(), encoding="utf-8")
    return Built(
        folder,
        (
            f"Install the requirements where misp-modules runs: pip install -r {folder / module.REQUIREMENTS_FILE}",
            f"Start the server with the folder: misp-modules -c {folder}",
            f"In MISP, under Plugin settings, Enrichment, enable {module.NAME}; enter tenant, application and secret.",
        ),
    )


def _requirements() -> str:
    return "\n".join((*REQUIREMENTS, "# only for a state in Redis:", f"# {_REDIS}")) + "\n"


def _other_rooms() -> Iterator[str]:
    for room in sorted(_ROOM.parent.iterdir()):
        if room.is_dir() and room != _ROOM:
            yield f"platforms/{room.name}"
