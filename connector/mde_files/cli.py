"""The ``mde-files`` command: finds the sub-command, runs it and turns its end into an exit code."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mde_files.console import EXIT_BUG, EXIT_INTERRUPTED, EXIT_USAGE, Console
from mde_files.errors import InvalidInputError, MdeFilesError
from mde_files.garbage_collection import collected_seldom

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "demo": "show it working on a local Defender tenant; needs no configuration",
    "file-stats": "how common a file is in the organization and worldwide",
    "file-alerts": "the alerts a file took part in",
    "run": "run an action with parameters as JSON, as a platform does",
    "playbook": "enrich the files of an incident and attach what was found",
    "batch": "thousands of hashes from a file; can be interrupted and resumed",
    "check": "look whether sign-in, permissions and endpoints work, and say what to fix",
    "quota": "what is used and left of the service's quota, and when room returns",
    "purge": "remove cached answers and stored tokens",
    "emulator": "run a local Defender tenant to try things on",
    "serve": "answer other programs over HTTP: actions, and playbooks on incidents",
    "package": "write the package that a SOAR or SIEM platform installs",
    "mcp": "offer the actions to an assistant (Model Context Protocol)",
    "manifest": "print the manifest or a schema",
    "version": "print the version",
}
_EPILOGUE = "'mde-files COMMAND --help' explains a command. Options come after the command."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that ``arguments`` name and return its exit code.

    Exit codes: 0 done; 2 invalid input or usage; 3 configuration or sign-in; 4 forbidden; 5 come back later;
    6 network or service; 7 some of many failed; 130 interrupted; 1 a bug.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    console = Console(as_json="--json" in words)
    try:
        if not words or words[0] in ("-h", "--help", "help"):
            console.write(_overview())
            return 0 if words else EXIT_USAGE
        return _run("version" if words[0] == "--version" else words[0], words[1:], console)
    except MdeFilesError as error:
        console.fail(error)
        return error.exit_code
    except KeyboardInterrupt:
        console.say("Interrupted.")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        console.detach()
        return 0
    except Exception as error:  # noqa: BLE001 - the last resort between a bug and a traceback for a user
        console.fail_by_bug(error)
        return EXIT_BUG


def entry_point() -> None:
    """Run the command line of this process and end it with the exit code."""
    with collected_seldom():
        sys.exit(main())


def _run(name: str, words: list[str], console: Console) -> int:
    if name not in COMMANDS:
        from difflib import get_close_matches

        near = get_close_matches(name, COMMANDS, n=1)
        raise InvalidInputError(
            f"There is no command {name!r}." if name.isprintable() else "There is no such command.",
            hint=f"Did you mean {near[0]!r}?" if near else _EPILOGUE,
        )
    from importlib import import_module

    command = import_module(f"mde_files.commands.{name.replace('-', '_')}")
    exit_code: int = command.run(words, console)
    return exit_code


def _overview() -> str:
    width = max(map(len, COMMANDS)) + 2
    listed = "\n".join(f"  {name:<{width}}{summary}" for name, summary in COMMANDS.items())
    return (
        "usage: mde-files COMMAND [options]\n\n"
        "Enriches incidents with what Microsoft Defender for Endpoint knows about a file hash.\n\n"
        f"commands:\n{listed}\n\n{_EPILOGUE}"
    )
