from __future__ import annotations

import copy
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mde_files import schemas
from mde_files.playbook.attachment import Attachment
from mde_files.playbook.sinks.attaching import decide, history_of, missing_tags
from mde_files.playbook.sinks.history import Memory, changes_between, essence, is_material
from mde_files.playbook.sinks.interface import Look
from mde_files.records.identity import content_digest
from mde_files.render.comment import digest
from mde_files.state.memory import MemoryState

STATS, ALERTS = (
    next(record for record in schemas.load("record")["examples"] if record["outcome"] == outcome)
    for outcome in ("seen_in_organization", "alerts_found")
)


def stats(organization: int | None, worldwide: int | None) -> dict[str, Any]:
    record = copy.deepcopy(STATS)
    record["file_stats"] |= {"organization_prevalence": organization, "global_prevalence": worldwide}
    record["file_stats"] = {name: value for name, value in record["file_stats"].items() if value is not None}
    record["content_digest"] = content_digest(
        record["outcome"], organization_prevalence=organization, global_prevalence=worldwide
    )
    return record


def alerts(*told: tuple[str, str, str]) -> dict[str, Any]:
    record = copy.deepcopy(ALERTS)
    record["file_alerts"]["alerts"] = [
        {"id": name, "severity": severity, "status": status} for name, severity, status in told
    ]
    record["content_digest"] = content_digest("alerts_found", alerts=told)
    return record


def attachment(*records: dict[str, Any]) -> Attachment:
    return Attachment("p", "Title", records)


def told(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    history = history_of(attachment(before))
    return [change.partition(": ")[2] for change in changes_between(history, attachment(after))]


@pytest.mark.parametrize(
    ("before", "after", "material"),
    [
        ((7, 100), (7, 100), False),
        ((99, 100), (101, 100), False),
        ((9, 100), (17, 100), False),
        ((9, 100), (18, 100), True),
        ((0, 100), (1, 100), True),
        ((1, 100), (0, 100), True),
        ((None, 100), (1, 100), True),
        ((1, None), (1, 5), True),
        ((10, 999_999), (10, 1_000_001), False),
        ((10, 100_000), (10, 40_000), True),
    ],
)
def test_only_numbers_that_really_moved_are_material(before: Any, after: Any, material: bool) -> None:
    assert is_material(essence(stats(*before)), essence(stats(*after))) is material


def test_numbers_are_told_as_they_were_and_are() -> None:
    assert told(stats(7, 100), stats(9_000, None)) == [
        "devices in the organization 7 -> 9,000.",
        "devices worldwide 100 -> unknown.",
    ]


def test_alerts_are_told_by_what_happened_to_them() -> None:
    before = alerts(("1", "Low", "New"), ("2", "High", "New"), ("3", "Low", "New"))
    after = alerts(("1", "Low", "Resolved"), ("2", "High", "Resolved"), ("4", "Low", "New"), ("5", "High", "New"))
    assert told(before, after) == [
        "2 new alerts, 1 high.",
        "1 alert no longer listed.",
        "2 alerts with status new -> resolved.",
    ]


def test_words_of_the_service_never_reach_the_sentence() -> None:
    before = alerts(("1", "<b>Low</b>", "\x1b[31m"))
    after = alerts(("1", "High", "New"), ("2", "<script>", "New"))
    assert told(before, after) == [
        "1 new alert, 1 other.",
        "1 alert with severity other -> high.",
        "1 alert with status other -> new.",
    ]


def test_a_change_beyond_the_remembered_alerts_is_told_without_details() -> None:
    many = [(str(number), "Low", "New") for number in range(500)]
    changed = [*many[:-1], ("499", "Low", "Resolved")]
    assert told(alerts(*many), alerts(*changed)) == ["alerts beyond the first ones changed."]


def test_a_change_of_another_kind_is_told_too() -> None:
    other = {**stats(7, 100), "content_digest": "0" * 32}
    assert told(stats(7, 100), other) == ["statistics changed in other ways."]


numbers = st.none() | st.integers(0, 10**9)


@given(numbers, numbers, numbers, numbers)
def test_what_is_material_has_words_and_what_is_none_has_none(a: Any, b: Any, c: Any, d: Any) -> None:
    before, after = stats(a, b), stats(c, d)
    assert bool(told(before, after)) == is_material(essence(before), essence(after))
    assert told(before, before) == []


@given(numbers, numbers)
def test_what_was_attached_is_attached_no_second_time(organization: Any, worldwide: Any) -> None:
    wanted = attachment(stats(organization, worldwide))
    assert decide(wanted, Look("", None, ()), None).status == "created"
    assert decide(wanted, Look("", digest(wanted), ()), None).status == "unchanged"
    assert decide(wanted, Look("", digest(wanted), ()), history_of(wanted)).status == "unchanged"


def test_memory_keeps_what_was_attached() -> None:
    memory = Memory(MemoryState())
    history = history_of(attachment(stats(7, None), alerts(("1", "Low", "New"))))
    memory.remember("key", history)
    assert memory.recall("key") == history
    assert memory.recall("another") is None


def test_memory_does_without_what_is_too_large() -> None:
    memory = Memory(MemoryState())
    record = stats(7, 100)
    records = {f"{number:036d}": essence(record) for number in range(40_000)}
    memory.remember("key", history_of(attachment(record))._replace(records=records))
    assert memory.recall("key") is None


@given(
    st.binary(max_size=60)
    | st.text(max_size=40).map(lambda text: zlib.compress(text.encode()))
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=9)
            | st.dictionaries(st.sampled_from(["digest", "frame", "records", "x"]), inner, max_size=4)
        ),
        max_leaves=12,
    ).map(lambda value: zlib.compress(json.dumps(value).encode()))
)
def test_whatever_lies_in_the_state_is_read_or_forgotten(kept: bytes) -> None:
    state = MemoryState()
    state.update("attached/key", lambda _kept: (kept, None), keep_seconds=60)
    history = Memory(state).recall("key")
    assert history is None or isinstance(history.digest, str)


@given(st.lists(st.text(max_size=4), max_size=6), st.lists(st.text(max_size=4), max_size=6))
def test_tags_that_are_there_are_not_added_whatever_their_case(present: list[str], wanted: list[str]) -> None:
    missing = missing_tags(tuple(present), tuple(wanted))
    folded = {tag.casefold() for tag in (*present, *missing)}
    assert folded >= {tag.casefold() for tag in wanted}
    assert len(folded) == len({tag.casefold() for tag in present}) + len(missing)
    assert missing_tags(None, tuple(wanted)) == ()
