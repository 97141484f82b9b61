"""``mde-files manifest``: what the plugin is, and the schemas it works by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mde_files import manifest, resources, schemas
from mde_files.commands.options import parser
from mde_files.errors import InvalidInputError

if TYPE_CHECKING:
    from mde_files.console import Console

_SUFFIX = ".schema.json"


def run(words: list[str], console: Console) -> int:
    """Write the manifest, or the schema that ``--schema`` names."""
    made = parser("manifest", "Print the manifest, or a schema.", connects=False)
    made.add_argument("--schema", metavar="NAME", help="print this schema, such as record or configuration")
    arguments = made.parse_args(words)
    if arguments.schema:
        console.write_json(_schema(arguments.schema))
    elif console.as_json:
        console.write_json(manifest.load().document)
    else:
        console.write((resources.data_directory() / "manifest.yaml").read_text(encoding="utf-8").rstrip())
    return 0


def _schema(name: str) -> dict[str, object]:
    known = sorted(path.name.removesuffix(_SUFFIX) for path in resources.data_directory().glob(f"schemas/*{_SUFFIX}"))
    if name not in known:
        raise InvalidInputError("There is no such schema.", hint=f"Schemas: {', '.join(known)}.")
    return schemas.load(name)
