"""What the tests of playbooks share: invented incidents of every format, and a sink that keeps what it gets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mde_files.playbook.attachment import Attached, Attachment

if TYPE_CHECKING:
    from collections.abc import Callable

    from mde_files import MdeFilesError
    from mde_files.deadline import Deadline
    from mde_files.playbook.incident import Incident

INCIDENTS = Path(__file__).parent / "incidents"


class CollectingSink:
    """Keeps every attachment; refuses with ``error`` when there is one."""

    def __init__(self, name: str = "list", error: MdeFilesError | None = None) -> None:
        self.name = name
        self.error = error
        self.attachments: list[Attachment] = []
        self.dry_runs: list[Attachment] = []

    def attach(self, incident: Incident, attachment: Attachment, *, dry_run: bool, deadline: Deadline) -> Attached:
        assert not deadline.expired
        if self.error is not None:
            raise self.error
        (self.dry_runs if dry_run else self.attachments).append(attachment)
        return Attached(self.name, f"list of {incident.id}", "unchanged" if dry_run else "created")

    def calls(self) -> tuple[str, ...]:
        return ("graph_incident",)


@pytest.fixture
def sink() -> CollectingSink:
    return CollectingSink()


@pytest.fixture
def collecting_sink() -> type[CollectingSink]:
    return CollectingSink


@pytest.fixture
def incident_path() -> Callable[[str], Path]:
    return lambda name: INCIDENTS / f"{name}.json"


@pytest.fixture
def incident_document() -> Callable[[str], Any]:
    return lambda name: json.loads((INCIDENTS / f"{name}.json").read_text(encoding="utf-8"))
