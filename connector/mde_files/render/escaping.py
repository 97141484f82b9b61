"""Makes text from files and alerts harmless wherever it is shown; its authors may be attackers.

What cannot be seen (control characters, direction overrides, zero width, line breaks) is shown by its number.
"""

from __future__ import annotations

import itertools
import re

_CUT_MARK = "…"
_LETTERS = r"[^\W\d_]"
# Printable, as far as Python knows, and yet without width or ink; and marks piled so high that they cover other lines.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
    "|(?<=[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{3})"
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
_CALM_WORD = re.compile(
    rf"\(?(?:{_LETTERS}+(?:[-'\u2019]{_LETTERS}+)*|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}|[0-9]{{2}}:[0-9]{{2}}|[0-9]+(?:,[0-9]{{3}})*%?)\)?[.,;:?!]?"
).fullmatch
_MARKDOWN_STRUCTURE = re.compile("[`|]")
_LIST_MARKER = re.compile(r"[0-9]+[.)]").fullmatch
_PLAIN_LINKS = re.compile(r"://|(?<=www)\.", re.IGNORECASE)
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
    if shown.isascii() and shown.isprintable():
        return shown
    visible = "".join(character if character.isprintable() else _escaped(character) for character in shown)
    return _UNSEEN.sub(lambda found: "".join(map(_escaped, found[0])), visible)


def for_csv(value: object) -> object:
    r"""Return ``value`` as the content of a CSV cell that no spreadsheet takes for a formula.

    Text that begins with ``=``, ``+``, ``-`` or ``@``, in any width and also after spaces or quotation marks, gets an
    apostrophe in front, and so does what begins like that after a semicolon; control characters such as tab and line
    break are shown as ``\u0009``. Numbers stay numbers.
    """
    if value is None:
        return ""
    if isinstance(value, int | float):
        return value
    # Where a semicolon is the delimiter, quotation marks keep no cell whole that does not begin after one.
    return ";".join(map(_no_formula, for_terminal(value, _LONGEST_CELL).split(";")))


def _no_formula(text: str) -> str:
    import unicodedata

    begins = unicodedata.normalize("NFKC", text.lstrip(" '\"")[:1])[:1]
    return f"'{text}" if begins in _FORMULA_SIGNS else text


def for_html(text: object, longest: int = 1000) -> str:
    """Return ``text`` for the content of an HTML element or a quoted attribute: only text, on one line."""
    import html

    return html.escape(for_terminal(text, longest))


def for_markdown(text: object, longest: int = 1000) -> str:
    """Return a sentence for Markdown: plain words stay as they are, everything else stands in code spans.

    A code span is the one thing that every dialect leaves alone: no links (written out or guessed), images, HTML,
    mentions, emphasis. Fit for table cells and list items; it holds no ``|`` and no line break.
    """
    shown = for_terminal(text, longest)
    words = shown.split(" ")
    if "" in words:
        return code_for_markdown(shown, longest=len(shown))
    parts = []
    for calm, run in itertools.groupby(enumerate(words), key=lambda place: _is_calm(*place)):
        piece = " ".join(word for _, word in run)
        parts.append(piece if calm else code_for_markdown(piece, longest=len(piece)))
    return " ".join(parts)


def code_for_markdown(text: object, longest: int = 200) -> str:
    """Return ``text`` as one Markdown code span, as file names, hashes and titles are best shown.

    Backticks and ``|`` are shown by their numbers: how to write them inside differs between dialects.
    """
    shown = _MARKDOWN_STRUCTURE.sub(lambda found: _escaped(found[0]), for_terminal(text, longest))
    if not shown.strip(" "):
        return "`(blank)`" if shown else "`(empty)`"
    padding = " " if shown[0] == " " or shown[-1] == " " else ""
    return f"`{padding}{shown}{padding}`"


def for_plain_text(text: object, longest: int = 200) -> str:
    """Return ``text`` on one line for a place that shows plain text and may turn addresses in it into links."""
    return _PLAIN_LINKS.sub(lambda found: f"[{found[0][0]}]{found[0][1:]}", for_terminal(text, longest))


def _is_calm(place: int, word: str) -> bool:
    return bool(_CALM_WORD(word)) and not (place == 0 and _LIST_MARKER(word))


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - the widest of four digits
