"""Enrich security incidents with what Microsoft Defender for Endpoint knows about a file hash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files.errors import (
    AuthFailedError,
    ForbiddenError,
    InvalidConfigError,
    InvalidInputError,
    MdeFilesError,
    NetworkError,
    QuotaExhaustedError,
    StateUnavailableError,
    ThrottledError,
    TimeoutExceededError,
    UpstreamError,
    UpstreamInvalidError,
    WrongEndpointError,
)

if TYPE_CHECKING:
    from mde_files.connector import Connector

__all__ = [
    "AuthFailedError",
    "Connector",
    "ForbiddenError",
    "InvalidConfigError",
    "InvalidInputError",
    "MdeFilesError",
    "NetworkError",
    "QuotaExhaustedError",
    "StateUnavailableError",
    "ThrottledError",
    "TimeoutExceededError",
    "UpstreamError",
    "UpstreamInvalidError",
    "WrongEndpointError",
]


def __getattr__(name: str) -> Any:
    """Import the connector when it is asked for: what needs only a part of the package does not wait for it."""
    if name != "Connector":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mde_files.connector import Connector

    globals()[name] = Connector
    return Connector
