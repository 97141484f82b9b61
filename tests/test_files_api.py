from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mde_files import manifest
from mde_files.deadline import Deadline
from mde_files.errors import MdeFilesError, UpstreamInvalidError
from mde_files.files_api import AlertsReply, FilesApi
from mde_files.hashes import FileHash
from mde_files.logs import EventLog
from mde_files.transport.exchange import Exchange, Reply
from mde_files.transport.refusals import QueryRefusedError
from mde_files.transport.session import HttpSession

from .transport.hostile import HostileServer, error_answer, http_answer, in_turn
from .transport.tenant import AUDIENCE, Clock, FakeTokens, load_config, quota_on, token_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHA1 = "0991a395da64e1c5fbe8732ed11e6be064081d9f"
ALERTS = f"/api/files/{SHA1}/alerts"
EXPANDED = f"{ALERTS}?%24expand=evidence"
TOKEN = token_text(aud=AUDIENCE, roles=["File.Read.All", "Alert.Read.All"])
MAX_PAGES = manifest.load().calls["file_alerts"].max_pages
REFUSED = error_answer(400, "ODataError", "The query option '$expand' is not allowed.")


class Service(NamedTuple):
    """A files API over real HTTP, and the server that answers in its place."""

    api: FilesApi
    server: HostileServer

    def alerts(self) -> AlertsReply:
        return self.api.file_alerts(SHA1, action="file_alerts", deadline=Deadline(30))

    @property
    def asked(self) -> list[str]:
        return [seen.target for seen in self.server.requests]


def page(*ids: str, link: object = None, **more: object) -> bytes:
    document: dict[str, object] = {"value": [{"id": name} for name in ids], **more}
    if link is not None:
        document["@odata.nextLink"] = link
    return http_answer(document)


def ids(reply: AlertsReply) -> list[str]:
    return [alert["id"] for page in reply.pages for alert in page["value"]]


@pytest.fixture
def serve() -> Iterator[Callable[..., Service]]:
    """Make services that give ``answers`` in turn; ``prefix`` is a path in front of the API's own."""
    opened: list[tuple[HttpSession, HostileServer]] = []

    def serve(*answers: bytes, prefix: str = "") -> Service:
        server = HostileServer(in_turn(answers)).__enter__()
        config = load_config(server.url + prefix)
        session = HttpSession(config)
        opened.append((session, server))
        clock = Clock()
        exchange = Exchange(
            endpoint=config.endpoints.of("files_api"),
            session=session,
            tokens=FakeTokens(TOKEN),
            log=EventLog(),
            quota=quota_on(clock, config),
            max_wait_seconds=20,
            sleep=clock.sleep,
        )
        return Service(FilesApi(exchange, manifest.load(), prefix, config.limits.max_response_bytes), server)

    yield serve
    for session, server in opened:
        session.close()
        server.__exit__(None, None, None)


class TestSingleCalls:
    def test_file_stats(self, serve: Callable[..., Service]) -> None:
        it = serve(http_answer({"sha1": SHA1, "orgPrevalence": "3"}))
        reply = it.api.file_stats(SHA1, 48, action="file_stats", deadline=Deadline(5))
        assert reply.document["orgPrevalence"] == "3"
        assert it.asked == [f"/api/files/{SHA1}/stats?lookBackHours=48"]

    def test_file_info(self, serve: Callable[..., Service]) -> None:
        sha256 = "a" * 64
        it = serve(http_answer({"sha1": SHA1, "sha256": sha256}))
        reply = it.api.file_info(FileHash(sha256, "sha256"), action="file_alerts", deadline=Deadline(5))
        assert reply.document["sha1"] == SHA1
        assert it.asked == [f"/api/files/{sha256}"]

    def test_a_file_nobody_knows(self, serve: Callable[..., Service]) -> None:
        it = serve(error_answer(404, "ResourceNotFound"))
        assert it.api.file_stats(SHA1, 720, action="file_stats", deadline=Deadline(5)).document is None

    def test_what_is_no_hash_stays_one_path_segment(self, serve: Callable[..., Service]) -> None:
        it = serve(*[error_answer(404, "NotFound")] * 3)
        odd = "../../x?y#z%2f"
        it.api.file_info(FileHash(odd, "sha1"), action="file_stats", deadline=Deadline(5))
        it.api.file_stats(odd, 1, action="file_stats", deadline=Deadline(5))
        it.api.file_alerts(odd, action="file_alerts", deadline=Deadline(5))
        quoted = "..%2F..%2Fx%3Fy%23z%252f"
        assert it.asked == [
            f"/api/files/{quoted}",
            f"/api/files/{quoted}/stats?lookBackHours=1",
            f"/api/files/{quoted}/alerts?%24expand=evidence",
        ]

    def test_a_base_url_with_a_path(self, serve: Callable[..., Service]) -> None:
        it = serve(http_answer({"sha1": SHA1}), prefix="/gateway/defender")
        it.api.file_stats(SHA1, 48, action="file_stats", deadline=Deadline(5))
        assert it.asked == [f"/gateway/defender/api/files/{SHA1}/stats?lookBackHours=48"]


