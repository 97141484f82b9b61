from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import pytest

from mde_files import schemas
from mde_files.emulator import Alert, Fault, File, Incident, Scenario
from mde_files.emulator.application import Application as AsgiApplication
from mde_files.emulator.emulation import Emulation
from mde_files.emulator.scenario import FaultKind
from mde_files.emulator.scenario_file import DEFAULT_SCENARIO, read_document
from mde_files.emulator.switches import Switches, allowed_values
from mde_files.errors import InvalidConfigError

if TYPE_CHECKING:
    from pathlib import Path

MEMBERS = {
    "severity": "UnSpecified Informational Low Medium High",
    "status": "Unknown Unspecified New InProgress Resolved Hidden",
    "classification": "Unknown FalsePositive TruePositive InformationalExpectedActivity",
    "determination": "NotAvailable Apt Malware SecurityPersonnel SecurityTesting UnwantedSoftware Other "
    "MultiStagedAttack CompromisedAccount Phishing MaliciousUserActivity NotMalicious NoEnoughDataToValidate "
    "ConfirmedActivity LineOfBusinessApplication CompromisedUser ConfirmedUserActivity Clean InsufficientData",
    "investigationState": "Unknown Terminated SuccessfullyRemediated Benign Failed PartiallyRemediated Running "
    "PendingApproval PendingResource Disabled Queued InnerFailure PreexistingAlert UnsupportedOs "
    "UnsupportedAlertType SuppressedAlert PartiallyInvestigated TerminatedByUser TerminatedBySystem",
    "detectionSource": "Unknown WindowsDefenderAtp WindowsDefenderAv WindowsDefenderSmartScreen iSight Bitdefender "
    "CustomerTI Ziften Lookout SentinelOne ThirdPartySensors OfficeATP AutomatedInvestigation ThreatExperts "
    "CustomDetection AzureATP MCAS MTP AAD MAPG Manual DLP AppGPolicy AppGDetection MDC Compliance Forms MailFlow "
    "MSTIC Unspecified Sentinel All ThirdParty DefenderForIoT DefenderForServers DefenderForStorage DefenderForDNS "
    "DefenderForDatabases DefenderForContainers DefenderForNetwork DefenderForAppService DefenderForKeyVault "
    "DefenderForResourceManager DefenderForApiManagement DefenderForAIServices NRTAlerts ScheduledAlerts "
    "MicrosoftDefenderThreatIntelligenceAnalytics BuiltInML MicrosoftInsiderRiskManagement Nsn SecurityCopilot",
    "category": "None SuspiciousActivity Malware CredentialTheft Exploit WebExploit DocumentExploit "
    "PrivilegeEscalation Persistence RemoteAccessTool CommandAndControl SuspiciousNetworkTraffic Ransomware "
    "MalwareDownload Reconnaissance WebFingerprinting Weaponization Delivery SocialEngineering CredentialStealing "
    "UnwantedSoftware Installation Backdoor Trojan PWS TrojanDownloader LateralMovement ExplorationEnumeration "
    "NetworkPropagation Exfiltration Impact InitialAccess Execution NotApplicable Collection CredentialAccess "
    "DefenseEvasion Discovery General null",
}
ENTITY_TYPES = (
    "Url User File Machine Ip Process Mailbox MailCluster MailMessage SecurityGroup RegistryKey Registry CommandLine "
    "CloudApplication OAuthApplication"
)


