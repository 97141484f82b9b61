"""Writes the package for TheHive Cortex: the analyzers' folder, a catalogue for Docker, and TheHive's templates."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from mde_files import manifest
from mde_files.platforms import vendoring
from mde_files.platforms.cortex import flavours, report_templates
from mde_files.platforms.cortex.package_documents import FILES, filled
from mde_files.platforms.packages import Built

if TYPE_CHECKING:
    from collections.abc import Iterable

_ROOM = Path(__file__).parent
# What no job of an analyzer uses.
_LEFT_OUT = vendoring.COMMAND_LINE | {
    "playbook",
    "platforms/cortex/bindings.py",
    "platforms/cortex/flavours.py",
    "platforms/cortex/launcher.py",
    "platforms/cortex/package.py",
    "platforms/cortex/package_documents.py",
    "platforms/cortex/package_files",
    "platforms/cortex/record_table.py",
    "platforms/cortex/report_templates.py",
}
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def build(output: Path) -> Built:
    """Write ``analyzers/MdeFiles/``, ``analyzers.json``, ``thehive-templates/`` and a ZIP of the latter into a folder.

    An earlier package in it is replaced.

    Raises:
        OSError: The folder cannot be written.
        InvalidConfigError: It is not known here which libraries the project needs.
    """
    requirements = "".join(f"{line}\n" for line in vendoring.public_libraries({"redis"}))
    analyzer = output / "analyzers" / flavours.ANALYZER
    _clear(analyzer)
    analyzer.mkdir(parents=True, exist_ok=True)
    others = {f"platforms/{room.name}" for room in _ROOM.parent.iterdir() if room.is_dir() and room != _ROOM}
    vendoring.copy_own(analyzer, without={*_LEFT_OUT, *others})
    (analyzer / "requirements.txt").write_text(requirements, encoding="utf-8")
    for name in ("README.md", "Dockerfile"):
        (analyzer / name).write_text(filled(name), encoding="utf-8")
    (analyzer / ".dockerignore").write_text(".venv\n**/__pycache__\n", encoding="utf-8")
    (analyzer / flavours.LOGO).parent.mkdir(exist_ok=True)
    shutil.copyfile(FILES / Path(flavours.LOGO).name, analyzer / flavours.LOGO)
    shutil.copyfile(_ROOM / "launcher.py", analyzer / flavours.LAUNCHER)
    (analyzer / flavours.LAUNCHER).chmod(0o755)
    templates = output / "thehive-templates"
    actions = manifest.load().actions.values()
    for action in actions:
        _write_json(analyzer / f"{flavours.name_of(action)}.json", flavours.flavour(action))
        folder = templates / flavours.analyzer_id(action)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "short.html").write_text(report_templates.short_report(), encoding="utf-8")
        (folder / "long.html").write_text(report_templates.long_report(action), encoding="utf-8")
    _write_json(output / "analyzers.json", flavours.docker_catalogue())
    _zip(templates, map(flavours.analyzer_id, actions), output / "thehive-templates.zip")
    return Built(output, _steps(analyzer))


def _steps(analyzer: Path) -> list[str]:
    name, names = flavours.ANALYZER, [flavours.name_of(action) for action in manifest.load().actions.values()]
    libraries = f"python3 -m venv {name}/.venv && {name}/.venv/bin/pip install -r {name}/requirements.txt"
    docker = f"docker build -t {flavours.image()} {analyzer}"
    install = (
        f"Copy {analyzer} into a folder that analyzer.urls of Cortex's application.conf names, and run there: "
        f"{libraries} (or, for containers, run: {docker}, and name the file analyzers.json in analyzer.urls)."
    )
    enable = (
        "In Cortex, choose Refresh analyzers under Organization > Analyzers, "
        f"enable {' and '.join(names)}, and fill in their settings under Analyzers Config > {name}."
    )
    return [install, enable, "In TheHive, import thehive-templates.zip under Analyzer templates."]


def _clear(analyzer: Path) -> None:
    """Remove an earlier package's code and flavours; what it did not bring, such as ``.venv``, stays."""
    if (analyzer / flavours.LAUNCHER).is_file():
        shutil.rmtree(analyzer / "mde_files", ignore_errors=True)
        for path in analyzer.glob(f"{flavours.ANALYZER}_*.json"):
            path.unlink()


def _write_json(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _zip(templates: Path, names: Iterable[str], target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for path in sorted(path for name in names for path in (templates / name).iterdir()):
            entry = zipfile.ZipInfo(path.relative_to(templates).as_posix(), _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(entry, path.read_bytes())
