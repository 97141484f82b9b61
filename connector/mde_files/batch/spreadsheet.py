"""The output as a flat CSV that is safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mde_files.batch import result_lines
from mde_files.errors import StateUnavailableError
from mde_files.render.escaping import for_csv

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mde_files.batch.journal import Journal
    from mde_files.batch.result_lines import ResultLine

_OWNER_ONLY = 0o600
COLUMNS = (
    "line",
    "input",
    "tenant",
    "action",
    "outcome",
    "summary",
    "sha1",
    "sha256",
    "md5",
    "organization_prevalence",
    "organization_first_seen",
    "organization_last_seen",
    "global_prevalence",
    "total_alerts",
    "high_alerts",
    "medium_alerts",
    "low_alerts",
    "caveats",
    "error_code",
    "error_message",
    "retry_at",
    "retrieved_at",
    "record_id",
    "portal_url",
)


def write(journal: Journal, path: Path) -> None:
    """Write everything in ``journal`` to ``path`` as CSV (RFC 4180), in the order of the inputs, mode 0600.

    Raises:
        StateUnavailableError: It cannot be written; the journal is as it was.
    """
    fresh = path.with_name(f".{path.name}.new")
    try:
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace", newline="") as file:
            # Quoted throughout, so that commas and line breaks in texts never begin a cell.
            writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
            writer.writerow(COLUMNS)
            for _line, offset in sorted(_places(journal)):
                result = result_lines.parse(journal.line_at(offset))
                if result is not None:
                    writer.writerow([for_csv(value) for value in _row(result)])
            file.flush()
            os.fsync(descriptor)
        fresh.replace(path)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink()
        raise StateUnavailableError(
            f"The CSV {str(path)!r} cannot be written: {error.strerror}.",
            hint=f"All results are in {str(journal.path)!r}; make room, then start the same batch with --resume.",
        ) from None


def _places(journal: Journal) -> list[tuple[int, int]]:
    found = ((result_lines.parse(line), offset) for offset, line in journal.lines())
    return [(result.line, offset) for result, offset in found if result is not None]


def _row(result: ResultLine) -> list[Any]:
    record: Mapping[str, Any] = result.record
    file, stats = record["file"], record.get("file_stats", {})
    alerts, error = record.get("file_alerts", {}), record.get("error", {})
    severities = alerts.get("by_severity", {})
    cells = {
        "line": result.line,
        "input": result.text,
        "tenant": result.tenant,
        "total_alerts": alerts.get("total"),
        "high_alerts": severities.get("high"),
        "medium_alerts": severities.get("medium"),
        "low_alerts": severities.get("low"),
        "caveats": " ".join(caveat["code"] for caveat in record["caveats"]),
        "error_code": error.get("code"),
        "error_message": error.get("message"),
        "retry_at": error.get("retry_at"),
        "retrieved_at": record["source"].get("retrieved_at"),
    }
    places = (cells, record, file, stats)
    return [next((place[column] for place in places if column in place), None) for column in COLUMNS]
