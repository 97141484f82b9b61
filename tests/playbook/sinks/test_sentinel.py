from __future__ import annotations

import copy
import hashlib
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from mde_files import config
from mde_files.connector import Connector
from mde_files.emulator.incidents import SentinelComment
from mde_files.emulator.incidents_sentinel import LONGEST_COMMENT, MOST_COMMENTS
from mde_files.errors import InvalidConfigError, InvalidInputError, UpstreamError
from mde_files.playbook.incident import SentinelPlace
from mde_files.playbook.sinks import open_sink
from mde_files.playbook.sinks.calling import IncidentCalls

if TYPE_CHECKING:
    from mde_files.emulator.incidents import SentinelIncident

    from .conftest import Bench

HOSTILE = (
    "name-html",
    "name-terminal",
    "name-right-to-left",
    "name-formula",
    "name-markdown",
    "name-unicode",
    "name-endless",
)


def place(bench: Bench) -> SentinelIncident:
    found = bench.stored.sentinel
    assert found is not None
    return found


def test_the_comment_stays_under_one_id_and_the_incident_keeps_what_others_wrote(bench: Bench) -> None:
    bench.attach("sentinel", bench.attachment(add_tags=("mde-enriched",)))
    (first,) = place(bench).comments
    assert place(bench).properties["owner"]["assignedTo"] == "Sam Supervisor"
    assert place(bench).properties["description"] == "An invented incident."
    assert place(bench).labels[-1] == {"labelName": "mde-enriched", "labelType": "User"}
    bench.attach("sentinel", bench.attachment("rare-in-organization"))
    assert list(place(bench).comments) == [first]


