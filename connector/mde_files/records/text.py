"""Text from upstream that every encoder can write."""

from __future__ import annotations

import re

_LONE_SURROGATES = "[\ud800-\udfff]"


def encodable(text: str) -> str:
    """Return the text itself, or a copy with lone surrogates replaced by U+FFFD, which UTF-8 can carry."""
    if text.isascii():
        return text
    return re.sub(_LONE_SURROGATES, "\ufffd", text)