def small(**changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = {**schemas.load("scenario")["examples"][0], **changes}
    return document


def test_the_default_scenario_is_valid() -> None:
    assert schemas.problems("scenario", read_document(DEFAULT_SCENARIO)) == []


def test_the_default_scenario_is_large(default_scenario: Scenario) -> None:
    assert len(default_scenario.files) >= 40
    assert len(default_scenario.alerts) >= 60
    assert len({file.sha1 for file in default_scenario.files}) == len(default_scenario.files)
    ids = [alert.properties["id"] for alert in default_scenario.alerts]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_the_default_scenario_has_every_member_of(name: str, default_scenario: Scenario) -> None:
    seen = {alert.properties.get(name) for alert in default_scenario.alerts}
    assert set(MEMBERS[name].split()) - seen == set()
    if name != "category":
        assert seen - set(MEMBERS[name].split()) - {None}, "a member that nobody knows is missing"


def test_the_default_scenario_has_every_kind_of_evidence(default_scenario: Scenario) -> None:
    rows = [row for alert in default_scenario.alerts for row in alert.properties["evidence"]]
    kinds = {row["entityType"] for row in rows}
    assert set(ENTITY_TYPES.split()) < kinds
    assert {"Detected", "Blocked", "Prevented", None} <= {row["detectionStatus"] for row in rows}
    assert any(row["entityType"] == "File" and row["sha1"] is None for row in rows)
    assert any(row["filePath"] and row["fileName"] and row["filePath"].endswith(row["fileName"]) for row in rows)


def test_the_default_scenario_has_every_determination_of_files(default_scenario: Scenario) -> None:
    kinds = {file.information.get("determinationType", "Unknown") for file in default_scenario.files}
    assert {"Unknown", "Malware", "Unwanted", "Clean", "Pua"} < kinds


@pytest.mark.parametrize(
    "pattern", [r"<script", "\x1b\\[", "\x1b\\]", "\u202e", r"^=", r"^\[click\]", "\\A\\Z", "\r\n"]
)
def test_the_default_scenario_has_hostile_file_names(pattern: str, default_scenario: Scenario) -> None:
    assert any(re.search(pattern, name) for file in default_scenario.files for name in file.names or [])


def test_the_default_scenario_has_times_of_every_precision(default_scenario: Scenario) -> None:
    text = repr(default_scenario)
    for digits in range(1, 10):
        assert re.search(rf"T[0-9:]{{8}}\.[0-9]{{{digits}}}(Z|[+-])", text), digits
    assert "0001-01-01T00:00:00Z" in text
    assert re.search(r"T[0-9:]{8}Z", text)
    assert not re.search(r"'now[-+ ']", text)


def test_the_default_scenario_has_ids_of_every_form(default_scenario: Scenario) -> None:
    ids = " ".join(alert.properties["id"] for alert in default_scenario.alerts)
    for form in (
        r"\bda[0-9]{18}_[0-9]+\b",
        r"_-[0-9]+",
        r"\b[0-9]{18}_[0-9]+\b",
        r"\bca[0-9a-f]{30,}",
        r"\bfa[0-9a-f]{30,}",
    ):
        assert re.search(form, ids), form


def test_default_labels_are_found(default_scenario: Scenario) -> None:
    assert default_scenario.file("eicar").md5 == "44d88612fea8a8f36de82e1278abb02f"
    assert default_scenario.file("0991A395DA64E1C5FBE8732ED11E6BE064081D9F").label == "documentation-statistics"
    assert default_scenario.alert("eicar-prevented").properties["category"] == "null"
    assert default_scenario.alert("flood-250").properties["severity"] == "Informational"
    assert default_scenario.user("ALEX@contoso.example").device_groups
    for lookup in (default_scenario.file, default_scenario.alert, default_scenario.user, default_scenario.tenant):
        with pytest.raises(InvalidConfigError, match=r"has no .* 'nothing'") as caught:
            lookup("nothing")
        assert caught.value.hint.startswith("It has: ")


def test_a_scenario_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "tenant.yaml"
    path.write_text(
        """
tenants: [{id: 11111111-2222-3333-4444-555555555555, name: contoso.example}]
resources: [{name: WindowsDefenderATP, identifiers: [https://api.securitycenter.microsoft.com]}]
applications: [{name: one, client_id: a0000000-0000-4000-8000-000000000001}]
users: [{name: me@contoso.example}]
files:
  - &first {label: first, names: [first.exe], organization: {prevalence: 2, first_seen: 2026-01-02T03:04:05.60Z}}
  - {<<: *first, label: series, sha256: null, repeat: 3}
alerts:
  - label: two
    files: [first]
    repeat: 2
    every: 1d
    properties: {firstEventTime: now-1d, lastEventTime: "2026-01-02"}
    vary: {severity: [High, Low]}
""",
        encoding="utf-8",
    )
    for source in (path, str(path)):
        scenario = Scenario.load(source)
        assert scenario.file("first").organization.first_seen == "2026-01-02T03:04:05.60Z"
        assert [file.label for file in scenario.files] == ["first", "series", "series-2", "series-3"]
        assert len({file.sha1 for file in scenario.files}) == 4
        assert scenario.file("series").sha256 is None
        assert scenario.file("series-2").names == ["first.exe"]
        assert scenario.quota is None
        assert scenario.users[0].tenant == scenario.tenants[0].id
        first, second = scenario.alerts
        assert (first.label, second.label) == ("two", "two-2")
        assert first.properties["severity"] == "High"
        assert second.properties["severity"] == "Low"
        assert second.properties["firstEventTime"] < first.properties["firstEventTime"]
        assert second.properties["lastEventTime"] == "2026-01-02"


def test_derived_hashes_are_always_the_same() -> None:
    assert Scenario.load(small()).file("rare").sha1 == Scenario.load(small()).file("rare").sha1


@pytest.mark.parametrize(
    ("changes", "message", "hint"),
    [
        ({"fils": []}, r"the document has no setting 'fils'", "files"),
        ({"tenants": []}, r"tenants ", ""),
        ({"files": [{"label": "x", "sha1": 1111}]}, r"files\.0\.sha1 must be text, not 1111", ""),
        ({"files": [{"label": "x", "sha1": "A" * 40}]}, r"files\.0\.sha1 has the wrong form", ""),
        ({"files": [{"names": []}]}, r"files\.0\.label is required", ""),
        ({"switches": {"stats_shape": "round"}}, r"switches\.stats_shape must be one of both, documented, legacy", ""),
        ({"faults": [{"kind": "gremlins"}]}, r"faults\.0\.kind must be one of", ""),
        ({"quota": {"windows": [{"calls": 0, "seconds": 1}]}}, r"quota\.windows\.0\.calls must be at least 1", ""),
        ({"alerts": [{"every": "sometimes"}]}, r"alerts\.0\.every ", ""),
        ({"alerts": [{"files": ["rare", "gone"]}]}, r"alerts\.0\.files\.1 names 'gone'", "label"),
        ({"alerts": [{"evidence": [{"file": "gone"}]}]}, r"alerts\.0\.evidence\.0\.file names 'gone'", "label"),
        (
            {"alerts": [{"devices": ["gone"]}], "devices": [{"name": "here"}]},
            r"alerts\.0\.devices names 'gone'",
            "here",
        ),
        ({"files": [{"label": "x"}, {"label": "x"}], "alerts": []}, r"files\.1\.label 'x' is there twice", "unique"),
    ],
)
def test_mistakes_are_named_with_their_place(changes: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(InvalidConfigError, match=message) as caught:
        Scenario.load(small(**changes))
    assert hint in caught.value.hint
    assert caught.value.message.startswith("The scenario is invalid: ")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"tenants: [", r"no valid YAML, line [12], column "),
        (b"\xff\xfe\x00", r"no valid YAML"),
        (b"a: !!python/object:os.system {}", r"no valid YAML, line 1"),
        (b"just text", r"the document must be a group of keys"),
        (b"", r"the document must be a group of keys"),
        (b"{}", r"tenants is required"),
    ],
)
def test_files_that_are_no_scenario(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_bytes(content)
    with pytest.raises(InvalidConfigError, match=message) as caught:
        Scenario.load(path)
    assert str(path) in caught.value.message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfigError, match=r"missing\.yaml cannot be read: No such file or directory"):
        Scenario.load(tmp_path / "missing.yaml")


