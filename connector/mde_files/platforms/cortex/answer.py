"""What Cortex gets back for a job: the report, or why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files.logs import redacted
from mde_files.platforms import catalogue
from mde_files.platforms.cortex.observables import observables
from mde_files.platforms.cortex.request import level_of
from mde_files.platforms.cortex.taxonomies import taxonomies
from mde_files.render.escaping import for_terminal
from mde_files.render.markdown import record_to_markdown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_REMOVED = "REMOVED"
_SECRET_WORDS = ("key", "password", "secret", "token", "passphrase", "pem", "credential", "proxy")
_LEVELS = range(5)
# A shorter text is no secret, and blacking it out would tear words apart.
_SHORTEST_SECRET = 6
_LONGEST_SHOWN = 4000
SHOWN_PREFIX = "="


def report(record: Mapping[str, Any], job: Mapping[str, Any], asked: str) -> dict[str, Any]:
    """Return the answer to a job that was done.

    Args:
        record: A record as ``schemas/record.schema.json`` describes it, with a finding.
        job: The job.
        asked: The hash it is about.

    Returns:
        ``success``, ``summary`` (``taxonomies``), ``artifacts``, ``operations`` (none: what to change in a case is for
        people to decide) and ``full``: the record with two more keys, ``readable`` (the record as Markdown) and, where
        texts of it have characters that cannot be seen, ``shown`` (how to show those texts, by ``=`` and the text).
    """
    level = level_of(job.get("tlp"))
    shown = {
        SHOWN_PREFIX + text: for_terminal(text, _LONGEST_SHOWN) for text in _texts(record) if not text.isprintable()
    }
    return {
        "success": True,
        "summary": {"taxonomies": taxonomies(record)},
        "artifacts": observables(record, asked, level if level in _LEVELS else None),
        "operations": [],
        "full": {**record, "readable": record_to_markdown(record), **({"shown": shown} if shown else {})},
    }


def failure(sentence: str, job: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to a job that failed: ``success``, ``errorMessage`` and ``input`` without any secret.

    Args:
        sentence: What went wrong and what to do about it.
        job: The job, as far as it could be read.
    """
    secrets: list[str] = []
    harmless = _without_secrets(job, secrets)
    return {
        "success": False,
        "errorMessage": redacted(sentence, secrets),
        "input": _redacted(harmless, secrets),
    }


def _without_secrets(value: Any, secrets: list[str]) -> Any:
    if isinstance(value, list):
        return [_without_secrets(item, secrets) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {}
    for key, inner in value.items():
        if _is_secret(key):
            secrets += [text for text in _texts(inner) if len(text) >= _SHORTEST_SECRET]
            kept[key] = _REMOVED
        else:
            kept[key] = _without_secrets(inner, secrets)
    return kept


def _redacted(value: Any, secrets: list[str]) -> Any:
    if isinstance(value, dict):
        return {key: _redacted(inner, secrets) for key, inner in value.items()}
    if isinstance(value, list):
        return [_redacted(inner, secrets) for inner in value]
    return redacted(value, secrets) if isinstance(value, str) else value


def _is_secret(key: str) -> bool:
    name = key.lower()
    if any(word in name for word in _SECRET_WORDS):
        return True
    return any(setting.secret and name in (setting.name, setting.key) for setting in catalogue.settings())


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
