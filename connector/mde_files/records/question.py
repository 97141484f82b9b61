"""What was asked, and where the answer came from."""

from __future__ import annotations

from typing import NamedTuple


class Question(NamedTuple):
    """What a caller asked.

    Attributes:
        action: ``file_stats`` or ``file_alerts``.
        queried: The hash that was asked for, stripped and in lower case; for a failure, whatever was given.
        queried_type: ``sha1``, ``sha256``, ``md5``, or ``unknown`` when the input is no hash.
        tenant_id: The tenant that was asked; part of the record's identity.
    """

    action: str
    queried: str
    queried_type: str
    tenant_id: str


class Source(NamedTuple):
    """Where an answer came from.

    Attributes:
        cloud: Name of the cloud row in the manifest, such as ``commercial``.
        host: Host of the files API.
        tenant_id: Tenant whose data this is.
        endpoint: Path template of the call, such as ``/api/files/{sha1}/stats``.
        retrieved_at: RFC 3339 UTC time the service answered; empty when nothing was answered.
        from_cache: Whether the answer was stored earlier.
        age_seconds: Age of the answer when the record was made.
        portal_host: Host of the portal that people open; empty where none is known.
    """

    cloud: str
    host: str
    tenant_id: str
    endpoint: str
    retrieved_at: str
    from_cache: bool
    age_seconds: int
    portal_host: str
