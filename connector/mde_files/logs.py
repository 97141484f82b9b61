"""Structured logs on standard error, with every secret blacked out.

``structlog`` is imported with the first event that is really written: most actions write none. Where a platform's image
lacks it, each event is a line of JSON.
"""

from __future__ import annotations

import re
import sys
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mde_files.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, MutableMapping

    from mde_files.config import Config
    from mde_files.errors import MdeFilesError

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_BEARER = r"(?i)(bearer\s+)[A-Za-z0-9._~+/=-]{8,}"
_THREE_PARTS = r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?"
_USER_OF_URL = r"(?i)\b([a-z][a-z0-9+.-]{0,20}://)[^/\s@\"'<>]{1,2000}@"
_CONTROL = r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
REDACTED = "****"
# Tokens live for an hour or so; those of earlier days need no hiding any more.
_MOST_LEARNED = 16


def redacted(text: str, secrets: Iterable[str]) -> str:
    """Return ``text`` without any of ``secrets``, however written, and without tokens and users of URLs."""
    return _blacked_out(text, _written_forms(secrets))


def _written_forms(secrets: Iterable[str]) -> list[str]:
    """Return the secrets as they are and as URLs, forms, JSON and ``repr`` write them, longest first."""
    import json
    from urllib.parse import quote, quote_plus, unquote

    forms: set[str] = set()
    for secret in secrets:
        forms |= {secret, unquote(secret), quote(secret, safe=""), quote_plus(secret)}
        forms |= {repr(secret)[1:-1], json.dumps(secret)[1:-1]}
    return sorted(forms - {""}, key=len, reverse=True)


def _blacked_out(text: str, forms: Iterable[str]) -> str:
    lowered = text.lower()
    for form in forms:
        # Host names and some gateways write everything small.
        if form.lower() in lowered:
            text = re.sub(re.escape(form), REDACTED, text, flags=re.IGNORECASE)
    text = re.sub(_USER_OF_URL, rf"\g<1>{REDACTED}@", text)
    return re.sub(_THREE_PARTS, REDACTED, re.sub(_BEARER, rf"\g<1>{REDACTED}", text))


class _Events(ABC):
    """Events by how much they matter."""

    def debug(self, event: str, **fields: object) -> None:
        """Write what only a developer of this package wants to know."""
        self._write("debug", event, fields)

    def info(self, event: str, **fields: object) -> None:
        """Write what happened as expected."""
        self._write("info", event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """Write what somebody should look at."""
        self._write("warning", event, fields)

    @abstractmethod
    def _write(self, level: str, event: str, fields: Mapping[str, object]) -> None: ...


class EventLog(_Events):
    """Writes events as key=value for people or as JSON for machines.

    Args:
        level: Least severity that is written: debug, info, warning or error.
        form: ``text`` or ``json``.
        secrets: Texts that never appear.
        write: Gets the level and the line of each event, for a platform's own log; by default standard error does.
    """

    def __init__(
        self,
        level: str = "warning",
        form: str = "text",
        secrets: Iterable[str] = (),
        *,
        write: Callable[[str, str], None] | None = None,
    ) -> None:
        self._threshold = LEVELS[level]
        self._form = form
        self._hidden = [Secret(secret) for secret in dict.fromkeys(secrets)]
        self._learned: list[Secret] = []
        self._forms = self._all_forms()
        self._write_line = write
        self._writer: Any = None

    @classmethod
    def from_config(cls, config: Config, *, write: Callable[[str, str], None] | None = None) -> EventLog:
        """Return the log that ``config`` asks for, which knows the secrets to hide."""
        return cls(config.log.level, config.log.format, config.secrets(), write=write)

    def hide(self, secret: str) -> None:
        """Let ``secret``, which was learned only now, never appear either."""
        learned = Secret(secret)
        if learned not in self._learned:
            self._learned = [*self._learned, learned][-_MOST_LEARNED:]
            self._forms = self._all_forms()

    def redacted(self, text: str) -> str:
        """Return ``text`` as it would be written here."""
        return _blacked_out(text, (form.reveal() for form in self._forms))

    def without_secrets(self, error: MdeFilesError) -> MdeFilesError:
        """Return ``error``, whose texts may repeat what a server sent back, without any secret."""
        error.args = (self.redacted(error.message),)
        error.message, error.hint = error.args[0], self.redacted(error.hint)
        if error.correlation_id is not None:
            error.correlation_id = self.redacted(error.correlation_id)
        return error

    def _write(self, level: str, event: str, fields: Mapping[str, object]) -> None:
        if LEVELS[level] < self._threshold:
            return
        if self._writer is None:
            self._writer = self._build()
        # An answer is worth more than the log of it, which may be on a full disk or have lost its reader.
        with suppress(OSError):
            getattr(self._writer, level)(event, **{key: value for key, value in fields.items() if value is not None})

    def _build(self) -> Any:
        logger = None if self._write_line is None else _PlatformLogger(self._write_line)
        try:
            import structlog
        except ModuleNotFoundError:
            return _JsonLines(self._harmless, logger)

        renderer: Any = structlog.processors.JSONRenderer()
        if self._form == "text":
            renderer = structlog.processors.LogfmtRenderer(
                key_order=["timestamp", "level", "event"], bool_as_flag=False
            )
        return structlog.wrap_logger(
            logger or structlog.PrintLogger(sys.stderr),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                self._redact,
                renderer,
            ],
            wrapper_class=structlog.BoundLogger,
        )

    def _all_forms(self) -> list[Secret]:
        held = (secret.reveal() for secret in (*self._hidden, *self._learned))
        return [Secret(form) for form in _written_forms(held)]

    def _redact(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {key: self._harmless(value) for key, value in event.items()}

    def _harmless(self, value: object) -> object:
        if isinstance(value, bool | int | float):
            return value
        text = self.redacted(str(value))
        return re.sub(_CONTROL, lambda found: f"\\u{ord(found.group()):04x}", text)


class _PlatformLogger:
    """What structlog writes to, where a platform keeps the log."""

    def __init__(self, write: Callable[[str, str], None]) -> None:
        self._write = write

    def debug(self, line: str) -> None:
        self._write("debug", line)

    def info(self, line: str) -> None:
        self._write("info", line)

    def warning(self, line: str) -> None:
        self._write("warning", line)


class _JsonLines(_Events):
    """Writes events as ``structlog`` does for machines."""

    def __init__(self, harmless: Callable[[object], object], logger: _PlatformLogger | None) -> None:
        self._harmless = harmless
        self._logger = logger

    def _write(self, level: str, event: str, fields: Mapping[str, object]) -> None:
        import json
        from datetime import datetime, timezone

        moment = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        told = {**fields, "event": event, "level": level, "timestamp": moment}
        line = json.dumps({key: self._harmless(value) for key, value in told.items()})
        if self._logger is None:
            sys.stderr.write(f"{line}\n")
        else:
            getattr(self._logger, level)(line)
