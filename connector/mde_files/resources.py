"""Finds the files that ship with the package: the manifest, the schemas and the playbooks."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, cast


@lru_cache(maxsize=1)
def data_directory() -> Path:
    """Return the folder that holds ``manifest.yaml``, ``schemas/`` and ``playbooks/``.

    Installed, that is package data; in a checkout, it is the top of the repository.
    """
    installed = Path(__file__).parent / "_data"
    return installed if installed.is_dir() else Path(__file__).parents[2]


def schema_path(name: str) -> Path:
    """Return the path of ``schemas/<name>.schema.json``."""
    return data_directory() / "schemas" / f"{name}.schema.json"


def read(name: str) -> bytes:
    """Return a file that ships with the package, such as ``schemas/record.schema.json``, as bytes.

    The package's own loader is asked first: it also knows a package that lies in no folder.

    Raises:
        OSError: There is no such file.
    """
    loader: Any = cast("Any", __spec__).loader
    try:
        return cast("bytes", loader.get_data(str(Path(__file__).parent / "_data" / name)))
    except OSError:
        return (data_directory() / name).read_bytes()
