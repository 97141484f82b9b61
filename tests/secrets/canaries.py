"""Secrets that can be recognized wherever they turn up, in pieces and in every usual spelling."""

from __future__ import annotations

import base64
import secrets
import string
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LETTERS = string.ascii_letters + string.digits
_PIECE = 10
_CORE = 30


class Canary(NamedTuple):
    """A secret.

    Attributes:
        name: Where it is put.
        text: The secret itself.
        core: The part of it that appears nowhere else.
    """

    name: str
    text: str
    core: str


def canary(name: str, *, odd: bool = True) -> Canary:
    """Return a new secret; an odd one has characters that URLs, JSON, HTML, shells and logs write in other ways."""
    core = "".join(secrets.choice(_LETTERS) for _ in range(_CORE))
    return Canary(name, f"~'\"\\/+=% &<{core}>ü" if odd else core, core)


def known(name: str, text: str) -> Canary:
    """Return a secret that somebody else made, such as a token."""
    return Canary(name, text, text)


def found(content: str | bytes, canaries: Mapping[str, Canary] | list[Canary]) -> list[str]:
    """Return which secrets, or recognizable pieces of them, stand in ``content``, and in which spelling.

    A piece is ten characters, wherever the secret was cut; case counts for nothing.
    """
    raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    lowered = raw.lower()
    wide = lowered.replace(b"\x00", b"")
    listed = canaries.values() if not isinstance(canaries, list) else canaries
    return [
        f"{one.name} ({spelling})"
        for one in listed
        for spelling, needle in _needles(one.core)
        if needle in lowered or needle in wide
    ]


def _needles(core: str) -> Iterator[tuple[str, bytes]]:
    spellings = {"as it is": core, "reversed": core[::-1], "hexadecimal": core.encode().hex()}
    for shift in range(3):
        # What stands before moves the groups of base64: three ways to write the same bytes.
        encoded = base64.b64encode(b"\x00" * shift + core.encode()).decode()
        spellings[f"base64, {shift}"] = encoded[4:-4]
    for spelling, text in spellings.items():
        size = _PIECE * 2 if spelling == "hexadecimal" else _PIECE
        for start in range(0, len(text) - size + 1, size):
            yield spelling, text[start : start + size].lower().encode()
