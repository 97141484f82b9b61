"""The sentences about a file that every picture tells alike. They hold text from upstream where that is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files.records.wording import counted
from mde_files.render.outcomes import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mde_files.render.by_file import FileFindings

HASH_NAMES = {"sha1": "SHA-1", "sha256": "SHA-256", "md5": "MD5", "unknown": "Asked"}


def moment(timestamp: str) -> str:
    """Return a normalized timestamp for people, to the minute: ``2026-11-21 20:00 UTC``; "unknown" for ""."""
    return f"{timestamp[:10]} {timestamp[11:16]} UTC" if timestamp else "unknown"


def device_name(device: Mapping[str, str]) -> str:
    """Return a device's name, or else its id (text from upstream)."""
    return device.get("name") or device.get("machine_id", "")


def determination(file: FileFindings) -> str:
    """Return the service's own verdict (text from upstream); "" where it has none."""
    kind, value = file.fact("determination_type"), file.fact("determination_value")
    if kind in (None, "", "Unknown"):
        return ""
    return f"{kind} ({value})" if value else str(kind)


def open_question(record: Mapping[str, Any]) -> str:
    """Return what is still open and since why, without the file (holds text from upstream)."""
    error = record["error"]
    asked = ACTIONS.get(record["action"], record["action"])
    if record["outcome"] == "deferred":
        when = f"from {moment(error['retry_at'])}" if "retry_at" in error else "later"
        return f"{asked} not answered yet; try again {when}"
    reason = " ".join(part for part in (error["message"], error["hint"]) if part)
    return f"no {asked}: {reason}"


def files_told(files: Sequence[FileFindings]) -> str:
    """Return how many files there are and how many of them have alerts, in words."""
    alerted = sum(1 for file in files if file.worst_severity)
    return f"{counted(len(files), 'file')}, {alerted:,} with alerts" if files else "no files"
