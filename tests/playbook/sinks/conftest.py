"""Incidents of the emulated tenant, findings about their files, and sinks to attach them by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from mde_files import config
from mde_files.answers import Asking
from mde_files.connector import Connector
from mde_files.deadline import Deadline
from mde_files.playbook.attachment import Attached, Attachment
from mde_files.playbook.incident import Incident, read_incident
from mde_files.playbook.sinks import open_sink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from mde_files.emulator import Emulator
    from mde_files.emulator.incidents import Incident as EmulatedIncident

_AFRESH = Asking(caller="playbook", use_cache=False)
PLAYBOOK = "enrich-incident-files"


class Bench(NamedTuple):
    """An emulated tenant, and what attaches to its incidents."""

    emulator: Emulator
    connector: Connector
    connect: Callable[..., Connector]

    @property
    def stored(self) -> EmulatedIncident:
        """The incident as the emulator keeps it."""
        return self.emulator.scenario.incident("eicar")

    def incident(self, form: str = "sentinel_incident", label: str = "eicar") -> Incident:
        return read_incident(self.emulator.incident(label, form))

    def records(
        self, *labels: str, actions: Sequence[str] = ("file_stats", "file_alerts")
    ) -> tuple[dict[str, Any], ...]:
        """Ask the files API afresh about files of the scenario."""
        files = [self.emulator.scenario.file(label) for label in labels]
        return tuple(
            self.connector.record_of(action, {"file_hash": file.sha1}, _AFRESH) for file in files for action in actions
        )

    def attachment(self, *labels: str, **changes: Any) -> Attachment:
        made = Attachment(PLAYBOOK, "Files of this incident", self.records(*(labels or ("eicar",))))
        return made._replace(**changes)

    def attach(
        self,
        sink: str,
        attachment: Attachment | None = None,
        *,
        incident: Incident | None = None,
        dry_run: bool = False,
        seconds: float = 30.0,
        connector: Connector | None = None,
    ) -> Attached:
        """Attach as one run would: by a sink that is opened anew."""
        opened = open_sink(sink, connector or self.connector)
        return opened.attach(
            incident or self.incident(),
            attachment or self.attachment(),
            dry_run=dry_run,
            deadline=Deadline(seconds),
        )

    def asked(self, service: str) -> list[str]:
        """Return the endpoints of a service that were asked, in order; the list starts anew with each call."""
        seen = [request.endpoint for request in self.emulator.requests]
        self.emulator.reset()
        return [endpoint for endpoint in seen if endpoint is not None and endpoint.startswith(service)]

    def fault(self, kind: str, endpoint: str, **more: Any) -> None:
        from mde_files.emulator import Fault

        self.emulator.scenario.faults.append(Fault(kind, endpoint=endpoint, **more))


@pytest.fixture
def bench(emulator: Emulator, tmp_path: Path) -> Iterator[Bench]:
    """Everything shares one state in a file; nothing waits between attempts."""
    made: list[Connector] = []

    def connect(application: str | None = None, **changes: Any) -> Connector:
        document = {
            **emulator.configuration(application),
            "state": f"sqlite:///{tmp_path / 'state.sqlite3'}",
            **changes,
        }
        made.append(Connector(config.load(document), sleep=lambda _seconds: None))
        return made[-1]

    yield Bench(emulator, connect(), connect)
    for connector in made:
        connector.close()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between attempts are random numbers times a back-off, here none."""
    monkeypatch.setattr("random.random", lambda: 0.0)
