"""The running integration: a command of the platform comes in, entries of its war room go out."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from mde_files import manifest, schemas
from mde_files.errors import InvalidInputError, MdeFilesError, TimeoutExceededError
from mde_files.logs import EventLog
from mde_files.platforms import running
from mde_files.platforms.xsoar import form, names
from mde_files.platforms.xsoar.context_store import VersionedContext, context_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mde_files.connector import Connector
    from mde_files.state import State

_PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
_HASHES = "file_hash"
# The server ends a command after five minutes, and with it everything that was found.
_NOTHING_NEW_AFTER = 200.0
# The whole context is read and written at once.
_DEFAULTS = {"token_cache": False, "cache.max_megabytes": 1}


class Platform(VersionedContext, Protocol):
    """What the platform offers to a script, as far as it is used here (its ``demisto`` object)."""

    def command(self) -> str:
        """Return the name of the command."""

    def args(self) -> Mapping[str, Any]:
        """Return the command's arguments; numbers come as text."""

    def params(self) -> Mapping[str, Any]:
        """Return the parameters of the instance."""

    def results(self, results: object) -> None:
        """Show an entry, or a list of entries, in the war room."""

    def debug(self, message: str) -> None:
        """Write into the server's log."""

    def info(self, message: str) -> None:
        """Write into the server's log."""

    def error(self, message: str) -> None:
        """Write into the server's log."""


def main(platform: Platform) -> None:
    """Do what the command asks for.

    Raises:
        SystemExit: After an error was shown; the status is 0, as the platform wants it.
    """
    try:
        if not form.uses_system_proxy(platform.params()):
            for variable in _PROXY_VARIABLES:
                os.environ.pop(variable, None)
        if platform.command() == "test-module":
            _test(platform)
        else:
            _answer(platform)
    except MdeFilesError as error:
        _fail(platform, running.sentence(error))
    except Exception as error:  # noqa: BLE001 - people are never shown a traceback
        _fail(platform, running.bug_sentence(error))


def _answer(platform: Platform) -> None:
    actions = {names.command(action): action for action in manifest.load().actions}
    action = actions.get(platform.command())
    if action is None:
        raise InvalidInputError(f"There is no command {platform.command()!r}.", hint=f"Commands: {', '.join(actions)}.")
    properties = schemas.load(manifest.load().actions[action].input_schema)["properties"]
    given = {name: value for name, value in platform.args().items() if name in properties and value not in (None, "")}
    from mde_files.platforms.xsoar.entries import error_entry, record_entry

    with _connector(platform) as connector:
        failures: dict[str, list[Mapping[str, Any]]] = {}
        for record, error in _records(connector, action, given):
            if error is None:
                platform.results(record_entry(record))
            else:
                failures.setdefault(running.sentence(error), []).append(record)
    if failures:
        asked = len(_hashes(given.get(_HASHES)))
        said = [f"{sentence}{_of(records, asked)}" for sentence, records in failures.items()]
        records = [record for failed in failures.values() for record in failed]
        platform.results(error_entry("\n".join(said), records))
        sys.exit(0)


def _records(
    connector: Connector, action: str, given: Mapping[str, Any]
) -> Iterator[tuple[Mapping[str, Any], MdeFilesError | None]]:
    """Yield a record for each hash, and the error where there was one: no hash spoils the others."""
    started = time.monotonic()
    others = {name: value for name, value in given.items() if name != _HASHES}
    for params in [{**others, _HASHES: file_hash} for file_hash in _hashes(given.get(_HASHES))] or [others]:
        try:
            if time.monotonic() - started > _NOTHING_NEW_AFTER:
                raise TimeoutExceededError("The command's time ran out.", hint="Ask for fewer files at once.")
            yield connector.run(action, params), None
        except MdeFilesError as error:
            yield connector.failure(action, params, error), error


def _hashes(given: object) -> list[object]:
    """Return the hashes of an argument that is a list or text, once each: commas between them, or a JSON list."""
    if isinstance(given, str):
        try:
            listed = json.loads(given) if given.lstrip().startswith("[") else given.split(",")
        except ValueError:
            listed = [given]
    else:
        listed = given if isinstance(given, list) else [given]
    stripped = [item.strip() if isinstance(item, str) else item for item in listed]
    return [item for position, item in enumerate(stripped) if item and item not in stripped[:position]]


def _of(records: list[Mapping[str, Any]], asked: int) -> str:
    if asked <= 1:
        return ""
    return f" (Files: {', '.join(schemas.shown(record['file']['queried']) for record in records)}.)"


def _test(platform: Platform) -> None:
    """Say ``ok`` where sign-in, permissions and every endpoint are as they should be; else what is not."""
    from mde_files.state.memory import MemoryState

    # While an instance is tested, its integration context can be neither read nor written.
    with _connector(platform, MemoryState()) as connector:
        report = connector.check()
    failed = [f"{finding.message} {finding.hint}".strip() for finding in report.findings if finding.status == "failed"]
    if failed:
        _fail(platform, "\n".join(dict.fromkeys(failed)))
    platform.results("ok")


def _connector(platform: Platform, state: State | None = None) -> Connector:
    values = form.values(platform.params())
    tokens = None
    write = _log_of(platform)
    if state is None and not values.get("state"):
        from mde_files.auth.token_store import TokensInState
        from mde_files.state import ResilientState

        state = ResilientState(lambda: context_state(platform), required=False, log=EventLog(write=write))
        tokens = TokensInState(state)
    return running.connector(values, defaults=_DEFAULTS, state=state, token_store=tokens, write_log=write)


def _log_of(platform: Platform) -> Callable[[str, str], None]:
    functions = {"debug": platform.debug, "info": platform.info, "warning": platform.error}
    return lambda level, line: functions[level](f"mde-files: {line}")


def _fail(platform: Platform, sentence: str) -> NoReturn:
    from mde_files.platforms.xsoar.entries import error_entry

    platform.results(error_entry(sentence))
    sys.exit(0)
