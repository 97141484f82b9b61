"""An incident in, the same incident enriched: as Logic Apps and others send it, attached once, nowhere but allowed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mde_files import schemas
from mde_files.emulator import Fault
from mde_files.playbook.incident import FORMATS
from mde_files.playbook.library import shipped
from mde_files.serve import incident_body

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.serve.conftest import Served

    from mde_files.emulator import Emulator

RUN = "/playbooks/enrich-incident-files/runs"
AS_LOGIC_APPS = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "azure-logic-apps/1.0"}
INCIDENTS = sorted((Path(__file__).parents[1] / "playbook" / "incidents").glob("*.json"))


def test_an_incident_as_logic_apps_posts_it_comes_back_enriched_and_is_attached_once(
    server: Served, emulator: Emulator
) -> None:
    body = json.dumps(emulator.incident("eicar", "sentinel_incident"))
    stored = emulator.scenario.incident("eicar").sentinel
    assert stored is not None
    statuses = []
    for _ in range(2):
        answer = server.send("POST", f"{RUN}?sink=sentinel", data=body, headers=AS_LOGIC_APPS)
        assert answer.status_code == 200
        report = answer.json()
        assert schemas.problems("playbook_report", report) == []
        assert {record["action"] for record in report["records"]} == {"file_stats", "file_alerts"}
        assert report["errors"] == []
        statuses += [attached["status"] for attached in report["attached"]]
    assert statuses == ["created", "unchanged"]
    assert len(stored.comments) == 1


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("playbook", [path.stem for path in shipped()])
def test_every_playbook_runs_on_every_kind_of_incident(
    server: Served, emulator: Emulator, playbook: str, form: str
) -> None:
    answer = server.post(f"/playbooks/{playbook}/runs", emulator.incident("eicar", form))
    assert answer.status_code == 200
    assert answer.json()["incident"]["incident_format"] == form
    assert answer.json()["records"]


@pytest.mark.parametrize("path", INCIDENTS, ids=lambda path: path.stem)
def test_every_incident_that_can_be_read_is_declared(server: Served, path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    assert incident_body.is_declared(document)
    assert incident_body.is_declared({"value": [document]}) or "value" in document
    assert server.post(RUN, document).status_code == 200


def test_options_reach_the_playbook(server: Served, emulator: Emulator) -> None:
    incident = emulator.incident("eicar", "plain")
    report = server.post(f"{RUN}?dry_run=true&lookback_hours=48&sink=sentinel,graph", incident).json()
    assert report["dry_run"] is True
    assert report["parameters"] == {"lookback_hours": 48}
    assert {write["sink"] for write in report["plan"]["writes"]} == {"sentinel", "graph"}


@pytest.mark.parametrize(
    "query",
    [
        "sink=file:/tmp/x",
        "sink=webhook",
        "sink=webhook:https://attacker.example/",
        "sink=sentinel,file:/tmp/x",
        "sink=Sentinel",
        "dry_run=maybe",
        "dry_run=",
        "lookback_hours=721",
        "lookback_hours=%2B48",
        "lookback_hours=48&lookback_hours=49",
        "lookback=48",
        "playbook=/etc/passwd",
        "output=/tmp/x",
    ],
)
def test_a_caller_chooses_only_what_the_configuration_allows(server: Served, emulator: Emulator, query: str) -> None:
    answer = server.post(f"{RUN}?{query}", emulator.incident("eicar", "plain"))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert answer.json()["hint"]
    assert not [request for request in emulator.requests if request.endpoint]


@pytest.mark.parametrize("name", ["none", "..%2F..%2Fetc%2Fpasswd", "%2Fetc%2Fpasswd", "../enrich-incident-files"])
def test_there_are_no_other_playbooks(server: Served, name: str) -> None:
    assert server.post(f"/playbooks/{name}/runs", {"id": "1", "files": []}).status_code == 404


@pytest.mark.parametrize("body", [{}, [], "x", {"files": [{}]}, {"incidentId": 1}, {"value": []}, None])
def test_what_is_no_incident_is_refused_without_talk_of_the_command_line(server: Served, body: Any) -> None:
    answer = server.send("POST", RUN, data=json.dumps(body), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert " --" not in answer.text


def test_another_workspace_is_not_written_to_and_the_findings_come_all_the_same(server: Served) -> None:
    path = next(path for path in INCIDENTS if path.stem == "sentinel_incident")
    report = server.post(f"{RUN}?sink=sentinel", json.loads(path.read_text(encoding="utf-8"))).json()
    assert report["attached"] == []
    assert [error["sink"] for error in report["errors"]] == ["sentinel"]
    assert report["records"]


def test_own_playbooks_are_offered_by_their_id_and_a_webhook_by_its_name(
    start: Callable[..., Served], configuration: dict[str, Any], emulator: Emulator, tmp_path: Path
) -> None:
    text = next(path for path in shipped() if path.stem == "rare-file-triage").read_text(encoding="utf-8")
    own = tmp_path / "our-triage.yaml"
    own.write_text(text.replace("id: rare-file-triage", "id: our-triage"))
    webhook = {"url": "https://127.0.0.1:1/secret-path", "secret": "a-long-enough-secret"}
    server = start(
        {**configuration, "serve": {"playbooks": [str(own)]}, "sinks": {"webhook": webhook}}, {"analyst": None}
    )
    answer = server.post("/playbooks/our-triage/runs?sink=webhook", emulator.incident("eicar", "plain"))
    assert answer.status_code == 200
    assert answer.json()["playbook"]["id"] == "our-triage"
    assert [error["sink"] for error in answer.json()["errors"]] == ["webhook"]
    assert (
        server.post("/playbooks/our-triage/runs?sink=sentinel", emulator.incident("eicar", "plain")).status_code == 422
    )
    assert "secret-path" not in answer.text
    assert "secret-path" not in server.log


def test_a_run_that_takes_too_long_goes_on_and_attaches(
    start: Callable[..., Served], configuration: dict[str, Any], emulator: Emulator
) -> None:
    server = start({**configuration, "serve": {"request_seconds": 1, "max_concurrent": 1}}, {"analyst": None})
    emulator.scenario.faults.append(Fault("latency", endpoint="sentinel_comment_update", seconds=2.5))
    incident = emulator.incident("eicar", "sentinel_incident")
    late = server.post(f"{RUN}?sink=sentinel", incident)
    assert (late.status_code, late.json()["code"]) == (504, "timeout")
    assert "goes on" in late.json()["hint"]
    busy = server.post(RUN, incident)
    assert (busy.status_code, busy.json()["code"], busy.headers["Retry-After"]) == (503, "busy", "5")
    assert server.stop() == 0
    stored = emulator.scenario.incident("eicar").sentinel
    assert stored is not None
    assert len(stored.comments) == 1
