from __future__ import annotations

import copy
import random
from typing import TYPE_CHECKING, Any

import pytest

from mde_files import config
from mde_files.auth import token_provider
from mde_files.deadline import Deadline
from mde_files.emulator import Emulator, Scenario
from mde_files.transport.session import HttpSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mde_files.auth import TokenProvider


@pytest.fixture(scope="session")
def running_emulator() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture(scope="session")
def untouched_scenario() -> Scenario:
    return Scenario.load()


@pytest.fixture
def emulator(running_emulator: Emulator, untouched_scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """The emulator as it is at first; pauses between attempts are random numbers times a back-off, here none."""
    monkeypatch.setattr(random, "random", lambda: 0.0)
    running_emulator.scenario = copy.deepcopy(untouched_scenario)
    running_emulator.reset()
    return running_emulator


@pytest.fixture
def token_requests(emulator: Emulator) -> Callable[[], int]:
    return lambda: sum(request.endpoint == "token" for request in emulator.requests)


@pytest.fixture
def token_path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "tokens.json"


@pytest.fixture
def open_session() -> Iterator[Callable[[config.Config], HttpSession]]:
    opened: list[HttpSession] = []

    def start(configuration: config.Config) -> HttpSession:
        opened.append(HttpSession(configuration))
        return opened[-1]

    yield start
    for session in opened:
        session.close()


def present(settings: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if value is not None}


@pytest.fixture
def provide(emulator: Emulator, open_session: Callable[[config.Config], HttpSession]) -> Callable[..., TokenProvider]:
    """Returns a provider for the emulator: provide("client_secret", application, prompt=None, **configuration)."""

    def start(
        method: str = "client_secret",
        application: str | None = None,
        *,
        prompt: Callable[[str], None] | None = None,
        auth: dict[str, Any] | None = None,
        **changes: Any,
    ) -> TokenProvider:
        document = present({**emulator.configuration(application, method=method), **changes})
        document["auth"] = present({**document["auth"], **(auth or {})})
        configuration = config.load(document)
        return token_provider(configuration, open_session(configuration), prompt=prompt)

    return start


@pytest.fixture
def deadline() -> Deadline:
    return Deadline(20)
