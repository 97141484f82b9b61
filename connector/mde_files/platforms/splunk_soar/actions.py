"""What the app's actions do; it travels in the app, and SOAR's SDK is known to the app's own module only."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mde_files.leaving import leaves_bare
from mde_files.platforms import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mde_files.check import Finding
    from mde_files.connector import Connector
    from mde_files.errors import MdeFilesError

MARKDOWN = "markdown"
_ASSET_CODES = frozenset({"invalid_config", "auth_failed"})
# SOAR's own Python brings these, so the package cannot choose their version: the least one this project knows.
_GIVEN_LIBRARIES = {"requests": (2, 32), "urllib3": (2, 6)}


@leaves_bare
def connector(
    settings: Mapping[str, Any], asset_id: str, state_directory: str, write_log: Callable[[str, str], None]
) -> Connector:
    """Return the connector of an asset.

    Args:
        settings: What is entered in the asset, by the settings' names on a platform.
        asset_id: Id of the asset; each has a file of its own for tokens.
        state_directory: The app's state folder, which all its processes share; "" where SOAR names none.
        write_log: Gets the level and the line of each event.

    Raises:
        InvalidConfigError: The settings cannot be used.
    """
    defaults: dict[str, Any] = {}
    if state_directory:
        folder = Path(state_directory)
        name = "".join(letter for letter in asset_id if letter.isalnum()) or "asset"
        defaults = {
            "state": f"sqlite:///{folder / 'mde-files.sqlite3'}",
            "token_cache": str(folder / f"mde-files-tokens-{name}.json"),
        }
    return running.connector(settings, defaults=defaults, write_log=write_log)


def output(connector: Connector, action: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Run an action and return its record with one key more: ``markdown``, the record as a note for people.

    Raises:
        MdeFilesError: There is no record; :func:`running.sentence` says why and when to come back.
    """
    from mde_files.render.markdown import record_to_markdown

    record = connector.run(action, {name: value for name, value in params.items() if value is not None})
    return {**record, MARKDOWN: record_to_markdown(record)}


def summary(action: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what SOAR lists of a record: the outcome and the numbers of the action's own body."""
    body = record.get(action, {})
    numbers = {name: value for name, value in body.items() if isinstance(value, int) and not isinstance(value, bool)}
    return {"outcome": record["outcome"], **numbers}


def connectivity(connector: Connector) -> Iterator[Finding]:
    """Yield what works and what does not, in the order it was looked at."""
    from mde_files.check import Finding, check

    yield from check(connector).findings
    for library, least in _GIVEN_LIBRARIES.items():
        found = metadata.version(library)
        if tuple(int(part) for part in found.split(".")[:2] if part.isdigit()) < least:
            wanted = ".".join(map(str, least))
            yield Finding(
                "library",
                "warning",
                f"SOAR's Python brings {library} {found}; this app knows {wanted} and newer.",
                "Update SOAR if calls fail without another reason.",
            )


def is_of_the_asset(error: MdeFilesError) -> bool:
    """Tell whether the asset has to be corrected before the action can work."""
    return error.code in _ASSET_CODES
