from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mde_files import ForbiddenError, InvalidInputError, ThrottledError, schemas
from mde_files.emulator import Fault
from mde_files.playbook import expression
from mde_files.playbook.incident import read_incident
from mde_files.playbook.library import open_playbook, shipped
from mde_files.playbook.report_text import report_text
from mde_files.playbook.runner import attachment_of, run_playbook
from mde_files.playbook.validation import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from mde_files import Connector
    from mde_files.emulator import Emulator
    from mde_files.playbook.incident import Incident
    from mde_files.playbook.report import RunReport

    Connect = Callable[..., Connector]

EXAMPLES = sorted(path.stem for path in (Path(__file__).parent / "incidents").glob("*.json"))
PLAYBOOKS = [path.stem for path in shipped()]
EICAR = "3395856ce81f2b7382dee72602f798b642f14140"
HEAD = "id: own\ntitle: Own\ndescription: For tests.\n"


def incident_of(*labels: str, emulator: Emulator, kind: str = "sha1", **more: Any) -> Incident:
    files = [{kind: getattr(emulator.scenario.file(label), kind), "name": label} for label in labels]
    return read_incident({"id": "INC-1", "severity": "medium", "files": files, **more})


def checked(report: RunReport) -> dict[str, Any]:
    document = report.as_dict()
    assert schemas.problems("playbook_report", document) == []
    text = report_text(report)
    assert all(character.isprintable() or character == "\n" for character in text)
    return document


def files_asked(emulator: Emulator) -> list[str]:
    return [request.path for request in emulator.requests if request.path.startswith("/api/files")]


@pytest.mark.parametrize("name", PLAYBOOKS)
@pytest.mark.parametrize("form", EXAMPLES)
def test_every_playbook_enriches_every_format_and_attaches_once(
    connect: Connect, incident_document: Any, tmp_path: Path, form: str, name: str
) -> None:
    connector, playbook = connect(), open_playbook(name)
    incident = read_incident(incident_document(form))
    sink = connector.open_sink(f"file:{tmp_path / 'incident.json'}")
    first = run_playbook(playbook, incident, connector, [sink])
    document = checked(first)
    assert first.exit_code == 0
    assert [file["hash"] for file in document["files"]] == [file.hash for file in incident.files]
    assert len(document["records"]) == len(incident.files) * len(playbook.actions)
    assert [attached["status"] for attached in document["attached"]] == ["created"]
    written = (tmp_path / "incident.json").read_bytes()
    again = run_playbook(playbook, incident, connector, [sink])
    assert [attached.status for attached in again.attached] == ["unchanged"]
    assert again.attached[0].tags_added == ()
    assert (tmp_path / "incident.json").read_bytes() == written


def drift(emulator: Emulator) -> None:
    for file in emulator.scenario.files:
        if file.organization.prevalence:
            file.organization.prevalence += file.organization.prevalence // 10
        if file.worldwide.prevalence:
            file.worldwide.prevalence += file.worldwide.prevalence // 10
        if file.organization.last_seen:
            file.organization.last_seen = "now-1m"


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_numbers_that_drift_attach_nothing_and_a_new_high_alert_attaches_one_update(
    connect: Connect, emulator: Emulator, incident_document: Any, tmp_path: Path, name: str
) -> None:
    connector, playbook = connect(cache={"enabled": False}), open_playbook(name)
    incident = read_incident(incident_document("plain"))
    sink = connector.open_sink(f"file:{tmp_path / 'incident.json'}")

    def run() -> list[str]:
        return [attached.status for attached in run_playbook(playbook, incident, connector, [sink]).attached]

    assert run() == ["created"]
    drift(emulator)
    assert run() == ["unchanged"]
    alert = copy.deepcopy(emulator.scenario.alert("ransomware-behaviour"))
    alert.properties |= {
        "id": "new-alert",
        "severity": "High",
        "status": "New",
        "computerDnsName": "dc-01.contoso.example",
    }
    emulator.scenario.alerts.append(alert)
    with_alerts = any(step.action == "file_alerts" for step in playbook.actions)
    assert run() == (["updated"] if with_alerts else ["unchanged"])
    assert run() == ["unchanged"]


