"""Whatever an assistant asks becomes an answer; what is wrong is said in words it can act on."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mde_files import Connector, schemas
from mde_files.mcp_server.answering import Answer, Answering
from mde_files.mcp_server.tools import BATCH, MOST_HASHES
from mde_files.mcp_server.wording import harmless

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mde_files.answers import Asking

TENANT = "11111111-2222-4333-8444-555555555555"
SHA1 = "3395856ce81f2b7382dee72602f798b642f14140"
EXAMPLES = {example["action"]: example for example in schemas.load("record")["examples"] if "error" not in example}


class Stub(Connector):
    """A connector whose questions are answered by an example, after a while, and remembered."""

    def __init__(self, *, seconds: float = 0.0, wait: float = 20.0, error: Exception | None = None) -> None:
        from mde_files import config

        settings = {"tenant_id": TENANT, "client_id": TENANT, "state": "memory:", "quota": {"max_wait_seconds": wait}}
        auth = {"method": "client_secret", "client_secret": "long-and-random-8fW2"}
        super().__init__(config.load({**settings, "auth": auth}))
        self.asked: list[tuple[str, Mapping[str, Any], Asking]] = []
        self.at_once = self.most_at_once = 0
        self._seconds = seconds
        self._error = error
        self._guard = threading.Lock()

    def run(self, action: str, params: Mapping[str, Any], asking: Asking = ...) -> dict[str, Any]:  # type: ignore[assignment]
        self._checked(action, params)
        with self._guard:
            self.asked.append((action, params, asking))
            self.at_once += 1
            self.most_at_once = max(self.at_once, self.most_at_once)
        time.sleep(self._seconds)
        with self._guard:
            self.at_once -= 1
        if self._error is not None:
            raise self._error
        return dict(EXAMPLES[action])


def answer(connector: Connector, tool: str, arguments: dict[str, Any]) -> Answer:
    async def ask() -> Answer:
        return await Answering(connector).answer(tool, arguments)

    return anyio.run(ask)


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("file_stats", {}, "file_hash is required and missing"),
        ("file_stats", {"file_hash": 7}, "file_hash must be text, not 7"),
        ("file_stats", {"file_hash": None}, "file_hash must be text, not null"),
        ("file_stats", {"file_hash": SHA1, "lookback_hours": "soon"}, "lookback_hours must be a whole number"),
        ("file_stats", {"file_hash": SHA1, "lookback_hours": 721}, "lookback_hours must be at most 720"),
        ("file_stats", {"file_hash": SHA1, "verbose": True}, "'verbose'"),
        ("file_alerts", {"file_hash": SHA1, "lookback_hours": 24}, "'lookback_hours'"),
        (BATCH, {}, "action is required and missing"),
        (BATCH, {"action": "delete", "file_hashes": [SHA1]}, "file_stats, file_alerts"),
        (BATCH, {"action": ["file_stats"], "file_hashes": [SHA1]}, "action must not be a list"),
        (BATCH, {"action": "file_stats"}, "file_hashes is required and missing"),
        (BATCH, {"action": "file_stats", "file_hashes": SHA1}, "file_hashes must be a list"),
        (BATCH, {"action": "file_stats", "file_hashes": []}, "file_hashes has 0 entries"),
        (BATCH, {"action": "file_stats", "file_hashes": [SHA1] * (MOST_HASHES + 1)}, f"1 to {MOST_HASHES}"),
        (BATCH, {"action": "file_stats", "file_hashes": [SHA1], "file_hash": SHA1}, "list file_hashes"),
        (BATCH, {"action": "file_stats", "file_hashes": [SHA1], "lookback_hours": 0}, "at least 1"),
        (BATCH, {"action": "file_alerts", "file_hashes": [SHA1], "lookback_hours": 24}, "'lookback_hours'"),
        (BATCH, {"action": "file_stats", "file_hashes": [SHA1], "x\u202ey": 1}, "\\u202e"),
        ("file_delete", {"file_hash": SHA1}, "Tools: file_stats, file_alerts, file_enrichment_batch."),
        ("", {}, "There is no tool"),
        ("\x1b[2J\ud800", {}, "There is no tool"),
    ],
)
def test_what_cannot_be_asked_is_explained_and_nobody_is_asked(tool: str, arguments: Any, words: str) -> None:
    connector = Stub()
    answered = answer(connector, tool, arguments)
    assert answered.is_error
    assert words in answered.text
    assert answered.text.isprintable()
    assert connector.asked == []
    assert (answered.result is None) is (tool not in EXAMPLES)


def test_hashes_that_are_none_do_not_spoil_a_batch() -> None:
    answered = answer(Stub(), BATCH, {"action": "file_stats", "file_hashes": ["x\x1b[2J" * 90, 7, {"a": []}, SHA1]})
    assert not answered.is_error
    assert answered.result is not None
    outcomes = [record["outcome"] for record in answered.result["records"]]
    assert outcomes == ["failed", "failed", "failed", EXAMPLES["file_stats"]["outcome"]]
    assert [schemas.problems("record", record) for record in answered.result["records"]] == [[]] * 4


def test_the_same_file_is_asked_once_and_numbers_may_be_text() -> None:
    connector = Stub()
    hashes = [SHA1, SHA1.upper(), f" {SHA1} "]
    answered = answer(connector, BATCH, {"action": "file_stats", "file_hashes": hashes, "lookback_hours": "48"})
    assert answered.result is not None
    assert len(answered.result["records"]) == 3
    assert len(connector.asked) == 1


def test_an_assistant_never_asks_as_a_person() -> None:
    connector = Stub()
    answer(connector, "file_stats", {"file_hash": SHA1})
    answer(connector, BATCH, {"action": "file_alerts", "file_hashes": [SHA1]})
    assert [asking.caller for _, _, asking in connector.asked] == ["batch", "batch"]


def test_a_bug_is_one_sentence_without_its_text() -> None:
    answered = answer(Stub(error=ZeroDivisionError("with-a-secret-in-it")), "file_stats", {"file_hash": SHA1})
    assert answered.is_error
    assert "ZeroDivisionError" in answered.text
    assert answered.result is not None
    assert answered.result["error"]["code"] == "internal_error"
    assert "secret" not in f"{answered}"


def test_few_questions_are_on_their_way_at_a_time_and_the_rest_is_put_off() -> None:
    connector = Stub(seconds=0.7, wait=1.0)

    async def burst() -> list[Answer]:
        answering = Answering(connector)
        answers: list[Answer] = []

        async def ask(number: int) -> None:
            answers.append(await answering.answer("file_stats", {"file_hash": f"{number:040x}"}))

        async with anyio.create_task_group() as group:
            for number in range(60):
                group.start_soon(ask, number)
        return answers

    answers = anyio.run(burst)
    put_off = [answered for answered in answers if answered.is_error]
    assert connector.most_at_once <= 8
    assert len(connector.asked) == 60 - len(put_off)
    assert 30 <= len(put_off) <= 52
    for answered in put_off:
        assert answered.result is not None
        assert answered.result["outcome"] == "deferred"
        assert "did not come within 1 s" in answered.text
        assert f"Try again from {answered.result['error']['retry_at']}" in answered.text


def test_a_batch_leaves_room_for_others_and_ends_in_time() -> None:
    connector = Stub(seconds=0.4, wait=1.0)

    async def both() -> tuple[Answer, float]:
        answering = Answering(connector)
        hashes = [f"{number:040x}" for number in range(MOST_HASHES)]
        seconds = 0.0

        async def one() -> None:
            nonlocal seconds
            await anyio.sleep(0.2)
            begun = time.monotonic()
            assert not (await answering.answer("file_stats", {"file_hash": SHA1})).is_error
            seconds = time.monotonic() - begun

        async with anyio.create_task_group() as group:
            group.start_soon(one)
            answered = await answering.answer(BATCH, {"action": "file_stats", "file_hashes": hashes})
        return answered, seconds

    answered, seconds = anyio.run(both)
    assert answered.result is not None
    outcomes = [record["outcome"] for record in answered.result["records"]]
    assert len(outcomes) == MOST_HASHES
    assert 4 <= outcomes.count(EXAMPLES["file_stats"]["outcome"]) <= 20
    assert outcomes.count("deferred") >= 30
    assert seconds < 5


def test_a_question_that_is_cancelled_before_its_turn_is_not_asked() -> None:
    connector = Stub(seconds=0.5)

    async def cancel() -> None:
        answering = Answering(connector)
        async with anyio.create_task_group() as group:
            for number in range(8):
                group.start_soon(answering.answer, "file_stats", {"file_hash": f"{number:040x}"})
            await anyio.sleep(0.2)
            with anyio.move_on_after(0.1) as waiting:
                await answering.answer("file_stats", {"file_hash": SHA1})
            assert waiting.cancelled_caught
        assert not (await answering.answer("file_alerts", {"file_hash": SHA1})).is_error

    anyio.run(cancel)
    asked = [(action, params["file_hash"]) for action, params, _ in connector.asked]
    assert ("file_stats", SHA1) not in asked
    assert ("file_alerts", SHA1) in asked


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["file_hash", "lookback_hours", "action", "file_hashes"]) | st.text()


@given(
    tool=st.sampled_from(["file_stats", "file_alerts", BATCH]) | st.text(),
    arguments=st.dictionaries(NAMES, VALUES | st.sampled_from(["file_stats", SHA1]) | st.just([SHA1]), max_size=4),
)
def test_any_arguments_get_an_answer(tool: str, arguments: dict[str, Any]) -> None:
    answered = answer(Stub(), tool, arguments)
    assert all(line.isprintable() for line in answered.text.split("\n"))
    assert answered.is_error or answered.result is not None
    records = [] if answered.result is None else answered.result.get("records", [answered.result])
    assert [problem for record in records for problem in schemas.problems("record", record)] == []


@given(VALUES)
def test_nothing_invisible_is_left_and_the_rest_is_as_it_was(value: Any) -> None:
    made = harmless(value)
    if isinstance(value, str):
        assert made.isprintable()
        assert made == "".join(one if one.isprintable() else made_visible(one) for one in value)
    elif isinstance(value, dict):
        assert list(made) == list(value)
    elif isinstance(value, list):
        assert made == [harmless(inner) for inner in value]


def made_visible(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
