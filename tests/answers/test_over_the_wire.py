"""Broken answers over real TLS after a real sign-in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from mde_files.emulator.scenario import Fault

from .conftest import judged, kept_or_refused
from .documents import SHA1, json_text, mutated, valid
from .oracle import numbers_in, read_json
from .shapes import statistics_shape
from .test_alerts import account_for_alerts, one_page
from .test_statistics import account_for_statistics

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hypothesis import settings
    from tests.fault_table import FaultTable

    from mde_files import Connector
    from mde_files.emulator import Emulator

DOCUMENTS = {
    "file_stats": valid(statistics_shape(), "organizationPrevalence", "globalPrevalence"),
    "file_alerts": one_page,
}


def accounted(action: str, record: Mapping[str, Any], body: bytes) -> None:
    if action == "file_stats":
        account_for_statistics(record, read_json(body))
    else:
        account_for_alerts(record, [body])


@pytest.mark.parametrize("action", list(DOCUMENTS))
def test_over_the_wire(
    connect: Callable[..., Connector],
    emulator: Emulator,
    examples: Callable[[int], settings],
    fault_table: FaultTable,
    action: str,
) -> None:
    connector = connect(cache={"enabled": False}, quota={"windows": [{"calls": 60000, "seconds": 0.01}]})
    fault = Fault("status", endpoint=action, status=200, content_type="application/json")
    emulator.scenario.faults = [fault]

    @examples(40)
    @given(mutated(DOCUMENTS[action], most=3).map(json_text))
    def tried(body: str) -> None:
        fault.body = body
        what = f"{action} over the wire"
        record = kept_or_refused(fault_table, what, lambda: connector.run(action, {"file_hash": SHA1}))
        if record is not None:
            accounted(action, record, body.encode())
            judged(record, numbers_in(body))

    tried()
