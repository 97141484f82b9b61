"""What holds for comments in Microsoft Sentinel and in Microsoft Graph alike, against the emulator over TLS."""

from __future__ import annotations

import json
import os
import platform
import threading
from typing import TYPE_CHECKING, Any

import pytest

from mde_files.emulator import Alert, Fault
from mde_files.errors import (
    ForbiddenError,
    InvalidInputError,
    MdeFilesError,
    NetworkError,
    ThrottledError,
    TimeoutExceededError,
    UpstreamError,
    UpstreamInvalidError,
)

if TYPE_CHECKING:
    from mde_files.playbook.attachment import Attached

    from .conftest import Bench

SINKS = ("sentinel", "graph")
PERSON = "Looked at the device"


def ours(bench: Bench, sink: str) -> list[str]:
    """Return the stored comments that a playbook wrote."""
    place = bench.stored.sentinel
    assert place is not None
    texts = (
        [comment.message for comment in place.comments.values()]
        if sink == "sentinel"
        else [comment.text for comment in bench.stored.comments]
    )
    return [text for text in texts if "mde-files enrich-incident-files" in text]


def tags(bench: Bench, sink: str) -> list[str]:
    place = bench.stored.sentinel
    assert place is not None
    return [label["labelName"] for label in place.labels] if sink == "sentinel" else bench.stored.tags


def writes(endpoints: list[str]) -> list[str]:
    return [name for name in endpoints if name.endswith(("_update", "_create"))]


def add_alert(bench: Bench, severity: str = "High", label: str = "new-one") -> None:
    properties = {**bench.emulator.scenario.alert("eicar-prevented").properties}
    properties |= {"id": f"da{label}", "severity": severity, "status": "New", "title": "Seen again"}
    bench.emulator.scenario.alerts.append(Alert(label, ["eicar"], properties))


def drift(bench: Bench, organization: int, worldwide: int) -> None:
    file = bench.emulator.scenario.file("eicar")
    file.organization.prevalence, file.worldwide.prevalence = organization, worldwide
    file.organization.last_seen = "2026-11-21T20:59:59Z"


