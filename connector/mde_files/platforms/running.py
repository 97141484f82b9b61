"""What every platform does at run time: its settings become a connector, an error becomes one sentence with a hint."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mde_files import config as configuration
from mde_files import manifest
from mde_files.connector import Connector
from mde_files.errors import InvalidConfigError
from mde_files.leaving import leaves_bare
from mde_files.logs import EventLog

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mde_files.auth import TokenStore
    from mde_files.config import Config
    from mde_files.errors import MdeFilesError
    from mde_files.state import State

_SECRET_METHODS = ("client_secret", "certificate", "access_token")


def configuration_of(values: Mapping[str, Any], defaults: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the configuration that the values of a platform's own form stand for.

    Args:
        values: Values by a setting's name on a platform (``auth_client_secret``) or by its key in the configuration
            (``auth.client_secret``). What is ``None`` or blank counts as not entered; what is no setting is left out,
            since platforms hand over settings of their own too.
        defaults: Configuration that holds where nothing is entered, by key: ``{"state": "sqlite:///…"}``.

    Returns:
        A document that ``schemas/configuration.schema.json`` describes, texts not yet read as numbers.
    """
    document: dict[str, Any] = {}
    given = {key: value for key, value in (defaults or {}).items() if not _blank(value)}
    for row in manifest.load().platform_settings:
        value = values.get(row.setting.replace(".", "_"), values.get(row.setting))
        if not _blank(value):
            given[row.setting] = value.strip() if isinstance(value, str) else value
    if "auth.method" not in given:
        entered = [method for method in _SECRET_METHODS if any(key.startswith(f"auth.{method}") for key in given)]
        given |= {"auth.method": entered[0]} if len(entered) == 1 else {}
    for key, value in given.items():
        *groups, last = key.split(".")
        place = document
        for group in groups:
            place = place.setdefault(group, {})
        place[last] = value
    return document


@leaves_bare
def connector(
    values: Mapping[str, Any],
    *,
    defaults: Mapping[str, Any] | None = None,
    state: State | None = None,
    token_store: TokenStore | None = None,
    write_log: Callable[[str, str], None] | None = None,
) -> Connector:
    """Return the connector for the values of a platform's own form.

    Args:
        values: As :func:`configuration_of` takes them.
        defaults: Configuration that holds where nothing is entered, by key.
        state: Where quota and cache are kept; by default what the configuration names.
        token_store: Where tokens are kept between processes; by default what the configuration names.
        write_log: Gets the level and the line of each event.

    Raises:
        InvalidConfigError: The settings cannot be used; the hint names them as the platform's form does.
    """
    config = _config(configuration_of(values, defaults))
    return Connector(config, log=EventLog.from_config(config, write=write_log), state=state, token_store=token_store)


def sentence(error: MdeFilesError) -> str:
    """Return what went wrong and what to do about it, for people."""
    parts = [error.message, error.hint, f"Try again from {error.retry_at}." if error.retry_at else ""]
    return " ".join(part for part in parts if part)


def bug_sentence(error: BaseException) -> str:
    """Return what to say of an error that nobody expected; it names the kind of error and never its text."""
    return f"An error of mde-files itself: {type(error).__name__}. Please report it with what you did."


def _config(document: dict[str, Any]) -> Config:
    try:
        return configuration.load(document)
    except InvalidConfigError as error:
        titles = [row.title for row in manifest.load().platform_settings if _names(error.message, row.setting)]
        settings = f"the setting {', '.join(map(repr, titles))}" if titles else "the settings"
        raise InvalidConfigError(error.message, hint=f"Correct {settings} of this integration.") from None


def _names(message: str, key: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(key)}(?![\w])", message) is not None


def _blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
