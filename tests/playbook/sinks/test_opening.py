from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mde_files import config, manifest
from mde_files.errors import InvalidConfigError, InvalidInputError, UpstreamInvalidError
from mde_files.playbook.incident import read_incident
from mde_files.playbook.sinks import open_sink, permissions, read_from_service

if TYPE_CHECKING:
    from .conftest import Bench


@pytest.mark.parametrize(
    "text", ["", "file", "file:", "sentinel:x", "graph:https://graph.microsoft.com", "mail:me", "SENTINEL", "a" * 500]
)
def test_a_text_that_names_no_sink_is_refused(bench: Bench, text: str) -> None:
    with pytest.raises(InvalidInputError, match="There is no sink") as caught:
        open_sink(text, bench.connector)
    assert "file:PATH, sentinel, graph, webhook, webhook:URL" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("file:x", []),
        ("sentinel", ["sentinel_incident", "sentinel_comment", "sentinel_comment_update", "sentinel_incident_update"]),
        ("graph", ["graph_incident", "graph_comment_create", "graph_incident_update"]),
    ],
)
def test_opening_asks_nothing_and_tells_the_calls(bench: Bench, text: str, calls: list[str]) -> None:
    opened = open_sink(text, bench.connector)
    assert opened.name == text.partition(":")[0]
    assert list(opened.calls()) == calls
    assert set(calls) <= set(manifest.load().calls)
    assert bench.emulator.requests == []


def test_permissions_are_those_of_the_sinks_that_are_named(bench: Bench) -> None:
    settings = bench.connector.config
    found = {(name, call.id) for name, call in permissions(settings, manifest.load())}
    assert ("graph", "graph_comment_create") in found
    assert ("sentinel", "sentinel_comment_update") in found
    none = config.load({**bench.emulator.configuration(), "sinks": {}})
    assert permissions(none, manifest.load()) == []


