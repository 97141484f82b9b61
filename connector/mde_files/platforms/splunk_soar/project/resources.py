"""Finds the manifest, the schemas and the playbooks in the app: SOAR's packager keeps code and other files apart."""

from __future__ import annotations

from pathlib import Path


def data_directory() -> Path:
    """Return the folder that holds ``manifest.yaml``, ``schemas/`` and ``playbooks/``."""
    return Path(__file__).parents[3] / "templates" / "mde_files"


def schema_path(name: str) -> Path:
    """Return the path of ``schemas/<name>.schema.json``."""
    return data_directory() / "schemas" / f"{name}.schema.json"


def read(name: str) -> bytes:
    """Return a file that ships with the package, as bytes."""
    return (data_directory() / name).read_bytes()
