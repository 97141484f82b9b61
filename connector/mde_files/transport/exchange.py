"""One question to the service: attempts, waiting, renewal of the token, and what the answer means."""

from __future__ import annotations

import json
import random
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files import schemas
from mde_files.auth.tokens import BearerAuth
from mde_files.errors import (
    MdeFilesError,
    NetworkError,
    ThrottledError,
    TimeoutExceededError,
    UpstreamInvalidError,
)
from mde_files.timestamps import utc_now_text
from mde_files.transport.answers import error_envelope, parse_json
from mde_files.transport.retries import MAX_ATTEMPTS, RETRIED_STATUSES, asked_pause, backoff

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mde_files.auth import AccessToken, Claims, TokenProvider
    from mde_files.clouds import ServiceEndpoint
    from mde_files.deadline import Deadline
    from mde_files.logs import EventLog
    from mde_files.manifest import Call
    from mde_files.quota import Priority, Quota
    from mde_files.transport.session import HttpAnswer, HttpSession

_HEADERS = {"Accept": "application/json"}
_OK = 200
_WRITTEN = frozenset({201, 204})
_NO_CONTENT = 204
_UNAUTHORIZED = 401
_NOT_FOUND = 404
_THROTTLED = 429
# What may have been done although no answer came is not done again here; whoever asked can look first.
_REPEATED_METHODS = frozenset({"GET", "PUT"})


class Reply(NamedTuple):
    """What the service knows.

    Attributes:
        document: The decoded answer, empty where the service says no more than "done"; ``None`` when it does not know
            what was asked about.
        retrieved_at: When it came, RFC 3339 UTC.
        size: Bytes of the answer.
    """

    document: Any
    retrieved_at: str
    size: int = 0