@pytest.mark.parametrize("sink", SINKS)
class TestOnce:
    def test_the_first_run_attaches_and_tags_besides_what_is_there(self, bench: Bench, sink: str) -> None:
        attached = bench.attach(sink, bench.attachment(add_tags=("mde-enriched", "Triaged")))
        assert (attached.sink, attached.status, attached.changes) == (sink, "created", ())
        assert attached.tags_added == ("mde-enriched",)
        assert attached.place.startswith("https://")
        assert len(ours(bench, sink)) == 1
        assert tags(bench, sink) == ["triaged", "mde-enriched"]

    def test_the_second_run_writes_nothing(self, bench: Bench, sink: str) -> None:
        bench.attach(sink, bench.attachment(add_tags=("mde-enriched",)))
        bench.asked(sink)
        attached = bench.attach(sink, bench.attachment(add_tags=("mde-enriched",)))
        assert (attached.status, attached.changes, attached.tags_added) == ("unchanged", (), ())
        assert writes(bench.asked(sink)) == []

    @pytest.mark.parametrize("numbers", [(8, 184_240), (13, 201_000), (9, 99_000)])
    def test_numbers_that_drift_are_no_change(self, bench: Bench, sink: str, numbers: tuple[int, int]) -> None:
        bench.attach(sink, bench.attachment())
        drift(bench, *numbers)
        bench.asked(sink)
        assert bench.attach(sink, bench.attachment()).status == "unchanged"
        assert writes(bench.asked(sink)) == []

    def test_drift_that_adds_up_is_a_change_in_the_end(self, bench: Bench, sink: str) -> None:
        bench.attach(sink, bench.attachment())
        statuses = []
        for devices in (10, 13, 16):
            drift(bench, devices, 184_233)
            statuses.append(bench.attach(sink, bench.attachment()).status)
        assert statuses == ["unchanged", "unchanged", "updated"]

    def test_a_new_alert_is_exactly_one_update_that_says_so(self, bench: Bench, sink: str) -> None:
        bench.attach(sink, bench.attachment())
        add_alert(bench)
        bench.asked(sink)
        attached = bench.attach(sink, bench.attachment())
        assert attached.status == "updated"
        assert attached.changes == ("3395856ce81f: 1 new alert, 1 high.",)
        assert len(writes(bench.asked(sink))) == 1
        comments = ours(bench, sink)
        assert len(comments) == (1 if sink == "sentinel" else 2)
        assert "1 new alert, 1 high" in comments[-1]
        assert bench.attach(sink, bench.attachment()).status == "unchanged"
        assert writes(bench.asked(sink)) == []

    def test_a_changed_outcome_is_told(self, bench: Bench, sink: str) -> None:
        bench.attach(sink, bench.attachment("known-globally-only"))
        file = bench.emulator.scenario.file("known-globally-only")
        file.organization.prevalence, file.organization.first_seen = 3, "2026-11-20T10:00:00Z"
        file.organization.last_seen = "2026-11-21T10:00:00Z"
        changes = bench.attach(sink, bench.attachment("known-globally-only")).changes
        start = file.sha1[:12]
        assert f"{start}: outcome known_globally_only -> seen_in_organization." in changes
        assert f"{start}: devices in the organization 0 -> 3." in changes

    def test_a_dry_run_looks_and_writes_nothing(self, bench: Bench, sink: str) -> None:
        wanted = bench.attachment(add_tags=("mde-enriched",))
        attached = bench.attach(sink, wanted, dry_run=True)
        assert (attached.status, attached.tags_added) == ("would_create", ("mde-enriched",))
        bench.attach(sink, wanted)
        add_alert(bench)
        bench.asked(sink)
        attached = bench.attach(sink, bench.attachment(), dry_run=True)
        assert (attached.status, attached.tags_added) == ("would_update", ())
        assert writes(bench.asked(sink)) == []
        assert len(ours(bench, sink)) == 1

    def test_another_playbook_has_its_own_comment(self, bench: Bench, sink: str) -> None:
        wanted = bench.attachment()
        bench.attach(sink, wanted)
        assert bench.attach(sink, wanted._replace(playbook="rare-file-triage")).status == "created"
        assert bench.attach(sink, wanted).status == "unchanged"
        assert len(ours(bench, sink)) == 1

    def test_a_new_reason_is_an_update(self, bench: Bench, sink: str) -> None:
        wanted = bench.attachment()
        bench.attach(sink, wanted)
        attached = bench.attach(sink, wanted._replace(notes=("Seen on a domain controller.",)))
        assert (attached.status, attached.changes) == ("updated", ("The reasons or tags of the playbook changed.",))

    def test_a_file_that_is_no_longer_asked_for_is_told(self, bench: Bench, sink: str) -> None:
        bench.attach(sink, bench.attachment("eicar", "rare-in-organization"))
        changes = bench.attach(sink, bench.attachment("eicar")).changes
        start = bench.emulator.scenario.file("rare-in-organization").sha1[:12]
        assert f"{start}: statistics no longer asked for." in changes

    def test_when_the_memory_is_lost_the_comment_itself_prevents_a_second_one(self, bench: Bench, sink: str) -> None:
        bench.attach(sink, bench.attachment())
        bench.connector.purge()
        bench.asked(sink)
        assert bench.attach(sink, bench.attachment()).status == "unchanged"
        assert writes(bench.asked(sink)) == []
        bench.connector.purge()
        add_alert(bench)
        attached = bench.attach(sink, bench.attachment())
        assert (attached.status, attached.changes) == (
            "updated",
            ("The findings changed since they were attached.",),
        )

    def test_a_comment_that_was_deleted_is_written_again(self, bench: Bench, sink: str) -> None:
        wanted = bench.attachment()
        bench.attach(sink, wanted)
        place = bench.stored.sentinel
        assert place is not None
        place.comments.clear()
        bench.stored.comments.clear()
        assert bench.attach(sink, wanted).status == "created"
        assert len(ours(bench, sink)) == 1