def test_rare_files_are_tagged_and_the_reasons_are_given(connect: Connect, emulator: Emulator, sink: Any) -> None:
    incident = incident_of(
        "rare-in-organization", "system-library", "unknown", "known-globally-only", emulator=emulator
    )
    report = run_playbook(open_playbook("rare-file-triage"), incident, connect(), [sink])
    checked(report)
    rare, common, unknown, elsewhere = report.files
    assert rare.tags == ("rare-in-organization", "rare-worldwide", "newly-observed-file", "look-at-file-first")
    assert (
        rare.notes[0]
        == "Rare in the organization. Devices that had it in the last 720 hours: 1; up to 5 counts as rare."
    )
    assert rare.notes[1] == "Rare worldwide. Devices that had it: 6; up to 1,000 counts as rare."
    assert rare.notes[2].startswith("New in the world. Days since it was first observed: 1.1;")
    assert common.tags == ()
    assert common.notes == ()
    assert unknown.tags == ("file-unknown-to-defender", "look-at-file-first")
    assert "no verdict" in unknown.notes[0]
    assert "rare-in-organization" not in elsewhere.tags
    (attachment,) = sink.attachments
    assert attachment.add_tags == (*rare.tags, "file-unknown-to-defender")
    assert attachment.notes[0] == f"{rare.file.hash}: {rare.notes[0]}"


def test_thresholds_are_parameters(connect: Connect, emulator: Emulator) -> None:
    incident = incident_of("rare-in-organization", emulator=emulator)
    given = {"rare_in_organization": "0", "rare_worldwide": "5", "new_days": "1", "lookback_hours": "48"}
    report = run_playbook(open_playbook("rare-file-triage"), incident, connect(), parameters=given)
    assert report.files[0].tags == ()
    assert report.parameters["rare_worldwide"] == 5
    assert report.records[0]["file_stats"]["lookback_hours"] == 48


def test_a_sweep_advises_a_severity_only_for_devices_that_the_incident_does_not_name(
    connect: Connect, emulator: Emulator
) -> None:
    sweep, connector = open_playbook("file-alert-sweep"), connect()
    elsewhere = run_playbook(sweep, incident_of("ransomware", emulator=emulator), connector)
    checked(elsewhere)
    assert "severity-review" in elsewhere.files[0].tags
    (advice, *_) = elsewhere.files[0].notes
    assert "review the severity of this incident (it is medium)" in advice
    assert "laptop-finance-03.contoso.example" in advice
    alerts = elsewhere.records[0]["file_alerts"]["alerts"]
    devices = [alert["computer_dns_name"].upper() for alert in alerts]
    named = run_playbook(sweep, incident_of("ransomware", emulator=emulator, devices=devices), connector)
    assert "severity-review" not in named.files[0].tags
    for alert in emulator.scenario.alerts:
        alert.properties["status"] = "Resolved"
    resolved = run_playbook(
        sweep, incident_of("ransomware", emulator=emulator), connect(), parameters={"many_devices": 50}
    )
    assert resolved.files[0].tags == ()
    unresolved = run_playbook(sweep, incident_of("unknown", emulator=emulator, kind="sha256"), connector)
    assert unresolved.files[0].tags == ()
    assert "does not mean that there are none" in unresolved.files[0].notes[0]


def test_a_failing_file_stops_no_other_and_the_run_is_partial(connect: Connect, emulator: Emulator, sink: Any) -> None:
    incident = incident_of("eicar", "answer-for-another-file", "ransomware", emulator=emulator)
    report = run_playbook(open_playbook("rare-file-triage"), incident, connect(), [sink])
    document = checked(report)
    assert [record["outcome"] for record in report.records] == [
        "seen_in_organization",
        "failed",
        "seen_in_organization",
    ]
    assert [(error["step"], error["file"], error["code"]) for error in document["errors"]] == [
        ("stats", incident.files[1].hash, "upstream_invalid")
    ]
    assert [question["outcome"] for question in document["open"]] == ["failed"]
    assert report.exit_code == 7
    (attachment,) = sink.attachments
    assert [record["outcome"] for record in attachment.records] == ["seen_in_organization"] * 2
    assert [record["outcome"] for record in attachment.open_questions] == ["failed"]


