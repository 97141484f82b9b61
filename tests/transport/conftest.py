"""Certificates, configurations and sessions for tests that meet hostile servers."""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import trustme

from mde_files.deadline import Deadline
from mde_files.errors import MdeFilesError
from mde_files.transport.session import HttpAnswer, HttpSession

from .tenant import load_config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Authority(NamedTuple):
    """A certificate authority of its own; ``bundle`` is its certificate as a file."""

    ca: trustme.CA
    bundle: Path

    def server_context(self, *names: str, **validity: Any) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert(*names, **validity).configure_cert(context)
        return context


def _authority(folder: Path) -> Authority:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    return Authority(ca, folder / "ca.pem")


@pytest.fixture(scope="session")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return _authority(tmp_path_factory.mktemp("trusted"))


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return _authority(tmp_path_factory.mktemp("stranger"))


@pytest.fixture(autouse=True)
def _no_authorities_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "NETRC"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def open_session() -> Iterator[Callable[..., HttpSession]]:
    """Make sessions; keyword arguments are configuration."""
    made: list[HttpSession] = []

    def open_session(**changes: Any) -> HttpSession:
        made.append(HttpSession(load_config(**changes)))
        return made[-1]

    yield open_session
    for session in made:
        session.close()


@pytest.fixture
def get(open_session: Callable[..., HttpSession]) -> Callable[..., HttpAnswer]:
    """Ask once, with a session of its own; keyword arguments are configuration."""

    def get(url: str, **changes: Any) -> HttpAnswer:
        seconds = changes.get("timeouts", {}).get("total", 5)
        return open_session(**changes).request("GET", url, deadline=Deadline(seconds))

    return get


@pytest.fixture
def failure_of(get: Callable[..., HttpAnswer]) -> Callable[..., MdeFilesError]:
    """Ask once and return the error, which names the host and what to do and came in time."""

    def failure_of(url: str, *, host: str = "127.0.0.1", **changes: Any) -> MdeFilesError:
        started = time.monotonic()
        with pytest.raises(MdeFilesError) as caught:
            get(url, **changes)
        assert time.monotonic() - started < 5
        error = caught.value
        assert host in error.message
        assert error.hint
        return error

    return failure_of