class TestCheck:
    def test_every_sink_is_looked_at_and_nothing_written(self, bench: Bench) -> None:
        report = bench.connector.check()
        assert report.ok
        names = {finding.name for finding in report.findings}
        assert {
            "sink_sentinel_sign_in",
            "sink_sentinel_workspace",
            "sink_graph_sign_in",
            "sink_graph_graph_incident",
            "sink_graph_graph_comment_create",
            "sink_graph_graph_incident_update",
        } <= names
        assert {request.method for request in bench.emulator.requests if request.endpoint != "token"} == {"GET"}

    def test_what_is_missing_is_named(self, bench: Bench) -> None:
        report = bench.connect("incidents-read").check()
        failed = {finding.name: finding for finding in report.findings if finding.status == "failed"}
        assert set(failed) == {"sink_graph_graph_comment_create", "sink_graph_graph_incident_update"}
        assert "SecurityIncident.ReadWrite.All" in failed["sink_graph_graph_comment_create"].hint
        assert "Microsoft Graph" in failed["sink_graph_graph_comment_create"].hint
        (workspace,) = (item for item in report.findings if item.name == "sink_sentinel_workspace")
        assert "Microsoft Sentinel Responder" in workspace.message

    def test_an_application_without_any_role_is_told_so(self, bench: Bench) -> None:
        report = bench.connect("no-roles").check()
        failed = {finding.name: finding for finding in report.findings if finding.status == "failed"}
        assert "Assign one of these roles" in failed["sink_sentinel_workspace"].hint
        assert failed["sink_graph_graph_incident"].exit_code == 4

    def test_a_workspace_that_is_not_there_is_told(self, bench: Bench) -> None:
        sinks = bench.emulator.configuration()["sinks"]
        sinks["sentinel"]["workspace"] = "nowhere"
        report = bench.connect(sinks=sinks).check()
        (finding,) = (item for item in report.findings if item.status == "failed")
        assert "'nowhere'" in finding.message
        assert report.exit_code == 3

    def test_a_sign_in_that_fails_is_told(self, bench: Bench) -> None:
        report = bench.connect(graph_scope="https://graph.example/.default").check()
        (finding,) = (item for item in report.findings if item.status == "failed")
        assert finding.name == "sink_graph_sign_in"

    @pytest.mark.parametrize(
        ("settings", "status"),
        [({"url": "https://collector.example/", "secret": "sixteen-letters!"}, "ok"), ({}, "failed")],
    )
    def test_a_webhook_is_looked_at_and_not_asked(self, bench: Bench, settings: dict[str, str], status: str) -> None:
        report = bench.connect(sinks={"webhook": settings}).check()
        (finding,) = (item for item in report.findings if item.name == "sink_webhook")
        assert finding.status == status

    def test_a_token_that_cannot_be_read_is_told(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        connector = bench.connect(sinks={"graph": {}})
        claims = connector.sign_in()
        monkeypatch.setattr(
            type(connector), "sign_in", lambda *_, service="files_api", **__: None if service == "graph" else claims
        )
        report = connector.check()
        assert {"sink_graph_token": "warning"}.items() <= {item.name: item.status for item in report.findings}.items()


class TestReading:
    @pytest.mark.parametrize(
        ("service", "incident_id", "form"),
        [
            ("sentinel", "73e01a99-5cd7-4139-a149-9f2736ff2ab5", "sentinel_incident"),
            ("graph", "42", "graph_alert"),
            ("defender", "42", "defender_incident"),
            ("graph", "41", "graph_alert"),
            ("defender", "41", "defender_incident"),
        ],
    )
    def test_an_incident_is_read_with_its_files(self, bench: Bench, service: str, incident_id: str, form: str) -> None:
        incident = read_incident(read_from_service(service, incident_id, bench.connector))
        assert incident.format == form
        assert incident.defender_incident_id == "42"
        assert [file.hash for file in incident.files] == [
            bench.emulator.scenario.file(label).sha1 for label in bench.stored.files
        ]
        assert bench.attach("graph", incident=incident).status == "created"

    @pytest.mark.parametrize("service", ["sentinel", "graph", "defender"])
    @pytest.mark.parametrize("incident_id", ["", "..", "x", "42/..", "1" * 30])
    def test_an_id_that_can_be_none_is_refused(self, bench: Bench, service: str, incident_id: str) -> None:
        with pytest.raises(InvalidInputError, match="no incident id"):
            read_from_service(service, incident_id, bench.connector)
        assert bench.emulator.requests == []

    @pytest.mark.parametrize(
        ("service", "incident_id"),
        [("sentinel", "00000000-0000-0000-0000-000000000000"), ("graph", "7"), ("defender", "7")],
    )
    def test_an_unknown_incident_is_told(self, bench: Bench, service: str, incident_id: str) -> None:
        with pytest.raises(InvalidInputError, match="knows no incident"):
            read_from_service(service, incident_id, bench.connector)

    def test_an_unknown_service_and_an_unnamed_workspace_are_told(self, bench: Bench) -> None:
        with pytest.raises(InvalidInputError, match="cannot be read from"):
            read_from_service("mail", "1", bench.connector)
        with pytest.raises(InvalidConfigError, match="names no Microsoft Sentinel workspace"):
            read_from_service("sentinel", "73e01a99-5cd7-4139-a149-9f2736ff2ab5", bench.connect(sinks={}))

    def test_a_merge_without_end_is_told(self, bench: Bench) -> None:
        bench.stored.redirects_to = 41
        with pytest.raises(UpstreamInvalidError, match="without end"):
            read_from_service("defender", "42", bench.connector)


def settings(**changes: Any) -> dict[str, Any]:
    return {
        "tenant_id": "contoso.example",
        "auth": {"method": "access_token", "access_token": "x"},
        "sinks": {"sentinel": {"subscription_id": "s", "resource_group": "rg", "workspace": "ws", **changes}},
    }


def test_a_workspace_is_named_whole() -> None:
    loaded = config.load(settings())
    assert loaded.sinks.sentinel == ("s", "rg", "ws")
    assert loaded.sinks.names == ("sentinel",)
    document = settings()
    del document["sinks"]["sentinel"]["workspace"]
    with pytest.raises(InvalidConfigError, match=r"sinks\.sentinel\.workspace is required"):
        config.load(document)
    for hostile in ("..", "a/b", ""):
        with pytest.raises(InvalidConfigError, match=r"sinks\.sentinel\.workspace"):
            config.load(settings(workspace=hostile))


@pytest.mark.parametrize("cloud", ["commercial", "gcc", "gcc_high", "dod"])
def test_each_cloud_has_its_own_hosts_and_scopes(cloud: str) -> None:
    endpoints = config.load({**settings(), "cloud": cloud}).endpoints
    for service, endpoint in endpoints.services.items():
        assert endpoint == endpoints.of(service)
        assert endpoint.base_url == f"https://{endpoint.host}"
        assert endpoint.scope.startswith("https://")
        if service != "files_api":
            assert endpoint.scope == f"https://{endpoint.host}/.default"
            assert f"https://{endpoint.host}" in endpoint.audiences
    assert set(endpoints.services) == set(manifest.load().services)


def test_a_service_s_address_can_be_overridden() -> None:
    endpoint = config.load({**settings(), "graph_url": "https://gateway.example/graph/"}).endpoints.of("graph")
    assert (endpoint.base_url, endpoint.scope) == (
        "https://gateway.example/graph",
        "https://graph.microsoft.com/.default",
    )
