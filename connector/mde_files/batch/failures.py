"""Errors told by records: which end a whole lane, which a later run asks again, and the exit code they lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files.errors import MdeFilesError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# These concern sign-in, permission or configuration: the next input would meet the same.
OF_EVERY_INPUT = frozenset({"auth_failed", "forbidden", "invalid_config", "state_unavailable", "wrong_endpoint"})
_OF_THE_INPUT = "invalid_input"


def is_settled(record: Mapping[str, Any]) -> bool:
    """Tell whether a later run leaves this record as it is.

    Deferred inputs are asked again, and so are failed ones, unless the input itself is at fault.
    """
    if record["outcome"] == "failed":
        return bool(record["error"]["code"] == _OF_THE_INPUT)
    return bool(record["outcome"] != "deferred")


def error_of(record: Mapping[str, Any]) -> MdeFilesError:
    """Return the error that a record tells, to be told of another input."""
    told = record["error"]
    kind = _kinds().get(told["code"], MdeFilesError)
    return kind(told["message"], hint=told["hint"], retryable=told["retryable"], retry_at=told.get("retry_at"))


def exit_code_of(code: str) -> int:
    """Return the exit code of a command that ends with the error ``code``."""
    return _kinds().get(code, MdeFilesError).exit_code


def _kinds() -> dict[str, type[MdeFilesError]]:
    return {kind.code: kind for kind in reversed([*_family(MdeFilesError)])}


def _family(kind: type[MdeFilesError]) -> Iterator[type[MdeFilesError]]:
    yield kind
    for inner in kind.__subclasses__():
        yield from _family(inner)