def test_what_is_deferred_is_told_as_open_and_never_attached(connect: Connect, emulator: Emulator, sink: Any) -> None:
    fault = Fault("status", endpoint="file_stats", id="ransomware", status=429, headers={"Retry-After": "600"})
    emulator.scenario.faults.append(fault)
    incident = incident_of("eicar", "ransomware", emulator=emulator)
    report = run_playbook(open_playbook("rare-file-triage"), incident, connect(), [sink], workers=1)
    document = checked(report)
    assert report.exit_code == 5
    assert document["errors"] == []
    assert document["open"][0]["outcome"] == "deferred"
    assert document["open"][0]["retry_at"] in report_text(report)
    (attachment,) = sink.attachments
    assert [record["file"]["queried"] for record in attachment.records] == [EICAR]
    assert attachment.open_questions[0]["outcome"] == "deferred"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault("status", endpoint="service", status=403), 4),
        (Fault("html", endpoint="service", status=200), 6),
        (Fault("status", endpoint="service", status=429, headers={"Retry-After": "600"}), 5),
    ],
    ids=["forbidden", "upstream", "deferred"],
)
def test_when_everything_fails_alike_the_code_is_that_failures(
    connect: Connect, emulator: Emulator, fault: Fault, code: int
) -> None:
    emulator.scenario.faults.append(fault)
    report = run_playbook(
        open_playbook("enrich-incident-files"), incident_of("eicar", "ransomware", emulator=emulator), connect()
    )
    checked(report)
    assert report.exit_code == code


def test_failures_of_several_kinds_are_partial(connect: Connect, emulator: Emulator) -> None:
    emulator.scenario.faults.append(Fault("status", endpoint="file_stats", status=403))
    emulator.scenario.faults.append(Fault("html", endpoint="file_alerts", status=200))
    report = run_playbook(open_playbook("enrich-incident-files"), incident_of("eicar", emulator=emulator), connect())
    assert {error["code"] for error in report.errors} == {"forbidden", "upstream_invalid"}
    assert report.exit_code == 7


def test_a_failing_sink_stops_no_other(connect: Connect, emulator: Emulator, sink: Any, collecting_sink: Any) -> None:
    refusing = collecting_sink("sentinel", ForbiddenError("The role is missing.", hint="Assign it."))
    report = run_playbook(
        open_playbook("rare-file-triage"), incident_of("eicar", emulator=emulator), connect(), [refusing, sink]
    )
    document = checked(report)
    assert document["errors"] == [
        {
            "sink": "sentinel",
            "code": "forbidden",
            "message": "The role is missing.",
            "hint": "Assign it.",
            "retryable": False,
        }
    ]
    assert len(sink.attachments) == 1
    assert report.exit_code == 7
    assert "FAILED sink sentinel: The role is missing. [forbidden]" in report_text(report)
    later = collecting_sink("graph", ThrottledError("Come back.", retry_at="2026-11-21T20:00:00Z"))
    report = run_playbook(
        open_playbook("rare-file-triage"), incident_of("eicar", emulator=emulator), connect(), [later]
    )
    assert report.exit_code == 5


def test_a_dry_run_asks_nothing_and_says_what_it_would(
    connect: Connect, emulator: Emulator, incident_document: Any, sink: Any, tmp_path: Path
) -> None:
    connector = connect()
    file_sink = connector.open_sink(f"file:{tmp_path / 'incident.json'}")
    incident = read_incident(incident_document("plain"))
    report = run_playbook(open_playbook("enrich-incident-files"), incident, connector, [sink, file_sink], dry_run=True)
    document = checked(report)
    assert files_asked(emulator) == []
    assert list(tmp_path.iterdir()) == []
    assert sink.attachments == []
    assert report.exit_code == 0
    assert document["files"] == document["records"] == document["attached"] == []
    plan = document["plan"]
    assert {call["call"]: call["at_most"] for call in plan["calls"]} == {
        "file_stats": 3,
        "file_info": 1,
        "file_alerts": 3,
    }
    for call in plan["calls"]:
        assert call["fits"] is True
        assert [window["seconds"] for window in call["windows"]] == [60, 3600]
        assert all(window["left"] == window["limit"] for window in call["windows"])
    assert [write["sink"] for write in plan["writes"]] == ["list", "file"]
    assert plan["writes"][0]["calls"] == ["graph_incident"]
    assert plan["writes"][1]["place"] == str(tmp_path / "incident.json")
    text = report_text(report)
    assert "would ask file_stats: at most 3 calls; 100 of the quota are left" in text
    assert f"would attach the findings by file at {tmp_path / 'incident.json'}" in text


