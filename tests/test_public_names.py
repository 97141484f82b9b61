"""What a package promises is there, although it is imported only when it is asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

import mde_files
from mde_files import auth, records


@pytest.mark.parametrize("package", [mde_files, auth, records], ids=lambda package: package.__name__)
def test_every_public_name_is_there_and_no_other(package: object) -> None:
    for name in package.__all__:  # type: ignore[attr-defined]
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'another'"):
        package.another  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import mde_files.cli", {"mde_files.connector", "requests", "json", "yaml", "argparse"}),
        ("from mde_files import Connector", {"requests", "msal", "jsonschema", "structlog", "yaml", "html", "uuid"}),
    ],
)
def test_what_is_not_needed_is_not_imported(code: str, absent: set[str]) -> None:
    listed = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert not absent & set(listed.stdout.split())
