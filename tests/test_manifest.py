"""The manifest is read as JSON, which has to be what the YAML says."""

from __future__ import annotations

from mde_files import manifest


def test_the_json_that_is_read_is_the_manifest() -> None:
    written = manifest.DOCUMENT.read_text(encoding="utf-8")
    assert written == manifest.as_json(), "write it anew with: python -m mde_files.manifest"
