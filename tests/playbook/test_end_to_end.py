"""A playbook on each kind of incident, from the command line, attached to real services, now and after changes."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import mde_files
from mde_files import cli
from mde_files.commands.emulator import write_configuration
from mde_files.emulator import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from mde_files.emulator import Emulator

SINKS = {
    "sentinel_incident": ["sentinel", "graph"],
    "sentinel_alert": [],
    "defender_incident": ["graph"],
    "graph_alert": ["graph"],
    "plain": ["graph"],
}


@pytest.fixture
def run_playbook(
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
    run_playbook: Callable[..., tuple[int, dict[str, Any]]], emulator: Emulator, form: str
) -> None:
    sinks = ["file", *SINKS[form]]
    incident = emulator.scenario.incident("eicar")
    comments_before = len(incident.comments)
    code, report = run_playbook(form)
    assert code == 0
    assert report["incident"]["incident_format"] == form
    assert statuses(report) == dict.fromkeys(sinks, "created")

    assert statuses(run_playbook(form)[1]) == dict.fromkeys(sinks, "unchanged")

    organization = emulator.scenario.file("eicar").organization
    organization.prevalence += 1
    organization.last_seen = "now-1m"
    assert statuses(run_playbook(form)[1]) == dict.fromkeys(sinks, "unchanged")

    alert = copy.deepcopy(emulator.scenario.alert("eicar-detected"))
    alert.label = "just-now"
    alert.properties.update(id="da999_1", severity="High", status="New")
    emulator.scenario.alerts.append(alert)
    code, report = run_playbook(form)
    assert statuses(report) == dict.fromkeys(sinks, "updated")
    assert all("high" in " ".join(attached["changes"]).lower() for attached in report["attached"])

    assert statuses(run_playbook(form)[1]) == dict.fromkeys(sinks, "unchanged")
    if "graph" in sinks:
        assert len(incident.comments) == comments_before + 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("playbook", "killed_at"),
    [
        ("enrich-incident-files", "sentinel_comment_update"),
        ("enrich-incident-files", "graph_comment_create"),
        ("rare-file-triage", "sentinel_incident_update"),
        ("rare-file-triage", "graph_incident_update"),
    ],
)
def test_a_killed_run_is_completed_and_nothing_is_attached_twice(
    emulator: Emulator, tmp_path: Path, playbook: str, killed_at: str
) -> None:
    settings = {**emulator.configuration(), "state": f"sqlite:///{tmp_path}/state.sqlite3"}
    incident = tmp_path / "incident.json"
    incident.write_text(json.dumps(emulator.incident("eicar", "sentinel_incident")))
    stored = emulator.scenario.incident("eicar")
    comments_before = len(stored.comments)
    words = ["playbook", "run", playbook, "--incident", str(incident), "--json"]
    words += ["--sink", "sentinel", "--sink", "graph", "--config", str(write_configuration(settings, tmp_path))]
    command = [sys.executable, "-m", "mde_files", *words]
    environment = {**os.environ, "PYTHONPATH": str(Path(mde_files.__file__).parents[1])}
    emulator.scenario.faults.append(Fault("latency", endpoint=killed_at, seconds=3))

    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as run:
        deadline = time.monotonic() + 40
        while not any(request.endpoint == killed_at for request in emulator.requests):
            assert run.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        run.kill()
    emulator.scenario.faults.clear()
    for expected in ({"created", "unchanged", "updated"}, {"unchanged"}):
        again = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90, check=True)
        assert {attached["status"] for attached in json.loads(again.stdout)["attached"]} <= expected
    assert len(stored.comments) == comments_before + 1
    assert stored.sentinel is not None
    assert len(stored.sentinel.comments) == 1
