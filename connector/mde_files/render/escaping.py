"""Makes text from files and alerts harmless wherever it is shown; its authors may be attackers."""

from __future__ import annotations

_CUT_MARK = "…"
_LONGEST_CELL = 32_000
_FORMULA_SIGNS = frozenset("=+-@\N{MINUS SIGN}")


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


def for_csv(value: object) -> object:
    r"""Return ``value`` as the content of a CSV cell that no spreadsheet takes for a formula.

    Text that begins with ``=``, ``+``, ``-`` or ``@``, in any width and also after spaces or quotation marks, gets an
    apostrophe in front; control characters such as tab and line break are shown as ``\u0009``. Numbers stay numbers.
    """
    if value is None:
        return ""
    if isinstance(value, int | float):
        return value
    import unicodedata

    text = for_terminal(value, _LONGEST_CELL)
    begins = unicodedata.normalize("NFKC", text.lstrip(" '\"")[:1])[:1]
    return f"'{text}" if begins in _FORMULA_SIGNS else text


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - the widest of four digits
