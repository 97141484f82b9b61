"""``mde-files serve``: answers other programs over HTTP."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from mde_files.commands.options import parser
from mde_files.errors import InvalidConfigError, InvalidInputError

if TYPE_CHECKING:
    import argparse

    from mde_files.console import Console

_PORT = 8480
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TENANT = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def run(words: list[str], console: Console) -> int:
    """Serve until the process is told to stop, or print a new key."""
    arguments = _parser().parse_args(words)
    if arguments.new_key is not None:
        return _new_key(arguments, console)
    if arguments.tenant is not None:
        raise InvalidInputError("--tenant belongs to --new-key.", hint="Each key names the tenant that it is for.")
    try:
        from mde_files.serve.server import Place, serve
    except ModuleNotFoundError as error:
        raise InvalidConfigError(
            f"The server needs a package that is not installed: {error.name}.",
            hint="Install it with: pip install 'mde-files[serve]'",
        ) from None
    place = Place(arguments.host, arguments.port, arguments.certificate, arguments.key, arguments.behind_proxy)
    named = {"MDE_FILES_LOG__LEVEL": arguments.log_level, "MDE_FILES_LOG__FORMAT": arguments.log_format}
    overrides = {variable: value for variable, value in named.items() if value}

    def listening(url: str) -> None:
        if arguments.json:
            console.write_json({"url": url})
        else:
            console.write(f"Answering at {url}; GET {url}/openapi.json says what can be asked. Ctrl-C ends it.")

    serve(arguments.config, place, overrides=overrides, listening=listening)
    console.say("The server has stopped.")
    return 0


def _parser() -> argparse.ArgumentParser:
    made = parser("serve", "Answer other programs over HTTP: actions, and playbooks on incidents.", connects=True)
    made.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="address to listen on (127.0.0.1)")
    made.add_argument("--port", type=int, default=_PORT, metavar="N", help=f"port ({_PORT}; 0: a free one)")
    made.add_argument("--certificate", type=Path, metavar="FILE", help="PEM file of the server's certificate and chain")
    made.add_argument("--key", type=Path, metavar="FILE", help="PEM file of the certificate's private key")
    made.add_argument(
        "--behind-proxy",
        action="store_true",
        help="listen without TLS on an address other machines reach, because a proxy in front does TLS",
    )
    made.add_argument(
        "--new-key", metavar="NAME", help="make an API key for a caller, print it and its line for the configuration"
    )
    return made


def _new_key(arguments: argparse.Namespace, console: Console) -> int:
    from mde_files.serve.keys import digest, new_key

    if not _NAME.fullmatch(arguments.new_key):
        raise InvalidInputError(
            "--new-key is no name for a key.", hint="Use letters, digits, dots, hyphens and underscores, 64 at most."
        )
    if arguments.tenant is not None and not _TENANT.fullmatch(arguments.tenant):
        raise InvalidInputError("--tenant is no name of a tenant.", hint="Name it as the configuration does.")
    key = new_key()
    line = {"name": arguments.new_key, "sha256": digest(key).hex()}
    if arguments.tenant is not None:
        line["tenant"] = arguments.tenant
    if console.as_json:
        console.write_json({"key": key, "serve": {"keys": [line]}})
        return 0
    # In quotes: a name such as 'on' or '7' would be no text in YAML.
    written = ", ".join(f'{name}: "{value}"' for name, value in line.items())
    console.write(
        f"The key, which is shown this once; give it to the caller, who sends it as X-API-Key:\n\n  {key}\n\n"
        f"Add its line to the configuration; taking it out again revokes the key:\n\n"
        f"serve:\n  keys:\n    - {{{written}}}\n"
    )
    return 0