@pytest.mark.parametrize("sink", SINKS)
class TestOpenQuestions:
    @staticmethod
    def deferred(bench: Bench) -> Any:
        bench.emulator.scenario.faults.append(
            Fault("status", endpoint="file_alerts", status=429, headers={"Retry-After": "900"}, times=1)
        )
        # The pause that the service asked for is to hold for this one connector only.
        alone = bench._replace(connector=bench.connect(state="memory:"))
        (record,) = alone.records("eicar", actions=("file_alerts",))
        assert record["outcome"] == "deferred"
        return record

    def test_open_questions_alone_are_no_comment_but_tags_are_set(self, bench: Bench, sink: str) -> None:
        wanted = bench.attachment(records=(), open_questions=(self.deferred(bench),), add_tags=("to-be-continued",))
        attached = bench.attach(sink, wanted)
        assert (attached.status, attached.tags_added) == ("unchanged", ("to-be-continued",))
        assert ours(bench, sink) == []

    def test_an_open_question_is_told_besides_findings(self, bench: Bench, sink: str) -> None:
        stats = bench.records("eicar", actions=("file_stats",))
        bench.attach(sink, bench.attachment(records=stats, open_questions=(self.deferred(bench),)))
        assert "open" in ours(bench, sink)[-1].lower()

    def test_an_answer_that_fails_to_come_later_takes_nothing_away(self, bench: Bench, sink: str) -> None:
        bench.attach(sink, bench.attachment())
        stats = bench.records("eicar", actions=("file_stats",))
        fewer = bench.attachment(records=stats, open_questions=(self.deferred(bench),))
        bench.asked(sink)
        assert bench.attach(sink, fewer).status == "unchanged"
        assert writes(bench.asked(sink)) == []

    def test_what_was_found_earlier_is_still_told_when_something_else_changed(self, bench: Bench, sink: str) -> None:
        bench.attach(sink, bench.attachment())
        drift(bench, 900, 184_233)
        stats = bench.records("eicar", actions=("file_stats",))
        fewer = bench.attachment(records=stats, open_questions=(self.deferred(bench),))
        attached = bench.attach(sink, fewer)
        assert attached.changes == ("3395856ce81f: devices in the organization 7 -> 900.",)
        assert "alerts not answered this time; earlier outcome alerts_found stays" in ours(bench, sink)[-1]
        attached = bench.attach(sink, bench.attachment())
        assert attached.changes == ("3395856ce81f: alerts answered again, outcome alerts_found.",)
        assert bench.attach(sink, bench.attachment()).status == "unchanged"

    def test_what_comes_in_later_is_told(self, bench: Bench, sink: str) -> None:
        stats = bench.records("eicar", actions=("file_stats",))
        bench.attach(sink, bench.attachment(records=stats, open_questions=(self.deferred(bench),)))
        attached = bench.attach(sink, bench.attachment())
        assert attached.changes == ("3395856ce81f: alerts came in, outcome alerts_found.",)


COMMENT = {"sentinel": "sentinel_comment_update", "graph": "graph_comment_create"}
TAGS = {"sentinel": "sentinel_incident_update", "graph": "graph_incident_update"}


