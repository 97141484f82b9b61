#!/usr/bin/env python3
"""Starts the analyzer that lies beside this file; the one argument is the folder of the job.

Where a virtual environment ``.venv`` lies beside it too, the analyzer runs in that.
"""

from __future__ import annotations

import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib is slower to import
_ENVIRONMENT = os.path.join(_HERE, ".venv")  # noqa: PTH118
_OLDEST = (3, 10)


def start(arguments: list[str]) -> int:
    """Run the analyzer and return its exit code."""
    python = os.path.join(_ENVIRONMENT, "bin", "python")  # noqa: PTH118
    if os.path.isfile(python) and os.path.realpath(sys.prefix) != os.path.realpath(_ENVIRONMENT):  # noqa: PTH113
        os.execv(python, [python, os.path.abspath(__file__), *arguments])  # noqa: PTH100, S606
    if sys.version_info < _OLDEST:
        sys.stderr.write("This analyzer needs Python 3.10 or newer; its README.md says how to give it one.\n")
        return 1
    from mde_files.platforms.cortex.analyzer import main

    return main(arguments)


if __name__ == "__main__":
    sys.exit(start(sys.argv[1:]))
