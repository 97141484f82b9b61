"""Enrich security incidents with what Microsoft Defender for Endpoint knows about a file hash."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from mde_files.late_names import importer

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
__getattr__ = importer(__name__, {"Connector": "connector"})
