"""One emulator for all tests of this folder; each test gets a fresh copy of the default scenario."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Protocol

import pytest
import requests

from mde_files.emulator import Emulator, Scenario

if TYPE_CHECKING:
    from collections.abc import Iterator


class Get(Protocol):
    def __call__(
        self, path: str, *, application: str | None = None, token: str | None = None, **options: Any
    ) -> requests.Response: ...


@pytest.fixture(scope="session")
def default_scenario() -> Scenario:
    return Scenario.load()


@pytest.fixture(scope="session")
def running_emulator(default_scenario: Scenario) -> Iterator[Emulator]:
    with Emulator(copy.deepcopy(default_scenario)) as emulator:
        yield emulator


@pytest.fixture
def emulator(running_emulator: Emulator, default_scenario: Scenario) -> Emulator:
    running_emulator.scenario = copy.deepcopy(default_scenario)
    running_emulator.reset()
    return running_emulator


@pytest.fixture
def session(emulator: Emulator) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(emulator.ca_bundle)
        yield session


@pytest.fixture
def get(emulator: Emulator, session: requests.Session) -> Get:
    """Asks the service, signed in as an application of the scenario."""

    def ask(
        path: str, *, application: str | None = None, token: str | None = None, **options: Any
    ) -> requests.Response:
        given = emulator.issue_token(application) if token is None else token
        headers = {"Authorization": f"Bearer {given}", **options.pop("headers", {})}
        options.setdefault("timeout", 10)
        return session.get(emulator.base_url + path, headers=headers, allow_redirects=False, **options)

    return ask
