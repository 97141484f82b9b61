"""Answers the calls of tools; whatever is wrong becomes an answer too, never an error of the protocol."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from mde_files import manifest, schemas
from mde_files.answers import Asking
from mde_files.errors import InvalidInputError, MdeFilesError
from mde_files.mcp_server.tools import BATCH, MOST_HASHES
from mde_files.mcp_server.turns import Turns
from mde_files.mcp_server.wording import UNANSWERED, harmless_record, text_of, text_of_error, text_of_many
from mde_files.platforms.running import bug_sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mde_files.config import Config

# An assistant is no person: the part of the quota that is kept for people stays out of its reach.
_ASKING = Asking(caller="batch")
_AT_A_TIME = 8
_OF_ONE_BATCH = 4
_SHORTEST_PATIENCE = 1.0


class Enricher(Protocol):
    """What is needed of a connector."""

    config: Config

    def record_of(self, action: str, params: Mapping[str, Any], asking: Asking) -> dict[str, Any]:
        """Return the record of an action, whatever happens."""

    def failure(self, action: str, params: Mapping[str, Any], error: MdeFilesError) -> dict[str, Any]:
        """Return the record that says that and why an action failed."""


class Answer(NamedTuple):
    """An answer to a call.

    Attributes:
        text: What it says, in few words.
        result: What the tool's output schema describes; ``None`` where the call could not be understood.
        is_error: Whether the question was not answered.
    """

    text: str
    result: dict[str, Any] | None
    is_error: bool


class Answering:
    """Answers calls with records of a connector, a bounded number at a time.

    Args:
        connector: Asks the service.
    """

    def __init__(self, connector: Enricher) -> None:
        self._connector = connector
        self._turns = Turns(_AT_A_TIME, max(_SHORTEST_PATIENCE, connector.config.quota.max_wait_seconds))

    async def answer(self, tool: str, arguments: Mapping[str, Any]) -> Answer:
        """Return the answer to a call of ``tool``; no error is raised, not even one of this package itself."""
        try:
            if tool == BATCH:
                return await self._answer_many(arguments)
            _check_known(tool)
            return await self._answer_one(tool, arguments)
        except MdeFilesError as error:
            return Answer(text_of_error(error), None, is_error=True)
        except Exception as error:  # noqa: BLE001 - its text could carry a secret to the assistant
            return Answer(bug_sentence(error), None, is_error=True)

    async def _answer_one(self, action: str, params: Mapping[str, Any]) -> Answer:
        record = await self._record(action, params, 0.0)
        return Answer(text_of(record), record, is_error=record["outcome"] in UNANSWERED)

    async def _answer_many(self, arguments: Mapping[str, Any]) -> Answer:
        action, file_hashes, others = _understood(arguments)
        begun = time.monotonic()
        found: dict[str, dict[str, Any]] = {}
        waiting = iter(dict.fromkeys(map(_same, file_hashes)))
        given = {_same(file_hash): file_hash for file_hash in file_hashes}

        async def ask(waiting: Iterator[str]) -> None:
            for same in waiting:
                params = {"file_hash": given[same], **others}
                found[same] = await self._record(action, params, time.monotonic() - begun)

        await asyncio.gather(*(ask(waiting) for _ in range(_OF_ONE_BATCH)))
        records = [found[_same(file_hash)] for file_hash in file_hashes]
        unanswered = all(record["outcome"] in UNANSWERED for record in records)
        return Answer(text_of_many(records), {"records": records}, is_error=unanswered)

    async def _record(self, action: str, params: Mapping[str, Any], waited: float) -> dict[str, Any]:
        def failed(error: MdeFilesError) -> dict[str, Any]:
            return harmless_record(self._connector.failure(action, params, error))

        def ask() -> dict[str, Any]:
            return harmless_record(self._connector.record_of(action, params, _ASKING))

        try:
            return await self._turns.take(ask, waited=waited)
        except MdeFilesError as error:
            return failed(error)
        except Exception as error:  # noqa: BLE001 - one file must not spoil the others
            return failed(MdeFilesError(bug_sentence(error)))


def _check_known(tool: str) -> None:
    actions = manifest.load().actions
    if tool not in actions:
        raise InvalidInputError(
            f"There is no tool {schemas.shown(tool)}.", hint=f"Tools: {', '.join([*actions, BATCH])}."
        )


def _same(file_hash: Any) -> str:
    """Return what hashes that are written differently and name the same file have in common."""
    return file_hash.strip().lower() if isinstance(file_hash, str) else schemas.shown(file_hash)


def _understood(arguments: Mapping[str, Any]) -> tuple[str, list[Any], dict[str, Any]]:
    """Return action, hashes and further parameters of a batch.

    Raises:
        InvalidInputError: The batch as a whole cannot be asked; a hash that is none does not spoil the others.
    """
    others = dict(arguments)
    action, file_hashes = others.pop("action", None), others.pop("file_hashes", None)
    actions = manifest.load().actions
    if not isinstance(action, str) or action not in actions:
        problem = "is required and missing" if action is None else f"must not be {schemas.shown(action)}"
        raise InvalidInputError(f"action {problem}.", hint=f"Give one of {', '.join(actions)}.")
    if not isinstance(file_hashes, list) or not 1 <= len(file_hashes) <= MOST_HASHES:
        problem = "is required and missing" if file_hashes is None else "must be a list"
        if isinstance(file_hashes, list):
            problem = f"has {len(file_hashes)} entries"
        raise InvalidInputError(f"file_hashes {problem}.", hint=f"Give a list of 1 to {MOST_HASHES} hashes.")
    name = actions[action].input_schema
    params = {"file_hash": actions[action].examples[0]["file_hash"], **others}
    problems = schemas.problems(name, schemas.coerced(schemas.load(name), params))
    if "file_hash" in others or problems:
        said = [f"{problem.path or action} {problem.message}" for problem in problems]
        allowed = [key for key in schemas.load(name)["properties"] if key != "file_hash"]
        raise InvalidInputError(
            f"{'; '.join(said) or 'file_hash goes into the list file_hashes'}.",
            hint=f"For {action} there are: {', '.join(['action', 'file_hashes', *allowed])}.",
        )
    return action, file_hashes, others
