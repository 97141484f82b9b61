from __future__ import annotations

import gzip
import json
import time
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from mde_files import manifest
from mde_files.deadline import Deadline
from mde_files.errors import (
    AuthFailedError,
    ForbiddenError,
    MdeFilesError,
    NetworkError,
    ThrottledError,
    TimeoutExceededError,
    UpstreamError,
    UpstreamInvalidError,
    WrongEndpointError,
)
from mde_files.logs import EventLog
from mde_files.timestamps import parse_timestamp
from mde_files.transport.exchange import Exchange, Reply
from mde_files.transport.refusals import ConflictError, QueryRefusedError
from mde_files.transport.session import HttpSession

from .hostile import HostileServer, after_request, error_answer, http_answer, in_turn
from .tenant import AUDIENCE, Clock, FakeTokens, load_config, quota_on, token_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Service = Callable[..., "Asking"]

SHA1 = "0991a395da64e1c5fbe8732ed11e6be064081d9f"
STATS = {"sha1": SHA1, "organizationPrevalence": 3}
CALLS = manifest.load().calls
GOOD_TOKEN = token_text(aud=AUDIENCE, roles=["File.Read.All", "Alert.Read.All"])
RETRIED = [408, 500, 501, 502, 503, 504, 520]


class Asking(NamedTuple):
    """An exchange with a scripted service, and what happened."""

    exchange: Exchange
    server: HostileServer
    tokens: FakeTokens
    clock: Clock

    @property
    def pauses(self) -> list[float]:
        return self.clock.pauses

    def ask(
        self,
        call: str = "file_stats",
        seconds: float = 30,
        query: dict[str, str] | None = None,
        deadline: Deadline | None = None,
    ) -> Reply:
        return self.exchange.ask(
            CALLS[call],
            CALLS[call].path.format(sha1=SHA1, id=SHA1),
            query or {},
            action="file_stats",
            deadline=deadline or Deadline(seconds),
        )

    def failure(self, call: str = "file_stats", seconds: float = 30) -> Any:
        with pytest.raises(MdeFilesError) as caught:
            self.ask(call, seconds)
        assert caught.value.message
        assert caught.value.hint
        return caught.value


@pytest.fixture
def service() -> Iterator[Callable[..., Asking]]:
    """Make exchanges with a service that gives ``answers`` in turn; keyword arguments are configuration."""
    opened: list[tuple[HttpSession, HostileServer]] = []

    def service(
        *answers: bytes,
        tokens: tuple[str, ...] = (GOOD_TOKEN,),
        jitter: float = 0.5,
        level: str = "info",
        script: Any = None,
        **changes: Any,
    ) -> Asking:
        server = HostileServer(script or in_turn(answers)).__enter__()
        config = load_config(server.url, **changes)
        session = HttpSession(config)
        opened.append((session, server))
        fake = FakeTokens(*tokens)
        clock = Clock()
        exchange = Exchange(
            endpoint=config.endpoints.of("files_api"),
            session=session,
            tokens=fake,
            log=EventLog(level, "json", config.secrets()),
            quota=quota_on(clock, config),
            max_wait_seconds=config.quota.max_wait_seconds,
            sleep=clock.sleep,
            jitter=lambda: jitter,
        )
        return Asking(exchange, server, fake, clock)

    yield service
    for session, server in opened:
        session.close()
        server.__exit__(None, None, None)


