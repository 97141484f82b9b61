"""What goes wrong, as problem details (RFC 9457): status, code, what to do, and when to come back."""

from __future__ import annotations

import json
import math
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files.errors import InvalidConfigError
from mde_files.timestamps import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mde_files.errors import MdeFilesError

MEDIA_TYPE = "application/problem+json"
_LONGEST_TEXT = 2000
_OPTION = " --"


class Kind(NamedTuple):
    """A kind of problem: the status it is answered with and its title."""

    status: int
    title: str


KINDS: Mapping[str, Kind] = {
    "malformed": Kind(400, "The request cannot be read"),
    "unauthorized": Kind(401, "No valid key"),
    "not_permitted": Kind(403, "Not permitted"),
    "not_found": Kind(404, "There is nothing here"),
    "method_not_allowed": Kind(405, "Another method is needed"),
    "request_timeout": Kind(408, "The request came too slowly"),
    "too_large": Kind(413, "The request is too large"),
    "unsupported_media_type": Kind(415, "The body has to be JSON"),
    "invalid_input": Kind(422, "A value is not valid"),
    "throttled": Kind(429, "Come back later"),
    "quota_exhausted": Kind(429, "Come back later"),
    "internal_error": Kind(500, "An error of mde-files itself"),
    "invalid_config": Kind(500, "The server's configuration cannot be used"),
    "auth_failed": Kind(502, "The server's sign-in to Microsoft failed"),
    "forbidden": Kind(502, "The server's sign-in lacks a permission"),
    "wrong_endpoint": Kind(502, "The server asks at the wrong address"),
    "network_error": Kind(502, "The service could not be reached"),
    "upstream_error": Kind(502, "The service answered with an error"),
    "upstream_invalid": Kind(502, "The service's answer cannot be used"),
    "busy": Kind(503, "The server is busy"),
    "state_unavailable": Kind(503, "The server's shared state cannot be used"),
    "timeout": Kind(504, "It took too long"),
}
"""Every code that can be answered: those of ``mde_files.errors``, and those of serving itself."""


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it that
    """Ends a request.

    Args:
        code: One of :data:`KINDS`.
        detail: What is wrong. Never contains a secret.
        hint: What to do about it.
        retryable: Whether the same request can succeed later.
        retry_at: When to try again, RFC 3339 UTC.
        headers: Headers of the answer.
        more: Further members.

    Attributes:
        reason: What is wrong, for the server's own log.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        hint: str = "",
        retryable: bool = False,
        retry_at: str | None = None,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.status = KINDS[code].status
        self.reason = detail
        self.headers = dict(headers or {})
        self._members = {"detail": detail[:_LONGEST_TEXT], "code": code, "hint": hint[:_LONGEST_TEXT]}
        self._retryable = retryable
        self._retry_at = retry_at
        self._more = dict(more or {})
        if retry_at is not None:
            self.headers.setdefault("Retry-After", str(_seconds_until(retry_at)))

    @classmethod
    def of(cls, error: MdeFilesError) -> Problem:
        """Return the problem that an error of this package is for the caller."""
        said = error.as_dict()
        more = {"upstream_status": said["http_status"]} if "http_status" in said else {}
        if "correlation_id" in said:
            more["correlation_id"] = said["correlation_id"]
        # Options of the command line help nobody who sent a request.
        hint = "GET /openapi.json says what is accepted." if _OPTION in error.hint else error.hint
        problem = cls(
            error.code,
            error.message,
            hint=hint,
            retryable=error.retryable,
            retry_at=error.retry_at,
            more=more,
        )
        if error.code == InvalidConfigError.code:
            problem.conceal("The server's configuration for this tenant cannot be used.", "Its log says why.")
        return problem

    def conceal(self, detail: str, hint: str) -> None:
        """Tell the caller this instead; ``reason`` stays as it is, for whoever runs the server."""
        self._members |= {"detail": detail, "hint": hint}

    def document(self) -> dict[str, Any]:
        """Return the body of the answer, as ``schemas/problem.schema.json`` describes it."""
        kind = KINDS[self.code]
        return {
            "type": f"urn:mde-files:problem:{self.code}",
            "title": kind.title,
            "status": kind.status,
            **self._members,
            "retryable": self._retryable,
            **({"retry_at": self._retry_at} if self._retry_at is not None else {}),
            **self._more,
        }

    def content(self) -> bytes:
        """Return the body as it is sent."""
        return json.dumps(self.document()).encode("ascii")


def _seconds_until(moment: str) -> int:
    remaining = (parse_timestamp(moment) - datetime.now(timezone.utc)).total_seconds()
    return max(1, math.ceil(remaining))
