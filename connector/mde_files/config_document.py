"""Gathers the settings from a file, environment variables or a dictionary, and holds them to their schema."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mde_files import schemas
from mde_files.errors import InvalidConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT_PREFIX = "MDE_FILES_"
_CONFIG_VARIABLE = "MDE_FILES_CONFIG"
_GIVEN = "the configuration"
_LARGEST_BYTES = 1_048_576
_MOST_VALUES = 20_000
# Fields of forms that stand beside the one for the client secret: the value may be that secret, and is not shown.
_MIXED_UP = {"tenant_id": "a GUID or a domain", "client_id": "8-4-4-4-12 hexadecimal digits"}


def user_config_path() -> Path:
    """Return where the configuration is looked for when nothing else names it."""
    import platformdirs

    return platformdirs.user_config_path("mde-files", appauthor=False) / "config.yaml"


def gathered(
    source: Mapping[str, Any] | str | os.PathLike[str] | None, overrides: Mapping[str, str] | None
) -> tuple[dict[str, Any], str]:
    """Return the settings as they were given, and where they stand.

    Args:
        source: A dictionary, the path of a file, or ``None`` for the user's own configuration.
        overrides: Settings that outrank environment variables, and are named like them.

    Raises:
        InvalidConfigError: A file cannot be read.
    """
    if source is not None and not isinstance(source, str | os.PathLike):
        return dict(source), _GIVEN
    path, required = _path_of(source)
    document = _read(path) if required or path.is_file() else {}
    _override(document, {**os.environ, **(overrides or {})})
    return document, str(path) if path.is_file() else "the environment"


def _path_of(source: str | os.PathLike[str] | None) -> tuple[Path, bool]:
    if source is not None:
        return Path(source), True
    named = os.environ.get(_CONFIG_VARIABLE)
    return (Path(named), True) if named else (user_config_path(), False)


def _read(path: Path) -> dict[str, Any]:
    import yaml

    from mde_files import bounded_yaml

    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_BYTES + 1)
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        document = bounded_yaml.load(content, loader, bounded_yaml.Bounds(_LARGEST_BYTES, _MOST_VALUES))
    except OSError as error:
        raise InvalidConfigError(
            f"The configuration file {str(path)!r} cannot be read: {error.strerror}.",
            hint=f"Name an existing file with --config or ${_CONFIG_VARIABLE}.",
        ) from None
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        # What the parser itself says may repeat what stands there.
        reason = f": {error.problem}" if isinstance(error, bounded_yaml.TooMuchError) else ""
        raise InvalidConfigError(
            f"The configuration file {str(path)!r} is no valid YAML{place}{reason}.",
            hint="Keys and values are written as 'key: value', one a line, nested keys indented by spaces.",
        ) from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise InvalidConfigError(
            f"The configuration file {str(path)!r} does not hold keys and values.",
            hint="Write 'tenant_id: …' and so on.",
        )
    return document


def _override(document: dict[str, Any], environment: Mapping[str, str]) -> None:
    for variable, value in environment.items():
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable == _CONFIG_VARIABLE:
            continue
        *groups, last = variable[len(ENVIRONMENT_PREFIX) :].lower().split("__")
        place: dict[str, Any] = document
        for group in groups:
            inner = place.get(group)
            place[group] = dict(inner) if isinstance(inner, dict) else {}
            place = place[group]
        place[last] = value


def of_tenant(document: dict[str, Any], name: str | None) -> dict[str, Any]:
    """Return the settings of one tenant: the shared ones with its own over them.

    Raises:
        InvalidConfigError: There is no such tenant, or none is named although there are several.
    """
    if "tenants" not in document:
        if name is not None:
            raise InvalidConfigError(
                "The configuration names no tenants.",
                hint="Leave --tenant out, or add 'tenants:' to the configuration.",
            )
        return document
    tenants = document.pop("tenants")
    own = tenants.get(name) if isinstance(tenants, dict) and name is not None else None
    if own is None and isinstance(tenants, dict) and name is None and "tenant_id" in document:
        return document
    if not isinstance(own, dict):
        known = ", ".join(map(str, tenants)) if isinstance(tenants, dict) and tenants else "none"
        what = "Which tenant is meant is not said" if name is None else f"There is no tenant {schemas.shown(name)}"
        raise InvalidConfigError(f"{what}.", hint=f"Name one with --tenant; the configuration has: {known}.")
    return _laid_over(document, own)


def _laid_over(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(shared)
    for key, value in own.items():
        below = merged.get(key)
        merged[key] = _laid_over(below, value) if isinstance(value, dict) and isinstance(below, dict) else value
    return merged


def checked(given: dict[str, Any], place: str) -> dict[str, Any]:
    """Return the settings with numbers as numbers and every default filled in.

    Raises:
        InvalidConfigError: They break the schema; the message names the keys and ``place``.
    """
    schema = schemas.load("configuration")
    document = schemas.coerced(schema, given)
    problems = schemas.problems("configuration", document)
    if problems:
        raise InvalidConfigError(_sentence(problems, place), hint=_suggestion(problems, place))
    return schemas.with_defaults(schema, document)


def _sentence(problems: list[schemas.Problem], place: str) -> str:
    return f"In {place}: {'; '.join(map(_said, problems))}."


def _said(problem: schemas.Problem) -> str:
    if problem.path in _MIXED_UP and problem.keyword != "required":
        return f"{problem.path} has the wrong form: it is {_MIXED_UP[problem.path]}"
    return f"{problem.path or 'the configuration'} {problem.message}"


def _suggestion(problems: list[schemas.Problem], place: str) -> str:
    from difflib import get_close_matches

    for problem in problems:
        for key in problem.unknown_keys:
            near = get_close_matches(str(key), problem.known_keys, n=1, cutoff=0.5)
            where = f" under '{problem.path}'" if problem.path else ""
            if near:
                return f"Did you mean {near[0]!r}{where}?"
            return f"Known settings{where}: {', '.join(problem.known_keys)}."
    if problems[0].path == "tenant_id":
        # Whoever handed over a dictionary has no configuration file to be sent to.
        where = (
            "Set it"
            if place == _GIVEN
            else f"Write 'tenant_id: …' into {user_config_path()}, or set MDE_FILES_TENANT_ID"
        )
        return f"{where}. Without a tenant, try 'mde-files demo'."
    return "'mde-files manifest --schema configuration' prints every setting with what is allowed."