class TestAlerts:
    def test_evidence_is_asked_for(self, serve: Callable[..., Service]) -> None:
        it = serve(page("a", "b", unheard_of=1))
        reply = it.alerts()
        assert it.asked == [EXPANDED]
        assert ids(reply) == ["a", "b"]
        assert reply.cut_short_by is None
        assert [document["unheard_of"] for document in reply.pages] == [1]
        assert reply.retrieved_at.endswith("Z")

    def test_a_file_nobody_knows_has_no_pages(self, serve: Callable[..., Service]) -> None:
        reply = serve(error_answer(404, "ResourceNotFound")).alerts()
        assert (reply.pages, reply.cut_short_by) == ((), None)
        assert reply.retrieved_at

    def test_no_alerts(self, serve: Callable[..., Service]) -> None:
        reply = serve(page()).alerts()
        assert (len(reply.pages), ids(reply)) == (1, [])

    def test_a_service_that_refuses_expand_is_remembered(self, serve: Callable[..., Service]) -> None:
        it = serve(REFUSED, page("a"), page("b"))
        assert [ids(it.alerts()), ids(it.alerts())] == [["a"], ["b"]]
        assert it.asked == [EXPANDED, ALERTS, ALERTS]

    def test_a_refusal_that_has_another_reason_is_told_and_not_remembered(self, serve: Callable[..., Service]) -> None:
        it = serve(REFUSED, REFUSED, page("a"))
        with pytest.raises(QueryRefusedError):
            it.alerts()
        assert ids(it.alerts()) == ["a"]
        assert it.asked == [EXPANDED, ALERTS, EXPANDED]

    def test_another_400_is_not_about_expand(self, serve: Callable[..., Service]) -> None:
        it = serve(error_answer(400, "InvalidHashValue"))
        with pytest.raises(MdeFilesError, match="InvalidHashValue"):
            it.alerts()
        assert it.asked == [EXPANDED]


