"""Records: what the service answered, in the one form of ``schemas/record.schema.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mde_files.late_names import importer

if TYPE_CHECKING:
    from mde_files.records.alerts import alerts_record
    from mde_files.records.failures import failure_record, unresolved_record
    from mde_files.records.identity import content_digest, portal_url, record_id
    from mde_files.records.question import Question, Source
    from mde_files.records.stats import stats_record
    from mde_files.records.verification import sha1_of_file_answer, verify_file_answer, verify_stats_answer

__all__ = [
    "Question",
    "Source",
    "alerts_record",
    "content_digest",
    "failure_record",
    "portal_url",
    "record_id",
    "sha1_of_file_answer",
    "stats_record",
    "unresolved_record",
    "verify_file_answer",
    "verify_stats_answer",
]
__getattr__ = importer(
    __name__,
    {
        "Question": "question",
        "Source": "question",
        "alerts_record": "alerts",
        "content_digest": "identity",
        "failure_record": "failures",
        "portal_url": "identity",
        "record_id": "identity",
        "sha1_of_file_answer": "verification",
        "stats_record": "stats",
        "unresolved_record": "failures",
        "verify_file_answer": "verification",
        "verify_stats_answer": "verification",
    },
)
