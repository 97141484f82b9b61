"""Writes the Splunk SOAR app as a project of the official SDK, and a playbook that uses it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from mde_files.config_document import ENVIRONMENT_PREFIX
from mde_files.platforms import vendoring
from mde_files.platforms.packages import Built
from mde_files.platforms.splunk_soar import declarations, documents, playbook
from mde_files.render.escaping import for_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

_HERE = Path(__file__).parent
_GENERATED = ("src", "templates", "release_notes")
_PLATFORMS_KEPT = frozenset({"__init__.py", "catalogue.py", "running.py", "splunk_soar"})
_ROOM_KEPT = frozenset({"__init__.py", "actions.py", "views.py"})
_UNUSED = vendoring.COMMAND_LINE | {
    "render/html_report.py",
    "render/html_style.py",
    "render/stix.py",
    "render/terminal.py",
}
_BUILD_SECONDS = 600
_BY_HAND = (
    f"In the folder {documents.PROJECT} run, with uv installed: uv run build_package.py; it fetches the SDK and the "
    f"libraries and makes {documents.PROJECT}.tgz."
)


def build(output: Path) -> Built:
    """Write the project ``mde_files_soar`` and the playbook's file into ``output``.

    Where the SDK's command ``soarapps`` is on the PATH, its packager makes ``mde_files_soar.tgz`` too, which needs the
    package index.

    Raises:
        InvalidConfigError: This project is not installed here, so the libraries it needs are not known.
        OSError: The folder cannot be written.
    """
    project = output / documents.PROJECT
    for name in _GENERATED:
        if (project / name).exists():
            shutil.rmtree(project / name)
    for name, text in _documents():
        target = project / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    for name, path in _own_files():
        target = project / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    written = playbook.write(output)
    made, first = _packaged(project)
    return Built(
        made,
        (
            first,
            f"In Splunk SOAR open Apps, choose Install App and pick {documents.PROJECT}.tgz.",
            f"Choose Configure New Asset, name it {playbook.ASSET}, fill in the settings and press Test Connectivity.",
            f"Open Playbooks, choose Import Playbook and pick {written.name}, which notes down what is known of files.",
        ),
    )


def _documents() -> Iterator[tuple[str, str]]:
    yield "pyproject.toml", documents.pyproject()
    yield "README.md", documents.readme()
    yield "release_notes/unreleased.md", documents.release_notes()
    yield "src/__init__.py", ""
    yield "src/lib/mde_files_declared.py", declarations.declarations()


def _own_files() -> Iterator[tuple[str, Path]]:
    """Yield the files to copy; the packager takes only Python from ``src``, and everything from ``templates``."""
    given = _HERE / "project"
    yield "LICENSE", vendoring.licence_file()
    yield "src/app.py", given / "app.py"
    for name in ("logo.svg", "logo_dark.svg", "build_package.py"):
        yield name, given / name
    for path in sorted((given / "templates").iterdir()):
        yield f"templates/{path.name}", path
    for name, path in vendoring.own_files(without=_left_out()):
        if name.startswith("_data/"):
            yield f"templates/mde_files/{name.removeprefix('_data/')}", path
        elif name.endswith(".py"):
            yield f"src/lib/mde_files/{name}", given / name if name == "resources.py" else path


def _left_out() -> set[str]:
    room = {f"platforms/splunk_soar/{path.name}" for path in _HERE.iterdir() if path.name not in _ROOM_KEPT}
    others = {f"platforms/{path.name}" for path in _HERE.parent.iterdir() if path.name not in _PLATFORMS_KEPT}
    return {*_UNUSED, *room, *others}


def _packaged(project: Path) -> tuple[Path, str]:
    """Return what there is to install, and what to do first."""
    command = shutil.which("soarapps")
    python = Path(command).resolve().parent / "python" if command else None
    if python is None or not python.exists():
        return project, _BY_HAND
    package = project / f"{project.name}.tgz"
    package.unlink(missing_ok=True)
    try:
        ran = subprocess.run(  # noqa: S603 - the SDK's own interpreter, and the file written above
            [str(python), str(project / "build_package.py")],
            capture_output=True,
            text=True,
            check=False,
            timeout=_BUILD_SECONDS,
            # It builds other people's packages, which run code of their own.
            env={name: value for name, value in os.environ.items() if not name.startswith(ENVIRONMENT_PREFIX)},
        )
    except subprocess.TimeoutExpired:
        return project, f"The SDK's packager did not end within {_BUILD_SECONDS} seconds. {_BY_HAND}"
    if ran.returncode == 0 and package.is_file():
        return package, f"{package.name} was built by the SDK's packager and is ready to install."
    lines = (ran.stderr or ran.stdout).strip().splitlines() or ["no reason given"]
    return project, f"The SDK's packager failed ({for_terminal(lines[-1].strip())}). {_BY_HAND}"