@pytest.mark.parametrize("sink", SINKS)
class TestFailures:
    def test_a_run_that_ended_before_the_tags_is_completed(self, bench: Bench, sink: str) -> None:
        wanted = bench.attachment(add_tags=("mde-enriched",))
        bench.fault("status", TAGS[sink], status=403, times=1)
        with pytest.raises(ForbiddenError):
            bench.attach(sink, wanted)
        assert len(ours(bench, sink)) == 1
        bench.asked(sink)
        attached = bench.attach(sink, wanted)
        assert (attached.status, attached.tags_added) == ("unchanged", ("mde-enriched",))
        assert writes(bench.asked(sink)) == [TAGS[sink]]
        assert len(ours(bench, sink)) == 1

    @pytest.mark.parametrize("kind", ["answer_lost", "close", "truncated_json"])
    @pytest.mark.parametrize("endpoints", [COMMENT, TAGS])
    def test_a_lost_answer_leads_to_one_comment_and_one_tag(
        self, bench: Bench, sink: str, kind: str, endpoints: dict[str, str]
    ) -> None:
        bench.fault(kind, endpoints[sink], times=1)
        attached = bench.attach(sink, bench.attachment(add_tags=("mde-enriched",)))
        assert attached.status == "created"
        assert len(ours(bench, sink)) == 1
        assert tags(bench, sink) == ["triaged", "mde-enriched"]

    @pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
    def test_a_service_that_recovers_gets_one_comment(self, bench: Bench, sink: str, status: int) -> None:
        bench.fault("status", COMMENT[sink], status=status, times=2)
        bench.attach(sink, bench.attachment())
        assert len(ours(bench, sink)) == 1

    def test_a_service_that_does_not_recover_is_told_and_a_later_run_completes(self, bench: Bench, sink: str) -> None:
        bench.fault("status", COMMENT[sink], status=503)
        with pytest.raises(UpstreamError) as caught:
            bench.attach(sink, bench.attachment())
        assert caught.value.retryable
        bench.emulator.scenario.faults.clear()
        assert bench.attach(sink, bench.attachment()).status == "created"
        assert len(ours(bench, sink)) == 1

    def test_answers_that_are_always_lost_still_end_in_one_comment(self, bench: Bench, sink: str) -> None:
        bench.fault("answer_lost", COMMENT[sink])
        if sink == "sentinel":
            with pytest.raises(NetworkError):
                bench.attach(sink, bench.attachment())
            bench.emulator.scenario.faults.clear()
            assert bench.attach(sink, bench.attachment()).status == "unchanged"
        else:
            assert bench.attach(sink, bench.attachment()).status == "created"
        assert len(ours(bench, sink)) == 1

    @pytest.mark.parametrize("status", [409, 412])
    @pytest.mark.parametrize("endpoints", [COMMENT, TAGS])
    def test_a_conflict_is_read_again_and_retried(
        self, bench: Bench, sink: str, status: int, endpoints: dict[str, str]
    ) -> None:
        bench.fault("status", endpoints[sink], status=status, times=2)
        attached = bench.attach(sink, bench.attachment(add_tags=("mde-enriched",)))
        assert attached.status == "created"
        assert len(ours(bench, sink)) == 1
        assert tags(bench, sink) == ["triaged", "mde-enriched"]

    def test_a_conflict_that_does_not_end_is_told(self, bench: Bench, sink: str) -> None:
        bench.fault("status", TAGS[sink], status=409)
        with pytest.raises(UpstreamError, match="Somebody else") as caught:
            bench.attach(sink, bench.attachment(add_tags=("mde-enriched",)))
        assert caught.value.retryable
        assert len(ours(bench, sink)) == 1

    def test_throttling_that_passes_is_waited_for(self, bench: Bench, sink: str) -> None:
        bench.fault("status", COMMENT[sink], status=429, headers={"Retry-After": "0"}, times=2)
        bench.attach(sink, bench.attachment())
        assert len(ours(bench, sink)) == 1

    def test_throttling_that_lasts_says_until_when(self, bench: Bench, sink: str) -> None:
        bench.fault("status", COMMENT[sink], status=429, headers={"Retry-After": "900"})
        with pytest.raises(ThrottledError) as caught:
            bench.attach(sink, bench.attachment())
        assert caught.value.retry_at
        assert ours(bench, sink) == []

    @pytest.mark.parametrize("endpoint", [COMMENT, TAGS])
    def test_an_incident_that_vanishes_meanwhile_is_told(
        self, bench: Bench, sink: str, endpoint: dict[str, str]
    ) -> None:
        bench.fault("status", endpoint[sink], status=404)
        with pytest.raises(InvalidInputError, match="knows no incident"):
            bench.attach(sink, bench.attachment(add_tags=("mde-enriched",)))

    def test_an_application_that_may_only_read_is_told_what_it_needs(self, bench: Bench, sink: str) -> None:
        connector = bench.connect("incidents-read")
        with pytest.raises(ForbiddenError) as caught:
            bench.attach(sink, connector=connector)
        needed = {"sentinel": "Microsoft Sentinel Responder", "graph": "SecurityIncident.ReadWrite.All"}[sink]
        assert needed in caught.value.message
        assert needed in caught.value.hint
        assert ("Assign" if sink == "sentinel" else "admin consent") in caught.value.hint
        assert ours(bench, sink) == []

    def test_something_that_is_no_service_is_told(self, bench: Bench, sink: str) -> None:
        bench.fault("html", f"{sink}_incident", status=200)
        with pytest.raises(UpstreamInvalidError):
            bench.attach(sink)

    def test_an_expired_token_is_renewed(self, bench: Bench, sink: str) -> None:
        wanted = bench.attachment()
        bench.attach(sink, wanted, dry_run=True)
        bench.emulator.revoke_tokens()
        assert bench.attach(sink, wanted).status == "created"


