"""The errors of this package: one tree, each with a stable code, a sentence and a hint.

Playbooks and platforms branch on ``code``; people read ``message`` and do what ``hint`` says.
"""

from __future__ import annotations

from typing import Any, ClassVar


class MdeFilesError(Exception):
    """Base of every error this package raises on purpose.

    Args:
        message: One sentence for people: what is wrong. Never contains a secret.
        hint: What to do about it.
        retryable: Whether the same call may succeed later; by default what is usual for the class.
        retry_at: RFC 3339 UTC time from which another attempt makes sense, where one is known.
        http_status: Status of the answer that caused the error, if there was one.
        correlation_id: The service's ``target`` or Microsoft Entra's ``correlation_id``, for support requests.
        caveats: ``{code, message}`` entries that a record of this failure carries.
    """

    code: ClassVar[str] = "internal_error"
    exit_code: ClassVar[int] = 1
    usually_retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        retryable: bool | None = None,
        retry_at: str | None = None,
        http_status: int | None = None,
        correlation_id: str | None = None,
        caveats: tuple[dict[str, str], ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.retryable = self.usually_retryable if retryable is None else retryable
        self.retry_at = retry_at
        self.http_status = http_status
        self.correlation_id = correlation_id
        self.caveats = caveats

    def as_dict(self) -> dict[str, Any]:
        """Return the ``error`` object of a record: code, message, hint, retryable and what else is known."""
        error: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "retryable": self.retryable,
        }
        for key in ("retry_at", "http_status", "correlation_id"):
            value = getattr(self, key)
            if value is not None:
                error[key] = value
        return error


class InvalidInputError(MdeFilesError):
    """A parameter of an action is missing, of the wrong type or out of range."""

    code = "invalid_input"
    exit_code = 2


class InvalidConfigError(MdeFilesError):
    """The configuration (or a file it names) cannot be used."""

    code = "invalid_config"
    exit_code = 3


class AuthFailedError(MdeFilesError):
    """Microsoft Entra ID refused the sign-in, or the service refused the token."""

    code = "auth_failed"
    exit_code = 3


class ForbiddenError(MdeFilesError):
    """The sign-in is valid and lacks a permission; the message names it."""

    code = "forbidden"
    exit_code = 4


class WrongEndpointError(MdeFilesError):
    """A 404 without the service's error envelope: this host or path is not the Defender API."""

    code = "wrong_endpoint"
    exit_code = 6


class ThrottledError(MdeFilesError):
    """The service answered 429 and asks to come back later than this call may wait."""

    code = "throttled"
    exit_code = 5
    usually_retryable = True


class QuotaExhaustedError(MdeFilesError):
    """The shared quota has no room within the time this call may wait."""

    code = "quota_exhausted"
    exit_code = 5
    usually_retryable = True


class TimeoutExceededError(MdeFilesError):
    """A time budget (connect, read or total) ran out."""

    code = "timeout"
    exit_code = 6
    usually_retryable = True


class NetworkError(MdeFilesError):
    """The host could not be resolved, reached or trusted."""

    code = "network_error"
    exit_code = 6
    usually_retryable = True


class UpstreamError(MdeFilesError):
    """The service answered with an error that is its own."""

    code = "upstream_error"
    exit_code = 6
    usually_retryable = True


class UpstreamInvalidError(MdeFilesError):
    """The service answered with something that is not what its documentation promises."""

    code = "upstream_invalid"
    exit_code = 6


class StateUnavailableError(MdeFilesError):
    """The shared state is required by the configuration and cannot be used."""

    code = "state_unavailable"
    exit_code = 3
    usually_retryable = True
