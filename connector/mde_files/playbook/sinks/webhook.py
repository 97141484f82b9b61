"""Sends findings to an HTTPS endpoint of the user's own, signed, each of them once.

The receiver checks ``X-MDE-Files-Signature: t=SECONDS,v1=HEX``: HEX is HMAC-SHA256 over ``SECONDS.BODY`` with the key
that both know, and SECONDS is not long ago. The same findings always carry the same ``Idempotency-Key``.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mde_files.clouds import checked_url
from mde_files.errors import (
    ForbiddenError,
    InvalidConfigError,
    MdeFilesError,
    NetworkError,
    ThrottledError,
    TimeoutExceededError,
    UpstreamError,
    WrongEndpointError,
)
from mde_files.playbook.sinks.interface import Look
from mde_files.render.comment import digest
from mde_files.secret import Secret
from mde_files.timestamps import utc_now_text
from mde_files.transport.retries import MAX_ATTEMPTS, RETRIED_STATUSES, asked_pause, backoff

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mde_files.deadline import Deadline
    from mde_files.logs import EventLog
    from mde_files.playbook.attachment import Attachment
    from mde_files.playbook.incident import Incident
    from mde_files.playbook.sinks.history import History
    from mde_files.sink_config import WebhookConfig
    from mde_files.transport.session import HttpAnswer, HttpSession

_URL = re.compile(r"https?://[^/?#@\s]+([/?][^#\s]*)?")
_SHORTEST_SECRET = 16


class Webhook:
    """An endpoint, for one incident; implements ``Place``. What was sent there is known from memory alone.

    Args:
        incident: The incident.
        url: Where to send to.
        secret: Key of the signature.
        session: Sends the requests.
        log: Gets one event for each attempt.
        sleep: Waits for seconds.
    """

    def __init__(
        self,
        incident: Incident,
        url: Secret,
        secret: Secret,
        session: Callable[[], HttpSession],
        log: EventLog,
        sleep: Callable[[float], None],
    ) -> None:
        self._incident = incident
        self._url = url
        self._secret = secret
        self._session = session
        self._log = log
        self._sleep = sleep
        # Paths of webhooks are secrets as often as not.
        parts = urlsplit(url.reveal())
        self._host = parts.netloc
        self._shown = f"{parts.scheme}://{parts.netloc}/…"

    @property
    def key(self) -> str:
        """What tells this place from others; it holds the URL, and is stored hashed only."""
        return f"{self._url.reveal()}\n{self._incident.format}\n{self._incident.id}"

    def look(self, playbook: str, history: History | None, deadline: Deadline) -> Look:  # noqa: ARG002 - nobody is asked
        """Return what was sent."""
        return Look(self._shown, history.digest if history is not None else None, None)

    def write(self, attachment: Attachment, changes: Sequence[str], deadline: Deadline) -> None:
        """Send the findings; answers that ask for it are tried again with the same key."""
        body = json.dumps(self._message(attachment, changes), ensure_ascii=False).encode("utf-8", "replace")
        identity = "\n".join((self._incident.format, self._incident.id, attachment.playbook, digest(attachment)))
        key = hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest()
        for attempt in range(1, MAX_ATTEMPTS + 1):
            pause: float | None = None
            try:
                answer = self._send(body, key, deadline)
            except (NetworkError, TimeoutExceededError) as error:
                failure: MdeFilesError = error
            else:
                if 200 <= answer.status < 300:  # noqa: PLR2004 - any success
                    return
                failure = self._refusal(answer)
                pause = asked_pause(answer) if answer.status in RETRIED_STATUSES else None
            pause = backoff(attempt, random.random) if pause is None else pause
            if not failure.retryable or attempt == MAX_ATTEMPTS or pause >= deadline.remaining():
                raise failure
            self._sleep(pause)

    def tag(self, tags: Sequence[str], deadline: Deadline) -> None:
        """Do nothing: the tags are in the message."""

    def _send(self, body: bytes, key: str, deadline: Deadline) -> HttpAnswer:
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": key,
            "X-MDE-Files-Signature": signature(self._secret.reveal(), body, int(time.time())),
        }
        started = time.monotonic()
        answer = self._session().request("POST", self._url.reveal(), data=body, headers=headers, deadline=deadline)
        self._log.info(
            "webhook_attempt",
            host=self._host,
            status=answer.status,
            duration=round(time.monotonic() - started, 4),
        )
        return answer

    def _message(self, attachment: Attachment, changes: Sequence[str]) -> dict[str, Any]:
        incident = self._incident
        about = {
            "format": incident.format,
            "id": incident.id,
            "title": incident.title,
            "severity": incident.severity,
            "created_at": incident.created_at,
            "url": incident.url,
            "defender_incident_id": incident.defender_incident_id,
            "sentinel": incident.sentinel._asdict() if incident.sentinel is not None else None,
        }
        return {
            "schema_version": "1.0",
            "incident": {name: value for name, value in about.items() if value},
            "playbook": attachment.playbook,
            "title": attachment.title,
            "records": list(attachment.records),
            "open_questions": list(attachment.open_questions),
            "notes": list(attachment.notes),
            "changes": list(changes),
            "add_tags": list(attachment.add_tags),
            "sent_at": utc_now_text(),
        }

    def _refusal(self, answer: HttpAnswer) -> MdeFilesError:
        said = f"The webhook at {self._host} answered with status {answer.status}"
        if 300 <= answer.status < 400:  # noqa: PLR2004 - the range of redirects
            return WrongEndpointError(
                f"{said}; redirects are not followed.",
                hint="Name the address that it leads to, if it is yours.",
                http_status=answer.status,
            )
        if answer.status in (401, 403):
            return ForbiddenError(
                f"{said}: it does not take this message.",
                hint="Check that both sides have the same sinks.webhook.secret, and the clocks of both.",
                http_status=answer.status,
            )
        if answer.status == 429:  # noqa: PLR2004
            return ThrottledError(f"{said}.", hint="Try again later.", http_status=answer.status)
        return UpstreamError(
            f"{said}.",
            hint="Look into the receiver's log, then run the playbook again.",
            retryable=answer.status in RETRIED_STATUSES or answer.status >= 500,  # noqa: PLR2004
            http_status=answer.status,
        )


def signature(secret: str, body: bytes, seconds: int) -> str:
    """Return the value of the header ``X-MDE-Files-Signature``.

    Args:
        secret: The shared key.
        body: The body of the message.
        seconds: When it is sent, in seconds since 1970.
    """
    mac = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256)
    return f"t={seconds},v1={mac.hexdigest()}"


def webhook_settings(address: str, settings: WebhookConfig) -> tuple[Secret, Secret]:
    """Return URL and key of the webhook.

    Args:
        address: URL that was named with the sink; empty: the configuration's.
        settings: The configuration.

    Raises:
        InvalidConfigError: One of them is missing or cannot be used.
    """
    url = address or (settings.url.reveal() if settings.url is not None else "")
    if not url:
        raise InvalidConfigError(
            "The webhook has no address.", hint="Name it as webhook:https://…, or set sinks.webhook.url."
        )
    if not _URL.fullmatch(url):
        raise InvalidConfigError(
            "The address of the webhook is no https:// URL without user name and fragment.",
            hint="Write it as webhook:https://host/path.",
        )
    checked_url("The address of the webhook", url, shown=False)
    if settings.secret is None or len(settings.secret.reveal()) < _SHORTEST_SECRET:
        raise InvalidConfigError(
            f"The webhook needs a key of at least {_SHORTEST_SECRET} characters to sign with.",
            hint="Set sinks.webhook.secret or sinks.webhook.secret_file, and give the receiver the same key.",
        )
    return Secret(url), settings.secret
