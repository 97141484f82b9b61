from __future__ import annotations

import gzip
import socket
import threading
import time
import tracemalloc
import zlib
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from requests.auth import HTTPBasicAuth

from mde_files.auth import BearerAuth
from mde_files.deadline import Deadline
from mde_files.errors import (
    InvalidConfigError,
    MdeFilesError,
    NetworkError,
    TimeoutExceededError,
    UpstreamInvalidError,
)
from mde_files.secret import Secret
from mde_files.transport.session import HttpSession

from .hostile import Connection, HostileServer, after_request, http_answer, in_turn
from .tenant import load_config

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mde_files.transport.session import HttpAnswer

    from .conftest import Authority

    Get = Callable[..., HttpAnswer]
    FailureOf = Callable[..., MdeFilesError]

HOSTS = ["127.0.0.1", "api.security.microsoft.com", "a-b.example", "[::1]", "Upper.Example", "b\u00fccher.example"]
ODD_PARTS = ["..", ".", "a b", "%41", "%zz", "\u00fc"]
ADDRESSES = st.builds(
    "{}://{}{}/{}".format,
    st.sampled_from(["http", "https"]),
    st.sampled_from(HOSTS),
    st.sampled_from(["", ":1", ":8443", ":59999", ":0443", ":65535"]),
    st.lists(st.text("abcXYZ019-_") | st.sampled_from(ODD_PARTS), max_size=4).map("/".join),
)
SMALL = {"max_response_bytes": 100_000}
HURRY = {"connect": 0.3, "read": 0.3, "total": 0.6}
PATIENT_TO_READ = {"connect": 4, "read": 4, "total": 0.5}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def after_reading(act: Callable[[Connection], object]) -> Callable[[Connection], None]:
    def script(connection: Connection) -> None:
        connection.request()
        act(connection)

    return script


def resolve_to(monkeypatch: pytest.MonkeyPatch, name: str, *addresses: str) -> None:
    """Let one host name stand for ``addresses``; every other is resolved as ever."""
    genuine = socket.getaddrinfo
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **more: found if host == name else genuine(host, *rest, **more)
    )


