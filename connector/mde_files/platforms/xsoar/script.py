"""Writes the one script that the platform runs: a table of sources that people can read, and what imports from it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from mde_files import manifest
from mde_files.platforms import vendoring

if TYPE_CHECKING:
    from collections.abc import Iterator

_LAUNCHER = "launcher.py"
# What a command of the integration runs.
_ROOMS = frozenset({"auth", "quota", "records", "state", "transport", "validators"})
_PARTS = frozenset(
    {
        "platforms/__init__.py",
        "platforms/running.py",
        *(
            f"platforms/xsoar/{name}.py"
            for name in ("__init__", "context_store", "entries", "form", "integration", "names")
        ),
        *(
            f"render/{name}.py"
            for name in ("__init__", "by_file", "escaping", "links", "markdown", "outcomes", "sentences")
        ),
    }
)
_LEFT_OUT = frozenset({"__main__.py", "cli.py", "console.py", "py.typed", "validators/generate.py"})
_QUOTES = "'''"
_DOCSTRING = '''\
"""{title}.

This one script carries the source of the project, since the platform's image has no package for it. SOURCES holds each
file as it is; what stands below the table imports from it.
"""

'''
# The platform provides these names; its tools take the lines out.
_IMPORTS = """\
import demistomock as demisto
from CommonServerPython import *

"""
_FOOTER = """

if __name__ in ("__main__", "__builtin__", "builtins"):
    carried(SOURCES, DIGEST).main(demisto)
"""


def source(title: str, *, unified: bool = False) -> str:
    """Return the script.

    Args:
        title: What the integration is called.
        unified: Whether as the platform runs it, rather than as a content repository keeps it.
    """
    files = dict(_files())
    digest = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()
    table = "".join(f"{name!r}: {_literal(content)},\n" for name, content in files.items())
    launcher = Path(__file__).with_name(_LAUNCHER).read_text(encoding="utf-8")
    head = _DOCSTRING.format(title=title) + ("" if unified else _IMPORTS)
    return f"{head}DIGEST = {digest!r}\nSOURCES = {{\n{table}}}\n\n{launcher}{_FOOTER}"


def _files() -> Iterator[tuple[str, str]]:
    wanted = _PARTS | _wanted_schemas()
    for name, path in vendoring.own_files(without=_LEFT_OUT):
        if name in wanted or "/" not in name or name.partition("/")[0] in _ROOMS:
            yield f"mde_files/{name}", path.read_text(encoding="utf-8")


def _wanted_schemas() -> set[str]:
    declared = manifest.load()
    wanted = {declared.document["configuration_schema"], "upstream_error"}
    for action in declared.actions.values():
        wanted |= {action.input_schema, action.output_schema}
        wanted |= {declared.calls[call].upstream_schema for call in (action.call, action.resolves_with)}
    return {f"_data/schemas/{name}.schema.json" for name in wanted}


def _literal(content: str) -> str:
    """Return Python source for a text: as it is, so that it can be reviewed, unless it holds such quotes itself."""
    if _QUOTES in content or content.endswith(("\\", _QUOTES[0])) or "\r" in content:
        return repr(content)
    return f"r{_QUOTES}{content}{_QUOTES}"
