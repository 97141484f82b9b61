"""What a record may say about an answer, worked out anew from the answer and the schemas.

Every value of the answer has to be accounted for: it stands in the record under its own key, or in ``unmapped`` under
its JSON Pointer, or it says nothing (null, blank, year 0001, OData annotations). And everything in the record has to
come from the answer. What is left over on either side after the account was made up is a fault.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .shapes import Kind, Shape

_DIGITS = re.compile(r"-?[0-9]{1,300}")
_MOMENT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?"
    r"(?:[Zz]|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?"
)
_DOUBLES_ROUND_FROM = 2**53
_NOTHING = object()
_ASIDE = object()


def read_json(body: bytes) -> Any:
    """Return a JSON document whose numbers are what is written: what is not whole is not rounded to a whole number.

    Raises:
        ValueError: It is none, names a key twice, or carries a number that cannot be written as JSON again.
        RecursionError: It is nested too deeply.
    """
    document = json.loads(body.decode("utf-8-sig"), parse_constant=int, parse_float=_float, object_pairs_hook=_object)
    json.dumps(document, allow_nan=False)
    return document


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise ValueError("a key twice")
    return document


def _float(written: str) -> float:
    if len(written.lower().partition("e")[2]) > 10:
        raise ValueError(written)
    number, exact = float(written), Fraction(written)
    if math.isinf(number) or number != int(number) or abs(number) >= _DOUBLES_ROUND_FROM or exact == number:
        return number
    return math.nextafter(number, math.inf if exact > number else -math.inf)


def readable(text: str) -> str:
    """Return text as a record can carry it: a lone surrogate becomes U+FFFD."""
    return "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in text)


def pointer(steps: Iterable[str | int]) -> str:
    """Return a JSON Pointer (RFC 6901)."""
    return readable("".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps))


def instant(text: Any) -> Fraction | None:
    """Return a timestamp as seconds since year 1; None for what is none, and for year 1 itself, which means never."""
    found = _MOMENT.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None or found[1] == "0001":
        return None
    try:
        moment = datetime(*(int(part or 0) for part in found.groups()[:6]), tzinfo=timezone.utc)  # type: ignore[misc]
        if found[8]:
            offset = timedelta(hours=int(found[9]), minutes=int(found[10] or 0))
            moment = moment - offset if found[8] == "+" else moment + offset
    except (ValueError, OverflowError):
        return None
    if moment.year == 1:
        return None
    whole = moment - datetime(1, 1, 1, tzinfo=timezone.utc)
    return Fraction(whole.days * 86400 + whole.seconds) + Fraction(f"0.{found[7] or 0}")


def whole_number(value: Any) -> int | None:
    """Return the integer that a JSON value stands for; doubles only where no other integer rounds to them."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if abs(value) < 10**300 else None
    if isinstance(value, float):
        return int(value) if value == int(value) and abs(value) < _DOUBLES_ROUND_FROM else None
    if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
        return int(value)
    return None


def numbers_in(text: str) -> set[Fraction]:
    """Return every number of a JSON text exactly as it is written there, digits in strings included."""
    found: set[Fraction] = set()

    def decimal(written: str) -> Decimal:
        number = Decimal(written)
        if abs(number.adjusted()) < 400:
            found.add(Fraction(number))
        return number

    def integer(written: str) -> int:
        found.add(Fraction(int(written)))
        return int(written)

    def walk(value: Any) -> None:
        if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
            found.add(Fraction(int(value)))
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            walk(inner)

    walk(json.loads(text, parse_float=decimal, parse_int=integer))
    return found


def integers_of(value: Any, path: tuple[str | int, ...] = ()) -> Iterable[tuple[tuple[str | int, ...], int]]:
    """Give every integer of a record with its path."""
    if isinstance(value, int) and not isinstance(value, bool):
        yield path, value
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from integers_of(inner, (*path, key))