class Exchange:
    """Asks one service, trying again where that makes sense and only as long as the deadline allows.

    Args:
        endpoint: Where the service is.
        session: Sends single requests.
        tokens: Signs in to this very service.
        log: Gets one event for each attempt.
        quota: Returns the quota as a kind of caller may use it.
        max_wait_seconds: Longest wait that a throttling answer may cause.
        sleep: Waits for seconds.
        jitter: Returns numbers in [0, 1).
    """

    def __init__(
        self,
        *,
        endpoint: ServiceEndpoint,
        session: HttpSession,
        tokens: TokenProvider,
        log: EventLog,
        quota: Callable[[Priority], Quota],
        max_wait_seconds: float,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._endpoint = endpoint
        self._session = session
        self._tokens = tokens
        self._log = log
        self._quota = quota
        self._max_wait = max_wait_seconds
        self._sleep = sleep
        self._jitter = jitter
        self._announced_sunset: set[str] = set()

    def ask(
        self,
        call: Call,
        path: str,
        query: Mapping[str, str],
        *,
        action: str,
        deadline: Deadline,
        caller: Priority = "interactive",
        body: Mapping[str, Any] | None = None,
    ) -> Reply:
        """Return the service's answer to one call.

        Args:
            call: The call, for permissions, schema and names.
            path: Path below the base URL, already quoted.
            query: Query options.
            action: The action this is for, for the log.
            deadline: When to give up.
            caller: Which part of the quota may be used.
            body: JSON object to send.

        Raises:
            MdeFilesError: Every error of this package except those about input. A POST or PATCH that got no answer, or
                one that does not tell, may have been done.
        """
        try:
            return self._ask(call, path, query, action=action, deadline=deadline, caller=caller, body=body)
        except MdeFilesError as error:
            raise self._log.without_secrets(error) from None

    def _ask(
        self,
        call: Call,
        path: str,
        query: Mapping[str, str],
        *,
        action: str,
        deadline: Deadline,
        caller: Priority,
        body: Mapping[str, Any] | None,
    ) -> Reply:
        waited = 0.0
        renewed = False
        attempt = 0
        quota = self._quota(caller)
        token = self._tokens.token(deadline)
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        while True:
            attempt += 1
            failure: MdeFilesError
            pause: float | None = None
            try:
                with quota.slot(call, deadline, waited=waited) as queued:
                    waited += queued
                    answer = self._attempt(
                        call, path, query, content, token, action=action, attempt=attempt, deadline=deadline
                    )
            except (NetworkError, TimeoutExceededError) as error:
                failure = error
            else:
                reply = self._understood(answer, call)
                if reply is not None:
                    return reply
                if answer.status == _UNAUTHORIZED and not renewed:
                    renewed = True
                    token = self._tokens.renew(token, deadline)
                    continue
                failure = self._refusal(answer, call, token)
                if answer.status in RETRIED_STATUSES:
                    pause = asked_pause(answer)
            from mde_files.transport.refusals import ConflictError

            pause = backoff(attempt, self._jitter) if pause is None else pause
            throttled = isinstance(failure, ThrottledError)
            if throttled:
                quota.pause(call, pause)
            if not failure.retryable or attempt >= MAX_ATTEMPTS or deadline.expired:
                raise failure
            if isinstance(failure, ConflictError) or (not throttled and call.method not in _REPEATED_METHODS):
                raise failure
            if pause >= deadline.remaining() or (throttled and waited + pause > self._max_wait):
                raise failure
            waited += pause if throttled else 0.0
            self._sleep(pause)

    def _attempt(
        self,
        call: Call,
        path: str,
        query: Mapping[str, str],
        content: bytes | None,
        token: AccessToken,
        *,
        action: str,
        attempt: int,
        deadline: Deadline,
    ) -> HttpAnswer:
        started = time.monotonic()
        seen: dict[str, object] = {
            "action": action,
            "endpoint": call.path,
            "attempt": attempt,
            "from_cache": False,
        }
        try:
            answer = self._session.request(
                call.method,
                self._endpoint.base_url + path,
                params=query,
                data=content,
                headers=_HEADERS if content is None else {**_HEADERS, "Content-Type": "application/json"},
                auth=BearerAuth(token.value),
                deadline=deadline,
            )
        except MdeFilesError as error:
            self._log.info("http_attempt", **seen, error=error.code, duration=round(time.monotonic() - started, 4))
            raise
        envelope = error_envelope(answer) if answer.status != _OK else None
        self._log.info(
            "http_attempt",
            **seen,
            status=answer.status,
            duration=round(answer.seconds, 4),
            correlation_id=envelope.correlation_id if envelope else None,
        )
        self._announce_sunset(answer, call)
        return answer

    def _understood(self, answer: HttpAnswer, call: Call) -> Reply | None:
        if answer.status == _NO_CONTENT and call.method != "GET":
            return Reply({}, utc_now_text())
        if answer.status == _OK or (answer.status in _WRITTEN and call.method != "GET"):
            document = parse_json(answer)
            if not schemas.is_valid(call.upstream_schema, document):
                from mde_files.transport.refusals import gateway_hint

                raise UpstreamInvalidError(
                    f"The answer to '{call.title}' does not have the documented shape.",
                    hint=gateway_hint(self._endpoint),
                    http_status=answer.status,
                )
            return Reply(document, utc_now_text(), len(answer.body))
        if answer.status == _NOT_FOUND:
            from mde_files.transport.refusals import NOT_FOUND_CODES

            envelope = error_envelope(answer)
            if envelope is not None and envelope.code in NOT_FOUND_CODES:
                return Reply(None, utc_now_text())
        return None

    def _refusal(self, answer: HttpAnswer, call: Call, token: AccessToken) -> MdeFilesError:
        from mde_files.transport.refusals import gateway_hint, refusal

        if answer.status == _THROTTLED:
            return self._throttled(answer, call)
        if 200 < answer.status < 300:  # noqa: PLR2004 - successes without the documented body
            return UpstreamInvalidError(
                f"The service answered '{call.title}' with status {answer.status} and no result.",
                hint=gateway_hint(self._endpoint),
                http_status=answer.status,
            )
        return refusal(answer, call, self._endpoint, self._claims(token))

    def _throttled(self, answer: HttpAnswer, call: Call) -> ThrottledError:
        envelope = error_envelope(answer)
        pause = asked_pause(answer)
        return ThrottledError(
            f"The service's quota for '{call.title}' is used up.",
            hint="Ask again at the time given, or share the quota between fewer callers.",
            retry_at=None if pause is None else _later(pause),
            http_status=answer.status,
            correlation_id=envelope.correlation_id if envelope else None,
        )

    @staticmethod
    def _claims(token: AccessToken) -> Claims | None:
        from mde_files.auth.claims import decode_claims

        try:
            return decode_claims(token.value.reveal())
        except ValueError:
            return None

    def _announce_sunset(self, answer: HttpAnswer, call: Call) -> None:
        told = {
            name.lower(): self._log.redacted(answer.headers[name])[:100]
            for name in ("Deprecation", "Sunset")
            if name in answer.headers
        }
        if told and call.id not in self._announced_sunset:
            self._announced_sunset.add(call.id)
            self._log.warning("endpoint_retires", endpoint=call.path, **told)


def _later(seconds: float) -> str:
    from datetime import datetime, timedelta, timezone

    moment = datetime.now(timezone.utc) + timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