def test_a_dry_run_says_when_the_quota_is_too_small_and_a_sink_refuses(
    connect: Connect, emulator: Emulator, collecting_sink: Any
) -> None:
    refusing = collecting_sink("sentinel", ForbiddenError("The role is missing."))
    connector = connect(quota={"per_minute": 3}, cache={"enabled": False})
    incident = incident_of("eicar", "ransomware", emulator=emulator, kind="sha256")
    report = run_playbook(open_playbook("enrich-incident-files"), incident, connector, [refusing], dry_run=True)
    document = checked(report)
    calls = {call["call"]: call for call in document["plan"]["calls"]}
    assert calls["file_info"]["at_most"] == 4
    assert calls["file_info"]["fits"] is False
    assert calls["file_stats"]["fits"] is True
    assert "which is not enough" in report_text(report)
    assert "place" not in document["plan"]["writes"][0]
    assert report.exit_code == 4
    by_sha1 = incident_of("eicar", emulator=emulator)
    without = run_playbook(open_playbook("rare-file-triage"), by_sha1, connector, dry_run=True)
    assert [call["call"] for call in checked(without)["plan"]["calls"]] == ["file_stats"]
    assert "would attach nothing" in report_text(without)
    never = load(f"{HEAD}steps: [{{id: a, action: file_stats}}]\n", "own.yaml")
    assert run_playbook(never, incident, connector, [refusing], dry_run=True).plan["writes"] == []


def test_no_more_files_than_the_limit_are_looked_at_and_that_is_said(
    connect: Connect, emulator: Emulator, sink: Any
) -> None:
    incident = incident_of("eicar", "ransomware", "unknown", emulator=emulator)
    report = run_playbook(open_playbook("rare-file-triage"), incident, connect(), [sink], max_files=1)
    document = checked(report)
    assert document["files_left_out"] == 2
    assert len(document["files"]) == 1
    assert sink.attachments[0].notes[-1] == "2 more files of this incident were not looked at."
    assert "2 files beyond the limit" in report_text(report)


def test_an_incident_without_files_is_left_alone(connect: Connect, emulator: Emulator, sink: Any) -> None:
    incident = read_incident({"id": "1", "files": [{"name": "x", "sha1": "da39a3ee5e6b4b0d3255bfef95601890afd80709"}]})
    for dry_run in (False, True):
        report = run_playbook(open_playbook("rare-file-triage"), incident, connect(), [sink], dry_run=dry_run)
        document = checked(report)
        assert "no file" in document["left_alone"]
        assert "Nothing was done." in report_text(report)
        assert "empty file" in report_text(report)
        assert report.exit_code == 0
    assert sink.attachments == []
    assert emulator.requests == []


@pytest.mark.parametrize(("severity", "files"), [("low", 0), ("medium", 1), ("HIGH", 1), ("", 1), ("critical", 1)])
def test_incidents_of_a_lower_severity_are_left_alone(
    connect: Connect, emulator: Emulator, severity: str, files: int
) -> None:
    text = f"{HEAD}incidents: {{minimum_severity: medium}}\nsteps: [{{id: a, action: file_stats}}]\n"
    incident = incident_of("eicar", emulator=emulator, severity=severity)
    report = run_playbook(load(text, "own.yaml"), incident, connect())
    assert len(checked(report)["files"]) == files
    assert bool(report.left_alone) is not bool(files)


def test_a_playbook_for_other_formats_refuses(connect: Connect, emulator: Emulator) -> None:
    text = f"{HEAD}incidents: {{formats: [graph_alert]}}\nsteps: [{{id: a, action: file_stats}}]\n"
    with pytest.raises(InvalidInputError, match="not for incidents of the format plain") as refused:
        run_playbook(load(text, "own.yaml"), incident_of("eicar", emulator=emulator), connect())
    assert "graph_alert" in refused.value.hint


STEPS = f"""{HEAD}parameters:
  hours: {{type: integer, description: Hours., default: 24}}
steps:
  - id: stats
    action: file_stats
    with: {{lookback_hours: {{expression: parameters.hours}}}}
  - id: alerts
    action: file_alerts
    when: steps.stats.outcome == 'seen_in_organization'
    with: {{}}
  - id: seen
    when: steps.alerts
    decide: {{tags: [seen], note: "{{file.names}} of {{incident.id}} in {{parameters.hours}} hours"}}
  - id: asked
    decide: {{tags: [asked]}}
  - id: comment
    when: steps.seen.decided
    attach: {{title: Seen, records: [alerts]}}
"""