@pytest.mark.parametrize("mismatch", ["conflict", "precondition_failed"])
def test_a_change_between_reading_and_writing_is_not_written_over(
    bench: Bench, mismatch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The etag of the version that was read goes with the update; the service refuses it, and it is read again."""
    bench.emulator.scenario.switches.etag_mismatch = mismatch
    asked = IncidentCalls.ask
    wanted = bench.attachment(add_tags=("mde-enriched",))
    reads: list[str] = []

    def ask(self: IncidentCalls, call_id: str, *arguments: Any, **named: Any) -> Any:
        answer = asked(self, call_id, *arguments, **named)
        reads.extend([call_id] if call_id == "sentinel_incident" else [])
        if len(reads) == 2 and call_id == "sentinel_incident":
            place(bench).labels.append({"labelName": "by-a-person", "labelType": "User"})
            place(bench).version += 1
        return answer

    monkeypatch.setattr(IncidentCalls, "ask", ask)
    bench.attach("sentinel", wanted)
    assert [label["labelName"] for label in place(bench).labels] == ["triaged", "by-a-person", "mde-enriched"]
    assert bench.asked("sentinel").count("sentinel_incident_update") == 2


def fill(bench: Bench, number: int = MOST_COMMENTS) -> None:
    for position in range(number - len(place(bench).comments)):
        name = f"00000000-0000-4000-8000-{position:012d}"
        place(bench).comments[name] = SentinelComment("by a person", "Sam", "2026-01-01T00:00:00Z", "")


def test_an_incident_with_as_many_comments_as_there_may_be_gets_no_new_one(bench: Bench) -> None:
    fill(bench)
    with pytest.raises(UpstreamError, match="100 comments") as caught:
        bench.attach("sentinel")
    assert not caught.value.retryable
    assert "Delete" in caught.value.hint
    assert "sentinel_comment_update" not in bench.asked("sentinel")


def test_a_comment_that_is_among_them_is_still_updated(bench: Bench) -> None:
    bench.attach("sentinel")
    fill(bench)
    assert bench.attach("sentinel", bench.attachment("rare-in-organization")).status == "updated"
    assert len(place(bench).comments) == MOST_COMMENTS


def test_many_files_with_hostile_names_fit_and_are_known_again(bench: Bench) -> None:
    records = []
    for record in bench.records(*HOSTILE, actions=("file_stats",)):
        for number in range(20):
            other = copy.deepcopy(record)
            other["file"]["sha1"] = other["file"]["queried"] = hashlib.sha1(
                f"{record['record_id']} {number}".encode(), usedforsecurity=False
            ).hexdigest()
            other["record_id"] = str(uuid.uuid5(uuid.NAMESPACE_OID, other["file"]["sha1"]))
            records.append(other)
    wanted = bench.attachment(records=tuple(records))
    assert bench.attach("sentinel", wanted).status == "created"
    (comment,) = place(bench).comments.values()
    assert 20_000 < len(comment.message.encode("utf-16-le")) // 2 <= LONGEST_COMMENT
    assert "not shown" in comment.message
    for hostile in ("<img", "<script", "<svg", "\x1b", "\u202e"):
        assert hostile not in comment.message
    assert bench.attach("sentinel", wanted).status == "unchanged"


def test_a_comment_that_a_person_wrote_over_is_written_anew_in_its_place(bench: Bench) -> None:
    bench.attach("sentinel")
    (comment,) = place(bench).comments.values()
    comment.message = "Never mind."
    assert bench.attach("sentinel").status == "updated"
    assert len(place(bench).comments) == 1


def test_an_incident_without_a_place_in_sentinel_is_refused(bench: Bench) -> None:
    with pytest.raises(InvalidInputError, match="does not say where it lies"):
        bench.attach("sentinel", incident=bench.incident("defender_incident"))
    assert bench.asked("sentinel") == []


def test_an_incident_of_another_workspace_is_refused_before_anything_is_asked(bench: Bench) -> None:
    ours = bench.incident()
    assert ours.sentinel is not None
    foreign = ours._replace(sentinel=ours.sentinel._replace(workspace="somebody-elses"))
    with pytest.raises(InvalidInputError, match="another Microsoft Sentinel workspace") as caught:
        bench.attach("sentinel", incident=foreign)
    assert "contoso-sentinel" in caught.value.hint
    assert bench.asked("sentinel") == []


def test_the_configured_workspace_is_compared_whatever_its_case(bench: Bench) -> None:
    ours = bench.incident()
    assert ours.sentinel is not None
    shouting = SentinelPlace(*(part.upper() for part in ours.sentinel[:3]), ours.sentinel.incident_id)
    assert bench.attach("sentinel", incident=ours._replace(sentinel=shouting)).status == "created"


@pytest.mark.parametrize("level", ["subscription", "resource_group", "workspace", "incident_id"])
def test_a_place_that_is_not_there_is_told(bench: Bench, level: str) -> None:
    ours = bench.incident()
    assert ours.sentinel is not None
    moved = ours._replace(sentinel=ours.sentinel._replace(**{level: "elsewhere"}))
    with pytest.raises(InvalidInputError, match="knows no incident"):
        bench.attach("sentinel", incident=moved, connector=bench.connect(sinks={}))


@pytest.mark.parametrize("hostile", ["..", ".", "a/b", "a?b", "", "a b", "x" * 200, "%2e%2e", "a\nb"])
def test_a_place_cannot_lead_to_another_resource(bench: Bench, hostile: str) -> None:
    ours = bench.incident()
    assert ours.sentinel is not None
    for level in ours.sentinel._fields:
        moved = ours._replace(sentinel=ours.sentinel._replace(**{level: hostile}))
        with pytest.raises(InvalidInputError, match="no subscription, resource group, workspace or incident can"):
            bench.attach("sentinel", incident=moved, connector=bench.connect(sinks={}))
    assert bench.asked("sentinel") == []


def test_a_ready_token_is_for_the_files_api_alone(bench: Bench) -> None:
    token = bench.emulator.issue_token()
    connector = bench.connect(auth={"method": "access_token", "access_token": token})
    for sink in ("sentinel", "graph"):
        with pytest.raises(InvalidConfigError, match="ready access token"):
            open_sink(sink, connector)
    connector.purge()


def test_a_custom_cloud_has_to_say_where_the_service_is(bench: Bench) -> None:
    document: dict[str, Any] = bench.emulator.configuration()
    del document["azure_management_url"]
    with pytest.raises(InvalidConfigError, match="only half"):
        config.load(document)
    del document["azure_management_scope"]
    with (
        Connector.from_config({**document, "state": "memory:"}) as made,
        pytest.raises(InvalidConfigError, match="says nothing of 'Azure Resource Manager'") as caught,
    ):
        open_sink("sentinel", made)
    assert "azure_management_url" in caught.value.hint


@pytest.mark.parametrize(
    "properties",
    [
        {"labels": None, "additionalData": None, "incidentUrl": "javascript:alert(1)"},
        {"labels": ["text", {"labelName": "kept"}], "additionalData": {"commentsCount": "many"}},
        {},
    ],
)
def test_an_incident_with_odd_properties_can_be_attached_to(bench: Bench, properties: dict[str, Any]) -> None:
    body = {"id": "/x", "properties": {"title": "t", "severity": "Low", "status": "New", **properties}}
    bench.fault("status", "sentinel_incident", status=200, body=body)
    attached = bench.attach("sentinel", bench.attachment(add_tags=("mde-enriched",)))
    assert attached.place.startswith("https://portal.azure.com/#asset/")
    assert attached.status == "created"
    assert place(bench).labels[-1]["labelName"] == "mde-enriched"
