"""A playbook on each kind of incident, from the command line, attached to real services, now and after changes."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from mde_files import cli
from mde_files.commands.emulator import write_configuration

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mde_files.emulator import Emulator

SINKS = {
    "sentinel_incident": ["sentinel", "graph"],
    "sentinel_alert": [],
    "defender_incident": ["graph"],
    "graph_alert": ["graph"],
    "plain": ["graph"],
}


@pytest.fixture
def playbook(
    emulator: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Run enrich-incident-files afresh on the emulator's incident and return exit code and report."""
    settings = {**emulator.configuration(), "state": f"sqlite:///{tmp_path}/state.sqlite3", "cache": {"enabled": False}}
    path = write_configuration(settings, tmp_path)

    def run(form: str) -> tuple[int, dict[str, Any]]:
        incident = tmp_path / "incident.json"
        incident.write_text(json.dumps(emulator.incident("eicar", form)))
        words = ["playbook", "run", "enrich-incident-files", "--incident", str(incident), "--config", str(path)]
        for sink in [f"file:{tmp_path}/enriched.json", *SINKS[form]]:
            words += ["--sink", sink]
        code = cli.main([*words, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return run


def statuses(report: dict[str, Any]) -> dict[str, str]:
    return {attached["sink"]: attached["status"] for attached in report["attached"]}


@pytest.mark.parametrize("form", list(SINKS))
def test_what_is_attached_once_stays_attached_once(
    playbook: Callable[..., tuple[int, dict[str, Any]]], emulator: Emulator, form: str
) -> None:
    sinks = ["file", *SINKS[form]]
    incident = emulator.scenario.incident("eicar")
    comments_before = len(incident.comments)
    code, report = playbook(form)
    assert code == 0
    assert report["incident"]["incident_format"] == form
    assert statuses(report) == dict.fromkeys(sinks, "created")

    assert statuses(playbook(form)[1]) == dict.fromkeys(sinks, "unchanged")

    organization = emulator.scenario.file("eicar").organization
    organization.prevalence += 1
    organization.last_seen = "now-1m"
    assert statuses(playbook(form)[1]) == dict.fromkeys(sinks, "unchanged")

    alert = copy.deepcopy(emulator.scenario.alert("eicar-detected"))
    alert.label = "just-now"
    alert.properties.update(id="da999_1", severity="High", status="New")
    emulator.scenario.alerts.append(alert)
    code, report = playbook(form)
    assert statuses(report) == dict.fromkeys(sinks, "updated")
    assert all("high" in " ".join(attached["changes"]).lower() for attached in report["attached"])

    assert statuses(playbook(form)[1]) == dict.fromkeys(sinks, "unchanged")
    if "graph" in sinks:
        assert len(incident.comments) == comments_before + 2
