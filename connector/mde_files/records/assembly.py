"""Puts a record together: the keys that every record has, in one order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files.records.file_details import file_block
from mde_files.records.identity import portal_url, record_id
from mde_files.records.text import encodable
from mde_files.records.unmapped import Unmapped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mde_files.records.question import Question, Source

SCHEMA_VERSION = "1.0"


def assemble(
    question: Question,
    source: Source,
    *,
    outcome: str,
    summary: str,
    digest: str,
    sha1: str | None = None,
    file_info: Mapping[str, Any] | None = None,
    body: Mapping[str, Any] | None = None,
    error: Mapping[str, Any] | None = None,
    caveats: Sequence[Mapping[str, str]] = (),
    unmapped: Unmapped | None = None,
) -> dict[str, Any]:
    """Return a record as ``schemas/record.schema.json`` describes it.

    Args:
        question: What was asked.
        source: Where the answer came from.
        outcome: What a playbook branches on.
        summary: One sentence for people, without text from upstream.
        digest: The content digest.
        sha1: The file's SHA-1, where it is known.
        file_info: The answer of ``GET /api/files/{id}``, where that was asked.
        body: The action's own part, stored under the action's name.
        error: The error object of a failure.
        caveats: ``{code, message}`` entries.
        unmapped: What the action's own answer held beyond what is known.
    """
    subject = sha1 or question.queried
    unmapped_file_info = Unmapped("file_info:")
    record: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "record_id": record_id(question.tenant_id, question.action, subject),
        "content_digest": digest,
        "action": question.action,
        "outcome": outcome,
        "summary": summary,
        "file": file_block(question, sha1, file_info, unmapped_file_info),
    }
    if body is not None:
        record[question.action] = body
    record["caveats"] = [{key: encodable(text) for key, text in caveat.items()} for caveat in caveats]
    if error is not None:
        record["error"] = error
    entries = [*(unmapped.entries if unmapped else ()), *unmapped_file_info.entries]
    if entries:
        record["unmapped"] = entries
    record["source"] = _source_block(source)
    if sha1 and source.portal_host:
        record["portal_url"] = portal_url(source.portal_host, sha1, source.tenant_id)
    return record


def _source_block(source: Source) -> dict[str, Any]:
    block: dict[str, Any] = {
        "vendor": "Microsoft",
        "product": "Defender for Endpoint",
        "cloud": source.cloud,
        "host": source.host,
        "tenant_id": encodable(source.tenant_id),
        "endpoint": source.endpoint,
    }
    if source.retrieved_at:
        block["retrieved_at"] = source.retrieved_at
    block["from_cache"] = source.from_cache
    block["age_seconds"] = max(0, source.age_seconds)
    return block