def events(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


class TestResults:
    def test_a_result_is_decoded_and_dated(self, service: Service) -> None:
        it = service(http_answer(STATS))
        before = datetime.now(timezone.utc).replace(microsecond=0)
        reply = it.ask(query={"lookBackHours": "48"})
        assert reply.document == STATS
        assert before <= parse_timestamp(reply.retrieved_at) <= datetime.now(timezone.utc)
        (seen,) = it.server.requests
        assert seen.line == f"GET /api/files/{SHA1}/stats?lookBackHours=48 HTTP/1.1"
        assert seen.headers["authorization"] == f"Bearer {GOOD_TOKEN}"
        assert seen.headers["accept"] == "application/json"
        assert it.pauses == []

    @pytest.mark.parametrize("code", ["ResourceNotFound", "NotFound"])
    def test_a_404_with_the_envelope_is_a_finding(self, service: Service, code: str) -> None:
        reply = service(error_answer(404, code, f"File {SHA1} not found")).ask()
        assert reply.document is None
        assert parse_timestamp(reply.retrieved_at)

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(http_answer(body=b"<h1>Not Found</h1>", content_type="text/html", status=404), id="html"),
            pytest.param(http_answer(body=b"", status=404), id="nothing"),
            pytest.param(http_answer({"message": "no route"}, status=404), id="other json"),
            pytest.param(http_answer({"message": "gone"}, status=410), id="410"),
        ],
    )
    def test_a_404_without_the_envelope_is_a_wrong_address(self, service: Service, answer: bytes) -> None:
        it = service(answer)
        error = it.failure()
        assert isinstance(error, WrongEndpointError)
        assert f"127.0.0.1:{it.server.port}" in error.message
        assert "base_url" in error.hint
        assert not error.retryable

    @pytest.mark.parametrize(("status", "code"), [(404, "SomethingElse"), (410, "Gone"), (400, "InvalidHashValue")])
    def test_another_refusal_names_its_code_and_correlation_id(self, service: Service, status: int, code: str) -> None:
        it = service(error_answer(status, code, target="corr-1"))
        error = it.failure()
        assert type(error) is UpstreamError
        assert f"{status} ({code})" in error.message
        assert (error.http_status, error.correlation_id, error.retryable) == (status, "corr-1", False)
        assert len(it.server.requests) == 1

    @pytest.mark.parametrize("code", ["<script>", "x" * 200, "a\nb", ""])
    def test_a_code_that_is_no_code_is_not_repeated(self, service: Service, code: str) -> None:
        message = service(error_answer(400, code)).failure().message
        assert message.endswith("with status 400.")

    def test_a_refused_query_option_is_told_apart(self, service: Service) -> None:
        error = service(error_answer(400, "ODataError", "The query option $expand is not allowed")).failure()
        assert isinstance(error, QueryRefusedError)
        assert not error.retryable

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            (http_answer({"error": {"code": "NotFound", "message": ""}}), "documented shape"),
            (http_answer([]), "documented shape"),
            (http_answer({"unrelated": 1}), "documented shape"),
            (http_answer(body=b'{"sha1": "0991'), "no valid JSON"),
            (http_answer(body=b'{"sha1": NaN}'), "no valid JSON"),
            (http_answer(body=b"<html>", content_type="text/html"), "'text/html' instead of JSON"),
            (http_answer(body=b"", status=204), "status 204 and no result"),
            (http_answer(STATS, status=206), "status 206 and no result"),
            (
                http_answer(body=gzip.compress(b'{"sha1": "' + b"a" * 99)[:-12], headers={"Content-Encoding": "gzip"}),
                "no valid JSON",
            ),
        ],
    )
    def test_what_is_no_result_is_told_and_not_asked_again(self, service: Service, answer: bytes, said: str) -> None:
        it = service(answer, http_answer(STATS))
        error = it.failure()
        assert isinstance(error, UpstreamInvalidError)
        assert said in error.message
        assert len(it.server.requests) == 1

    def test_an_answer_cut_in_its_headers_is_no_result(self, service: Service) -> None:
        it = service(script=after_request(b"HTTP/1.1 200 OK\r\nContent-Ty"))
        assert isinstance(it.failure(), NetworkError)

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_is_not_followed(self, service: Service, status: int) -> None:
        with HostileServer(in_turn([http_answer(STATS)])) as elsewhere:
            it = service(http_answer(status=status, headers={"Location": f"{elsewhere.url}/login"}))
            error = it.failure()
            assert isinstance(error, WrongEndpointError)
            assert "redirects to 127.0.0.1;" in error.message
            assert error.http_status == status
            assert elsewhere.connections == 0

    @pytest.mark.parametrize("location", ["", "/elsewhere", "http://[::1", "http://\u00e9vil/", "http://a\x1b[31mb/"])
    def test_a_redirect_to_nowhere_is_told_without_its_text(self, service: Service, location: str) -> None:
        headers = {"Location": location}
        assert "redirects to nowhere;" in service(http_answer(status=302, headers=headers)).failure().message


