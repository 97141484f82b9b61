"""What many tests need: a local Defender tenant over real TLS, and connectors that point at it."""

from __future__ import annotations

import copy
import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from mde_files import Connector, schemas
from mde_files.connector import Connector as ConnectorClass
from mde_files.emulator import Emulator, Scenario

from .fault_table import fault_table, pytest_runtest_call, pytest_terminal_summary  # noqa: F401 - fixture and hooks

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

_ROOMS_OF_MANY = frozenset({"faults", "hostile", "secrets"})
COMPLETE = os.environ.get("MDE_FILES_TESTS_COMPLETE") == "1"

# Where the tests have to be complete, the same code gets the same verdict; elsewhere every run looks for new examples.
settings.register_profile("shared-machine", deadline=None, derandomize=COMPLETE)
settings.load_profile("shared-machine")
_SCENARIO = Scenario.load()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let whole rooms count as slow whose tests are quick, but many."""
    for item in items:
        if item.path.parent.name in _ROOMS_OF_MANY:
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where the tests have to be complete, a skipped test is a failed one."""
    report = yield
    if COMPLETE and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where every test has to run: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def running_emulator() -> Iterator[Emulator]:
    with Emulator(copy.deepcopy(_SCENARIO)) as emulator:
        yield emulator


@pytest.fixture
def emulator(running_emulator: Emulator) -> Iterator[Emulator]:
    """The emulator with its default scenario, nothing seen and no quota used; what a test changes ends with it."""

    def as_it_was() -> None:
        running_emulator.scenario = copy.deepcopy(_SCENARIO)
        running_emulator.scenario.quota = None
        running_emulator.reset()

    as_it_was()
    yield running_emulator
    as_it_was()


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Neither settings nor files of the person who runs the tests are read or written."""
    for name in os.environ:
        if name.startswith(("MDE_FILES_", "AZURE_", "IDENTITY_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(home))


@pytest.fixture(autouse=True)
def _every_record_is_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever record a connector hands on in any test agrees with the schema, judged anew."""
    original = ConnectorClass._valid

    def judged(self: Connector, record: dict[str, Any]) -> dict[str, Any]:
        handed_on = original(self, record)
        assert schemas.problems("record", handed_on) == []
        return handed_on

    monkeypatch.setattr(ConnectorClass, "_valid", judged)


@pytest.fixture
def connect(emulator: Emulator) -> Iterator[Callable[..., Connector]]:
    """Make connectors for the emulator; keyword arguments change their configuration."""
    made: list[Connector] = []

    def connect(application: str | None = None, **changes: Any) -> Connector:
        connector = Connector.from_config({**emulator.configuration(application), "state": "memory:", **changes})
        made.append(connector)
        return connector

    yield connect
    for connector in made:
        connector.close()


@pytest.fixture
def config_file(emulator: Emulator, tmp_path: Path) -> Path:
    """A configuration file for the emulator."""
    from mde_files.commands.emulator import write_configuration

    return write_configuration(emulator.configuration(), tmp_path)
