"""The report of a batch as one HTML page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files.batch import result_lines
from mde_files.errors import StateUnavailableError
from mde_files.private_files import replace_text

if TYPE_CHECKING:
    from pathlib import Path

    from mde_files.batch.journal import Journal

MOST_RECORDS = 4_000
_TITLE = "Files of a batch"


def write(journal: Journal, path: Path) -> None:
    """Write what is in ``journal`` to ``path`` as one HTML page, each finding once, readable by its owner only.

    Raises:
        StateUnavailableError: It cannot be written; the journal is as it was.
    """
    from mde_files.render.html_report import report

    found: dict[tuple[str, str], dict[str, Any]] = {}
    left_out = 0
    for _offset, line in journal.lines():
        result = result_lines.parse(line)
        if result is None:
            continue
        key = (result.record["source"]["tenant_id"], result.record["record_id"])
        if key in found or len(found) < MOST_RECORDS:
            found[key] = result.record
        else:
            left_out += 1
    notes = [f"{left_out:,} further results are not shown; they are in the output of the batch."] if left_out else []
    try:
        replace_text(path, report(_TITLE, None, list(found.values()), (), notes))
    except OSError as error:
        raise StateUnavailableError(
            f"The report {str(path)!r} cannot be written: {error.strerror}.",
            hint=f"All results are in {str(journal.path)!r}; name another file and start the batch with --resume.",
        ) from None