def test_conditions_decide_what_is_asked_and_what_is_attached(connect: Connect, emulator: Emulator, sink: Any) -> None:
    incident = incident_of("eicar", "known-globally-only", emulator=emulator)
    report = run_playbook(load(STEPS, "own.yaml"), incident, connect(), [sink])
    checked(report)
    seen, elsewhere = report.files
    assert [(step.id, step.result) for step in seen.steps] == [
        ("stats", "seen_in_organization"),
        ("alerts", "alerts_found"),
        ("seen", "decided"),
        ("asked", "decided"),
    ]
    assert [(step.id, step.result) for step in elsewhere.steps] == [
        ("stats", "known_globally_only"),
        ("alerts", "left_out"),
        ("seen", "not_decided"),
        ("asked", "decided"),
    ]
    assert seen.notes == ("eicar of INC-1 in 24 hours",)
    assert report.records[0]["file_stats"]["lookback_hours"] == 24
    (attachment,) = sink.attachments
    assert attachment.title == "Seen"
    assert attachment.add_tags == ("seen", "asked")
    assert [record["action"] for record in attachment.records] == ["file_alerts"]
    only_elsewhere = run_playbook(
        load(STEPS, "own.yaml"), incident_of("known-globally-only", emulator=emulator), connect(), [sink]
    )
    assert attachment_of(only_elsewhere) is None
    assert len(sink.attachments) == 1


def test_an_expression_that_cannot_be_evaluated_fails_one_step_and_hides_nothing(
    connect: Connect, emulator: Emulator, sink: Any
) -> None:
    text = f"""{HEAD}steps:
  - {{id: stats, action: file_stats}}
  - {{id: broken, when: "length(steps.stats.error) > `1`", decide: {{tags: [x]}}}}
  - {{id: comment, when: "ceil(file.hash)", attach: {{}}}}
"""
    incident = incident_of("eicar", emulator=emulator)
    report = run_playbook(load(text, "own.yaml"), incident, connect(), [sink])
    document = checked(report)
    assert [(error["step"], error["code"]) for error in document["errors"]] == [
        ("broken", "invalid_input"),
        ("comment", "invalid_input"),
    ]
    assert "length() was given a value of type null" in document["errors"][0]["message"]
    assert document["files"][0]["steps"][-1] == {"id": "broken", "result": "failed"}
    assert len(sink.attachments[0].records) == 1
    assert report.exit_code == 7


def test_an_expression_that_gives_nothing_leaves_the_parameter_to_its_default(
    connect: Connect, emulator: Emulator
) -> None:
    text = f"""{HEAD}steps:
  - id: stats
    action: file_stats
    with: {{lookback_hours: {{expression: "file.names[7]"}}}}
"""
    report = run_playbook(load(text, "own.yaml"), incident_of("eicar", emulator=emulator), connect())
    assert report.records[0]["file_stats"]["lookback_defaulted"] is True
    wrong = text.replace("names[7]", "hash")
    report = run_playbook(load(wrong, "own.yaml"), incident_of("eicar", emulator=emulator), connect())
    assert report.exit_code == 2
    assert "lookback_hours" in report.errors[0]["message"]


def test_one_file_under_two_hashes_is_attached_once(connect: Connect, emulator: Emulator, sink: Any) -> None:
    file = emulator.scenario.file("eicar")
    incident = read_incident({"id": "1", "files": [{"sha1": file.sha1}, {"sha256": file.sha256}]})
    report = run_playbook(open_playbook("rare-file-triage"), incident, connect(), [sink])
    assert len(report.records) == 2
    assert len(sink.attachments[0].records) == 1


@pytest.mark.parametrize(("created", "observed"), [("2026-11-21T20:00:00+01:00", "2026-11-21T19:00:00Z"), ("", None)])
def test_the_service_is_asked_as_a_playbook_that_knows_when_the_incident_began(
    connect: Connect, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, created: str, observed: str | None
) -> None:
    connector = connect()
    original, askings = connector.record_of, []

    def watched(action: str, params: Any, asking: Any) -> Any:
        askings.append(asking)
        return original(action, params, asking)

    monkeypatch.setattr(connector, "record_of", watched)
    incident = incident_of("eicar", emulator=emulator, created_at=created)
    run_playbook(open_playbook("rare-file-triage"), incident, connector)
    assert [(asking.caller, asking.observed_at) for asking in askings] == [("playbook", observed)]


