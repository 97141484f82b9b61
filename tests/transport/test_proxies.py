from __future__ import annotations

import socket
import traceback
from typing import TYPE_CHECKING

import pytest

from mde_files.deadline import Deadline
from mde_files.errors import InvalidConfigError, MdeFilesError, NetworkError, TimeoutExceededError, UpstreamInvalidError

from .hostile import Connection, HostileServer, after_request, http_answer, in_turn

if TYPE_CHECKING:
    from collections.abc import Callable

    from mde_files.transport.session import HttpAnswer, HttpSession

    from .conftest import Authority

    Get = Callable[..., HttpAnswer]
    FailureOf = Callable[..., MdeFilesError]

PASSWORD = "pa55-of-the-proxy"
URL = "https://proxied.test/api/files"
ENVIRONMENT = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")


def tunnel_to(port: int) -> Callable[[Connection], None]:
    """Return the script of a proxy that leads every CONNECT to one port of this machine."""

    def script(connection: Connection) -> None:
        connection.request()
        connection.send(b"HTTP/1.1 200 Connection established\r\nX-Proxy: tests\r\n\r\n")
        connection.relay(port)

    return script


@pytest.fixture(autouse=True)
def _only_the_proxy_resolves(monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = socket.getaddrinfo

    def resolve(host: str, *rest: object, **more: object) -> object:
        if host.endswith(".test"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return genuine(host, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


class TestWhichWay:
    def test_the_configured_proxy_is_used(self, get: Get, trusted: Authority) -> None:
        with (
            HostileServer(in_turn([http_answer({"ok": True})]), tls=trusted.server_context("proxied.test")) as target,
            HostileServer(tunnel_to(target.port)) as proxy,
        ):
            answer = get(
                URL,
                proxy=f"http://user:{PASSWORD}@127.0.0.1:{proxy.port}",
                ca_bundle=str(trusted.bundle),
            )
        assert answer.body == b'{"ok": true}'
        assert proxy.requests[0].line.startswith("CONNECT proxied.test:443 HTTP/1.")
        assert proxy.requests[0].headers["proxy-authorization"].startswith("Basic ")
        assert "authorization" not in proxy.requests[0].headers
        assert "proxy-authorization" not in target.requests[0].headers

    @pytest.mark.parametrize(("host", "direct"), [("169.254.169.254", True), ("169.254.attacker.test", False)])
    def test_the_address_of_the_machines_own_link_needs_no_proxy(
        self, open_session: Callable[..., HttpSession], host: str, direct: bool
    ) -> None:
        session = open_session(proxy="http://127.0.0.1:9")
        assert (session._proxies(f"http://{host}/metadata", host) == {}) is direct

    def test_a_proxy_reached_over_tls(self, get: Get, trusted: Authority) -> None:
        with (
            HostileServer(in_turn([http_answer({"ok": True})]), tls=trusted.server_context("proxied.test")) as target,
            HostileServer(tunnel_to(target.port), tls=trusted.server_context("127.0.0.1")) as proxy,
        ):
            answer = get(URL, proxy=proxy.url, ca_bundle=str(trusted.bundle))
        assert answer.body == b'{"ok": true}'

    def test_the_environment_names_a_proxy(self, get: Get, trusted: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
        with (
            HostileServer(in_turn([http_answer({"ok": True})]), tls=trusted.server_context("proxied.test")) as target,
            HostileServer(tunnel_to(target.port)) as proxy,
        ):
            monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
            assert get(URL, ca_bundle=str(trusted.bundle)).body == b'{"ok": true}'

    def test_the_configuration_outranks_the_environment(
        self, failure_of: FailureOf, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        refused = after_request(http_answer(status=403))
        with HostileServer(refused) as configured, HostileServer(refused) as other:
            monkeypatch.setenv("HTTPS_PROXY", other.url)
            failure_of(URL, host="proxied.test", proxy=configured.url)
        assert (configured.connections, other.connections) == (1, 0)

    def test_the_environment_can_exempt_a_host(self, failure_of: FailureOf, monkeypatch: pytest.MonkeyPatch) -> None:
        with HostileServer(Connection.hold) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            monkeypatch.setenv("NO_PROXY", "proxied.test")
            assert "could not be resolved" in failure_of(URL, host="proxied.test").message
        assert proxy.connections == 0

    def test_the_way_to_one_host_is_not_that_to_another(
        self, open_session: Callable[..., HttpSession], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("NO_PROXY", "near.test")
        session = open_session()
        ways = [session._proxies(f"https://{host}/api", host) for host in ("far.test", "near.test", "far.test")]
        assert [way.get("https") for way in ways] == ["http://127.0.0.1:9", None, "http://127.0.0.1:9"]

    @pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "127.8.9.1"])
    def test_this_machine_is_asked_directly(self, get: Get, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        with HostileServer(Connection.hold) as proxy, HostileServer(in_turn([http_answer({})] * 2)) as server:
            for variable in ENVIRONMENT:
                monkeypatch.setenv(variable, proxy.url)
            answers = []
            if name != "127.8.9.1":
                answers = [get(f"http://{name}:{server.port}", proxy=proxy.url)]
                answers += [get(f"http://{name}:{server.port}")]
            else:
                with pytest.raises(NetworkError, match="refused"):
                    get(f"http://{name}:{server.port}", proxy=proxy.url)
        assert [answer.status for answer in answers] in ([200, 200], [])
        assert proxy.connections == 0


class TestProxiesThatFail:
    @pytest.mark.parametrize(
        ("status", "retryable", "hint"),
        [(407, False, "password"), (403, False, "allow this host"), (502, True, "allow this host")],
    )
    def test_refusing(self, failure_of: FailureOf, status: int, retryable: bool, hint: str) -> None:
        with HostileServer(after_request(http_answer(body=b"<p>no</p>", status=status))) as proxy:
            error = failure_of(URL, host="proxied.test", proxy=proxy.url)
        assert isinstance(error, NetworkError)
        assert f"The proxy refused the way to proxied.test with status {status}" in error.message
        assert hint in error.hint
        assert error.retryable is retryable

    def test_not_listening(self, failure_of: FailureOf) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        error = failure_of(URL, host="proxied.test", proxy=f"http://127.0.0.1:{port}")
        assert isinstance(error, NetworkError)
        assert "The proxy on the way to proxied.test cannot be reached" in error.message
        assert "'proxy'" in error.hint

    def test_of_a_name_nobody_knows(self, failure_of: FailureOf) -> None:
        error = failure_of(URL, host="proxied.test", proxy="http://proxy.test:3128")
        assert isinstance(error, NetworkError)
        assert "The proxy on the way" in error.message

    def test_with_a_certificate_nobody_trusts(
        self, failure_of: FailureOf, trusted: Authority, stranger: Authority
    ) -> None:
        with HostileServer(in_turn([]), tls=stranger.server_context("127.0.0.1")) as proxy:
            error = failure_of(URL, host="proxied.test", proxy=proxy.url, ca_bundle=str(trusted.bundle))
        assert "The proxy on the way" in error.message
        assert proxy.requests == []

    def test_reading_along(self, failure_of: FailureOf, trusted: Authority, stranger: Authority) -> None:
        interceptor = stranger.server_context("proxied.test")
        with (
            HostileServer(in_turn([http_answer({})]), tls=interceptor) as target,
            HostileServer(tunnel_to(target.port)) as proxy,
        ):
            error = failure_of(URL, host="proxied.test", proxy=proxy.url, ca_bundle=str(trusted.bundle))
        assert "The certificate of proxied.test is not trusted" in error.message
        assert "ca_bundle" in error.hint
        assert target.requests == []

    @pytest.mark.parametrize(
        ("script", "kind"),
        [
            pytest.param(Connection.hold, TimeoutExceededError, id="silent"),
            pytest.param(
                lambda it: (it.request(), it.drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 500)),
                TimeoutExceededError,
                id="dripping",
            ),
            pytest.param(
                lambda it: (it.request(), it.flood(b"HTTP/1.1 200 OK\r\n" + b"X-Many: x\r\n" * 500)),
                (TimeoutExceededError, UpstreamInvalidError),
                id="never ending",
            ),
            pytest.param(after_request(b"SSH-2.0-OpenSSH_9.6\r\n"), UpstreamInvalidError, id="no proxy at all"),
            pytest.param(after_request(), NetworkError, id="closing"),
        ],
    )
    def test_misbehaving(
        self, failure_of: FailureOf, script: Callable[[Connection], object], kind: type[MdeFilesError]
    ) -> None:
        with HostileServer(script) as proxy:
            error = failure_of(URL, host="proxied.test", proxy=proxy.url, timeouts={"total": 0.6})
        assert isinstance(error, kind)

    @pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "http://", "http://a:b:c"])
    def test_of_a_kind_that_cannot_be_used(
        self, failure_of: FailureOf, monkeypatch: pytest.MonkeyPatch, proxy: str
    ) -> None:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        error = failure_of(URL, host="proxied.test")
        assert isinstance(error, InvalidConfigError)
        assert "HTTPS_PROXY" in error.hint

    @pytest.mark.parametrize("case", ["refused", "407", "malformed"])
    def test_their_password_is_in_no_error(self, open_session: Callable[..., HttpSession], case: str) -> None:
        with HostileServer(after_request(http_answer(status=407))) as proxy:
            place = {"refused": "127.0.0.1:9", "407": f"127.0.0.1:{proxy.port}", "malformed": "a:b:c"}[case]
            session = open_session(proxy=f"http://user:{PASSWORD}@{place}")
            with pytest.raises(MdeFilesError) as caught:
                session.request("GET", URL, deadline=Deadline(3))
        shown = "".join(traceback.format_exception(caught.value))
        assert PASSWORD not in f"{shown} {caught.value!r} {caught.value.as_dict()}"
