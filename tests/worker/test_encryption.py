"""Tasks over TLS: the server has to prove who it is, as it does not by the defaults of Celery's transport."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
import trustme
from tests.redis_server import not_here

from mde_files import StateUnavailableError, config
from mde_files.worker import application

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from celery import Celery


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return tmp_path / "ca.pem"


@pytest.fixture
def port(authority: Path, tmp_path: Path) -> Iterator[int]:
    """A Redis server that speaks TLS only."""
    program = shutil.which("redis-server")
    if program is None:
        not_here("redis-server is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    options = ["--bind", "127.0.0.1", "--port", "0", "--tls-port", str(port), "--tls-auth-clients", "no", "--save", ""]
    certificate = str(tmp_path / "server.pem")
    options += ["--tls-cert-file", certificate, "--tls-key-file", certificate, "--tls-ca-cert-file", str(authority)]
    process = subprocess.Popen([str(program), *options, "--dir", str(tmp_path)], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while not answers(port):
            if process.poll() is not None:
                not_here("redis-server was built without TLS")
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield port
    finally:
        process.kill()
        process.wait(10)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def made(url: str) -> Celery:
    sign_in = {"tenant_id": "contoso.example", "auth": {"method": "access_token", "access_token": "x"}}
    return application.make_app(config.load_celery({**sign_in, "state": url}))


def test_a_server_of_a_trusted_authority_is_used(port: int, authority: Path) -> None:
    application.reach(made(f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={authority}"), attempts=1)


def test_a_server_nobody_vouches_for_is_refused(port: int) -> None:
    with pytest.raises(StateUnavailableError, match="broker"):
        application.reach(made(f"rediss://127.0.0.1:{port}/0"), attempts=1)
