"""The record's ``file``: which file was asked about, and what ``GET /api/files/{id}`` said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files.records.identity import LONGEST_QUERIED
from mde_files.records.reading import (
    PropertyTable,
    Reader,
    is_blank,
    left_to_the_caller,
    read_boolean,
    read_count,
    read_object,
    read_timestamp,
)
from mde_files.records.text import encodable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mde_files.records.question import Question
    from mde_files.records.unmapped import Path, Unmapped

_HEXADECIMAL = frozenset("0123456789abcdef")


def _read_hash(length: int) -> Reader:
    def read(value: Any, path: Path, unmapped: Unmapped) -> str | None:
        if isinstance(value, str):
            text = value.strip().lower()
            if len(text) == length and _HEXADECIMAL.issuperset(text):
                return text
        if not is_blank(value):
            unmapped.keep(path, value)
        return None

    return read


FILE_PROPERTIES = PropertyTable(
    {
        "sha1": ("sha1", left_to_the_caller),
        "sha256": ("sha256", _read_hash(64)),
        "md5": ("md5", _read_hash(32)),
        "globalPrevalence": ("global_prevalence", read_count),
        "globalFirstObserved": ("global_first_observed", read_timestamp),
        "globalLastObserved": ("global_last_observed", read_timestamp),
        "size": ("size", read_count),
        "fileType": ("file_type", None),
        "isPeFile": ("is_pe_file", read_boolean),
        "filePublisher": ("file_publisher", None),
        "fileProductName": ("product_name", None),
        "signer": ("signer", None),
        "issuer": ("issuer", None),
        "signerHash": ("signer_hash", None),
        "isValidCertificate": ("is_valid_certificate", read_boolean),
        "determinationType": ("determination_type", None),
        "determinationValue": ("determination_value", None),
    }
)
"""Properties of the service's ``File`` (Microsoft Learn: get-file-information)."""


def keep_unexpected_sha1(value: Any, sha1: str | None, unmapped: Unmapped) -> None:
    """Keep an answer's ``sha1`` as unmapped when it is not the one the record already carries."""
    if is_blank(value) or (isinstance(value, str) and value.strip().lower() == sha1):
        return
    unmapped.keep(("sha1",), value)


def file_block(
    question: Question, sha1: str | None, file_info: Mapping[str, Any] | None, unmapped: Unmapped
) -> dict[str, Any]:
    """Return the record's ``file``.

    Args:
        question: What was asked.
        sha1: The file's SHA-1, where it is known.
        file_info: The answer of ``GET /api/files/{id}``, where that was asked.
        unmapped: Takes what this package does not know of that answer.
    """
    block: dict[str, Any] = {"sha1": sha1} if sha1 else {}
    block["queried"] = encodable(question.queried)[:LONGEST_QUERIED]
    block["queried_type"] = question.queried_type
    if file_info is not None:
        block.update(read_object(file_info, FILE_PROPERTIES, (), unmapped))
        keep_unexpected_sha1(file_info.get("sha1"), sha1, unmapped)
    if question.queried_type != "unknown":
        block[question.queried_type] = question.queried
    return block