class Account:
    """Makes up the account of one record: what was kept aside is taken off as it is explained.

    Args:
        unmapped: The record's ``unmapped``.
        document: Put before each pointer, as the record does.
    """

    def __init__(self, unmapped: Sequence[dict[str, str]], document: str = "") -> None:
        self._document = document
        self._aside = Counter(
            (entry["path"].removeprefix(document), _same(json.loads(entry["json"])))
            for entry in unmapped
            if entry["path"].startswith("file_info:") == bool(document)
        )

    def settle(self) -> None:
        """Nothing was kept aside that did not lie there in the answer."""
        assert not +self._aside, f"kept aside without need or in the wrong place: {list(+self._aside)}"

    def kept(self, value: Any, *path: str | int) -> None:
        """Take off a value that has to have been kept aside."""
        entry = (pointer(path), _same(value))
        assert self._aside[entry] > 0, f"dropped: {entry[0]} {entry[1]}"
        self._aside[entry] -= 1

    def object(self, upstream: dict[str, Any], shape: Shape, made: dict[str, Any], *path: str | int) -> None:
        """Explain an object of the record by the object it was made from; ``made`` is empty afterwards."""
        for key, value in upstream.items():
            if value is None or "@odata." in key:
                continue
            kind = shape.get(key)
            meaning = _ASIDE if kind is None else self._meaning(value, kind, *path, key)
            if kind is None or meaning is _ASIDE:
                self.kept(value, *path, key)
            elif meaning is not _NOTHING:
                self._stands(made, kind, meaning, value, *path, key)
        assert made == {}, f"invented at {pointer(path)}: {made}"

    def _stands(self, made: dict[str, Any], kind: Kind, meaning: Any, value: Any, *path: str | int) -> None:
        assert kind.name in made, f"dropped: {pointer(path)}"
        held = made.pop(kind.name)
        if kind.held == "time":
            assert instant(held) == meaning, pointer(path)
            assert held.endswith("Z"), pointer(path)
        elif kind.held in ("object", "user") and isinstance(value, dict):
            self.object(value, kind.inner, held, *path)
        elif kind.held == "objects":
            self.rows(value, kind.inner, held, *path)
        else:
            assert (type(held), held) == (type(meaning), meaning), pointer(path)

    def rows(self, upstream: list[Any], shape: Shape, made: list[dict[str, Any]], *path: str | int) -> None:
        """Explain a list of objects; entries that are no objects were kept aside."""
        waiting = list(made)
        for position, entry in enumerate(upstream):
            if isinstance(entry, dict):
                self.object(entry, shape, waiting.pop(0), *path, position)
            elif entry is not None:
                self.kept(entry, *path, position)
        assert waiting == [], pointer(path)

    def _meaning(self, value: Any, kind: Kind, *path: str | int) -> Any:
        """Return what the record has to hold, ``_NOTHING`` or ``_ASIDE``."""
        blank = isinstance(value, str) and not value.strip()
        if kind.held in ("integer", "count"):
            number = whole_number(value)
            if number is None or (kind.held == "count" and number < 0):
                return _NOTHING if blank else _ASIDE
            return number
        if kind.held == "time":
            moment = instant(value)
            never = isinstance(value, str) and bool(found := _MOMENT.fullmatch(value.strip())) and found[1] == "0001"
            return moment if moment is not None else _NOTHING if blank or never else _ASIDE
        if kind.held == "boolean":
            return value if isinstance(value, bool) else _ASIDE
        if kind.held in ("texts", "techniques", "objects"):
            return self._list(value, kind, *path)
        if kind.held == "user" and isinstance(value, dict):
            return value if self._says_something(value, kind.inner, *path) else _NOTHING
        if not isinstance(value, str) or kind.held == "object":
            return _ASIDE
        return _text(value, kind)

    def _list(self, value: Any, kind: Kind, *path: str | int) -> Any:
        if kind.held == "techniques" and isinstance(value, str):
            return techniques(value) or _NOTHING
        if not isinstance(value, list):
            return _ASIDE
        if kind.held == "objects":
            return value
        for position, entry in enumerate(value):
            if entry is not None and not isinstance(entry, str):
                self.kept(entry, *path, position)
        return [readable(entry) for entry in value if isinstance(entry, str)]

    def _says_something(self, value: dict[str, Any], shape: Shape, *path: str | int) -> bool:
        """Tell whether a record is made of an object; if not, what it holds was kept aside all the same."""
        if any(key in shape and isinstance(entry, str) for key, entry in value.items()):
            return True
        self.object(value, shape, {}, *path)
        return False


def _text(value: str, kind: Kind) -> Any:
    stripped = value.strip()
    if kind.held == "hash":
        digits = stripped.lower()
        is_hash = len(digits) == kind.length and set(digits) <= set("0123456789abcdef")
        return digits if is_hash else _ASIDE if stripped else _NOTHING
    if kind.held == "category":
        return _NOTHING if stripped in ("", "null", "None") else readable(stripped)
    if kind.held == "user":
        return {"user_name": readable(value)} if stripped else _NOTHING
    return readable(value)


def techniques(value: Any) -> list[str]:
    """Return the techniques of a list or of one text."""
    parts = [part.strip() for part in re.split("[,;]", value)] if isinstance(value, str) else value
    return [readable(part) for part in parts if isinstance(part, str) and part] if isinstance(parts, list) else []


def _same(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
