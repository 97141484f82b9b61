"""Asks a hostile server through the plugin's public surface and judges what came of it."""

from __future__ import annotations

import random
import socket
import time
import traceback
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from tests.transport.hostile import HostileServer
from tests.transport.tenant import AUDIENCE, token_text

from mde_files import Connector, schemas
from mde_files import config as configuration
from mde_files.errors import MdeFilesError
from mde_files.transport.exchange import Exchange

from .scripts import GOOD, SHA1, TENANT, in_order, openid_answer, serving, sign_in_beside

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping, Sequence

    import pytest
    from tests.fault_table import FaultTable
    from tests.transport.conftest import Authority
    from tests.transport.hostile import Connection

    from .scripts import Choice, Step

ROOM = "hostile server"
TOKEN = token_text(aud=AUDIENCE, tid=TENANT, roles=["File.Read.All", "Alert.Read.All"], canary="7c1b0f2e9d")
SECRET = "client~canary~4f2a91"
BUDGETS = {"connect": 0.5, "read": 0.5, "total": 1.2}
PATIENT = {"connect": 8, "read": 8, "total": 10}
"""Budgets for what is to end by itself, however busy the machine is."""
SLACK = 1.0
"""Seconds that a busy machine may take beyond a time budget."""
LARGEST = 1_000_000
"""What these tests accept of an answer, in bytes."""


class Outcome(NamedTuple):
    """What came of a question.

    Attributes:
        actual: Outcome of the record, or code of the error.
        record: The record, where there is one.
        error: The error, where there is one.
        shown: Everything the question wrote and every form of its error.
    """

    actual: str
    record: Mapping[str, Any] | None
    error: MdeFilesError | None
    shown: str


