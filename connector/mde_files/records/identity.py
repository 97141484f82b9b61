"""What makes two records the same question, and the same finding."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import UUID, uuid5

from mde_files.records.text import encodable

if TYPE_CHECKING:
    from collections.abc import Iterable

_RECORDS = UUID("4f0b7c0e-9d0e-5b8b-8f39-6a3f5a0a6f5d")
LONGEST_QUERIED = 256


def record_id(tenant_id: str, action: str, sha1_or_text: str) -> str:
    """Return the UUIDv5 of a question: tenant, action and SHA-1 (or, without one, the text asked)."""
    subject = encodable(sha1_or_text)[:LONGEST_QUERIED]
    return str(uuid5(_RECORDS, "\n".join((encodable(tenant_id).lower(), action, subject))))


def content_digest(
    outcome: str,
    *,
    alerts: Iterable[tuple[str, str, str]] = (),
    organization_prevalence: int | None = None,
    global_prevalence: int | None = None,
) -> str:
    """Return 32 hex digits that change only with what is material in a finding.

    Args:
        outcome: The record's outcome.
        alerts: Id, severity and status of each alert, in any order.
        organization_prevalence: Counted by its order of magnitude.
        global_prevalence: Counted by its order of magnitude.
    """
    material = {
        "outcome": outcome,
        "alerts": sorted(alerts),
        "organization_prevalence": _order_of_magnitude(organization_prevalence),
        "global_prevalence": _order_of_magnitude(global_prevalence),
    }
    canonical = json.dumps(material, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()[:32]


def _order_of_magnitude(number: int | None) -> int | None:
    if number is None:
        return None
    return len(str(number)) if number else 0


def portal_url(portal_host: str, sha1: str, tenant_id: str) -> str:
    """Return the address of the file's page in the Defender portal, for people to open."""
    sha1_part, tenant_part = (quote(encodable(part), safe="") for part in (sha1, tenant_id))
    return f"https://{portal_host}/file/{sha1_part}?tid={tenant_part}"
