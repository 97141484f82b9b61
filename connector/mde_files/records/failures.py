"""Records of questions that got no answer about the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files.errors import MdeFilesError, QuotaExhaustedError, ThrottledError
from mde_files.records.alerts import NOT_RESOLVED_SUMMARY
from mde_files.records.assembly import assemble
from mde_files.records.identity import content_digest
from mde_files.records.stats import UNKNOWN_SUMMARY
from mde_files.records.text import encodable
from mde_files.timestamps import normalize_timestamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mde_files.records.question import Question, Source


def unresolved_record(question: Question, source: Source, *, caveats: Sequence[dict[str, str]] = ()) -> dict[str, Any]:
    """Return the record of a hash that is no SHA-1 and that ``GET /api/files/{id}`` does not know.

    Statistics are ``unknown_to_defender``; alerts are ``not_queried``, which must never be told as no alerts.
    """
    if question.action == "file_stats":
        outcome, summary = "unknown_to_defender", UNKNOWN_SUMMARY
    else:
        outcome, summary = "not_queried", NOT_RESOLVED_SUMMARY
    return assemble(question, source, outcome=outcome, summary=summary, digest=content_digest(outcome), caveats=caveats)


def failure_record(question: Question, source: Source, error: MdeFilesError) -> dict[str, Any]:
    """Return the record of a failure: ``deferred`` when it is only a matter of time, else ``failed``.

    Args:
        question: What was asked; ``queried`` is any text at all when ``queried_type`` is ``unknown``.
        source: Where the answer should have come from.
        error: What went wrong; its caveats become the record's.
    """
    details = {key: encodable(value) if isinstance(value, str) else value for key, value in error.as_dict().items()}
    retry_at = normalize_timestamp(details.pop("retry_at", None))
    if retry_at is not None:
        details["retry_at"] = retry_at
    if isinstance(error, ThrottledError | QuotaExhaustedError):
        outcome = "deferred"
        summary = f"Not answered yet: try again {f'from {retry_at}' if retry_at else 'later'}."
    else:
        outcome = "failed"
        summary = f"No answer ({error.code}): the error says why and what to do."
    return assemble(
        question,
        source,
        outcome=outcome,
        summary=summary,
        digest=content_digest(outcome),
        sha1=question.queried if question.queried_type == "sha1" else None,
        error=details,
        caveats=error.caveats,
    )
