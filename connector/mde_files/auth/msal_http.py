"""Lets MSAL speak HTTP through this package's session, so that time budgets, proxy, certificates and bounds hold.

MSAL asks for ``get``, ``post`` and ``close``, and for answers with ``status_code``, ``text`` and ``headers`` (its class
``msal.oauth2cli.http.HttpClient``). Errors of this package pass through it as they are.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from urllib3.util import parse_url

from mde_files import manifest
from mde_files.auth.entra_errors import correlation_id_of
from mde_files.auth.tokens import moment_text
from mde_files.errors import InvalidConfigError, MdeFilesError, ThrottledError, UpstreamError, UpstreamInvalidError
from mde_files.transport.answers import decode_json
from mde_files.transport.retries import RETRIED_STATUSES, asked_pause, backoff

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mde_files.deadline import Deadline
    from mde_files.logs import EventLog
    from mde_files.transport.session import HttpAnswer, HttpSession

AUTHORITY_HINT = "This is about the sign-in host ('cloud', 'authority'), not the files API."
_LARGEST_ANSWER = 1 << 20
_MAX_ATTEMPTS = 3
_LONGEST_PAUSE = 10.0
_FIRST_ERROR = 400
_UNAUTHORIZED = 401
_THROTTLED = 429
_SERVER_ERROR = 500
_HTTPS_PORT = 443


class MsalAnswer(NamedTuple):
    """An answer as MSAL likes it."""

    status_code: int
    text: str
    headers: Mapping[str, str]


class MsalHttpClient:
    """MSAL's HTTP client for one sign-in.

    Args:
        session: Sends the requests.
        deadline: When to give up; may be replaced between requests.
        log: Gets one event for each attempt.
        authority: The only place credentials may go to; ``None`` where MSAL finds the place (managed identity).
        hint: What to do when the host cannot be reached.
    """

    def __init__(
        self, session: HttpSession, deadline: Deadline, log: EventLog, *, authority: str | None, hint: str
    ) -> None:
        self.deadline = deadline
        self.refusal: Mapping[str, Any] | None = None
        self._session = session
        self._log = log
        self._authority = authority
        self._hint = hint

    def get(
        self,
        url: str,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **_ignored: object,
    ) -> MsalAnswer:
        """Send a GET request."""
        return self._ask("GET", url, params, None, headers)

    def post(
        self,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **_ignored: object,
    ) -> MsalAnswer:
        """Send a POST request with form fields."""
        return self._ask("POST", url, params, data, headers)

    def close(self) -> None:
        """Do nothing: the session belongs to somebody else."""

    def _ask(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None,
        data: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
    ) -> MsalAnswer:
        self._keep_to_authority(url)
        host = urlsplit(url).netloc
        attempt = 0
        while True:
            attempt += 1
            pause: float | None = None
            failure: MdeFilesError
            try:
                answer = self._attempt(method, url, _texts(params), _texts(data), headers, host=host, attempt=attempt)
            except MdeFilesError as error:
                failure = self._told(error)
            else:
                if answer.status not in RETRIED_STATUSES and answer.status < _SERVER_ERROR:
                    return self._readable(answer, host)
                pause = asked_pause(answer)
                failure = _unavailable(answer, host, pause)
            pause = backoff(attempt, random.random) if pause is None else pause
            hopeless = not failure.retryable or attempt >= _MAX_ATTEMPTS
            if hopeless or pause > _LONGEST_PAUSE or pause >= self.deadline.remaining():
                raise failure
            time.sleep(pause)

    def _attempt(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None,
        data: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        *,
        host: str,
        attempt: int,
    ) -> HttpAnswer:
        try:
            answer = self._session.request(
                method, url, params=params, data=data, headers=headers, deadline=self.deadline
            )
        except MdeFilesError as error:
            self._log.info("sign_in_attempt", host=host, attempt=attempt, error=error.code)
            raise
        self._log.info(
            "sign_in_attempt", host=host, attempt=attempt, status=answer.status, duration=round(answer.seconds, 4)
        )
        return answer

    def _keep_to_authority(self, url: str) -> None:
        """Refuse to send a credential to another host than the configured one, even if that host says so."""
        if self._authority is None or _origin(url) == _origin(self._authority):
            return
        host = parse_url(url).netloc or ""
        clouds = [row.id for row in manifest.load().clouds.values() if urlsplit(row.authority).netloc == host]
        raise InvalidConfigError(
            f"The sign-in of this tenant is not at {urlsplit(self._authority).netloc} but at {host[:100]!r}.",
            hint=f"Set 'cloud' to {' or '.join(clouds)}." if clouds else "Check 'cloud' and 'authority'.",
        )

    def _told(self, error: MdeFilesError) -> MdeFilesError:
        return type(error)(
            f"The sign-in failed: {error.message}",
            hint=f"{error.hint} {self._hint}".strip(),
            retryable=error.retryable,
            http_status=error.http_status,
        )

    def _readable(self, answer: HttpAnswer, host: str) -> MsalAnswer:
        # Azure Arc asks for its local key by a 401 without a JSON body.
        if self._authority is not None or answer.status != _UNAUTHORIZED:
            document = _json_object(answer)
            if document is None:
                raise UpstreamInvalidError(
                    f"The sign-in failed: {host} answered with status {answer.status} and something else than JSON.",
                    hint=f"A proxy or captive portal may have answered instead. {self._hint}",
                    http_status=answer.status,
                )
            if answer.status >= _FIRST_ERROR:
                self.refusal = document
        return MsalAnswer(answer.status, answer.body.decode("utf-8-sig", errors="replace"), answer.headers)


def _texts(values: Mapping[str, Any] | None) -> dict[str, str] | None:
    if values is None:
        return None
    return {
        name: value.decode("ascii") if isinstance(value, bytes) else str(value)
        for name, value in values.items()
        if value is not None
    }


def _origin(url: str) -> tuple[str | None, str | None, str | None, int]:
    """Return where a request for ``url`` goes, read as the library reads it that sends it: parsers disagree."""
    parts = parse_url(url)
    return parts.scheme, parts.auth, parts.host, parts.port or _HTTPS_PORT


def _json_object(answer: HttpAnswer) -> dict[str, Any] | None:
    if len(answer.body) > _LARGEST_ANSWER:
        return None
    try:
        document = decode_json(answer)
    except UpstreamInvalidError:
        return None
    return document if isinstance(document, dict) else None


def _unavailable(answer: HttpAnswer, host: str, pause: float | None) -> MdeFilesError:
    document = _json_object(answer)
    correlation_id = correlation_id_of(document or {})
    if answer.status == _THROTTLED:
        return ThrottledError(
            f"The sign-in failed: {host} asks to come back later.",
            hint="Ask again at the time given; too many sign-ins were made for this application.",
            retry_at=None if pause is None else moment_text(time.time() + pause),
            http_status=answer.status,
            correlation_id=correlation_id,
        )
    return UpstreamError(
        f"The sign-in failed: {host} answered with status {answer.status}.",
        hint="The sign-in service has a problem of its own; try again later.",
        http_status=answer.status,
        correlation_id=correlation_id,
    )