class TestTokens:
    def test_a_refused_token_is_renewed_once(self, service: Service) -> None:
        it = service(error_answer(401, "Unauthorized"), http_answer(STATS), tokens=("first-token", "second-token"))
        assert it.ask().document == STATS
        assert [seen.headers["authorization"] for seen in it.server.requests] == [
            "Bearer first-token",
            "Bearer second-token",
        ]
        assert it.pauses == []

    def test_and_no_more_than_once(self, service: Service) -> None:
        it = service(*[error_answer(401, "Unauthorized", target="corr-1")] * 3, tokens=("a", "b", "c"))
        error = it.failure()
        assert isinstance(error, AuthFailedError)
        assert (error.http_status, error.correlation_id, error.retryable) == (401, "corr-1", False)
        assert "mde-files check" in error.hint
        assert (it.tokens.renewals, len(it.server.requests)) == (1, 2)

    def test_a_wrong_audience_is_named(self, service: Service) -> None:
        wrong = token_text(aud="https://graph.microsoft.com", roles=["File.Read.All"])
        error = service(*[error_answer(401, "Unauthorized")] * 2, tokens=(wrong,)).failure()
        assert f"the audience 'https://graph.microsoft.com', not for '{AUDIENCE}'" in error.message
        assert wrong not in f"{error.as_dict()}"

    def test_a_403_names_the_roles_the_service_asks_for(self, service: Service) -> None:
        text = (
            "Missing application roles. API required roles: Alert.Read.All,Alert.ReadWrite.All, application roles: X."
        )
        it = service(
            error_answer(403, "Forbidden", text, target="corr-1"),
            tokens=(token_text(aud=AUDIENCE, roles=["File.Read.All"]),),
        )
        error = it.failure("file_alerts")
        assert isinstance(error, ForbiddenError)
        assert "it needs Alert.Read.All,Alert.ReadWrite.All; the token carries File.Read.All." in error.message
        assert "application permission (role)" in error.hint
        assert "admin consent" in error.hint
        assert (error.http_status, error.correlation_id) == (403, "corr-1")
        assert len(it.server.requests) == 1

    @pytest.mark.parametrize(
        ("claims", "said", "kind"),
        [
            (
                {"aud": AUDIENCE, "roles": ["Machine.Read.All"]},
                "it needs File.Read.All; the token carries Machine.Read.All.",
                "application permission",
            ),
            (
                {"aud": AUDIENCE},
                "it needs File.Read.All; the token carries no permission at all.",
                "application permission",
            ),
            (
                {"aud": AUDIENCE, "scp": "Alert.Read User.Read"},
                "the token carries Alert.Read, User.Read.",
                "delegated permission",
            ),
            ({"aud": AUDIENCE + "/", "roles": ["File.Read.All"]}, "it needs File.Read.All.", "application permission"),
            ({"roles": ["File.Read.All"]}, "it needs File.Read.All.", "application permission"),
            (
                {"aud": "https://other.test"},
                f"the audience 'https://other.test', not for '{AUDIENCE}'.",
                "Correct 'scope'",
            ),
        ],
    )
    def test_a_403_is_explained_by_what_the_token_says(
        self, service: Service, claims: dict[str, Any], said: str, kind: str
    ) -> None:
        error = service(error_answer(403, "Forbidden", "no"), tokens=(token_text(**claims),)).failure()
        assert said in error.message
        assert kind in error.hint

    def test_a_token_that_cannot_be_read_is_no_obstacle(self, service: Service) -> None:
        error = service(error_answer(403, "Forbidden", "no"), tokens=("opaque",)).failure()
        assert error.message.endswith("it needs File.Read.All.")
        assert "opaque" not in f"{error.as_dict()}"

    def test_delegated_alternatives_are_named(self, service: Service) -> None:
        token = token_text(aud=AUDIENCE, scp="User.Read")
        error = service(error_answer(403, "Forbidden"), tokens=(token,)).failure("file_alerts")
        assert "Alert.Read or Alert.ReadWrite" in error.hint

    def test_a_feature_that_is_switched_off(self, service: Service) -> None:
        error = service(error_answer(403, "DisabledFeature")).failure()
        assert isinstance(error, ForbiddenError)
        assert "switched off in this tenant" in error.message

    def test_a_403_of_a_gateway(self, service: Service) -> None:
        error = service(http_answer(body=b"<h1>Blocked</h1>", content_type="text/html", status=403)).failure()
        assert isinstance(error, ForbiddenError)
        assert "proxy or gateway" in error.hint


