from __future__ import annotations

from typing import Any

from mde_files import schemas
from mde_files.records import Question, Source, stats_record


def test_no_link_is_made_up_where_the_portal_is_not_known() -> None:
    sha1 = "0991a395da64e1c5fbe8732ed11e6be064081d9f"
    where: dict[str, Any] = {
        "cloud": "custom",
        "host": "127.0.0.1:1",
        "tenant_id": "t",
        "endpoint": "/api",
        "age_seconds": 0,
    }
    source = Source(**where, retrieved_at="2026-01-01T00:00:00Z", from_cache=False, portal_host="")
    question = Question("file_stats", sha1, "sha1", "t")
    record = stats_record(
        question,
        source,
        sha1=sha1,
        answer={"sha1": sha1, "orgPrevalence": "3"},
        lookback_hours=720,
        lookback_defaulted=True,
    )
    assert "portal_url" not in record
    assert schemas.problems("record", record) == []
