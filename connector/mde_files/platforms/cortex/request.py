"""What a job asks for, once it is allowed to be asked."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files import manifest, schemas
from mde_files.errors import InvalidConfigError, InvalidInputError
from mde_files.platforms import catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mde_files.platforms.cortex.job_folder import JobFolder

HASH, FILE = "hash", "file"
DATA_TYPES = (HASH, FILE)
DEFAULT_LEVEL = 2
_CHUNK = 1 << 20


class Request(NamedTuple):
    """An action with its parameters, the settings it runs with and the text of the observable it is about."""

    action: str
    parameters: dict[str, Any]
    config: Mapping[str, Any]
    observable: str


def read_request(job: Mapping[str, Any], folder: JobFolder) -> Request:
    """Return what a job asks for.

    Args:
        job: ``dataType``, ``data`` or ``file``, ``tlp``, ``pap``, ``parameters``, ``config``, as Cortex writes them.
        folder: Where the job lies; a file is read from there.

    Raises:
        InvalidInputError: Something is missing or wrong, or TLP or PAP are higher than the analyzer is allowed.
        InvalidConfigError: The same of its settings.
    """
    if job.get("dataType") is None:
        raise InvalidInputError("dataType is missing in the job.", hint=f"It is one of: {', '.join(DATA_TYPES)}.")
    config = _group(job, "config")
    refuse_beyond_limits(job, config)
    action = _action(config)
    observable = _hash_of(job, folder)
    parameters = {"file_hash": observable, **_parameters(action, _group(job, "parameters"), config)}
    return Request(action.id, parameters, config, observable)


def refuse_beyond_limits(job: Mapping[str, Any], config: Mapping[str, Any]) -> None:
    """Compare the job's TLP and PAP with what the analyzer is allowed, where that is to be checked.

    Raises:
        InvalidInputError: One is higher, or is no level.
        InvalidConfigError: The settings cannot be read.
    """
    for kind in ("tlp", "pap"):
        check = schemas.coerced({"type": "boolean"}, config.get(f"check_{kind}"))
        if not isinstance(check, bool | None):
            raise InvalidConfigError(
                f"check_{kind} must be true or false, not {schemas.shown(check)}.",
                hint="Correct the analyzer's configuration.",
            )
        if not check:
            continue
        level, highest = level_of(job.get(kind)), level_of(config.get(f"max_{kind}"))
        if level is None or highest is None:
            raise InvalidInputError(
                f"{kind} and config.max_{kind} must be whole numbers, so nothing was asked.",
                hint="0 is the lowest level (CLEAR, or WHITE).",
            )
        if level > highest:
            raise InvalidInputError(f"{kind.upper()} is higher than allowed.")


def level_of(value: object) -> int | None:
    """Return a level of TLP or PAP, :data:`DEFAULT_LEVEL` for none; ``None`` for what is no whole number."""
    level = schemas.coerced({"type": "integer"}, DEFAULT_LEVEL if value is None else value)
    return level if isinstance(level, int) and not isinstance(level, bool) else None


def _group(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = values.get(key)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise InvalidInputError(f"{key} must be a JSON object in the job, not {schemas.shown(found)}.")
    return found


def _action(config: Mapping[str, Any]) -> manifest.Action:
    actions = manifest.load().actions
    service = config.get("service")
    if not isinstance(service, str) or service not in actions:
        raise InvalidConfigError(
            f"config.service names no action: {schemas.shown(service)}.",
            hint=f"The flavour's file sets it to one of: {', '.join(actions)}.",
        )
    return actions[service]


def _hash_of(job: Mapping[str, Any], folder: JobFolder) -> str:
    kind = job["dataType"]
    if kind == FILE:
        path = folder.attachment(job.get("file"))
        digest = hashlib.sha1(usedforsecurity=False)
        try:
            with path.open("rb") as content:
                while chunk := content.read(_CHUNK):
                    digest.update(chunk)
        except OSError as error:
            raise InvalidInputError(f"The job's file cannot be read: {error.strerror}.") from None
        return digest.hexdigest()
    if kind != HASH:
        raise InvalidInputError(
            f"This analyzer does not support the data type {schemas.shown(kind)}.",
            hint=f"Run it on an observable of type {' or '.join(DATA_TYPES)}.",
        )
    data = job.get("data")
    if not isinstance(data, str):
        raise InvalidInputError("data is missing in the job, or no text.", hint="It holds the hash to ask about.")
    return data.strip()


def _parameters(action: manifest.Action, given: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    chosen = {}
    for parameter in job_parameters(action):
        for values in (given, config):
            value = values.get(parameter.name)
            if value is not None and value != "":
                chosen[parameter.name] = value
                break
    return chosen


def job_parameters(action: manifest.Action) -> list[catalogue.Parameter]:
    """Return the parameters that a job or the analyzer's configuration may set: all but the hash."""
    return [parameter for parameter in catalogue.parameters(action) if parameter.name != "file_hash"]
