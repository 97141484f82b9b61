"""Answers must be about the file that was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files.errors import UpstreamInvalidError

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHA1_DIGITS = 40
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")


def verify_stats_answer(answer: Mapping[str, Any], sha1: str) -> None:
    """Check that statistics are about the SHA-1 that was asked.

    Raises:
        UpstreamInvalidError: They name another file; its caveat is ``answer_for_another_file``.
    """
    verify_file_answer(answer, sha1, "sha1")


def verify_file_answer(answer: Mapping[str, Any], file_hash: str, kind: str) -> None:
    """Check that an answer is about the hash that was asked, in any letter case; an answer without it passes.

    Args:
        answer: The answer as it came.
        file_hash: The hash that was asked.
        kind: Its kind and the answer's property: ``sha1``, ``sha256`` or ``md5``.

    Raises:
        UpstreamInvalidError: It names another file; its caveat is ``answer_for_another_file``.
    """
    answered = answer.get(kind)
    if not isinstance(answered, str):
        return
    answered = answered.strip().lower()
    if not answered or answered == file_hash.lower():
        return
    label = {"sha1": "SHA-1", "sha256": "SHA-256", "md5": "MD5"}[kind]
    raise UpstreamInvalidError(
        f"The service answered about another file: the {label} that came back is not the one asked.",
        hint="Repeat the call; if it persists, something between here and the service mixes up answers.",
        caveats=(
            {
                "code": "answer_for_another_file",
                "message": f"The {label} in the answer is not the one asked, so the answer was not used.",
            },
        ),
    )


def sha1_of_file_answer(answer: Mapping[str, Any], file_hash: str, kind: str) -> str:
    """Return the SHA-1, in lower case, that an answer gives for the hash that was asked.

    Args:
        answer: The answer of ``GET /api/files/{id}`` as it came.
        file_hash: The hash that was asked.
        kind: Its kind: ``sha1``, ``sha256`` or ``md5``.

    Raises:
        UpstreamInvalidError: The answer names another file, or no SHA-1.
    """
    verify_file_answer(answer, file_hash, kind)
    sha1 = answer.get("sha1")
    if not isinstance(sha1, str) or len(sha1) != _SHA1_DIGITS or not _HEXADECIMAL.issuperset(sha1):
        raise UpstreamInvalidError(
            "The service knows the file and names no SHA-1 for it.",
            hint="Ask by the file's SHA-1 instead.",
        )
    return sha1.lower()
