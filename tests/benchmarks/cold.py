"""(a), (b), (h): a process for every action."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.figures import Figure
from tests.benchmarks.processes import Command, time_in_turn
from tests.benchmarks.tenant import COMMAND, SHA1, Tenant, environment

from mde_files.cli import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ROUNDS = 21
_SLOW_ROUNDS = 9
_IMPORT_ROUNDS = 3
_BARE = Path(__file__).with_name("bare_script.py")
_ASK = [*COMMAND, "file-stats", SHA1]


def measure(folder: Path) -> Iterator[Figure]:
    """Yield what a process costs that asks once and ends."""
    with Tenant(folder / "cold") as tenant:
        plain, commands = environment(), _commands(tenant)
        commands["pass"] = Command([sys.executable, "-c", "pass"], plain)
        commands["help"] = Command([*COMMAND, "--help"], plain)
        timed = time_in_turn(commands, _ROUNDS)
    part, name = "cold: a process for every action", "bare script"
    bare = timed["bare"]
    yield Figure(part, "call, settings from the environment", timed["call"].wall, name, bare.wall, bar=1.35)
    yield Figure(part, "  processor time", timed["call"].processor, name, bare.processor)
    yield Figure(part, "call, settings from a YAML file", timed["call, YAML"].wall, name, bare.wall)
    yield Figure(part, "  processor time", timed["call, YAML"].processor, name, bare.processor)
    yield Figure(part, "cache hit, settings from the environment", timed["hit"].wall, name, bare.wall, bar=0.7)
    yield Figure(part, "  processor time", timed["hit"].processor, name, bare.processor)
    yield Figure(part, "cache hit, settings from a YAML file", timed["hit, YAML"].wall, name, bare.wall)
    yield Figure(part, "mde-files --help", timed["help"].wall, "python -c pass", timed["pass"].wall, bar=4.0)
    yield from _far_away(folder)
    yield from _imports()


def _commands(tenant: Tenant) -> dict[str, Command]:
    """Return a call and a cache hit with either kind of settings, and the bare script with the same token."""
    by_variables = environment(**_variables(tenant.configuration))
    by_file = environment(MDE_FILES_CONFIG=str(tenant.config_file()))
    subprocess.run(_ASK, check=True, env=by_file, stdout=subprocess.DEVNULL)
    return {
        "bare": Command([sys.executable, str(_BARE), tenant.url, tenant.ca_file, tenant.token(), SHA1], environment()),
        "call": Command([*_ASK, "--max-age", "0"], by_variables),
        "call, YAML": Command([*_ASK, "--max-age", "0"], by_file),
        "hit": Command(_ASK, by_variables),
        "hit, YAML": Command(_ASK, by_file),
    }


def _far_away(folder: Path) -> Iterator[Figure]:
    """Yield the same where service and sign-in take 100 ms each: a stored token saves the way to the sign-in."""
    part = "cold, service and sign-in answer after 100 ms"
    with Tenant(folder / "far", latency=0.1) as tenant:
        commands = {name: made for name, made in _commands(tenant).items() if name in ("bare", "call")}
        unkept = environment(**_variables({**tenant.configuration, "token_cache": "off"}))
        commands["signing in"] = Command(commands["call"].words, unkept)
        timed = time_in_turn(commands, _SLOW_ROUNDS)
    bare = timed["bare"].wall
    yield Figure(part, "second action in a new process", timed["call"].wall, "bare script", bare, bar=1.35)
    yield Figure(part, "the same without a stored token", timed["signing in"].wall, "bare script", bare)


def _imports() -> Iterator[Figure]:
    part = "imports"
    words = {"mde_files": "import mde_files", "mde_files.Connector": "from mde_files import Connector"}
    words |= {f"command {name}": f"import mde_files.commands.{name.replace('-', '_')}" for name in COMMANDS}
    commands = {"pass": Command([sys.executable, "-c", "pass"], environment())}
    commands |= {name: Command([sys.executable, "-c", code], environment()) for name, code in words.items()}
    timed = time_in_turn(commands, _IMPORT_ROUNDS)
    for name in words:
        yield Figure(part, name, timed[name].wall, "python -c pass", timed["pass"].wall)


def _variables(configuration: Mapping[str, object], prefix: str = "MDE_FILES_") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in configuration.items():
        if isinstance(value, dict):
            found |= _variables(value, f"{prefix}{key.upper()}__")
        elif not isinstance(value, list):
            found[prefix + key.upper()] = str(value)
    return found
