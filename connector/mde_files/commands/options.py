"""Options that several commands share."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, NoReturn

from mde_files.errors import InvalidInputError
from mde_files.logs import LEVELS

if TYPE_CHECKING:
    from mde_files.connector import Connector
    from mde_files.console import Console


class Parser(argparse.ArgumentParser):
    """A parser whose mistakes are errors of this package, so that ``--json`` holds for them too."""

    def error(self, message: str) -> NoReturn:
        """Raise ``InvalidInputError`` with what is wrong and the way to the help."""
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
        made.add_argument("--log-level", choices=list(LEVELS), help="least severity of logs on standard error")
        made.add_argument("--log-format", choices=["text", "json"], help="form of the logs")
    return made


def connector(arguments: argparse.Namespace, console: Console) -> Connector:
    """Return the connector for the configuration that ``arguments`` name.

    Raises:
        InvalidConfigError: The configuration cannot be used.
    """
    from mde_files import config as configuration
    from mde_files.connector import Connector

    named = {"MDE_FILES_LOG__LEVEL": arguments.log_level, "MDE_FILES_LOG__FORMAT": arguments.log_format}
    overrides = {variable: value for variable, value in named.items() if value}
    return Connector(configuration.load(arguments.config, overrides=overrides), prompt=console.say)
