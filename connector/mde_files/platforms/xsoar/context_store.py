"""The versioned integration context of an instance: one small document that all its runs share, on every engine.

It is one JSON object with texts as values, and one version. ``getIntegrationContextVersioned(refresh)`` returns
``{"context": …, "version": …}``. ``setIntegrationContextVersioned(context, version, sync)`` replaces the context, or
raises ``ValueError`` where the version is not the present one. (https://xsoar.pan.dev/docs/integrations/integration-cache
and the docstrings of the ``demisto`` class.)
"""

from __future__ import annotations

import base64
import json
import random
import time
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from mde_files.state.interface import BackendUnavailableError
from mde_files.state.key_value import KeyValueState

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEY = "mde_files"
_TRIES = 3


class VersionedContext(Protocol):
    """What the platform offers."""

    def getIntegrationContextVersioned(self, refresh: bool) -> Mapping[str, Any]:  # noqa: N802, FBT001
        """Return the context and its version, from the database."""

    def setIntegrationContextVersioned(  # noqa: N802
        self,
        context: Mapping[str, str],
        version: Any,
        sync: bool,  # noqa: FBT001
    ) -> None:
        """Replace the context at once if its version still is the one given.

        Raises:
            ValueError: It is not.
        """


class _Document(NamedTuple):
    context: Mapping[str, Any]
    version: Any
    entries: Mapping[str, str]


class IntegrationContext:
    """The functions that ``KeyValueState`` wants, over the one document.

    An entry's version is its own text, so that changes of other entries are no conflict. What was read last is what a
    write starts from: the server refuses it where it is old.
    """

    def __init__(self, platform: VersionedContext) -> None:
        self._platform = platform
        self._seen: _Document | None = None

    def read(self, key: str) -> tuple[bytes | None, str | None]:
        """Return what is kept under ``key`` and its text."""
        text = self._load().entries.get(key)
        try:
            return (None if text is None else base64.b64decode(text)), text
        except ValueError:
            return None, text

    def compare_and_swap(self, key: str, value: bytes | None, version: str | None) -> bool:
        """Keep ``value`` under ``key``, unless another text than ``version`` has come there."""
        text = None if value is None else base64.b64encode(value).decode("ascii")
        for _ in range(_TRIES):
            document = self._seen or self._load()
            if document.entries.get(key) != version:
                return False
            self._seen = None
            if self._replace(document, {**document.entries, key: text}):
                return True
            time.sleep(random.random() * 0.005)  # noqa: S311 - spreads competitors
        return False

    def _load(self) -> _Document:
        found = self._platform.getIntegrationContextVersioned(True)  # noqa: FBT003 - the platform's own form
        context = found.get("context") or {}
        self._seen = _Document(context, found.get("version"), _entries(context.get(_KEY)))
        return self._seen

    def _replace(self, document: _Document, entries: Mapping[str, str | None]) -> bool:
        kept = {key: text for key, text in entries.items() if text is not None}
        context = {**document.context, _KEY: json.dumps(kept, separators=(",", ":"))}
        try:
            self._platform.setIntegrationContextVersioned(context, document.version, True)  # noqa: FBT003
        except ValueError:
            return False
        return True


def context_state(platform: VersionedContext) -> KeyValueState:
    """Return the state in an instance's integration context.

    Its clock is the wall clock: engines on several hosts share nothing else. Where their clocks differ by some seconds,
    the quota's windows are off by as much.

    Raises:
        BackendUnavailableError: The server is too old to have versions.
    """
    if not hasattr(platform, "getIntegrationContextVersioned"):
        raise BackendUnavailableError("this server has no versioned integration context")
    context = IntegrationContext(platform)
    return KeyValueState(context.read, context.compare_and_swap, clock=time.time)


def _entries(text: object) -> Mapping[str, str]:
    try:
        entries = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        entries = None
    if not isinstance(entries, dict):
        return {}
    return {key: kept for key, kept in entries.items() if isinstance(kept, str)}
