"""What makes two records the same question, and the same finding."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from mde_files.records.text import encodable

if TYPE_CHECKING:
    from collections.abc import Iterable

_RECORDS = bytes.fromhex("4f0b7c0e9d0e5b8b8f396a3f5a0a6f5d")
_UUID_BYTES = 16
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
LONGEST_QUERIED = 256


def record_id(tenant_id: str, action: str, sha1_or_text: str) -> str:
    """Return the UUIDv5 of a question: tenant, action and SHA-1 (or, without one, the text asked)."""
    subject = encodable(sha1_or_text)[:LONGEST_QUERIED]
    return _uuid5("\n".join((encodable(tenant_id).lower(), action, subject)))


def _uuid5(name: str) -> str:
    """Return what ``uuid.uuid5`` does (RFC 9562, section 5.5); importing that module costs more than an answer."""
    digest = bytearray(hashlib.sha1(_RECORDS + name.encode(), usedforsecurity=False).digest()[:_UUID_BYTES])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


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
    return hashlib.sha256(_canonical(material).encode()).hexdigest()[:32]


def _order_of_magnitude(number: int | None) -> int | None:
    if number is None:
        return None
    return len(str(number)) if number else 0


def portal_url(portal_host: str, sha1: str, tenant_id: str) -> str:
    """Return the address of the file's page in the Defender portal, for people to open."""
    sha1_part, tenant_part = (quote(encodable(part), safe="") for part in (sha1, tenant_id))
    return f"https://{portal_host}/file/{sha1_part}?tid={tenant_part}"