class TestPages:
    @pytest.mark.parametrize(
        "link",
        [
            pytest.param("https://{host}" + ALERTS + "?$skip=1", id="own host"),
            pytest.param("https://api.security.microsoft.com" + ALERTS + "?$skip=1", id="other host"),
            pytest.param("http://evil.test:8080" + ALERTS + "?$skip=1", id="other scheme and port"),
            pytest.param("https://user:password@evil.test" + ALERTS + "?$skip=1", id="user and password"),
            pytest.param("//evil.test" + ALERTS + "?$skip=1", id="no scheme"),
            pytest.param(ALERTS + "?$skip=1", id="no host"),
            pytest.param("https://x" + ALERTS.replace("/api/", "/api/v1.0/") + "?$skip=1", id="version"),
            pytest.param("https://x" + ALERTS.upper() + "?$skip=1", id="upper case"),
            pytest.param("https://x" + ALERTS.replace("files", "%66iles") + "?$skip=1", id="quoted"),
            pytest.param("https://x" + ALERTS + "?$skip=1#fragment", id="fragment"),
        ],
    )
    def test_the_next_page_is_asked_of_the_configured_host(self, serve: Callable[..., Service], link: str) -> None:
        it = serve(page("a", link=link), page("b"))
        reply = it.alerts()
        assert ids(reply) == ["a", "b"]
        assert len(reply.pages) == 2
        assert reply.cut_short_by is None
        assert it.asked == [EXPANDED, f"{ALERTS}?%24skip=1"]
        assert all(seen.headers["host"] == f"127.0.0.1:{it.server.port}" for seen in it.server.requests)
        assert all(seen.headers["authorization"] == f"Bearer {TOKEN}" for seen in it.server.requests)

    @pytest.mark.parametrize("shown", ["/gateway", ""])
    def test_a_base_url_with_a_path(self, serve: Callable[..., Service], shown: str) -> None:
        it = serve(page("a", link=f"https://x{shown}{ALERTS}?$skip=1"), page("b"), prefix="/gateway")
        assert ids(it.alerts()) == ["a", "b"]
        assert it.asked == [f"/gateway{EXPANDED}", f"/gateway{ALERTS}?%24skip=1"]

    def test_query_options_come_through_as_they_are(self, serve: Callable[..., Service]) -> None:
        token = "a+b/c=&d é"
        it = serve(page("a", link=ALERTS + "?$expand=evidence&empty=&$skiptoken=a%2Bb%2Fc%3D%26d%20%C3%A9"), page("b"))
        it.alerts()
        assert dict(parse_qsl(urlsplit(it.asked[1]).query, keep_blank_values=True)) == {
            "$expand": "evidence",
            "empty": "",
            "$skiptoken": token,
        }

    @pytest.mark.parametrize(
        "link",
        [
            "https://{host}/api/files/" + "f" * 40 + "/alerts?$skip=1",
            "https://x/api/machines?$skip=1",
            "https://x" + ALERTS + "/../../../machines?$skip=1",
            "https://x" + ALERTS + "/?$skip=1",
            "https://x/elsewhere" + ALERTS + "?$skip=1",
            "https://x" + ALERTS,
            "https://x" + ALERTS + "?",
            "alerts?$skip=1",
            "?$skip=1",
            "http://[::1?$skip=1",
            "javascript:alert(1)",
            " ",
        ],
    )
    def test_another_path_is_not_followed(self, serve: Callable[..., Service], link: str) -> None:
        it = serve(page("a", link=link), page("b"))
        reply = it.alerts()
        assert ids(reply) == ["a"]
        assert isinstance(reply.cut_short_by, UpstreamInvalidError)
        assert "another path" in reply.cut_short_by.message
        assert reply.cut_short_by.hint
        assert len(it.asked) == 1

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        link=st.text(max_size=40)
        | st.builds(
            "{}{}{}{}".format,
            st.sampled_from(["", "https://evil.test", "//evil.test", "http://127.0.0.1:1", "file://"]),
            st.sampled_from(["", ALERTS, ALERTS.upper(), "/api/v1.0/files/" + SHA1 + "/alerts", "/api/machines"]),
            st.sampled_from(["", "/..", "/../../x", "%2f..", ";x", "\\..", "\x00", "\n"]),
            st.sampled_from(["", "?", "?a=b", "?$skip=1#x", "?a=b&a=c", "#?x=y"]),
        )
    )
    def test_no_link_leads_to_another_host_or_path(self, link: str) -> None:
        asked: list[str] = []

        class Recorder:
            def ask(self, _call: object, path: str, query: Any, **_: Any) -> Reply:
                asked.append(path)
                assert isinstance(query, dict)
                return Reply({"value": [], "@odata.nextLink": link if len(asked) == 1 else None}, "now")

        api = FilesApi(Recorder(), manifest.load(), "", 1_000_000)  # type: ignore[arg-type]
        reply = api.file_alerts(SHA1, action="file_alerts", deadline=Deadline(5))
        assert set(asked) == {ALERTS}
        followed = len(asked) == 2
        assert followed == (bool(link) and reply.cut_short_by is None)

    def test_a_circle_is_left(self, serve: Callable[..., Service]) -> None:
        there, back = f"{ALERTS}?$skip=1", f"{ALERTS}?$skip=2"
        it = serve(page("a", link=there), page("b", link=back), page("c", link=there), page("d"))
        reply = it.alerts()
        assert ids(reply) == ["a", "b", "c"]
        assert reply.cut_short_by is not None
        assert "circle" in reply.cut_short_by.message
        assert len(it.asked) == 3

    def test_pages_without_end_are_cut(self, serve: Callable[..., Service]) -> None:
        it = serve(*(page(f"a{n}", link=f"{ALERTS}?$skip={n + 1}") for n in range(MAX_PAGES + 5)))
        reply = it.alerts()
        assert ids(reply) == [f"a{n}" for n in range(MAX_PAGES)]
        assert reply.cut_short_by is not None
        assert f"do not end after {MAX_PAGES} pages" in reply.cut_short_by.message
        assert len(it.asked) == MAX_PAGES

    def test_as_many_pages_as_allowed_are_complete(self, serve: Callable[..., Service]) -> None:
        pages = [page(f"a{n}", link=f"{ALERTS}?$skip={n + 1}") for n in range(MAX_PAGES - 1)]
        reply = serve(*pages, page("last")).alerts()
        assert len(ids(reply)) == MAX_PAGES
        assert reply.cut_short_by is None

    @pytest.mark.parametrize(
        ("failing", "code"),
        [
            (error_answer(403, "Forbidden"), "forbidden"),
            (error_answer(429, "TooManyRequests", retry_after="3000"), "throttled"),
            (http_answer(body=b"<html>", content_type="text/html"), "upstream_invalid"),
            (REFUSED, "upstream_error"),
            (error_answer(404, "NotFound"), "upstream_invalid"),
        ],
    )
    def test_what_came_before_a_failure_is_kept(self, serve: Callable[..., Service], failing: bytes, code: str) -> None:
        it = serve(page("a", link=f"{ALERTS}?$skip=1"), page("b", link=f"{ALERTS}?$skip=2"), failing)
        reply = it.alerts()
        assert ids(reply) == ["a", "b"]
        assert reply.cut_short_by is not None
        assert reply.cut_short_by.code == code

    def test_a_failure_of_the_first_page_is_a_failure(self, serve: Callable[..., Service]) -> None:
        with pytest.raises(MdeFilesError):
            serve(error_answer(403, "Forbidden")).alerts()

    @pytest.mark.parametrize("link", [5, True, {}, ["x"]])
    def test_a_link_that_is_no_text_is_no_answer(self, serve: Callable[..., Service], link: object) -> None:
        with pytest.raises(UpstreamInvalidError):
            serve(page("a", link=link)).alerts()

    def test_an_empty_link_is_the_end(self, serve: Callable[..., Service]) -> None:
        assert serve(page("a", link="")).alerts().cut_short_by is None
