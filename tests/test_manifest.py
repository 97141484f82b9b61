"""The manifest is read as a module, which has to be what the YAML says."""

from __future__ import annotations

from mde_files import manifest


def test_the_module_that_is_read_is_the_manifest() -> None:
    written = manifest.MODULE.read_text(encoding="utf-8")
    assert written == manifest.as_module(), "write it anew with: python -m mde_files.manifest"
