"""Reads the inputs of a batch: hashes in text, CSV, JSON Lines or free text."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files.errors import InvalidInputError
from mde_files.render.escaping import for_terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TEXT, CSV, JSONL = "text", "csv", "jsonl"
LONGEST_INPUT = 1024
_LONGEST_LINE = 16 * 1024 * 1024
_DELIMITERS = ",;\t"
_SHOWN_COLUMNS = 30
_HASH_IN_TEXT = re.compile(r"(?<!\w)(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{32})(?!\w)")
_OF_EMPTY_FILE = frozenset(
    {
        "d41d8cd98f00b204e9800998ecf8427e",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    }
)


class Item(NamedTuple):
    """One input.

    Attributes:
        line: Line on which it stands, from 1; the first one of a CSV row of several lines.
        text: The hash as it was given, cut to ``LONGEST_INPUT`` characters.
        tenant: Name of the tenant that the input itself names.
        problem: Why there is nothing to ask; empty where there is.
    """

    line: int
    text: str
    tenant: str | None = None
    problem: str = ""


class Form(NamedTuple):
    """How inputs are written.

    Attributes:
        kind: ``text`` (one a line, ``#`` begins a comment), ``csv`` or ``jsonl``.
        place: The CSV column or the dotted path of the JSON field that holds the hash.
        tenant_place: The column or field that names the tenant; empty: none does.
        extract: Whether hashes are found in free text; otherwise each input is one hash.
    """

    kind: str
    place: str = ""
    tenant_place: str = ""
    extract: bool = False


def read(stream: io.BufferedReader, form: Form) -> Iterator[Item]:
    """Yield the inputs in ``stream``: UTF-8 with or without BOM, or UTF-16 with one; no byte is refused.

    Raises:
        InvalidInputError: The stream as a whole cannot be read that way; a single bad line is an item with a problem.
    """
    head = stream.peek(2)[:2]
    encoding = "utf-16" if head in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
    text = io.TextIOWrapper(stream, encoding, errors="replace", newline="" if form.kind == CSV else None)
    try:
        if form.kind == CSV:
            yield from _rows(_lines(text), form)
        elif form.kind == JSONL:
            yield from _objects(_lines(text), form)
        else:
            yield from _texts(_lines(text), form)
    finally:
        text.detach()


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    number = 0
    while line := text.readline(_LONGEST_LINE + 1):
        number += 1
        if len(line) > _LONGEST_LINE:
            raise InvalidInputError(
                f"Line {number} of the input is longer than {_LONGEST_LINE:,} characters.",
                hint="Give a file of lines; is this one text at all?",
            )
        yield line


def _texts(lines: Iterable[str], form: Form) -> Iterator[Item]:
    for number, line in enumerate(lines, 1):
        text = line.rstrip("\r\n")
        if form.extract:
            yield from _items(number, [text], None, form)
        elif text.strip() and not text.lstrip().startswith("#"):
            yield Item(number, _cut(text))


def _rows(lines: Iterator[str], form: Form) -> Iterator[Item]:
    # A cell of another column may hold a whole event; lines are bounded already.
    csv.field_size_limit(_LONGEST_LINE)
    number, header = 1, next(lines, "")
    while header and not header.strip():
        number, header = number + 1, next(lines, "")
    if not header:
        return
    delimiter = _delimiter(header, form)
    # The csv module of Python 3.10 refuses NUL characters.
    reader = csv.reader(
        (line.replace("\0", "\ufffd") for line in chain([header], lines)), delimiter=delimiter, strict=True
    )
    before = number - 1
    start = number
    try:
        names = [name.strip() for name in next(reader)]
        place = names.index(form.place)
        tenant_place = names.index(form.tenant_place) if form.tenant_place else None
        start = before + reader.line_num + 1
        for row in reader:
            if row:
                tenant = _cell(row, tenant_place).strip() or None if tenant_place is not None else None
                yield from _row_items(start, row, place, tenant, form)
            start = before + reader.line_num + 1
    except csv.Error as error:
        raise InvalidInputError(
            f"Line {start} of the input begins a row that is no valid CSV: {error}.",
            hint="A cell with quotation marks or line breaks stands in quotation marks, and those in it are doubled.",
        ) from None


def _delimiter(header: str, form: Form) -> str:
    wanted = {form.place, form.tenant_place} - {""}
    most: list[str] = []
    for delimiter in _DELIMITERS:
        names = [name.strip() for name in next(csv.reader([header.replace("\0", "\ufffd")], delimiter=delimiter))]
        if form.place and wanted.issubset(names):
            return delimiter
        most = max(most, names, key=len)
    missing = " and ".join(repr(for_terminal(name)) for name in sorted(wanted.difference(most) or wanted))
    raise InvalidInputError(
        f"The CSV has no column {missing}." if form.place else "--column is missing: which column holds the hashes?",
        hint=f"Its columns: {', '.join(for_terminal(name, 60) for name in most[:_SHOWN_COLUMNS])}.",
    )


def _cell(row: list[str], place: int) -> str:
    return row[place] if place < len(row) else ""


def _row_items(number: int, row: list[str], place: int, tenant: str | None, form: Form) -> Iterator[Item]:
    text = _cell(row, place)
    if form.extract or text.strip():
        yield from _items(number, [text], tenant, form)
    else:
        yield Item(number, _cut(text), tenant, "The cell is empty.")


def _objects(lines: Iterable[str], form: Form) -> Iterator[Item]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            if not form.extract:
                yield Item(number, _cut(line.rstrip("\r\n")), None, "The line is no valid JSON.")
            continue
        named = _found(document, form.tenant_place) if form.tenant_place else ()
        tenant = next((name.strip() for name in named if isinstance(name, str)), "")
        yield from _object_items(number, list(_found(document, form.place)), tenant or None, form)


def _object_items(number: int, values: list[Any], tenant: str | None, form: Form) -> Iterator[Item]:
    texts = [value for value in values if isinstance(value, str)]
    if form.extract or (texts and len(texts) == len(values)):
        yield from _items(number, texts, tenant, form)
        return
    problem = "The field holds something that is no text." if values else "The field is missing."
    yield Item(number, "", tenant, problem)
    yield from _items(number, [text for text in texts if text], tenant, form)


def _found(document: Any, path: str) -> Iterator[Any]:
    """Yield what stands at a dotted path; a key that has the dots in its name is found too, and lists are opened."""
    if isinstance(document, list):
        for inner in document:
            yield from _found(inner, path)
    elif not path:
        if document is not None:
            yield document
    elif isinstance(document, dict):
        key, _, rest = (path, "", "") if path in document else path.partition(".")
        if key in document:
            yield from _found(document[key], rest)


def _items(number: int, texts: list[str], tenant: str | None, form: Form) -> Iterator[Item]:
    """Yield each different input of a line once."""
    seen = set()
    given = chain.from_iterable(map(hashes_in, texts)) if form.extract else texts
    for text in given:
        item = Item(number, _cut(text), tenant)
        if item.text.lower() not in seen:
            seen.add(item.text.lower())
            yield item


def hashes_in(text: str) -> Iterator[str]:
    """Yield the SHA-256, SHA-1 and MD5 hashes in free text, but for those of zeros only and of the empty file."""
    for found in _HASH_IN_TEXT.finditer(text):
        value = found.group()
        if value.strip("0") and value.lower() not in _OF_EMPTY_FILE:
            yield value


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_INPUT else text.strip()[:LONGEST_INPUT]