def test_an_interruption_ends_the_run_without_asking_about_the_rest(
    connect: Connect, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector = connect()
    asked: list[Any] = []

    def interrupted(*given: Any) -> Any:
        asked.append(given)
        raise KeyboardInterrupt

    monkeypatch.setattr(connector, "record_of", interrupted)
    incident = incident_of("eicar", "ransomware", "unknown", emulator=emulator)
    with pytest.raises(KeyboardInterrupt):
        run_playbook(open_playbook("enrich-incident-files"), incident, connector, workers=1)
    assert len(asked) < 3


def test_hostile_text_is_harmless_at_a_terminal(connect: Connect, incident_document: Any, emulator: Emulator) -> None:
    document = incident_document("plain")
    document["title"] = "\x1b]0;owned\x07 \u202e"
    document["files"] += [{"sha1": f"{number:040x}", "md5": "\x1b[2J" + "x" * number} for number in range(1, 15)]
    report = run_playbook(open_playbook("enrich-incident-files"), read_incident(document), connect())
    text = report_text(report)
    checked(report)
    assert "\\u001b]0;owned" in text
    assert "more values (--json shows them)" in text
    assert "=cmd|" in text


def test_an_expression_sees_no_more_than_it_is_told(connect: Connect, emulator: Emulator) -> None:
    seen: list[Any] = []
    original = expression.Expression.value

    def watched(self: expression.Expression, data: Any) -> Any:
        seen.append(data)
        return original(self, data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(expression.Expression, "value", watched)
        incident = incident_of("eicar", emulator=emulator)
        run_playbook(open_playbook("rare-file-triage"), incident, connect())
    assert seen
    assert set(seen[0]) == {"file", "incident", "parameters", "steps"}
    defined = schemas.load("playbook")["$defs"]
    assert set(seen[0]["file"]) == set(defined["file"]["properties"])
    assert set(seen[0]["incident"]) == set(defined["incident"]["properties"])


PLACES = {
    "sentinel_incident": ["sentinel", "graph"],
    "defender_incident": ["graph"],
    "graph_alert": ["graph"],
}


@pytest.mark.parametrize("name", PLAYBOOKS)
@pytest.mark.parametrize("form", PLACES)
def test_the_products_own_incidents_get_one_comment_for_each_playbook(
    connect: Connect, emulator: Emulator, form: str, name: str
) -> None:
    connector, playbook = connect(cache={"enabled": False}), open_playbook(name)
    incident = read_incident(emulator.incident("eicar", form))
    sinks = [connector.open_sink(sink) for sink in PLACES[form]]

    def run() -> list[str]:
        report = run_playbook(playbook, incident, connector, sinks)
        checked(report)
        assert report.exit_code == 0
        return [attached.status for attached in report.attached]

    assert run() == ["created"] * len(sinks)
    drift(emulator)
    assert run() == ["unchanged"] * len(sinks)
    alert = copy.deepcopy(emulator.scenario.alert("ransomware-behaviour"))
    alert.files = ["eicar"]
    alert.properties |= {"id": "new-alert", "severity": "High", "computerDnsName": "dc-01.contoso.example"}
    emulator.scenario.alerts.append(alert)
    with_alerts = any(step.action == "file_alerts" for step in playbook.actions)
    assert run() == (["updated"] if with_alerts else ["unchanged"]) * len(sinks)
    assert run() == ["unchanged"] * len(sinks)


@pytest.mark.parametrize("form", ["sentinel_incident", "sentinel_alert", "defender_incident", "graph_alert", "plain"])
def test_incidents_as_the_emulator_sends_them_name_its_files(emulator: Emulator, form: str) -> None:
    incident = read_incident(emulator.incident("eicar", form))
    assert incident.format == form
    known = {value for file in emulator.scenario.files for value in (file.sha1, file.sha256)}
    assert EICAR in [file.hash for file in incident.files]
    assert {file.hash for file in incident.files} <= known
    assert read_incident(emulator.incident("without-files", form)).files == ()
