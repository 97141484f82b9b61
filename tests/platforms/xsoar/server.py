"""A server that keeps one integration context."""

from __future__ import annotations

import json
import threading
from typing import Any


class Server:
    """Keeps a context as the platform does."""

    def __init__(self, context: dict[str, Any] | None = None) -> None:
        self.context: dict[str, Any] | None = context
        self.version = 1
        self.lock = threading.Lock()
        self.before_write: Any = lambda: None

    def getIntegrationContextVersioned(self, refresh: bool) -> dict[str, Any]:  # noqa: N802
        assert refresh
        with self.lock:
            return {"context": self.context, "version": self.version}

    def setIntegrationContextVersioned(self, context: Any, version: int, sync: bool) -> None:  # noqa: N802
        assert sync
        assert all(isinstance(text, str) for item in context.items() for text in item)
        self.before_write()
        with self.lock:
            if version < self.version:
                raise ValueError("DB Version is newer")
            self.context, self.version = json.loads(json.dumps(context)), self.version + 1
