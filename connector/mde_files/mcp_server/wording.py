"""What an assistant reads: the text beside a result, in this project's own words, and the result made harmless."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from mde_files.render.escaping import for_plain_text, for_terminal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mde_files.errors import MdeFilesError

UNANSWERED = frozenset({"deferred", "failed"})
_LONGEST_SENTENCE = 1000
_LONGEST_QUERIED = 256


def harmless(value: Any) -> Any:
    """Return a document in whose texts nothing is invisible or moves a cursor: such characters are shown by number.

    Among them are those by which text can be hidden from people and still be read by an assistant.
    """
    if isinstance(value, str):
        return value if value.isprintable() else for_terminal(value, len(value))
    if isinstance(value, dict):
        return {key: harmless(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [harmless(inner) for inner in value]
    return value


def harmless_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record that :func:`harmless` went over and that still agrees with its schema."""
    made: dict[str, Any] = harmless(record)
    made["file"]["queried"] = made["file"]["queried"][:_LONGEST_QUERIED]
    return made


def text_of(record: Mapping[str, Any]) -> str:
    """Return a record in few words: outcome, summary, caveats, and what to do where there is no answer."""
    error = record.get("error")
    if error is not None and record["outcome"] in UNANSWERED:
        lines = [f"{record['outcome']} ({error['code']}): {_advice(error)}"]
    else:
        lines = [f"{record['outcome']}: {record['summary']}"]
    lines += [f"Caveat ({caveat['code']}): {caveat['message']}" for caveat in record["caveats"]]
    return "\n".join(map(_shown, lines))


def text_of_many(records: Sequence[Mapping[str, Any]]) -> str:
    """Return many records in few words: how many of each outcome, then a paragraph for each, numbered as asked."""
    counted = Counter(record["outcome"] for record in records)
    lines = ["Outcomes: " + ", ".join(f"{count} {outcome}" for outcome, count in counted.items()) + "."]
    for number, record in enumerate(records, 1):
        file = record["file"]
        named = file["queried"] if file["queried_type"] != "unknown" else "(no hash)"
        lines.append(f"{number}. {named} {text_of(record)}")
    return "\n".join(lines)


def text_of_error(error: MdeFilesError) -> str:
    """Return what is wrong and what to do about it."""
    return _shown(f"failed ({error.code}): {_advice(error.as_dict())}")


def _advice(error: Mapping[str, Any]) -> str:
    again = f"Try again from {error['retry_at']}." if "retry_at" in error else ""
    return " ".join(part for part in (error["message"], error["hint"], again) if part)


def _shown(line: str) -> str:
    return for_plain_text(line, _LONGEST_SENTENCE)
