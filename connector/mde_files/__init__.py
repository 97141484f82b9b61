"""Enrich security incidents with what Microsoft Defender for Endpoint knows about a file hash."""

from __future__ import annotations

from mde_files.connector import Connector
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
