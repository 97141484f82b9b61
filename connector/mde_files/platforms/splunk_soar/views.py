"""What the app's views show of records: the report's own pictures of a file; all text in it is escaped already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files.render.by_file import by_file
from mde_files.render.html_file import detail
from mde_files.render.outcomes import OUTCOMES
from mde_files.render.sentences import HASH_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_HEXADECIMAL = frozenset("0123456789abcdef")


def view(records: Sequence[Mapping[str, Any]], container: int) -> dict[str, Any]:
    """Return what the templates need.

    Args:
        records: Records of one action.
        container: Id of the container that the menu of a hash acts on.

    Returns:
        ``container``, and ``files``: for each file its ``outcomes`` ({words, symbol, tone}), its ``hashes`` ({title,
        value, contains}: hexadecimal digits only) and its details as ready ``html``.
    """
    files = []
    for place, file in enumerate(by_file(records)):
        hashes = [
            {"title": HASH_NAMES[kind], "value": value, "contains": [kind, "hash"]}
            for kind, value in file.hashes.items()
            if kind != "unknown" and set(value) <= _HEXADECIMAL
        ]
        outcomes = [OUTCOMES[record["outcome"]]._asdict() for record in file.records]
        files.append({"outcomes": outcomes, "hashes": hashes, "html": detail(file, f"mde-file-{container}-{place}")})
    return {"container": container, "files": files}
