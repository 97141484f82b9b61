"""Records: what the service answered, in the one form of ``schemas/record.schema.json``."""

from mde_files.records.alerts import alerts_record
from mde_files.records.failures import failure_record, unresolved_record
from mde_files.records.identity import content_digest, portal_url, record_id
from mde_files.records.question import Question, Source
from mde_files.records.stats import stats_record
from mde_files.records.verification import verify_file_answer, verify_stats_answer

__all__ = [
    "Question",
    "Source",
    "alerts_record",
    "content_digest",
    "failure_record",
    "portal_url",
    "record_id",
    "stats_record",
    "unresolved_record",
    "verify_file_answer",
    "verify_stats_answer",
]
