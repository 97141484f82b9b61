"""Answers of ``GET /api/files/{sha1}/stats`` as records."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mde_files.records.assembly import assemble
from mde_files.records.file_details import keep_unexpected_sha1
from mde_files.records.identity import content_digest
from mde_files.records.prevalence import read_prevalence
from mde_files.records.reading import (
    PropertyTable,
    left_to_the_caller,
    read_object,
    read_texts,
    read_timestamp,
)
from mde_files.records.unmapped import Unmapped
from mde_files.records.wording import counted, day, window
from mde_files.timestamps import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mde_files.records.question import Question, Source

UNKNOWN_SUMMARY = "Defender for Endpoint does not know this file; that is no verdict on it."

STATS_PROPERTIES = PropertyTable(
    {
        "sha1": ("sha1", left_to_the_caller),
        "orgPrevalence": ("organization_prevalence", left_to_the_caller),
        "organizationPrevalence": ("organization_prevalence", left_to_the_caller),
        "orgFirstSeen": ("organization_first_seen", read_timestamp),
        "orgLastSeen": ("organization_last_seen", read_timestamp),
        "globalPrevalence": ("global_prevalence", left_to_the_caller),
        "globallyPrevalence": ("global_prevalence", left_to_the_caller),
        "globalFirstObserved": ("global_first_observed", read_timestamp),
        "globalLastObserved": ("global_last_observed", read_timestamp),
        "topFileNames": ("top_file_names", read_texts),
    }
)
"""Properties of the service's ``InOrgFileStats`` (Microsoft Learn: get-file-statistics)."""


def stats_record(
    question: Question,
    source: Source,
    *,
    sha1: str,
    answer: Mapping[str, Any] | None,
    lookback_hours: int,
    lookback_defaulted: bool,
    file_info: Mapping[str, Any] | None = None,
    caveats: Sequence[dict[str, str]] = (),
) -> dict[str, Any]:
    """Return the record of a file's statistics.

    Args:
        question: What was asked.
        source: Where the answer came from; its ``retrieved_at`` ends the look-back window.
        sha1: The SHA-1 that was sent, in lower case.
        answer: The body of a 200; None for a 404 with the service's error envelope: the file is unknown.
        lookback_hours: The window that was sent, 1 to 720.
        lookback_defaulted: Whether the caller left the window to the default.
        file_info: The answer of ``GET /api/files/{id}``, where that was asked.
        caveats: Caveats from further up the way.

    Raises:
        UpstreamInvalidError: The answer is nested too deeply to be read.
    """
    if answer is None:
        outcome = "unknown_to_defender"
        return assemble(
            question,
            source,
            outcome=outcome,
            summary=UNKNOWN_SUMMARY,
            digest=content_digest(outcome),
            sha1=sha1,
            file_info=file_info,
            caveats=caveats,
        )
    unmapped = Unmapped()
    found: list[dict[str, str]] = []
    stats = read_object(answer, STATS_PROPERTIES, (), unmapped)
    keep_unexpected_sha1(answer.get("sha1"), sha1, unmapped)
    organization = read_prevalence(answer, "organizationPrevalence", "orgPrevalence", unmapped, found)
    worldwide = read_prevalence(answer, "globallyPrevalence", "globalPrevalence", unmapped, found)
    body: dict[str, Any] = {"lookback_hours": lookback_hours, "lookback_defaulted": lookback_defaulted}
    if organization is not None:
        body["organization_prevalence"] = organization
    if worldwide is not None:
        body["global_prevalence"] = worldwide
    body.update(stats)
    outcome, sentence = _judge(body, source.retrieved_at, found)
    return assemble(
        question,
        source,
        outcome=outcome,
        summary=f"{sentence}; {_worldwide(worldwide)}.",
        digest=content_digest(outcome, organization_prevalence=organization, global_prevalence=worldwide),
        sha1=sha1,
        file_info=file_info,
        body=body,
        caveats=[*found, *caveats],
        unmapped=unmapped,
    )


def _judge(body: Mapping[str, Any], retrieved_at: str, caveats: list[dict[str, str]]) -> tuple[str, str]:
    """Return the outcome and what the organization's numbers say in words."""
    organization = body.get("organization_prevalence")
    seen = _last_known_sighting(body)
    within = f"in {window(body['lookback_hours'])}"
    if organization:
        return (
            "seen_in_organization",
            f"Seen on {counted(organization, 'device')} in the organization {within}",
        )
    if organization is None and seen is None:
        return (
            "prevalence_unavailable",
            "Defender knows the file but says nothing of the organization's devices",
        )
    if seen is None:
        return "known_globally_only", f"Not seen in the organization {within}"
    moment, told = seen
    if organization is None:
        return "seen_in_organization", f"Seen in the organization ({told}); on how many devices is not known"
    if parse_timestamp(moment) >= parse_timestamp(retrieved_at) - timedelta(hours=body["lookback_hours"]):
        caveats.append(
            {
                "code": "organization_dates_without_devices",
                "message": f"The service counts no devices in the organization {within}, "
                f"yet gives a date within them ({told}).",
            }
        )
        return (
            "seen_in_organization",
            f"Seen in the organization {within} ({told}), though no devices are counted",
        )
    caveats.append(
        {
            "code": "seen_before_lookback",
            "message": f"The file was in the organization before {window(body['lookback_hours'])} ({told}).",
        }
    )
    return "known_globally_only", f"Not seen in the organization {within}, but before ({told})"


def _last_known_sighting(body: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the latest date known from the organization, and the same in words."""
    for key, word in (("organization_last_seen", "last"), ("organization_first_seen", "first")):
        if key in body:
            return body[key], f"{word} seen on {day(body[key])}"
    return None


def _worldwide(prevalence: int | None) -> str:
    return "the worldwide number is not known" if prevalence is None else f"on {prevalence:,} worldwide"
