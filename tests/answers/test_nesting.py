"""Answers nested at every depth around where readers and writers of JSON give up."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .conftest import kept_or_refused

if TYPE_CHECKING:
    from tests.fault_table import FaultTable

    from .conftest import Way

DEPTHS = [*range(sys.getrecursionlimit() - 100, sys.getrecursionlimit() + 10, 5), *range(1_500, 13_000, 1_000)]
BRACKETS = [("[", "]"), ('{"a":', "}")]
PLACES = [
    ("file_stats", '{"organizationPrevalence": 3, "newThing": ', "}"),
    ("file_alerts", '{"value": [{"evidence": [{"newThing": ', "}]}]}"),
    ("file_alerts", '{"value": [{"@odata.type": ', "}]}"),
    ("file_alerts", '{"value": [{"relatedUser": ', "}]}"),
]


def test_any_depth_is_read_or_refused(way: Way, fault_table: FaultTable) -> None:
    for action, start, end in PLACES:
        for opening, closing in BRACKETS:
            for depth in DEPTHS:
                body = f"{start}{opening * depth}1{closing * depth}{end}".encode()
                record = kept_or_refused(
                    fault_table, "nested", lambda action=action, body=body: way.record(action, body)
                )
                assert record is None or "@odata." in start or len(record["unmapped"][0]["json"]) > depth
