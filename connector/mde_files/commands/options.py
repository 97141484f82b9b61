"""Options that several commands share."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, NoReturn

from mde_files.answers import Asking
from mde_files.errors import InvalidInputError
from mde_files.logs import LEVELS

if TYPE_CHECKING:
    from mde_files.connector import Connector
    from mde_files.console import Console


_UNKNOWN = "unrecognized arguments: "


class Parser(argparse.ArgumentParser):
    """A parser whose mistakes are errors of this package, so that ``--json`` holds for them too."""

    def error(self, message: str) -> NoReturn:
        """Raise ``InvalidInputError`` with what is wrong and the way to the help."""
        # What stands behind an unknown option may be a secret that somebody tried to give by it.
        begin, words = message.partition(_UNKNOWN)[1:]
        if begin:
            names = [word.partition("=")[0] for word in words.split() if word.startswith("-")]
            message = f"{begin}{' '.join(names) or 'too many'}"
        raise InvalidInputError(f"{message}.", hint=f"'{self.prog} --help' shows how it is used.")


def parser(name: str, summary: str, *, connects: bool) -> Parser:
    """Return the parser of a command.

    Args:
        name: Name of the command.
        summary: What it does, for its help.
        connects: Whether it takes a configuration and writes logs.
    """
    made = Parser(prog=f"mde-files {name}", description=summary, allow_abbrev=False)
    made.add_argument("--json", action="store_true", help="write JSON (the default when the output is no terminal)")
    if connects:
        made.add_argument("--config", metavar="FILE", help="configuration file (default: $MDE_FILES_CONFIG)")
        made.add_argument("--tenant", metavar="NAME", help="one of the configuration's tenants")
        made.add_argument("--log-level", choices=list(LEVELS), help="least severity of logs on standard error")
        made.add_argument("--log-format", choices=["text", "json"], help="form of the logs")
    return made


def add_output_format(made: argparse.ArgumentParser) -> None:
    """Add the option that exports findings in another form."""
    made.add_argument(
        "--output-format", choices=["record", "stix"], default="record", help="stix: a STIX 2.1 bundle (extra 'stix')"
    )


def add_freshness(made: Parser, default: str) -> None:
    """Add the options that say how old an answer may be; ``default`` tells what holds without them."""
    made.add_argument("--max-age", metavar="SECONDS", help=f"greatest age of a cached answer (default: {default})")
    made.add_argument("--no-cache", action="store_true", help="neither take answers from the cache nor keep them")


def asking(arguments: argparse.Namespace, *, max_age: float | None = None) -> Asking:
    """Return who asks and how fresh the answer has to be, from the options of :func:`add_freshness`.

    Args:
        arguments: Parsed arguments.
        max_age: What holds where ``--max-age`` says nothing.

    Raises:
        InvalidInputError: ``--max-age`` is no number of seconds.
    """
    if arguments.max_age is not None:
        try:
            max_age = float(arguments.max_age)
        except ValueError:
            max_age = -1.0
        if not 0 <= max_age < float("inf"):
            raise InvalidInputError("--max-age is no number of seconds.", hint="Give 0 or more; 0 asks afresh.")
    return Asking(max_age=max_age, use_cache=not arguments.no_cache)


def connector(arguments: argparse.Namespace, console: Console, *, tenant: str | None = None) -> Connector:
    """Return the connector for the configuration that ``arguments`` name.

    ``tenant`` names one of its tenants and outranks ``--tenant``.

    Raises:
        InvalidConfigError: The configuration cannot be used.
    """
    from mde_files import config as configuration
    from mde_files.connector import Connector

    named = {"MDE_FILES_LOG__LEVEL": arguments.log_level, "MDE_FILES_LOG__FORMAT": arguments.log_format}
    overrides = {variable: value for variable, value in named.items() if value}
    return Connector(
        configuration.load(arguments.config, tenant=tenant or arguments.tenant, overrides=overrides), prompt=console.say
    )