def test_the_python_reader_agrees_with_the_fast_one(monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    fast = read_document(DEFAULT_SCENARIO)
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert read_document(DEFAULT_SCENARIO) == fast


def test_switches_refuse_what_they_do_not_know() -> None:
    switches = Switches()
    for name, value in (("stats_shape", "round"), ("alerts_page_size", 0), ("alerts_page_size", True)):
        with pytest.raises(InvalidConfigError, match=f"The switch '{name}' cannot be"):
            setattr(switches, name, value)
    with pytest.raises(InvalidConfigError, match="no switch 'stats_shap'"):
        switches.stats_shap = "both"  # type: ignore[attr-defined]
    switches.alerts_page_size = 5
    assert switches == Switches(alerts_page_size=5)


def test_schema_and_code_know_the_same() -> None:
    schema = schemas.load("scenario")
    described = schema["properties"]["switches"]["properties"]
    assert list(described) == list(allowed_values())
    for name, values in allowed_values().items():
        assert tuple(described[name].get("enum", ())) == values
        assert described[name]["default"] == getattr(Switches(), name)
    assert tuple(schema["$defs"]["fault"]["properties"]["kind"]["enum"]) == get_args(FaultKind)
    assert set(schema["$defs"]["fault"]["properties"]) == set(get_type_hints(Fault)) - {"matched"}
    assert set(get_type_hints(File)) | {"note", "repeat"} == set(schema["$defs"]["file"]["properties"])
    assert {"label", "files", "properties", "tenant"} == set(get_type_hints(Alert))
    assert set(get_type_hints(Incident)) == set(schema["$defs"]["incident"]["properties"])
    application = AsgiApplication(Emulation(Scenario.load(), "https://127.0.0.1"), {})
    endpoints = {endpoint.name for endpoint in application._endpoints} | {"any", "service", "sign_in"}
    assert set(schema["$defs"]["fault"]["properties"]["endpoint"]["enum"]) == endpoints


def test_the_schema_is_a_schema_with_valid_examples() -> None:
    from jsonschema import Draft202012Validator

    schema = schemas.load("scenario")
    Draft202012Validator.check_schema(schema)
    assert "\\d" not in repr(schema)
    for example in schema["examples"]:
        assert schemas.problems("scenario", example) == []
        Scenario.load(example)
