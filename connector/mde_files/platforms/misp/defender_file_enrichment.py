"""MISP module: enriches file hashes with what Microsoft Defender for Endpoint knows about them.

The server reads this file by its path; what it needs lies beside its folder, in a folder of its own.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

_FOLDER = Path(__file__).resolve().parents[1]
_LIBRARY = _FOLDER / "mde_files_library"
_NEEDED = ("jmespath", "jsonschema", "msal", "platformdirs", "pymisp", "requests", "structlog", "urllib3", "yaml")

# the server leaves a module out that cannot be imported, and is ended by every other error
_missing = [name for name in _NEEDED if find_spec(name) is None]
if _missing:
    raise ImportError(
        f"{', '.join(_missing)} missing; install them where misp-modules runs: "
        f"pip install -r {_FOLDER / 'requirements.txt'}"
    )
if not _LIBRARY.is_dir():
    raise ImportError(f"the folder {_LIBRARY} is missing; copy the whole package, or make it again")
sys.path.insert(0, str(_LIBRARY))

from mde_files.platforms.misp.module import dict_handler, introspection, version  # noqa: E402

__all__ = ["dict_handler", "introspection", "version"]