class Bench:
    """One test's hostile server, the two servers beside it that nobody may ask, and the connector between.

    Args:
        table: Gets a row for each fault.
        trusted: Authority of the servers' certificates.
        monkeypatch: Watches which names are looked up, and makes pauses between attempts short.
        capsys: Catches what is written.
    """

    def __init__(
        self,
        table: FaultTable,
        trusted: Authority,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.table = table
        self.trusted = trusted
        self.server: HostileServer
        self.elsewhere = HostileServer(serving(in_order(b"")), tls=trusted.server_context("127.0.0.1", "localhost"))
        self.elsewhere_plain = HostileServer(serving(in_order(b"")))
        self.names: list[str] = []
        self._capsys = capsys
        genuine = socket.getaddrinfo

        def look_up(host: str, *rest: Any, **more: Any) -> Any:
            if host != "127.0.0.1":
                self.names.append(host)
            return genuine("127.0.0.1", *rest, **more)

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        monkeypatch.setattr(random, "random", lambda: 0.02)
        monkeypatch.setitem(Exchange.__init__.__kwdefaults__, "jitter", lambda: 0.02)

    def placed(self, text: str) -> str:
        """Return ``text`` with the ports of the servers for ``{own}``, ``{elsewhere}`` and ``{plain}``."""
        return text.format(own=self.server.port, elsewhere=self.elsewhere.port, plain=self.elsewhere_plain.port)

    def configuration(self, base_url: str, **changes: Any) -> dict[str, Any]:
        """Return a configuration with a ready token; keyword arguments change it."""
        return {
            "tenant_id": TENANT,
            "client_id": "66666666-7777-8888-9999-000000000000",
            "auth": {"method": "access_token", "access_token": TOKEN},
            "cloud": "custom",
            "base_url": base_url,
            "authority": base_url,
            "scope": f"{AUDIENCE}/.default",
            "token_cache": False,
            "state": "memory:",
            "ca_bundle": str(self.trusted.bundle),
            "limits": {"max_response_bytes": LARGEST},
            "log": {"level": "debug", "format": "json"},
            **changes,
        }

    def fault(
        self,
        fault: str,
        *steps: Step,
        expected: str | Sequence[str],
        script: Callable[[Connection], object] | None = None,
        tls: ssl.SSLContext | Literal["trusted"] | None = "trusted",
        **asking: Any,
    ) -> Outcome:
        """Let the server follow ``steps`` (see :func:`~.scripts.in_order`) or ``script``, ask, and add a row.

        Args:
            fault: Its name in the table.
            steps: What the files API does, one step a request.
            expected: Outcomes or error codes.
            script: What the server does instead of ``steps``.
            tls: The server's certificate; ``None``: it speaks no TLS of its own.
            asking: See :meth:`ask`.
        """
        context = self.trusted.server_context("127.0.0.1") if tls == "trusted" else tls
        with HostileServer(script or serving(in_order(*steps)), tls=context) as server:
            self.server = server
            return self.ask(fault, f"https://127.0.0.1:{server.port}", expected=expected, **asking)

    def sign_in_fault(
        self,
        fault: str,
        *,
        expected: str | Sequence[str],
        token: Step,
        openid: Callable[[str], Step] = openid_answer,
        api: Choice | None = None,
        **asking: Any,
    ) -> Outcome:
        """As :meth:`fault`, with a sign-in by client secret at the same server; ``openid`` gets the server's origin."""

        def script(connection: Connection) -> None:
            serving(sign_in_beside(api or in_order(GOOD), openid=openid(server.url), token=token))(connection)

        with HostileServer(script, tls=self.trusted.server_context("127.0.0.1")) as server:
            self.server = server
            auth = {"method": "client_secret", "client_secret": SECRET}
            return self.ask(fault, server.url, expected=expected, auth=auth, **asking)

    def ask(
        self,
        fault: str,
        base_url: str,
        *,
        expected: str | Sequence[str],
        action: str = "file_stats",
        waits: bool = True,
        room: str = ROOM,
        **changes: Any,
    ) -> Outcome:
        """Ask ``base_url`` and add a row to the table.

        Args:
            fault: Its name in the table.
            base_url: Address of files API and sign-in.
            expected: Outcomes or error codes.
            action: What is asked.
            waits: Whether pauses between attempts are really made; otherwise the time budget is an hour, of which it
                may take no more than usual.
            room: Room of the row.
            changes: Configuration. Time budgets are small where they are expected to run out, ample elsewhere.
        """
        in_small_budgets = "timeout" in ([expected] if isinstance(expected, str) else expected)
        changes = {"timeouts": BUDGETS if in_small_budgets else PATIENT, **changes}
        if not waits:
            changes["timeouts"] = {"connect": 8, "read": 8, "total": 3600}
        settings = configuration.load(self.configuration(base_url, **changes))
        connector = Connector(settings, sleep=time.sleep if waits else _no_time)
        record: dict[str, Any] | None = None
        error: MdeFilesError | None = None
        started = time.monotonic()
        try:
            with connector:
                record = connector.run(action, {"file_hash": SHA1})
        except MdeFilesError as caught:
            error = caught
        seconds = time.monotonic() - started
        captured = self._capsys.readouterr()
        shown = f"{captured.out}{captured.err}{record}"
        actual = record["outcome"] if record is not None else ""
        if error is not None:
            actual = error.code
            failed = connector.failure(action, {"file_hash": SHA1}, error)
            assert schemas.problems("record", failed) == []
            shown += f"{error!r}{error.as_dict()}{failed}{''.join(traceback.format_exception(error))}"
            self._told_well(error)
        self._kept_to_itself(shown)
        self.table.row(
            room,
            fault,
            expected,
            actual,
            seconds,
            within=(settings.timeouts.total if waits else PATIENT["total"]) + SLACK,
        )
        return Outcome(actual, record, error, shown)

    def _told_well(self, error: MdeFilesError) -> None:
        assert error.message
        assert error.hint
        assert f"{error.message}{error.hint}{error.correlation_id or ''}".isprintable()
        assert len(error.message) < 1000

    def _kept_to_itself(self, shown: str) -> None:
        """No secret was shown, and nobody but the configured server was asked or even looked up."""
        assert TOKEN not in shown
        assert TOKEN.split(".")[1] not in shown
        assert SECRET not in shown
        assert (self.elsewhere.connections, self.elsewhere_plain.connections) == (0, 0)
        assert [name for name in self.names if name != "localhost"] == []
        for seen in self.server.requests:
            assert seen.headers.get("authorization") in (None, f"Bearer {TOKEN}")
            assert TOKEN not in seen.line
            assert SECRET not in seen.line


def _no_time(seconds: float) -> None:
    assert seconds >= 0
