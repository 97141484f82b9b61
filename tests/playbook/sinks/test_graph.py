from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mde_files.emulator.incidents import IncidentComment
from mde_files.errors import InvalidInputError, QuotaExhaustedError, UpstreamInvalidError

if TYPE_CHECKING:
    from .conftest import Bench

FOOTER = "mde-files enrich-incident-files"


@pytest.mark.parametrize("form", ["sentinel_incident", "defender_incident", "graph_alert", "plain"])
def test_every_incident_that_knows_its_number_can_be_attached_to(bench: Bench, form: str) -> None:
    attached = bench.attach("graph", incident=bench.incident(form))
    assert (attached.status, attached.place) == (
        "created",
        f"https://security.microsoft.com/incidents/42?tid={bench.connector.config.tenant_id}",
    )


def test_an_incident_without_a_number_is_refused(bench: Bench) -> None:
    for number in ("", "12/../7", "forty-two", "1" * 30):
        with pytest.raises(InvalidInputError, match="number in Microsoft Defender"):
            bench.attach("graph", incident=bench.incident()._replace(defender_incident_id=number))
    assert bench.asked("graph") == []


def test_a_comment_is_plain_and_short_and_an_update_says_so(bench: Bench) -> None:
    labels = ("eicar", "name-html", "name-terminal", "name-right-to-left", "name-formula", "name-endless")
    bench.attach("graph", bench.attachment(*labels))
    bench.attach("graph", bench.attachment(*labels, notes=("Seen before.",)))
    first, second = (comment.text for comment in bench.stored.comments if FOOTER in comment.text)
    for text in (first, second):
        assert len(text.encode("utf-16-le")) // 2 <= 1000
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert not first.startswith("Update: ")
    assert second.startswith("Update: ")


def test_going_back_to_earlier_findings_is_an_update_too(bench: Bench) -> None:
    earlier, later = bench.attachment("eicar"), bench.attachment("rare-in-organization")
    statuses = [bench.attach("graph", wanted).status for wanted in (earlier, later, earlier, earlier)]
    assert statuses == ["created", "updated", "updated", "unchanged"]


def test_a_merged_incident_leads_to_the_one_it_became_part_of(bench: Bench) -> None:
    merged = bench.incident()._replace(defender_incident_id="41")
    assert bench.attach("graph", incident=merged).status == "created"
    assert any(FOOTER in comment.text for comment in bench.stored.comments)
    assert bench.emulator.scenario.incident("merged").comments == []
    assert bench.attach("graph", incident=merged).status == "unchanged"


@pytest.mark.parametrize(("target", "words"), [(41, "without end"), ("../7", "does not name by a number")])
def test_a_merge_that_leads_nowhere_is_told(bench: Bench, target: Any, words: str) -> None:
    if target == 41:
        bench.stored.redirects_to = 41
        bench.emulator.scenario.incident("merged").redirects_to = 42
    else:
        bench.fault("status", "graph_incident", status=200, body={"id": "42", "redirectIncidentId": target})
    with pytest.raises(UpstreamInvalidError, match=words):
        bench.attach("graph")


def test_an_unknown_incident_is_told(bench: Bench) -> None:
    with pytest.raises(InvalidInputError, match="knows no incident 7"):
        bench.attach("graph", incident=bench.incident()._replace(defender_incident_id="7"))


def test_many_comments_of_others_do_not_hide_ours(bench: Bench) -> None:
    wanted = bench.attachment()
    bench.attach("graph", wanted)
    for number in range(50):
        comment = IncidentComment(f"Call {number} about it", "Sam", f"2099-01-01T00:00:{number:02d}Z")
        bench.stored.comments.insert(number % 3, comment)
    assert bench.attach("graph", wanted).status == "unchanged"


@pytest.mark.parametrize(
    "answer",
    [
        {"id": "42", "comments": None, "customTags": None, "incidentWebUrl": "javascript:alert(1)"},
        {"id": "42", "comments": ["text", {"comment": None}], "customTags": [1, "kept"]},
        {"id": "42"},
    ],
)
def test_an_incident_with_odd_properties_can_be_attached_to(bench: Bench, answer: dict[str, Any]) -> None:
    bench.fault("status", "graph_incident", status=200, body=answer)
    attached = bench.attach("graph", bench.attachment(add_tags=("mde-enriched",)))
    assert (attached.status, attached.place) == ("created", "incident 42")
    assert bench.stored.tags[-1] == "mde-enriched"


def test_a_service_that_answers_a_write_without_a_body_is_understood(bench: Bench) -> None:
    bench.fault("empty", "graph_incident_update", times=1)
    bench.fault("empty", "graph_comment_create", times=1)
    attached = bench.attach("graph", bench.attachment(add_tags=("mde-enriched",)))
    assert attached.status == "created"


def test_attaching_uses_what_batches_leave_of_the_quota(bench: Bench) -> None:
    quota = {"per_minute": 2, "reserve_interactive": 0.5, "max_wait_seconds": 0}
    wanted = bench.attachment(add_tags=("mde-enriched",))
    assert bench.attach("graph", wanted, connector=bench.connect(quota=quota)).status == "created"
    with pytest.raises(QuotaExhaustedError):
        bench.attach("graph", wanted, connector=bench.connect(quota=quota))
