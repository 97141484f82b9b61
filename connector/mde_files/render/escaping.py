"""Makes text from files and alerts harmless wherever it is shown; its authors may be attackers."""

from __future__ import annotations

_CUT_MARK = "…"


def for_terminal(text: object, longest: int = 200) -> str:
    """Return ``text`` on one line, in which nothing moves a cursor, changes a colour or turns the reading direction.

    Args:
        text: Anything; it is turned into text.
        longest: Characters after which the text is cut.
    """
    whole = str(text)
    shown = whole if len(whole) <= longest else whole[: longest - 1] + _CUT_MARK
    if shown.isprintable():
        return shown
    return "".join(character if character.isprintable() else _escaped(character) for character in shown)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - the widest of four digits
