"""Builds the app's .tgz beside this file with the SDK's own packager; needs the package index.

The packager asks for all libraries at once and gives each ten seconds; here four are fetched at a time.
"""

import asyncio
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import httpx
from soar_sdk.cli.package.cli import build
from soar_sdk.meta.dependencies import UvWheel

PROJECT = Path(__file__).resolve().parent
PACKAGE = PROJECT / f"{PROJECT.name}.tgz"
_AT_A_TIME = 4
_ATTEMPTS = 3


def fetch_a_few_at_a_time() -> None:
    """Let the packager fetch a few libraries at a time, and ask again for one that did not come."""
    fetch = UvWheel.fetch
    room = asyncio.Semaphore(_AT_A_TIME)

    async def patient(wheel: UvWheel) -> bytes:
        async with room:
            for _attempt in range(1, _ATTEMPTS):
                with suppress(httpx.TransportError):
                    return await fetch(wheel)
            return await fetch(wheel)

    UvWheel.fetch = patient


def lock() -> None:
    """Pin the libraries that the app needs in uv.lock."""
    beside = Path(sys.executable).parent / "uv"
    uv = os.environ.get("UV") or (str(beside) if beside.exists() else shutil.which("uv"))  # uv run sets UV
    if uv is None:
        sys.exit("uv is missing: install it with 'pip install uv' and run this again.")
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    locked = subprocess.run([uv, "lock", "--python", sys.executable], cwd=PROJECT, env=environment, check=False)  # noqa: S603
    if locked.returncode:
        sys.exit("The libraries of the app could not be pinned: see above; the package index has to be reachable.")


if __name__ == "__main__":
    lock()
    fetch_a_few_at_a_time()
    build(PROJECT, PACKAGE, None)