@contextmanager
def full_queue() -> Iterator[int]:
    """Yield a port of this machine that listens and accepts nothing more."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, ExitStack() as waiting:
        place = listener.getsockname()
        for _ in range(4):
            sock = waiting.enter_context(socket.socket())
            sock.setblocking(False)
            sock.connect_ex(place)
        yield place[1]


class TestWhatIsAskedAndAnswered:
    def test_an_answer_comes_whole_whatever_its_status(self, get: Get) -> None:
        with HostileServer(in_turn([http_answer({"a": 1}, status=503, headers={"X-Thing": "yes"})])) as server:
            answer = get(f"{server.url}/path")
        assert (answer.status, answer.body, answer.headers["x-thing"]) == (503, b'{"a": 1}', "yes")
        assert answer.url == f"{server.url}/path"
        assert 0 <= answer.seconds < 5

    def test_query_form_headers_and_authorization_are_sent(self, open_session: Callable[..., HttpSession]) -> None:
        with HostileServer(in_turn([http_answer({})])) as server:
            open_session().request(
                "POST",
                f"{server.url}/token",
                deadline=Deadline(5),
                params={"$expand": "evidence"},
                data={"client_id": "a b"},
                headers={"Accept": "application/json"},
                auth=BearerAuth(Secret("the-token")),
            )
        (seen,) = server.requests
        assert seen.line == "POST /token?%24expand=evidence HTTP/1.1"
        assert seen.body == b"client_id=a+b"
        assert seen.headers["accept"] == "application/json"
        assert seen.headers["authorization"] == "Bearer the-token"

    def test_compressed_answers_are_decompressed(self, get: Get) -> None:
        packed = http_answer(body=gzip.compress(b'{"a": 1}'), headers={"Content-Encoding": "gzip"})
        with HostileServer(in_turn([packed])) as server:
            assert get(server.url).body == b'{"a": 1}'
        assert server.requests[0].headers["accept-encoding"] == "gzip, deflate"

    def test_a_body_without_length_ends_with_the_connection(self, get: Get) -> None:
        with HostileServer(after_request(HEAD + b"\r\n", b'{"a"', b": 1}")) as server:
            assert get(server.url).body == b'{"a": 1}'

    def test_connections_are_used_again(self, open_session: Callable[..., HttpSession]) -> None:
        session = open_session()
        with HostileServer(in_turn([http_answer({"n": 1}), http_answer({"n": 2})])) as server:
            bodies = [session.request("GET", server.url, deadline=Deadline(5)).body for _ in range(2)]
        assert bodies == [b'{"n": 1}', b'{"n": 2}']
        assert server.connections == 1

    def test_a_closed_session_holds_no_connection(self, open_session: Callable[..., HttpSession]) -> None:
        ended = threading.Event()

        def script(connection: Connection) -> None:
            in_turn([http_answer({})])(connection)
            ended.set()

        with HostileServer(script) as server:
            session = open_session()
            session.request("GET", server.url, deadline=Deadline(5))
            session.close()
            assert ended.wait(5)

    def test_a_connection_closed_while_idle_is_replaced(self, open_session: Callable[..., HttpSession]) -> None:
        session = open_session()
        with HostileServer(after_request(http_answer({"n": 1})), in_turn([http_answer({"n": 2})])) as server:
            session.request("GET", server.url, deadline=Deadline(5))
            time.sleep(0.1)
            assert session.request("GET", server.url, deadline=Deadline(5)).body == b'{"n": 2}'

    def test_bytes_beyond_the_announced_length_never_become_the_next_answer(
        self, open_session: Callable[..., HttpSession]
    ) -> None:
        session = open_session()
        smuggled = http_answer({"n": 1}) + http_answer({"evil": True})
        with HostileServer(in_turn([smuggled, http_answer({"n": 2})])) as server:
            bodies = [session.request("GET", server.url, deadline=Deadline(5)).body for _ in range(2)]
        assert bodies == [b'{"n": 1}', b'{"n": 2}']

    def test_cookies_are_not_sent_back(self, open_session: Callable[..., HttpSession]) -> None:
        session = open_session()
        baked = http_answer({}, headers={"Set-Cookie": "track=me; Path=/"})
        with HostileServer(in_turn([baked, baked])) as server:
            for _ in range(2):
                session.request("GET", server.url, deadline=Deadline(5))
        assert [seen.headers.get("cookie") for seen in server.requests] == [None, None]

    def test_netrc_adds_and_replaces_no_authorization(
        self, open_session: Callable[..., HttpSession], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login somebody password else\n")
        monkeypatch.setenv("NETRC", str(netrc))
        session = open_session()
        with HostileServer(in_turn([http_answer({})] * 2)) as server:
            session.request("GET", server.url, deadline=Deadline(5), auth=BearerAuth(Secret("the-token")))
            session.request("GET", server.url, deadline=Deadline(5))
        assert [seen.headers.get("authorization") for seen in server.requests] == ["Bearer the-token", None]

    def test_calls_in_many_threads_each_keep_their_own_deadline(self, open_session: Callable[..., HttpSession]) -> None:
        session = open_session(timeouts={"read": 10, "total": 10})
        outcomes: dict[str, object] = {}

        def ask(name: str, url: str, seconds: float) -> None:
            try:
                outcomes[name] = session.request("GET", url, deadline=Deadline(seconds)).body
            except MdeFilesError as error:
                outcomes[name] = error.code

        def slowly(connection: Connection) -> None:
            connection.request()
            connection.send(HEAD + b"Content-Length: 20\r\n\r\n")
            connection.drip(b"x" * 20)

        with HostileServer(slowly) as slow, HostileServer(after_reading(Connection.hold)) as silent:
            threads = [
                threading.Thread(target=ask, args=("short", silent.url, 0.2)),
                threading.Thread(target=ask, args=("long", slow.url, 8)),
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(10)
        assert outcomes == {"short": "timeout", "long": b"x" * 20}


class TestTimeBudgets:
    def test_what_is_left_of_the_deadline_bounds_the_wait_for_each_piece(self, failure_of: FailureOf) -> None:
        def one_piece_late(connection: Connection) -> None:
            connection.send(HEAD + b"Content-Length: 20\r\n\r\n")
            time.sleep(1.5)
            connection.send(b"x")
            connection.hold()

        with HostileServer(after_reading(one_piece_late)) as server:
            begun = time.monotonic()
            error = failure_of(server.url, timeouts={"read": 2, "total": 2})
        assert error.code == "timeout"
        assert time.monotonic() - begun < 3.2

    def test_silence_meets_the_read_timeout(self, failure_of: FailureOf) -> None:
        with HostileServer(after_reading(Connection.hold)) as server:
            error = failure_of(server.url, timeouts={"read": 0.2, "total": 5})
        assert isinstance(error, TimeoutExceededError)
        assert "sent nothing for 0.2 s" in error.message
        assert "timeouts.read" in error.hint
        assert error.retryable

    @pytest.mark.parametrize(
        "act",
        [
            pytest.param(lambda it: it.drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 500), id="headers"),
            pytest.param(lambda it: it.drip(b"HTTP/1.1 2" + b"0" * 500), id="status line"),
            pytest.param(lambda it: (it.send(HEAD + b"Content-Length: 500\r\n\r\n"), it.drip(b"x" * 500)), id="body"),
            pytest.param(
                lambda it: (it.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n"), it.drip(b"1\r\nx\r\n" * 100)),
                id="chunks",
            ),
            pytest.param(
                lambda it: (
                    it.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"),
                    it.drip(b"X-Trailer: x\r\n" * 50),
                ),
                id="trailers",
            ),
            pytest.param(lambda it: it.flood(b"HTTP/1.1 100 Continue\r\n\r\n" * 50), id="100-continue flood"),
            pytest.param(
                lambda it: (
                    it.send(HEAD + b"Content-Encoding: gzip\r\n\r\n"),
                    it.flood(gzip.compress(b"") * 100),
                ),
                id="empty gzip members without end",
            ),
        ],
    )
    def test_whatever_never_ends_meets_the_deadline(
        self, failure_of: FailureOf, act: Callable[[Connection], object]
    ) -> None:
        with HostileServer(after_reading(act)) as server:
            error = failure_of(server.url, timeouts=HURRY)
        assert isinstance(error, TimeoutExceededError)
        assert "within the time budget of 0.6 s" in error.message
        assert "timeouts.total" in error.hint

    def test_a_handshake_that_never_begins_meets_the_connect_timeout(self, failure_of: FailureOf) -> None:
        with HostileServer(Connection.hold) as server:
            error = failure_of(f"https://127.0.0.1:{server.port}", timeouts={"connect": 0.2, "read": 4, "total": 4})
        assert isinstance(error, TimeoutExceededError)
        assert "accepted no connection within 0.2 s" in error.message
        assert "timeouts.connect" in error.hint

    @pytest.mark.parametrize(
        "act",
        [
            pytest.param(Connection.hold, id="silent"),
            pytest.param(lambda it: it.drip(b"\x16\x03\x03\x40\x00" + b"\x02" * 500), id="dripping"),
        ],
    )
    def test_a_handshake_meets_the_deadline(self, failure_of: FailureOf, act: Callable[[Connection], object]) -> None:
        with HostileServer(act) as server:
            error = failure_of(f"https://127.0.0.1:{server.port}", timeouts=PATIENT_TO_READ)
        assert isinstance(error, TimeoutExceededError)
        assert "within the time budget of 0.5 s" in error.message

    def test_a_full_queue_of_connections_meets_the_connect_timeout(self, failure_of: FailureOf) -> None:
        with full_queue() as port:
            error = failure_of(f"http://127.0.0.1:{port}", timeouts={"connect": 0.2, "total": 4})
        assert isinstance(error, TimeoutExceededError)
        assert "accepted no connection within 0.2 s" in error.message

    def test_addresses_without_end_meet_the_deadline(
        self, failure_of: FailureOf, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with full_queue() as port:
            resolve_to(monkeypatch, "many.test", *["127.0.0.1"] * 10_000)
            error = failure_of(f"http://many.test:{port}", host="many.test", timeouts={"connect": 0.2, "total": 0.5})
        assert isinstance(error, TimeoutExceededError)
        assert "within the time budget of 0.5 s" in error.message

    def test_nothing_is_asked_after_the_deadline(self, open_session: Callable[..., HttpSession]) -> None:
        with HostileServer(in_turn([http_answer({})])) as server:
            with pytest.raises(TimeoutExceededError, match=r"ran out before 127\.0\.0\.1 was asked"):
                open_session().request("GET", server.url, deadline=Deadline(0))
            assert server.connections == 0

    def test_a_name_that_is_never_resolved_meets_the_deadline(
        self, failure_of: FailureOf, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        released = threading.Event()
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(10) and [])
        error = failure_of("https://slow.test", host="slow.test", timeouts=HURRY)
        released.set()
        assert isinstance(error, TimeoutExceededError)


class TestAnswersThatBreakOff:
    @pytest.mark.parametrize(
        "script",
        [
            pytest.param(lambda _: None, id="before the request was read"),
            pytest.param(after_request(), id="without a word"),
            pytest.param(after_request(HEAD + b"Content-Length: 10\r\n\r\n"), id="after the headers"),
            pytest.param(after_request(HEAD + b"Content-Length: 10\r\n\r\n12345"), id="in the body"),
            pytest.param(after_request(HEAD + b"Transfer-Encoding: chunked\r\n\r\na\r\n12345"), id="in a chunk"),
            pytest.param(after_request(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunk(b"1")), id="last chunk"),
            pytest.param(after_request(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), id="chunk without size"),
        ],
    )
    def test_it_is_a_network_error_worth_another_try(
        self, failure_of: FailureOf, script: Callable[[Connection], object]
    ) -> None:
        with HostileServer(script) as server:
            error = failure_of(server.url)
        assert isinstance(error, NetworkError)
        assert "broke off" in error.message
        assert error.retryable

    def test_a_tls_connection_cut_in_the_body_too(self, failure_of: FailureOf, trusted: Authority) -> None:
        cut = after_request(HEAD + b"Content-Length: 10\r\n\r\n12345")
        with HostileServer(cut, tls=trusted.server_context("127.0.0.1")) as server:
            error = failure_of(server.url, ca_bundle=str(trusted.bundle))
        assert isinstance(error, NetworkError)
        assert error.retryable


class TestAnswersThatAreTooLarge:
    @pytest.mark.parametrize(
        "script",
        [
            pytest.param(after_request(HEAD + b"Content-Length: 100001\r\n\r\n"), id="announced"),
            pytest.param(after_request(HEAD + b"Content-Length: 9" + b"9" * 40 + b"\r\n\r\n"), id="announced absurdly"),
            pytest.param(
                after_reading(
                    lambda it: (
                        it.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n"),
                        it.flood(chunk(b"x" * 60_000)),
                    )
                ),
                id="chunks without end",
            ),
            pytest.param(
                after_reading(lambda it: (it.send(HEAD + b"\r\n"), it.flood(b"x" * 60_000))), id="body without end"
            ),
        ],
    )
    def test_it_is_refused(self, failure_of: FailureOf, script: Callable[[Connection], object]) -> None:
        with HostileServer(script) as server:
            error = failure_of(server.url, limits=SMALL)
        assert isinstance(error, UpstreamInvalidError)
        assert "larger than 100,000 bytes" in error.message
        assert "limits.max_response_bytes" in error.hint
        assert not error.retryable

    def test_an_answer_as_large_as_allowed_is_accepted(self, get: Get) -> None:
        with HostileServer(in_turn([http_answer(body=b"x" * 100_000)])) as server:
            assert len(get(server.url, limits=SMALL).body) == 100_000

    @pytest.mark.parametrize("status", [200, 302])
    @pytest.mark.parametrize("layers", [1, 2])
    def test_a_decompression_bomb_takes_little_memory(self, failure_of: FailureOf, status: int, layers: int) -> None:
        bomb = gzip.compress(bytes(40_000_000), compresslevel=1)
        if layers == 2:
            bomb = gzip.compress(bomb)
        headers = {"Content-Encoding": ", ".join(["gzip"] * layers), "Location": "/"}
        limit = len(bomb) + 100_000
        with HostileServer(after_request(http_answer(body=bomb, status=status, headers=headers))) as server:
            tracemalloc.start()
            try:
                error = failure_of(server.url, limits={"max_response_bytes": limit})
                peak = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
        assert isinstance(error, UpstreamInvalidError)
        assert "larger than" in error.message
        assert peak < 8_000_000

    def test_the_wire_counts_too(self, failure_of: FailureOf) -> None:
        padded = gzip.compress(b"{}") + gzip.compress(b"") * 6000
        with HostileServer(after_request(HEAD + b"Content-Encoding: gzip\r\n\r\n", padded)) as server:
            assert "larger than" in failure_of(server.url, limits=SMALL).message


class TestAnswersThatAreNoHttp:
    @pytest.mark.parametrize(
        "reply",
        [
            pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", id="another protocol"),
            pytest.param(b"\x00\xff\x15\x03\x01\r\n\r\n", id="bytes"),
            pytest.param(b"HTTP/1.1 two hundred\r\n\r\n", id="no status"),
            pytest.param(b"HTTP/1.1 200 OK\r\nX-Big: " + b"x" * 1_000_000 + b"\r\n\r\n", id="header of a megabyte"),
            pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X-Many: x\r\n" * 2000 + b"\r\n", id="two thousand headers"),
        ],
    )
    def test_it_is_told_and_not_tried_again(self, failure_of: FailureOf, reply: bytes) -> None:
        with HostileServer(after_reading(lambda it: (it.send(reply), it.hold()))) as server:
            error = failure_of(server.url)
        assert isinstance(error, UpstreamInvalidError)
        assert "does not answer in HTTP" in error.message
        assert "port" in error.hint

    @pytest.mark.parametrize("length", ["5x", "-5", "five", "5, 5", "²"])
    def test_a_length_that_is_no_length_is_ignored(self, get: Get, length: str) -> None:
        answer = f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nhello".encode("latin-1")
        with HostileServer(after_request(answer)) as server:
            assert get(server.url).body == b"hello"

    def test_two_lengths_are_refused(self, failure_of: FailureOf) -> None:
        with HostileServer(after_request(HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello")) as server:
            error = failure_of(server.url)
        assert isinstance(error, UpstreamInvalidError)
        assert "does not answer in HTTP" in error.message

    @pytest.mark.parametrize(
        ("encoding", "body"),
        [
            ("gzip", b"no gzip at all"),
            ("gzip", gzip.compress(b"x" * 1000)[:-30] + b"\xff" * 22),
            ("deflate", b"\x78\x9cnonsense"),
            (", ".join(["gzip"] * 40), b"x"),
        ],
    )
    def test_broken_compression_is_told(self, failure_of: FailureOf, encoding: str, body: bytes) -> None:
        with HostileServer(after_request(http_answer(body=body, headers={"Content-Encoding": encoding}))) as server:
            error = failure_of(server.url)
        assert isinstance(error, UpstreamInvalidError)
        assert "compressed in a broken way" in error.message

    def test_raw_deflate_is_understood(self, get: Get) -> None:
        packer = zlib.compressobj(wbits=-15)
        body = packer.compress(b"{}") + packer.flush()
        with HostileServer(after_request(http_answer(body=body, headers={"Content-Encoding": "deflate"}))) as server:
            assert get(server.url).body == b"{}"


class TestRedirects:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_nobody_follows_them(self, open_session: Callable[..., HttpSession], status: int) -> None:
        with HostileServer(in_turn([http_answer({})])) as elsewhere:
            moved = http_answer({"moved": True}, status=status, headers={"Location": f"{elsewhere.url}/steal"})
            with HostileServer(in_turn([moved])) as server:
                answer = open_session().request(
                    "GET", server.url, deadline=Deadline(5), auth=HTTPBasicAuth("user", "password")
                )
            assert (answer.status, answer.body) == (status, b'{"moved": true}')
            assert elsewhere.connections == 0

    @pytest.mark.parametrize("location", ["http://[::1", "//", "http://a:b:c/", "\x01"])
    def test_a_target_that_is_no_url_does_no_harm(self, get: Get, location: str) -> None:
        with HostileServer(after_request(http_answer({}, status=302, headers={"Location": location}))) as server:
            assert get(server.url).status == 302

    def test_their_bodies_are_bounded(self, failure_of: FailureOf) -> None:
        endless = after_reading(
            lambda it: (it.send(b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n"), it.flood(b"x" * 60_000))
        )
        with HostileServer(endless) as server:
            assert "larger than" in failure_of(server.url, limits=SMALL).message


class TestHostsThatCannotBeReached:
    def test_a_closed_port(self, failure_of: FailureOf) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        error = failure_of(f"http://127.0.0.1:{port}")
        assert isinstance(error, NetworkError)
        assert "refused the connection" in error.message
        assert error.retryable

    def test_an_address_without_a_way_there(self, failure_of: FailureOf) -> None:
        error = failure_of("https://255.255.255.255/", host="255.255.255.255")
        assert isinstance(error, NetworkError)
        assert "cannot be reached" in error.message

    @pytest.mark.parametrize(
        ("number", "retryable"), [(socket.EAI_NONAME, False), (socket.EAI_AGAIN, True)], ids=["unknown", "for now"]
    )
    def test_a_name_that_cannot_be_resolved(
        self, failure_of: FailureOf, monkeypatch: pytest.MonkeyPatch, number: int, retryable: bool
    ) -> None:
        def fail(*_: object, **__: object) -> None:
            raise socket.gaierror(number, "Name or service not known")

        monkeypatch.setattr(socket, "getaddrinfo", fail)
        error = failure_of("https://nowhere.test/", host="nowhere.test")
        assert isinstance(error, NetworkError)
        assert "could not be resolved" in error.message
        assert error.retryable is retryable

    def test_a_name_that_can_be_no_name(self, failure_of: FailureOf) -> None:
        name = "a" * 64 + ".test"
        error = failure_of(f"https://{name}/", host=name)
        assert isinstance(error, NetworkError)
        assert "could not be resolved" in error.message

    def test_the_next_address_of_a_name_is_tried(self, get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
        resolve_to(monkeypatch, "two.test", "127.0.0.2", "127.0.0.1")
        with HostileServer(in_turn([http_answer({})])) as server:
            assert get(f"http://two.test:{server.port}/").status == 200


class TestTls:
    def test_a_trusted_server_is_asked(self, get: Get, trusted: Authority) -> None:
        with HostileServer(in_turn([http_answer({})]), tls=trusted.server_context("127.0.0.1")) as server:
            assert get(server.url, ca_bundle=str(trusted.bundle)).status == 200

    def test_a_server_known_by_name_is_asked_by_name(self, get: Get, trusted: Authority) -> None:
        with HostileServer(in_turn([http_answer({})]), tls=trusted.server_context("localhost")) as server:
            assert get(f"https://localhost:{server.port}", ca_bundle=str(trusted.bundle)).status == 200

    @pytest.mark.parametrize("case", ["wrong name", "untrusted", "expired", "not yet"])
    def test_a_certificate_that_proves_nothing_gets_no_request(
        self, failure_of: FailureOf, trusted: Authority, stranger: Authority, case: str
    ) -> None:
        now = datetime.now(timezone.utc)
        day = timedelta(days=1)
        contexts: dict[str, Callable[[], ssl.SSLContext]] = {
            "wrong name": lambda: trusted.server_context("other.test"),
            "untrusted": lambda: stranger.server_context("127.0.0.1"),
            "expired": lambda: trusted.server_context("127.0.0.1", not_before=now - 2 * day, not_after=now - day),
            "not yet": lambda: trusted.server_context("127.0.0.1", not_before=now + day, not_after=now + 2 * day),
        }
        with HostileServer(in_turn([http_answer({})]), tls=contexts[case]()) as server:
            error = failure_of(server.url, ca_bundle=str(trusted.bundle))
        assert isinstance(error, NetworkError)
        assert "is not trusted" in error.message
        assert "ca_bundle" in error.hint
        assert not error.retryable
        assert server.requests == []

    def test_plain_http_on_a_tls_port(self, failure_of: FailureOf) -> None:
        with HostileServer(lambda it: it.send(http_answer({}))) as server:
            error = failure_of(f"https://127.0.0.1:{server.port}")
        assert isinstance(error, NetworkError)
        assert "does not speak TLS" in error.message
        assert not error.retryable

    def test_a_handshake_that_is_broken_off(self, failure_of: FailureOf) -> None:
        with HostileServer(lambda it: it.sock.recv(10_000)) as server:
            error = failure_of(f"https://127.0.0.1:{server.port}")
        assert isinstance(error, NetworkError)
        assert error.retryable

    def test_a_server_with_an_old_protocol(self, failure_of: FailureOf, trusted: Authority) -> None:
        alert = b"\x15\x03\x03\x00\x02\x02\x46"
        with HostileServer(lambda it: (it.sock.recv(10_000), it.send(alert), it.hold())) as server:
            error = failure_of(f"https://127.0.0.1:{server.port}", ca_bundle=str(trusted.bundle))
        assert isinstance(error, NetworkError)
        assert "TLS connection" in error.message

    def test_tls_on_a_plain_port(self, failure_of: FailureOf, trusted: Authority) -> None:
        with HostileServer(in_turn([]), tls=trusted.server_context("127.0.0.1")) as server:
            error = failure_of(f"http://127.0.0.1:{server.port}")
        assert error.code in {"network_error", "upstream_invalid"}

    def test_the_environment_names_authorities(
        self, get: Get, trusted: Authority, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trusted.bundle))
        with HostileServer(in_turn([http_answer({})]), tls=trusted.server_context("127.0.0.1")) as server:
            assert get(server.url).status == 200

    @pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
    def test_the_configuration_outranks_the_environment(
        self,
        get: Get,
        failure_of: FailureOf,
        trusted: Authority,
        stranger: Authority,
        monkeypatch: pytest.MonkeyPatch,
        variable: str,
    ) -> None:
        with HostileServer(in_turn([http_answer({})]), tls=trusted.server_context("127.0.0.1")) as server:
            monkeypatch.setenv(variable, str(stranger.bundle))
            assert get(server.url, ca_bundle=str(trusted.bundle)).status == 200
            monkeypatch.setenv(variable, str(trusted.bundle))
            assert "is not trusted" in failure_of(server.url, ca_bundle=str(stranger.bundle)).message

    def test_a_bundle_that_does_not_exist_is_a_configuration_error(
        self, get: Get, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
        with pytest.raises(InvalidConfigError, match=r"missing\.pem.* cannot be read") as caught:
            get("https://127.0.0.1:9")
        assert "REQUESTS_CA_BUNDLE" in caught.value.hint

    def test_a_bundle_without_certificates_is_a_configuration_error(self, get: Get, tmp_path: Path) -> None:
        bundle = tmp_path / "bundle.pem"
        bundle.write_text("no certificate")
        with (
            HostileServer(Connection.hold) as server,
            pytest.raises(InvalidConfigError, match="no usable certificate") as caught,
        ):
            get(f"https://127.0.0.1:{server.port}", ca_bundle=str(bundle))
        assert "ca_bundle" in caught.value.hint

    def test_an_address_that_is_no_url(self, get: Get) -> None:
        with pytest.raises(InvalidConfigError) as caught:
            get("https://exa mple.test\\/")
        assert caught.value.hint


def test_errors_say_nothing_of_what_was_sent(failure_of: FailureOf) -> None:
    with HostileServer(after_request(b"nonsense\r\n\r\n")) as server:
        error: Any = failure_of(f"{server.url}/path?code=very-secret")
    assert "very-secret" not in f"{error!r} {error.as_dict()}"


@given(ADDRESSES, st.dictionaries(st.text(min_size=1), st.text(), max_size=3))
def test_what_is_asked_is_what_requests_would_ask(address: str, params: dict[str, str]) -> None:
    session = HttpSession(load_config())
    asked = session._prepared("GET", address, params=params, data=None, headers=None, auth=None)
    assert asked.url == requests.Request("GET", address, params=params).prepare().url
