"""Documents as the service sends them, then broken: strategies made from the schemas' own shapes."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .shapes import Kind, Shape

SHA1 = "0991a395da64e1c5fbe8732ed11e6be064081d9f"
SHA256 = "dc0ade0c95d6db98882bc8fa6707e64353cd6f7767ff48d6a81a6c2aef21c608"
MD5 = "50188823168525455c273c07d8457b87"


class Raw(str):
    """A value that is written as it stands: a number in an unusual spelling, or something that is no JSON."""

    __slots__ = ()


ODD_TEXTS = [
    *(
        "",
        " ",
        "0",
        "null",
        "None",
        "true",
        "NaN",
        "-0",
        "007",
        "+7",
        "1e3",
        "1,000",
        "0x10",
        "٣",
        "２",
        "\x00",
        "\ufeff",
        "\u2028",
    ),
    *(
        "\ud800",
        "\udfffA",
        "\U0001f9a0",
        "e\u0301",
        "\u202egpj.exe",
        "a" * 3000,
        "<script>",
        "=1+1",
        "../..",
        "${x}",
        "{0}",
        "%s",
    ),
    *("0001-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "9999-12-31T23:59:59-01:00", "0002-01-01T00:00:00+14:00"),
    *("2026-11-01T10:00:00.1234567Z", "2026-11-01 10:00", "2026-11-01T24:00:00Z", "2026-11-01T10:00:60Z"),
    *("9" * 25, "9" * 301, "-5", " 12 ", "12\n", "\u200312"),
]
ODD_NUMBERS = [
    *(0, -1, 2**31, -(2**31), 2**53, 2**53 + 1, 2**63, -(2**63), 2**64, 10**299, 10**300, -(10**300), 10**4000),
    *(0.0, -0.0, 1.0, 1.5, -2.0, 2.0**53, 1e22, 1e23, -1e23, 1.7e308, 5e-324),
    *map(
        Raw,
        (
            "1E2",
            "1e23",
            "-0",
            "12345678901234567890.0",
            "9007199254740993.0",
            "1e-400",
            "-1e-400",
            "3.00",
            "0.99999999999999999999",
        ),
    ),
]
NO_JSON = list(
    map(
        Raw,
        (
            "NaN",
            "Infinity",
            "-Infinity",
            "1e400",
            "1e-99999999999999999999",
            "9" * 5000,
            "01",
            "'x'",
            "undefined",
            "[" * 3000,
        ),
    )
)
_ODD_KEYS = [
    *(
        "",
        "newThing",
        "a/b~c",
        "~1",
        "~0",
        "/",
        "0",
        "-1",
        "\ud800",
        "\U0001f9a0",
        "a b",
        "__proto__",
        "unmapped",
        "value",
    ),
    *(
        "evidence_total",
        "evidence_truncated",
        "organization_prevalence",
        "file_name",
        "@odata.type",
        "title@odata.type",
    ),
    *("SHA1", "Sha1", "orgprevalence", "OrgPrevalence", "globalPrevalence ", "error", "$ref", "sha1", "id", "alerts"),
]

_texts = st.sampled_from(ODD_TEXTS) | st.text(max_size=12)
_numbers = st.sampled_from(ODD_NUMBERS) | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
_scalars = st.none() | st.booleans() | _numbers | _texts
_keys = st.sampled_from(_ODD_KEYS) | st.text(max_size=6)
anything = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=3),
    max_leaves=5,
)

_moments = st.builds(
    "{}-{:02}-{:02}T{:02}:{:02}:{:02}{}{}".format,
    st.integers(1990, 2030),
    st.integers(1, 12),
    st.integers(1, 28),
    st.integers(0, 23),
    st.integers(0, 59),
    st.integers(0, 59),
    st.sampled_from(["", ".1", ".123", ".1234567", ".000000001"]),
    st.sampled_from(["Z", "Z", "+02:00", "-05:30", ""]),
)
_names = st.sampled_from(
    ["MREC.exe", "evil\u202egpj.exe", "<img src=x>.com", "ws-0142.contoso.example", "T1059.001", "CONTOSO"]
)
_members = {
    "AlertSeverity": ["UnSpecified", "Informational", "Low", "Medium", "High", "Catastrophic", "HIGH"],
    "AlertStatus": ["Unknown", "Unspecified", "New", "InProgress", "Resolved", "Hidden", "Sleeping"],
}
_by_what_is_held = {"texts": st.lists(_names, max_size=3), "techniques": st.lists(_names, max_size=3), "time": _moments}
_by_what_is_sent: dict[str, st.SearchStrategy[Any]] = {
    "Int32": st.integers(0, 2**31 - 1),
    "Int64": st.integers(0, 2**63 - 1),
    "Boolean": st.booleans(),
    **{name: st.sampled_from(members) for name, members in _members.items()},
}
_hashes = {40: SHA1, 64: SHA256, 32: MD5}


def _sent(kind: Kind) -> st.SearchStrategy[Any]:
    """Return values as the service documents them for one property."""
    if kind.held == "hash":
        return st.sampled_from([_hashes[kind.length], _hashes[kind.length].upper()])
    if kind.inner:
        inside = valid(kind.inner)
        return inside | _names if kind.held == "user" else st.lists(inside, max_size=3)
    if kind.held == "count" and kind.sent == "String":
        return st.integers(0, 2**40).map(str)
    if kind.held in _by_what_is_held:
        return _by_what_is_held[kind.held]
    return _by_what_is_sent.get(kind.sent, _names)


def valid(shape: Shape, *always: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return documents of a shape: any of its properties, each with a value of its documented type or null."""
    values = {key: st.one_of(_sent(kind), _sent(kind), st.none()) for key, kind in shape.items()}
    there = {key: _sent(shape[key]) for key in always}
    return st.fixed_dictionaries(there, optional={key: value for key, value in values.items() if key not in always})


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Give every container with each of its keys or positions, outermost first."""
    waiting = [document]
    while waiting:
        part = waiting.pop(0)
        if isinstance(part, dict | list):
            keys = list(part) if isinstance(part, dict) else range(len(part))
            for key in keys:
                yield part, key
                waiting.append(part[key])


def _drop(draw: Callable[..., Any], part: Any, key: Any) -> None:
    del part[key]


def _retype(draw: Callable[..., Any], part: Any, key: Any) -> None:
    part[key] = draw(anything)


def _respell(draw: Callable[..., Any], part: Any, key: Any) -> None:
    value = part[key]
    if isinstance(value, bool) or not isinstance(value, int | str):
        part[key] = str(value)
    elif isinstance(value, int):
        part[key] = draw(
            st.sampled_from([str(value), float(value) if abs(value) < 2**1000 else 0.5, -value, f" {value} "])
        )
    else:
        part[key] = draw(
            st.sampled_from([value.upper(), f" {value}\t", [value], value + "\ud800", f"{value}, {value}; x"])
        )


def _renumber(draw: Callable[..., Any], part: Any, key: Any) -> None:
    part[key] = draw(_numbers)


def _rename(draw: Callable[..., Any], part: Any, key: Any) -> None:
    if isinstance(part, dict):
        renamed = draw(st.sampled_from([key.upper(), key.lower(), f"{key} ", f"{key}2"]) | _keys)
        part[renamed] = part.pop(key)


def _nest(draw: Callable[..., Any], part: Any, key: Any) -> None:
    part[key] = draw(st.sampled_from([[part[key]], {"value": part[key]}, [[part[key]]], {str(key): part[key]}]))


def _empty(draw: Callable[..., Any], part: Any, key: Any) -> None:
    part[key] = draw(st.sampled_from([None, "", [], {}, 0, False]))


def _repeat(draw: Callable[..., Any], part: Any, key: Any) -> None:
    if isinstance(part, list):
        part.append(copy.deepcopy(part[key]))
    else:
        part[draw(_keys)] = copy.deepcopy(part[key])


def _add(draw: Callable[..., Any], part: Any, key: Any) -> None:
    if isinstance(part, list):
        part.insert(key, draw(anything))
    else:
        part[draw(_keys)] = draw(anything)


def _deepen(draw: Callable[..., Any], part: Any, key: Any) -> None:
    depth = draw(st.sampled_from([20, 200]))
    opening, closing = draw(st.sampled_from([("[", "]"), ('{"a":', "}")]))
    part[key] = Raw(opening * depth + "1" + closing * depth)


_CHANGES = (_drop, _retype, _respell, _renumber, _rename, _nest, _empty, _repeat, _add, _deepen)


@st.composite
def mutated(draw: Callable[..., Any], documents: st.SearchStrategy[Any], most: int = 6) -> Any:
    """Return documents with up to ``most`` changes, each at any place and depth."""
    whole = [draw(documents)]
    for _ in range(draw(st.integers(1, most))):
        places = list(_places(whole))
        part, key = places[draw(st.integers(0, len(places) - 1))]
        if part is whole and draw(st.integers(0, 9)):
            continue
        draw(st.sampled_from(_CHANGES))(draw, part, key)
        if not whole:
            break
    return whole[0] if whole else None


@st.composite
def spoiled(draw: Callable[..., Any], text: str) -> bytes:
    """Return a JSON text as it goes over the wire, now and then with a key twice or with something that is no JSON."""
    spoiling = draw(st.integers(0, 60))
    if spoiling == 1:
        text = text.replace("{", '{"newThing": ' + draw(st.sampled_from(NO_JSON)) + ", ", 1)
    elif spoiling == 2:
        text = text.replace("{", '{"newThing": 1, "newThing": 2, ', 1)
    elif spoiling == 3:
        text = text[: draw(st.integers(0, len(text)))]
    elif spoiling == 4:
        return b"\xef\xbb\xbf" + text.encode()
    elif spoiling == 5:
        return text.encode("utf-16")
    return text.encode()


def written(documents: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    """Return documents as they go over the wire."""
    return documents.map(json_text).flatmap(spoiled)


def json_text(value: Any) -> str:
    """Return a document as JSON text; :class:`Raw` stays as it is and lone surrogates are escaped."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {json_text(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(json_text, value)) + "]"
    return json.dumps(value)
