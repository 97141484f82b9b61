"""Keeps what the service sent and this package does not know, so that nothing is lost."""

from __future__ import annotations

import json
from typing import Any

from mde_files.errors import UpstreamInvalidError
from mde_files.records.text import encodable

_MOST_ENTRIES = 100_000

Path = tuple[str | int, ...]
"""Steps from the top of an upstream document to a value: property names and list positions."""


class Unmapped:
    """Collects values that no key of the record takes, each with its path in the upstream document.

    Args:
        document: Put before each path; empty for the action's own answer.
    """

    __slots__ = ("_document", "entries")

    def __init__(self, document: str = "") -> None:
        self._document = document
        self.entries: list[dict[str, str]] = []

    def keep(self, path: Path, value: Any) -> None:
        """Keep a value as JSON text under its path (a JSON Pointer, RFC 6901).

        Raises:
            UpstreamInvalidError: The value is nested too deeply to be written down, or there are too many.
        """
        if len(self.entries) >= _MOST_ENTRIES:
            raise UpstreamInvalidError(
                f"More than {_MOST_ENTRIES:,} values of the service's answer are of no known kind.",
                hint="Something else may have answered instead of the service; check base_url and proxy.",
            )
        try:
            text = json.dumps(value)
        except RecursionError:
            raise UpstreamInvalidError(
                "The service's answer is nested too deeply to be read.",
                hint="Repeat the call; if it persists, report it to Microsoft with the time of the call.",
            ) from None
        pointer = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
        self.entries.append({"path": self._document + encodable(pointer), "json": text})
