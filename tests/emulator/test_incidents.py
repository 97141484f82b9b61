"""The incident services: who may ask, what they answer, and what they refuse."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

import pytest
import requests

from mde_files import schemas
from mde_files.emulator import Emulator, Fault, Incident, Scenario
from mde_files.emulator.incidents_sentinel import LONGEST_COMMENT, MOST_COMMENTS
from mde_files.errors import InvalidConfigError

WORKSPACE = (
    "/subscriptions/5b4e7a7c-0d2f-4c55-9d6c-6d6f1f0b1c11/resourceGroups/security-operations/providers/"
    "Microsoft.OperationalInsights/workspaces/contoso-sentinel"
)
SENTINEL = f"{WORKSPACE}/providers/Microsoft.SecurityInsights/incidents"
GUID = "73e01a99-5cd7-4139-a149-9f2736ff2ab5"
COMMENT = "95fb5f2b-032c-553a-8f14-623a8bcd78c6"
VERSION = "api-version=2025-09-01"
GRAPH = "/v1.0/security/incidents"
AUDIENCES = {
    "defender": "https://api.security.microsoft.com",
    "graph": "https://graph.microsoft.com",
    "azure": "https://management.azure.com",
}


class Client(NamedTuple):
    emulator: Emulator
    session: requests.Session

    def send(
        self, method: str, path: str, body: Any = None, *, application: str | None = None, token_for: str | None = None
    ) -> requests.Response:
        service = "graph" if path.startswith("/v1.0") else "azure" if path.lower().startswith("/sub") else "defender"
        token = self.emulator.issue_token(application, resource=AUDIENCES[token_for or service])
        return self.session.request(
            method,
            self.emulator.base_url + path,
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
        )

    def get(self, path: str, **options: Any) -> Any:
        answer = self.send("GET", path, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refusal(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, str]:
        answer = self.send(method, path, body, **options)
        return answer.status_code, answer.json()["error"]["code"]


@pytest.fixture
def client(emulator: Emulator, session: requests.Session) -> Client:
    emulator.scenario.quota = None
    return Client(emulator, session)


def stored(client: Client) -> Incident:
    return client.emulator.scenario.incident("eicar")


class TestDefender:
    def test_one_and_all_are_read(self, client: Client) -> None:
        incident = client.get("/api/incidents/42")
        assert (incident["incidentId"], incident["status"]) == (42, "Active")
        assert {entity["entityType"] for entity in incident["alerts"][0]["entities"]} == {"File", "Process"}
        listed = client.get("/api/incidents?$top=2")["value"]
        assert len(listed) == 2
        assert client.refusal("GET", "/api/incidents?$top=101") == (400, "ODataError")

    def test_a_merged_one_says_where_to(self, client: Client) -> None:
        incident = client.get("/api/incidents/41")
        assert (incident["status"], incident["redirectIncidentId"], incident["alerts"]) == ("Redirected", 42, [])

    def test_tags_are_replaced_and_a_comment_is_added(self, client: Client) -> None:
        answer = client.send("PATCH", "/api/incidents/42", {"tags": ["a"], "comment": "done", "status": "Resolved"})
        assert answer.status_code == 200
        assert (answer.json()["tags"], answer.json()["status"]) == (["a"], "Resolved")
        assert [comment.text for comment in stored(client).comments][-1] == "done"

    @pytest.mark.parametrize("body", [[], {"tags": "a"}, {"status": "Odd"}])
    def test_wrong_bodies_are_refused(self, client: Client, body: Any) -> None:
        before = copy.deepcopy(stored(client))
        assert client.refusal("PATCH", "/api/incidents/42", body)[0] == 400
        assert stored(client) == before

    def test_unknown_ones_and_the_wrong_audience_are_refused(self, client: Client) -> None:
        assert client.refusal("GET", "/api/incidents/7") == (404, "ResourceNotFound")
        assert client.refusal("GET", "/api/incidents/42", token_for="graph") == (403, "Forbidden")
        assert client.refusal("PATCH", "/api/incidents/42", {}, application="incidents-read") == (403, "Forbidden")


class TestGraph:
    def test_alerts_come_when_they_are_asked_for(self, client: Client) -> None:
        assert "alerts" not in client.get(f"{GRAPH}/42")
        kinds = [row["@odata.type"] for row in client.get(f"{GRAPH}/42?$expand=alerts")["alerts"][0]["evidence"]]
        assert {kind.rpartition(".")[2] for kind in kinds} == {"fileEvidence", "processEvidence", "deviceEvidence"}

    def test_a_comment_is_added_and_all_are_answered(self, client: Client) -> None:
        body = {"@odata.type": "microsoft.graph.security.alertComment", "comment": "done"}
        answer = client.send("POST", f"{GRAPH}/42/comments", body)
        assert answer.status_code == 200
        assert [item["comment"] for item in answer.json()["value"]][-1] == "done"
        assert client.get(f"{GRAPH}/42")["comments"] == answer.json()["value"]

    def test_tags_are_replaced(self, client: Client) -> None:
        assert client.send("PATCH", f"{GRAPH}/42", {"customTags": ["b"]}).json()["customTags"] == ["b"]

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("POST", "/42/comments", {"comment": "no type"}),
            ("POST", "/42/comments", {"@odata.type": "microsoft.graph.security.alertComment"}),
            ("PATCH", "/42", {"customTags": [1]}),
            ("PATCH", "/42", None),
        ],
    )
    def test_wrong_bodies_are_refused(self, client: Client, method: str, path: str, body: Any) -> None:
        assert client.refusal(method, GRAPH + path, body) == (400, "BadRequest")

    def test_who_may_not_is_refused_in_this_service_s_form(self, client: Client) -> None:
        answer = client.send("POST", f"{GRAPH}/42/comments", {}, application="incidents-read")
        assert answer.status_code == 403
        assert set(answer.json()["error"]["innerError"]) == {"date", "request-id"}
        assert client.refusal("GET", f"{GRAPH}/7") == (404, "NotFound")
        assert client.refusal("GET", f"{GRAPH}/42", token_for="azure") == (401, "InvalidAuthenticationToken")
        assert client.session.get(client.emulator.base_url + f"{GRAPH}/42", timeout=10).status_code == 401
        assert client.send("DELETE", f"{GRAPH}/42").headers["Allow"] == "GET, PATCH"


class TestSentinel:
    def test_incidents_of_a_workspace_are_read(self, client: Client) -> None:
        assert len(client.get(f"{SENTINEL}?{VERSION}")["value"]) == 3
        incident = client.get(f"{SENTINEL.upper()}/{GUID}?{VERSION}")
        assert incident["properties"]["providerIncidentId"] == "42"
        listed = client.send("POST", f"{SENTINEL}/{GUID}/entities?{VERSION}").json()
        kinds = {row["entityKind"]: row["count"] for row in listed["metaData"]}
        assert kinds == {"File": 6, "FileHash": 12, "Host": 1}
        assert len(listed["entities"]) == 19

    def test_a_comment_is_made_replaced_and_listed(self, client: Client) -> None:
        path = f"{SENTINEL}/{GUID}/comments/{COMMENT}?{VERSION}"
        assert client.refusal("GET", path) == (404, "NotFound")
        etag = client.get(f"{SENTINEL}/{GUID}?{VERSION}")["etag"]
        made = client.send("PUT", path, {"properties": {"message": "one"}})
        replaced = client.send("PUT", path, {"properties": {"message": "two"}})
        assert (made.status_code, replaced.status_code) == (201, 200)
        assert made.json()["properties"]["createdTimeUtc"] == replaced.json()["properties"]["createdTimeUtc"]
        assert client.get(path)["properties"]["message"] == "two"
        (listed,) = client.get(f"{SENTINEL}/{GUID}/comments?{VERSION}")["value"]
        assert listed["name"] == COMMENT
        incident = client.get(f"{SENTINEL}/{GUID}?{VERSION}")
        assert incident["properties"]["additionalData"]["commentsCount"] == 1
        assert incident["etag"] != etag

    @pytest.mark.parametrize(
        ("name", "body"),
        [
            (COMMENT, {}),
            (COMMENT, {"properties": {"message": ""}}),
            (COMMENT, {"properties": {"message": "x" * (LONGEST_COMMENT + 1)}}),
            (COMMENT, {"properties": {"message": "\U0001f600" * (LONGEST_COMMENT // 2 + 1)}}),
            ("not-a-guid", {"properties": {"message": "x"}}),
        ],
    )
    def test_wrong_comments_are_refused(self, client: Client, name: str, body: Any) -> None:
        path = f"{SENTINEL}/{GUID}/comments/{name}?{VERSION}"
        assert client.refusal("PUT", path, body) == (400, "BadRequest")

    def test_there_are_only_so_many_comments(self, client: Client) -> None:
        def put(number: int) -> int:
            path = f"{SENTINEL}/{GUID}/comments/00000000-0000-4000-8000-{number:012d}?{VERSION}"
            return client.send("PUT", path, {"properties": {"message": "x" * LONGEST_COMMENT}}).status_code

        assert [put(number) for number in (0, *range(MOST_COMMENTS + 1))].count(201) == MOST_COMMENTS
        assert (put(MOST_COMMENTS), put(0)) == (400, 200)

    @pytest.mark.parametrize(("switch", "status"), [("conflict", 409), ("precondition_failed", 412)])
    def test_an_update_replaces_what_can_be_written_and_needs_the_newest_etag(
        self, client: Client, switch: Any, status: int
    ) -> None:
        client.emulator.scenario.switches.etag_mismatch = switch
        path = f"{SENTINEL}/{GUID}?{VERSION}"
        body: dict[str, Any] = {
            "etag": client.get(path)["etag"],
            "properties": {"title": "t", "severity": "Low", "status": "Closed"},
        }
        first, second = client.send("PUT", path, body), client.send("PUT", path, body)
        assert (first.status_code, second.status_code) == (200, status)
        assert first.json()["properties"]["labels"] == []
        assert "owner" not in first.json()["properties"]
        assert "Newer version" in second.json()["error"]["message"]
        del body["etag"]
        assert client.send("PUT", path, body).status_code == 200
        assert client.refusal("PUT", path, {"properties": {}}) == (400, "BadRequest")

    def test_roles_on_the_workspace_decide(self, client: Client) -> None:
        path = f"{SENTINEL}/{GUID}/comments/{COMMENT}?{VERSION}"
        body = {"properties": {"message": "x"}}
        assert client.send("GET", f"{SENTINEL}?{VERSION}", application="incidents-read").status_code == 200
        assert client.refusal("PUT", path, body, application="incidents-read") == (403, "AuthorizationFailed")
        assert client.refusal("GET", path, application="no-roles") == (403, "AuthorizationFailed")
        assert client.refusal("GET", path, token_for="graph") == (401, "InvalidAuthenticationToken")
        assert client.refusal("GET", f"{SENTINEL}/{GUID}") == (400, "MissingApiVersionParameter")

    @pytest.mark.parametrize(
        ("part", "code"),
        [
            ("5b4e7a7c-0d2f-4c55-9d6c-6d6f1f0b1c11", "SubscriptionNotFound"),
            ("security-operations", "ResourceGroupNotFound"),
            ("contoso-sentinel", "ResourceNotFound"),
            (GUID, "NotFound"),
        ],
    )
    def test_places_that_are_not_there(self, client: Client, part: str, code: str) -> None:
        path = f"{SENTINEL}/{GUID}?{VERSION}".replace(part, "elsewhere")
        assert client.refusal("GET", path) == (404, code)


def test_an_answer_that_is_lost_was_done_all_the_same(client: Client) -> None:
    client.emulator.scenario.faults.append(Fault("answer_lost", endpoint="graph_comment_create", id="eicar", times=1))
    body = {"@odata.type": "microsoft.graph.security.alertComment", "comment": "done"}
    with pytest.raises(requests.ConnectionError):
        client.send("POST", f"{GRAPH}/42/comments", body)
    assert stored(client).comments[-1].text == "done"
    assert client.send("POST", f"{GRAPH}/42/comments", body).status_code == 200


@pytest.mark.parametrize(("kind", "status"), [("status", 409), ("unauthorized", 401)])
def test_faults_speak_as_the_service_does(client: Client, kind: Any, status: int) -> None:
    client.emulator.scenario.faults.append(Fault(kind, endpoint="sentinel_incident", id=GUID, status=status))
    answer = client.send("GET", f"{SENTINEL}/{GUID}?{VERSION}")
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"code", "message"}


def test_every_form_tells_the_same_files(client: Client) -> None:
    from mde_files.playbook.incident import FORMATS, read_incident

    wanted = [client.emulator.scenario.file(label).sha1 for label in stored(client).files]
    for form in FORMATS:
        incident = read_incident(client.emulator.incident("eicar", form))
        assert incident.format == form
        assert [file.hash for file in incident.files] == wanted
    assert schemas.problems("incident", client.emulator.incident("rare-files", "plain")) == []
    for label, form in (("merged", "sentinel_incident"), ("eicar", "xml")):
        with pytest.raises(InvalidConfigError):
            client.emulator.incident(label, form)
    assert read_incident(client.emulator.incident("without-files", "graph_alert")).files == ()
    assert read_incident(client.emulator.incident("without-files", "defender_incident")).files == ()


def test_incidents_of_another_tenant_are_not_seen(client: Client) -> None:
    stored(client).tenant = "fabrikam.example"
    assert client.refusal("GET", "/api/incidents/42") == (404, "ResourceNotFound")
    assert client.refusal("GET", f"{SENTINEL}/{GUID}?{VERSION}") == (404, "NotFound")


def test_a_scenario_names_its_incidents() -> None:
    scenario = Scenario.load()
    assert scenario.incident("42") is scenario.incident("EICAR")
    document = {
        "tenants": [{"id": "11111111-2222-3333-4444-555555555555", "name": "contoso.example"}],
        "resources": [{"name": "WindowsDefenderATP", "identifiers": ["https://api.securitycenter.microsoft.com"]}],
        "applications": [
            {"name": "one", "client_id": "a0000000-0000-4000-8000-000000000001", "secrets": [{"value": "s"}]}
        ],
        "incidents": [{"label": "one", "id": 1, "title": "t", "files": ["gone"]}],
    }
    with pytest.raises(InvalidConfigError, match=r"incidents\.0\.files\.0 names 'gone'"):
        Scenario.load(document)
    with Emulator(Scenario.load({**document, "incidents": []})) as emulator:
        assert not {"sinks", "graph_url"} & set(emulator.configuration())