class TestTryingAgain:
    @pytest.mark.parametrize("status", RETRIED)
    def test_a_passing_failure_passes(self, service: Service, status: int) -> None:
        it = service(http_answer(body=b"<html>", content_type="text/html", status=status), http_answer(STATS))
        assert it.ask().document == STATS
        assert it.pauses == [0.5]

    @pytest.mark.parametrize("status", RETRIED)
    def test_a_lasting_failure_ends_the_attempts(self, service: Service, status: int) -> None:
        it = service(*[error_answer(status, "InternalServerError", target="corr-1")] * 9)
        error = it.failure()
        assert type(error) is UpstreamError
        assert f"status {status}" in error.message
        assert (error.retryable, error.http_status, error.correlation_id) == (True, status, "corr-1")
        assert len(it.server.requests) == 5
        assert it.pauses == [0.5, 1.0, 2.0, 4.0]

    def test_full_jitter(self, service: Service) -> None:
        it = service(*[http_answer(status=503)] * 9, jitter=0.0)
        it.failure()
        assert it.pauses == [0.0] * 4

    @pytest.mark.parametrize("status", [400, 402, 405, 422, 451])
    def test_a_refusal_is_not_asked_again(self, service: Service, status: int) -> None:
        it = service(*[http_answer(status=status)] * 3)
        assert type(it.failure()) is UpstreamError
        assert len(it.server.requests) == 1

    @pytest.mark.parametrize("status", [409, 412])
    def test_a_conflict_is_not_asked_again_the_same_way(self, service: Service, status: int) -> None:
        it = service(*[http_answer(status=status)] * 3)
        error = it.failure()
        assert isinstance(error, ConflictError)
        assert error.retryable
        assert len(it.server.requests) == 1

    def test_a_broken_connection_is_made_anew(self, service: Service) -> None:
        it = service(b"", b"", http_answer(STATS))
        assert it.ask().document == STATS
        assert it.pauses == [0.5, 1.0]

    def test_a_connection_closed_between_questions_too(self, service: Service) -> None:
        it = service(http_answer(STATS), b"", http_answer(STATS))
        assert [it.ask().document for _ in range(2)] == [STATS, STATS]
        assert it.pauses == [0.5]

    def test_a_host_that_stays_away(self, service: Service) -> None:
        it = service(*[b""] * 9)
        assert isinstance(it.failure(), NetworkError)
        assert it.server.connections == 5

    def test_what_cannot_get_better_is_not_tried_again(self, service: Service) -> None:
        it = service(script=after_request(b"SSH-2.0-OpenSSH_9.6\r\n"))
        assert isinstance(it.failure(), UpstreamInvalidError)
        assert it.server.connections == 1

    def test_the_service_may_name_the_pause(self, service: Service) -> None:
        it = service(error_answer(503, "Busy", retry_after="7"), http_answer(STATS))
        it.ask()
        assert it.pauses == [7.0]

    def test_a_pause_beyond_the_deadline_is_not_begun(self, service: Service) -> None:
        it = service(error_answer(503, "Busy", retry_after="7"), http_answer(STATS))
        error = it.failure(seconds=5)
        assert isinstance(error, UpstreamError)
        assert it.pauses == []

    def test_the_deadline_holds_over_all_attempts(self, service: Service) -> None:
        it = service(script=lambda connection: connection.hold(), timeouts={"read": 0.2}, jitter=0.1)
        it.exchange._sleep = time.sleep
        started = time.monotonic()
        error = it.failure(seconds=0.7)
        assert isinstance(error, TimeoutExceededError)
        assert time.monotonic() - started < 5
        assert 2 <= it.server.connections <= 4

    def test_a_renewal_does_not_reset_the_attempts(self, service: Service) -> None:
        failing = http_answer(status=500)
        it = service(failing, failing, error_answer(401, "Unauthorized"), *[failing] * 9, tokens=("a", "b"))
        it.failure()
        assert len(it.server.requests) == 5


