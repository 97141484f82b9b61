"""A bench for hostile servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.transport.conftest import _no_authorities_from_outside, stranger, trusted  # noqa: F401 - fixtures

from .bench import Bench

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fault_table import FaultTable
    from tests.transport.conftest import Authority


@pytest.fixture
def bench(
    fault_table: FaultTable,
    trusted: Authority,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Bench]:
    """Asks hostile servers; two servers beside them see whether anything goes elsewhere."""
    made = Bench(fault_table, trusted, monkeypatch, capsys)
    with made.elsewhere, made.elsewhere_plain:
        yield made