@pytest.mark.parametrize("sink", SINKS)
class TestTogether:
    def test_two_runs_at_a_time_attach_once(self, bench: Bench, sink: str) -> None:
        wanted = bench.attachment(add_tags=("mde-enriched",))
        bench.emulator.scenario.latency.service = 0.03
        connectors = [bench.connect() for _ in range(3)]
        results: list[Attached | MdeFilesError] = []

        def run(index: int) -> None:
            try:
                results.append(bench.attach(sink, wanted, connector=connectors[index]))
            except MdeFilesError as error:
                results.append(error)

        threads = [threading.Thread(target=run, args=(index,)) for index in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sorted(result.status for result in results if not isinstance(result, MdeFilesError)) == [
            "created",
            "unchanged",
            "unchanged",
        ]
        assert len(ours(bench, sink)) == 1
        assert tags(bench, sink) == ["triaged", "mde-enriched"]

    @pytest.mark.parametrize("machine", [platform.node(), "another-machine"])
    def test_whoever_waits_too_long_is_told(self, bench: Bench, sink: str, machine: str) -> None:
        self.hold(bench, sink, os.getpid(), machine)
        with pytest.raises(TimeoutExceededError, match="Another run"):
            bench.attach(sink, seconds=0.3)
        assert ours(bench, sink) == []

    def test_a_run_that_was_killed_holds_nobody_up(self, bench: Bench, sink: str) -> None:
        self.hold(bench, sink, 2**22 + 1)
        assert bench.attach(sink, seconds=5).status == "created"

    def test_a_turn_that_cannot_be_read_holds_nobody_up(self, bench: Bench, sink: str) -> None:
        self.hold(bench, sink, None)
        assert bench.attach(sink, seconds=5).status == "created"

    @staticmethod
    def hold(bench: Bench, sink: str, process: int | None, machine: str = platform.node()) -> None:
        """Leave behind what a run holds while it attaches."""
        from mde_files.playbook.sinks import open_sink

        opened: Any = open_sink(sink, bench.connector)
        key = opened._key(opened._place_of(bench.incident()).key)
        value = b"?" if process is None else json.dumps([machine, process, "x"]).encode()
        bench.connector.service.state.update(f"attaching/{key}", lambda _kept: (value, None), keep_seconds=60)


@pytest.mark.parametrize("sink", SINKS)
def test_a_person_s_tag_that_comes_in_between_stays(bench: Bench, sink: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from mde_files.playbook.sinks.calling import IncidentCalls

    asked, reads = IncidentCalls.ask, []
    wanted = bench.attachment(add_tags=("mde-enriched",))

    def ask(self: IncidentCalls, call_id: str, *arguments: Any, **named: Any) -> Any:
        answer = asked(self, call_id, *arguments, **named)
        reads.append(call_id)
        if reads.count(f"{sink}_incident") == 1 and call_id == f"{sink}_incident":
            place = bench.stored.sentinel
            assert place is not None
            place.labels.append({"labelName": "by-a-person", "labelType": "User"})
            place.version += 1
            bench.stored.tags.append("by-a-person")
        return answer

    monkeypatch.setattr(IncidentCalls, "ask", ask)
    bench.attach(sink, wanted)
    assert tags(bench, sink) == ["triaged", "by-a-person", "mde-enriched"]
