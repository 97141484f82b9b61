"""``mde-files emulator``: a local Defender tenant that runs until it is interrupted."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mde_files.commands.options import parser
from mde_files.errors import InvalidInputError
from mde_files.private_files import replace_text

if TYPE_CHECKING:
    from mde_files.console import Console

_LARGEST_PORT = 65535


def run(words: list[str], console: Console) -> int:
    """Start the emulator, print the configuration that points at it, and serve until Ctrl-C."""
    made = parser("emulator", "A local Defender tenant: sign-in and files API over TLS.", connects=False)
    made.add_argument("--port", type=int, default=0, metavar="N", help="port on 127.0.0.1 (default: a free one)")
    made.add_argument("--scenario", metavar="FILE", help="scenario file (default: the one that ships with the package)")
    made.add_argument(
        "--directory",
        metavar="DIR",
        help="where to write configuration and CA (default: a new temporary folder)",
    )
    arguments = made.parse_args(words)
    if not 0 <= arguments.port <= _LARGEST_PORT:
        raise InvalidInputError(
            f"--port {arguments.port} is no port.", hint="Ports are 1 to 65535; 0 takes a free one."
        )
    from mde_files.emulator import Emulator, Scenario

    directory = Path(arguments.directory).expanduser() if arguments.directory else None
    with Emulator(Scenario.load(arguments.scenario), port=arguments.port, directory=directory) as emulator:
        folder = emulator.ca_bundle.parent
        kept = {"token_cache": str(folder / "tokens.json"), "state": f"sqlite:///{folder / 'state.sqlite3'}"}
        configuration = {**emulator.configuration(), **kept}
        path = write_configuration(configuration, folder)
        if arguments.json:
            shown = {"config": str(path), "base_url": emulator.base_url, "configuration": configuration}
            console.write_json(shown)
        else:
            console.write(_instructions(path, emulator.base_url, emulator.scenario.files[0].sha1))
        wait_for_interruption()
    console.say("The emulator has stopped.")
    return 0


def write_configuration(configuration: dict[str, Any], directory: Path) -> Path:
    """Write a configuration file that only this user may read, and return its path."""
    import yaml

    path = directory / "config.yaml"
    replace_text(path, yaml.safe_dump(configuration, sort_keys=False))
    return path


def wait_for_interruption() -> None:
    """Return when the process is told to stop, by Ctrl-C or SIGTERM."""
    import signal
    import threading

    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopped.set())
    while not stopped.wait(0.5):
        pass


def _instructions(path: Path, base_url: str, sha1: str) -> str:
    return (
        f"A local Defender tenant answers at {base_url}; Ctrl-C ends it.\n"
        "Its configuration, for another terminal:\n\n"
        f"{path.read_text(encoding='utf-8')}\n"
        f"It is written to a file; use it like this:\n\n"
        f"  export MDE_FILES_CONFIG={shlex.quote(str(path))}\n"
        f"  {command_name()} check\n"
        f"  {command_name()} file-stats {sha1}\n"
        f"  {command_name()} file-alerts {sha1}\n"
    )


def command_name() -> str:
    """Return how this command was called, so that what is printed can be typed."""
    called = sys.argv[0]
    return shlex.quote(called) if Path(called).name == "mde-files" else "mde-files"
