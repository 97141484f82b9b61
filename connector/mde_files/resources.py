"""Finds the files that ship with the package: the manifest, the schemas and the playbooks."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path


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
