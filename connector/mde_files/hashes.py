"""Recognizes file hashes and says what is wrong with what is not one."""

from __future__ import annotations

import re
from typing import NamedTuple

from mde_files.errors import InvalidInputError

_HEXADECIMAL = re.compile(r"[0-9a-f]+")
_KIND_OF_LENGTH = {32: "md5", 40: "sha1", 64: "sha256"}
_REFUSED_LENGTHS = {96: "a SHA-384", 128: "a SHA-512"}
_HINT = "Give the SHA-1 (40 hexadecimal digits) or the SHA-256 (64) of the file."


class FileHash(NamedTuple):
    """A file hash in lower case.

    Attributes:
        value: Hexadecimal digits.
        kind: ``sha1``, ``sha256`` or ``md5``.
    """

    value: str
    kind: str


def parse_file_hash(text: str, *, md5: bool = False) -> FileHash:
    """Return the hash written in ``text``; spaces around it and upper case are accepted.

    Args:
        text: What was typed or sent.
        md5: Whether MD5 hashes are enabled.

    Raises:
        InvalidInputError: ``text`` is no hash of an enabled kind; the message says why.
    """
    value = text.strip().lower()
    if not value:
        raise InvalidInputError("file_hash is empty.", hint=_HINT)
    if not _HEXADECIMAL.fullmatch(value):
        raise InvalidInputError("file_hash has characters that are not hexadecimal digits.", hint=_HINT)
    kind = _KIND_OF_LENGTH.get(len(value))
    if kind is None:
        known = _REFUSED_LENGTHS.get(len(value))
        what = f"{known}, which Defender cannot look up" if known else f"{len(value)} digits long"
        raise InvalidInputError(f"file_hash is {what}.", hint=_HINT)
    if kind == "md5" and not md5:
        raise InvalidInputError(
            "file_hash is an MD5, and MD5 is switched off.",
            hint="Give the SHA-1 or SHA-256 of the file, or set 'md5: true' in the configuration.",
        )
    return FileHash(value, kind)
