"""A local tenant whose secrets are canaries, and everything that is written while they are used."""

from __future__ import annotations

import io
import logging
import random
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from .canaries import Canary, canary, found, known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mde_files.emulator import Emulator, Fault


class Written(NamedTuple):
    """What this process wrote: standard output and error, and the logs of every library at every level."""

    log: io.StringIO
    capture: pytest.CaptureFixture[str]

    def text(self) -> str:
        out, err = self.capture.readouterr()
        return f"{out}\n{err}\n{self.log.getvalue()}"


class Tenant(NamedTuple):
    """The emulator with canaries for its secrets.

    Attributes:
        emulator: The emulator.
        folder: An empty folder.
        client_secret: The secret of its first application.
    """

    emulator: Emulator
    folder: Path
    client_secret: Canary

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Return a configuration that signs in here by the client secret."""
        auth = {"method": "client_secret", "client_secret": self.client_secret.text}
        return {**self.emulator.configuration(), "auth": auth, "state": "memory:", **changes}

    def ready(self, token: str, **changes: Any) -> dict[str, Any]:
        """Return a configuration with a ready access token."""
        return self.settings(auth={"method": "access_token", "access_token": token}, **changes)

    def fail(self, *faults: Fault) -> None:
        self.emulator.scenario.faults[:] = faults

    @property
    def sha1(self) -> str:
        sha1: str = self.emulator.scenario.file("eicar").sha1
        return sha1

    @property
    def token(self) -> Canary:
        """A token that the service accepts."""
        return known("access token", self.emulator.issue_token().rpartition(".")[2])


@pytest.fixture
def tenant(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tenant:
    """Pauses between attempts are random numbers times a back-off, here none."""
    monkeypatch.setattr(random, "random", lambda: 0.0)
    secret = canary("client secret")
    emulator.scenario.applications[0].secrets[0].value = secret.text
    return Tenant(emulator, tmp_path, secret)


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Iterator[Written]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(1)
    yield Written(stream, capsys)
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.fixture
def leaks() -> Callable[[Any, list[Canary]], list[str]]:
    """Return the places of texts in which one of the secrets stands."""

    def leaks(told: Any, canaries: list[Canary]) -> list[str]:
        places = ((place, sorted(set(found(text, canaries)))) for place, text in told)
        return [f"{place}: {', '.join(names)}" for place, names in places if names]

    return leaks
