"""Records as entries of the war room, with what goes into the context."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files.platforms.xsoar import names
from mde_files.render.markdown import record_to_markdown

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOTE, _ERROR = 1, 4
_UNKNOWN_SCORE = 0
_HASHES = {"md5": "MD5", "sha1": "SHA1", "sha256": "SHA256"}
# How the platform tells that two entries of its context are about the same file, indicator or record.
_SAME_FILE = " || ".join(f"val.{name} && val.{name} == obj.{name}" for name in _HASHES.values())
_SAME_SCORE = "val.Indicator && val.Indicator == obj.Indicator && val.Vendor == obj.Vendor && val.Type == obj.Type"
_SAME_RECORD = "val.record_id && val.record_id == obj.record_id"


def record_entry(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entry that shows a finding."""
    return {
        "Type": _NOTE,
        "ContentsFormat": "json",
        "Contents": record,
        "HumanReadable": record_to_markdown(record),
        "ReadableContentsFormat": "markdown",
        "EntryContext": {**_context([record]), **_file_context(record)},
        # File names are chosen by malware authors: no indicators are to be made of them.
        "IgnoreAutoExtract": True,
    }


def error_entry(sentence: str, records: list[Mapping[str, Any]] | None = None) -> dict[str, Any]:
    """Return the entry that says what failed.

    Args:
        sentence: What is wrong and what to do.
        records: Those that failed or were deferred, for the context.
    """
    entry: dict[str, Any] = {"Type": _ERROR, "ContentsFormat": "text", "Contents": sentence}
    return {**entry, "EntryContext": _context(records)} if records else entry


def _context(records: list[Mapping[str, Any]]) -> dict[str, Any]:
    path = names.context_path(records[0]["action"])
    return {f"{path}({_SAME_RECORD})": list(records)}


def _file_context(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the generic file and its score, which is always "unknown": neither numbers nor alerts are a verdict."""
    known = record["file"]
    file = {name: known[kind] for kind, name in _HASHES.items() if kind in known}
    if known["queried_type"] in _HASHES:
        file.setdefault(_HASHES[known["queried_type"]], known["queried"])
    if "size" in known:
        file["Size"] = known["size"]
    score = {
        "Indicator": known["queried"],
        "Type": "file",
        "Vendor": names.INTEGRATION,
        "Score": _UNKNOWN_SCORE,
    }
    return {f"File({_SAME_FILE})": [file], f"DBotScore({_SAME_SCORE})": [score]}