class TestThrottling:
    def test_a_wait_within_bounds_is_waited(self, service: Service) -> None:
        it = service(error_answer(429, "TooManyRequests", retry_after="9"), http_answer(STATS))
        assert it.ask().document == STATS
        assert it.pauses == [9.0]

    def test_a_date_or_the_body_may_name_it(self, service: Service) -> None:
        date = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=9), usegmt=True)
        it = service(
            error_answer(429, "TooManyRequests", retry_after=date),
            error_answer(429, "TooManyRequests", "Try again in 4 seconds."),
            http_answer(STATS),
        )
        it.ask()
        assert 5 < it.pauses[0] <= 9
        assert 4.0 in it.pauses

    def test_without_a_time_it_backs_off(self, service: Service) -> None:
        it = service(error_answer(429, "TooManyRequests", "slow down"), http_answer(STATS))
        it.ask()
        assert it.pauses == [0.5]

    def test_a_wait_beyond_bounds_is_told(self, service: Service) -> None:
        it = service(error_answer(429, "TooManyRequests", target="corr-1", retry_after="1800"))
        before = datetime.now(timezone.utc)
        error = it.failure(seconds=7200)
        assert isinstance(error, ThrottledError)
        assert it.pauses == []
        assert error.retryable
        assert (error.http_status, error.correlation_id) == (429, "corr-1")
        wait = parse_timestamp(error.retry_at) - before
        assert timedelta(seconds=1790) < wait < timedelta(seconds=1830)

    def test_waiting_for_the_quota_and_for_the_service_add_up(self, service: Service) -> None:
        throttled = error_answer(429, "TooManyRequests", retry_after="9")
        quota = {"windows": [{"calls": 1, "seconds": 14}], "max_wait_seconds": 20}
        it = service(throttled, throttled, http_answer(STATS), quota=quota)
        deadline = Deadline(60, it.clock.now)
        with pytest.raises(ThrottledError):
            it.ask(deadline=deadline)
        assert it.pauses == pytest.approx([9, 5], abs=0.01)

    def test_waits_add_up(self, service: Service) -> None:
        throttled = error_answer(429, "TooManyRequests", retry_after="9")
        it = service(throttled, throttled, throttled, quota={"max_wait_seconds": 20})
        assert isinstance(it.failure(), ThrottledError)
        assert it.pauses == [9.0, 9.0]

    def test_no_wait_at_all(self, service: Service) -> None:
        it = service(error_answer(429, "TooManyRequests", retry_after="1"), quota={"max_wait_seconds": 0})
        assert isinstance(it.failure(), ThrottledError)
        assert it.pauses == []

    def test_the_deadline_comes_first(self, service: Service) -> None:
        it = service(error_answer(429, "TooManyRequests", retry_after="9"))
        error = it.failure(seconds=5)
        assert isinstance(error, ThrottledError)
        assert error.retry_at
        assert it.pauses == []

    def test_without_envelope_and_time(self, service: Service) -> None:
        it = service(*[http_answer(body=b"slow down", content_type="text/plain", status=429)] * 9)
        error = it.failure()
        assert isinstance(error, ThrottledError)
        assert (error.retry_at, error.correlation_id) == (None, None)
        assert len(it.server.requests) == 5


class TestLog:
    def test_each_attempt_is_one_event(self, service: Service, capsys: pytest.CaptureFixture[str]) -> None:
        it = service(error_answer(503, "Busy", target="corr-1"), b"", http_answer(STATS))
        it.ask(query={"lookBackHours": "48"})
        seen = events(capsys)
        for number, event in enumerate(seen, 1):
            assert event["event"] == "http_attempt"
            assert event["action"] == "file_stats"
            assert event["endpoint"] == "/api/files/{sha1}/stats"
            assert event["attempt"] == number
            assert event["from_cache"] is False
            assert 0 <= event["duration"] < 5
            assert event["timestamp"]
        assert [event.get("status") for event in seen] == [503, None, 200]
        assert [event.get("error") for event in seen] == [None, "network_error", None]
        assert [event.get("correlation_id") for event in seen] == ["corr-1", None, None]

    def test_no_token_is_in_them(self, service: Service, capsys: pytest.CaptureFixture[str]) -> None:
        it = service(error_answer(401, "Unauthorized", target=GOOD_TOKEN), http_answer(STATS))
        it.ask()
        shown = capsys.readouterr().err
        assert shown.count("http_attempt") == 2
        assert GOOD_TOKEN not in shown
        assert "eyJ" not in shown

    def test_an_endpoint_that_retires_is_announced_once(
        self, service: Service, capsys: pytest.CaptureFixture[str]
    ) -> None:
        retiring = http_answer(
            STATS, headers={"Deprecation": "@1767225600", "Sunset": "Mon, 01 Feb 2027 00:00:00 GMT\x1b[31m" + "x" * 200}
        )
        it = service(retiring, retiring, level="warning")
        it.ask()
        it.ask()
        (event,) = events(capsys)
        assert event["event"] == "endpoint_retires"
        assert event["level"] == "warning"
        assert event["endpoint"] == "/api/files/{sha1}/stats"
        assert event["deprecation"] == "@1767225600"
        assert event["sunset"].startswith("Mon, 01 Feb 2027 00:00:00 GMT")
        assert len(event["sunset"]) < 120

    def test_an_endpoint_that_stays_is_not_announced(
        self, service: Service, capsys: pytest.CaptureFixture[str]
    ) -> None:
        service(http_answer(STATS), level="warning").ask()
        assert events(capsys) == []
