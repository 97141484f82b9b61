from __future__ import annotations

import io
import threading
import time
import tracemalloc
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from mde_files.answers import Asking
from mde_files.batch.inputs import Item
from mde_files.batch.interruption import Interruption
from mde_files.batch.journal import Journal
from mde_files.batch.lanes import Lanes
from mde_files.batch.plan import Plan
from mde_files.batch.progress import Progress
from mde_files.batch.questions import Enrichers, Question, Workers
from mde_files.batch.run import Run
from mde_files.batch.tally import Tally
from mde_files.errors import (
    AuthFailedError,
    ForbiddenError,
    InvalidConfigError,
    InvalidInputError,
    MdeFilesError,
    NetworkError,
    QuotaExhaustedError,
    ThrottledError,
    TimeoutExceededError,
)

from .conftest import FakeEnricher, Output, record, sha1

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def in_seconds(seconds: float) -> str:
    moment = datetime.now(timezone.utc) + timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Ran:
    """A batch that was run with fake connectors."""

    def __init__(
        self,
        output: Output,
        items: Sequence[Item],
        connect: Callable[[str | None], Any],
        *,
        actions: tuple[str, ...] = ("file_stats",),
        wait: bool = False,
        workers: int = 4,
        interruption: Interruption | None = None,
        lookback_hours: int | None = None,
    ) -> None:
        self.tally = Tally()
        self.shown = io.StringIO()
        plan = Plan(items, actions)
        enrichers = Enrichers(connect, Asking(caller="batch"), lookback_hours=lookback_hours)
        crew = Workers(enrichers.ask, workers)
        journal = Journal(output.path, resume=True)
        try:
            Run(
                plan,
                journal,
                self.tally,
                lanes=Lanes(plan),
                workers=crew,
                enrichers=enrichers,
                interruption=interruption or Interruption(),
                progress=Progress(plan, self.tally, enrichers, wait=wait, stream=self.shown),
            ).run(wait=wait)
        finally:
            crew.stop()
            journal.close()


def items_of(*texts: str) -> list[Item]:
    return [Item(number, text) for number, text in enumerate(texts, 1)]


MANY = items_of(*map(sha1, range(40)))


def test_every_input_has_its_line_and_every_question_is_asked_once(output: Output) -> None:
    fake = FakeEnricher()
    same = sha1(1)
    items = items_of(same, f" {same.upper()} ", sha1(2), same)
    ran = Ran(output, items, lambda _tenant: fake, actions=("file_stats", "file_alerts"))
    assert set(fake.asked.values()) == {1}
    assert len(fake.asked) == 4
    assert set(output.outcomes) == {(line, action) for line in (1, 2, 3, 4) for action in ("file_stats", "file_alerts")}
    assert [item.text for item in items] == [
        result["input"]
        for result in sorted(output.results, key=lambda result: result["line"])
        if result["record"]["action"] == "file_stats"
    ]
    assert (ran.tally.exit_code, ran.tally.asked, ran.tally.written) == (0, 4, 8)


def test_never_more_calls_at_a_time_than_workers_and_no_fewer(output: Output) -> None:
    running: list[int] = []
    together = threading.Barrier(4)
    lock = threading.Lock()
    most = [0]

    def slow(_action: str, _value: str) -> None:
        with lock:
            running.append(1)
            most[0] = max(most[0], len(running))
        together.wait(timeout=20)
        with lock:
            running.pop()

    Ran(output, MANY, lambda _tenant: FakeEnricher(slow))
    assert most == [4]
    assert len(output.outcomes) == 40


def test_tenants_share_the_workers_and_each_is_asked_by_its_own_connector(output: Output) -> None:
    fakes: dict[str | None, FakeEnricher] = {}

    def connect(tenant: str | None) -> FakeEnricher:
        hung = threading.Event()
        fakes[tenant] = FakeEnricher(
            (lambda _a, _v: hung.wait(0.3) and None) if tenant == "slow" else lambda _a, _v: None
        )
        return fakes[tenant]

    items = [Item(number, sha1(number // 2), "slow" if number % 2 else "quick") for number in range(1, 13)]
    began = time.monotonic()
    Ran(output, items, connect)
    assert time.monotonic() - began < 20
    assert sum(fakes["slow"].asked.values()) == len(fakes["slow"].asked) == 6
    assert sum(fakes["quick"].asked.values()) == 6
    assert len(output.outcomes) == 12
    first = [result["tenant"] for result in output.results[:6]]
    assert first.count("quick") >= 5


def test_without_waiting_the_rest_is_deferred_and_not_asked(output: Output) -> None:
    retry_at = in_seconds(3600)
    answered = iter(range(10))

    def quota(_action: str, _value: str) -> MdeFilesError | None:
        return None if next(answered, None) is not None else QuotaExhaustedError("No room.", retry_at=retry_at)

    fake = FakeEnricher(quota)
    ran = Ran(output, MANY, lambda _tenant: fake)
    outcomes = list(output.outcomes.values())
    assert outcomes.count("deferred") == 30
    # Whoever was asked before the first refusal is refused as well.
    assert 11 <= sum(fake.asked.values()) <= 14
    errors = [result["record"]["error"] for result in output.results if "error" in result["record"]]
    assert {error["code"] for error in errors} == {"quota_exhausted"}
    assert {error["retry_at"] for error in errors} == {retry_at}
    assert ran.tally.retry_at == retry_at
    assert ran.tally.exit_code == 7


def test_all_deferred_is_come_back_later(output: Output) -> None:
    ran = Ran(output, MANY, lambda _tenant: FakeEnricher(lambda _a, _v: ThrottledError("Wait.")))
    assert set(output.outcomes.values()) == {"deferred"}
    assert ran.tally.exit_code == 5


def test_one_action_held_up_does_not_hold_up_the_other(output: Output) -> None:
    fake = FakeEnricher(
        lambda action, _v: QuotaExhaustedError("x", retry_at=in_seconds(60)) if action == "file_stats" else None
    )
    Ran(output, MANY, lambda _tenant: fake, actions=("file_stats", "file_alerts"))
    assert list(output.outcomes.values()).count("deferred") == 40
    assert list(output.outcomes.values()).count("alerts_found") == 40


def test_what_needs_no_resolution_goes_on_when_resolution_is_held_up(output: Output) -> None:
    def info_is_full(_action: str, value: str) -> MdeFilesError | None:
        return QuotaExhaustedError("x", retry_at=in_seconds(60)) if len(value) == 64 else None

    Ran(output, items_of("a" * 64, sha1(1), "b" * 64, sha1(2)), lambda _tenant: FakeEnricher(info_is_full))
    assert [outcome == "deferred" for _, outcome in sorted(output.outcomes.items())] == [True, False, True, False]


def test_waiting_asks_again_when_the_time_has_come(output: Output) -> None:
    opens = time.monotonic() + 1.5
    early: list[str] = []

    def quota(_action: str, value: str) -> MdeFilesError | None:
        if time.monotonic() < opens:
            early.append(value)
            return QuotaExhaustedError("No room.", retry_at=in_seconds(opens - time.monotonic() + 0.2))
        return None

    fake = FakeEnricher(quota)
    ran = Ran(output, MANY, lambda _tenant: fake, wait=True)
    assert set(output.outcomes.values()) == {"seen_in_organization"}
    assert len(output.outcomes) == 40
    assert len(early) <= 4
    assert ran.tally.exit_code == 0


@pytest.mark.parametrize(
    ("error", "calls", "code"),
    [(AuthFailedError("no"), 4, 3), (ForbiddenError("no"), 4, 4), (NetworkError("no"), 40, 6)],
)
def test_what_every_input_would_meet_is_met_once(output: Output, error: MdeFilesError, calls: int, code: int) -> None:
    fake = FakeEnricher(lambda _a, _v: error)
    ran = Ran(output, MANY, lambda _tenant: fake)
    assert len(output.outcomes) == 40
    assert {result["record"]["error"]["code"] for result in output.results} == {error.code}
    assert sum(fake.asked.values()) <= calls
    assert ran.tally.exit_code == code


def test_failures_of_one_kind_of_trouble_have_its_exit_code(output: Output) -> None:
    errors = iter([NetworkError("x"), TimeoutExceededError("x")])
    assert Ran(output, MANY[:2], lambda _tenant: FakeEnricher(lambda _a, _v: next(errors))).tally.exit_code == 6
    assert Tally().exit_code == 0


def test_one_bad_input_spoils_no_other(output: Output) -> None:
    def bug(_action: str, value: str) -> MdeFilesError | None:
        if value == sha1(2):
            raise ZeroDivisionError("with-a-secret-in-it")
        return None

    items = [*items_of(sha1(1), sha1(2)), Item(3, "", None, "The cell is empty."), Item(4, sha1(4))]
    ran = Ran(output, items, lambda _tenant: FakeEnricher(bug))
    errors = {result["line"]: result["record"].get("error", {}) for result in output.results}
    assert errors[2]["code"] == "internal_error"
    assert "ZeroDivisionError" in errors[2]["message"]
    assert "secret" not in str(errors)
    assert errors[3]["message"] == "The cell is empty."
    assert ran.tally.errors == {"internal_error": 1, "invalid_input": 1}
    assert ran.tally.exit_code == 7


def test_a_fault_that_leaves_no_record_ends_the_batch(output: Output) -> None:
    class Broken(FakeEnricher):
        def record_of(self, *_question: Any) -> dict[str, Any]:
            self.failure = None  # type: ignore[assignment]
            raise ZeroDivisionError

    with pytest.raises(TypeError):
        Ran(output, MANY, lambda _tenant: Broken())


def test_look_back_is_for_statistics_only(output: Output) -> None:
    seen = []

    class Looking(FakeEnricher):
        def record_of(self, action: str, params: Any, asking: Any) -> dict[str, Any]:
            seen.append((action, params.get("lookback_hours")))
            return super().record_of(action, params, asking)

    Ran(output, MANY[:1], lambda _t: Looking(), actions=("file_stats", "file_alerts"), lookback_hours=24)
    assert sorted(seen, key=str) == [("file_alerts", None), ("file_stats", 24)]


@pytest.mark.parametrize("outcome", ["answers", "deferred", "fails"])
def test_interrupted_it_ends_what_runs_and_starts_nothing(output: Output, outcome: str) -> None:
    interruption = Interruption()
    results = {
        "answers": None,
        "deferred": QuotaExhaustedError("x", retry_at=in_seconds(0.1)),
        "fails": AuthFailedError("x"),
    }

    def interrupt(_action: str, _value: str) -> MdeFilesError | None:
        interruption.requested = True
        time.sleep(0.2)
        return results[outcome]

    fake = FakeEnricher(interrupt)
    ran = Ran(output, MANY, lambda _tenant: fake, interruption=interruption, wait=True)
    assert sum(fake.asked.values()) <= 4
    assert len(output.outcomes) == (0 if outcome == "deferred" else sum(fake.asked.values()))
    assert "Stopping: waiting for" in ran.shown.getvalue()


def test_a_tenant_nobody_knows_is_named_with_its_line() -> None:
    def connect(tenant: str | None) -> Any:
        if tenant in ("fabrikam", None):
            raise InvalidConfigError("There is no such tenant.", hint="Name one.")
        return FakeEnricher()

    enrichers = Enrichers(connect, Asking())
    items = [Item(1, "a", "contoso"), Item(7, "b", "fabrikam")]
    with pytest.raises(InvalidInputError, match=r"Line 7 .* no such tenant"):
        list(enrichers.usable(items, extracted=False))
    with pytest.raises(InvalidConfigError):
        list(enrichers.usable([Item(1, "a")], extracted=False))
    assert list(enrichers.opened()) == ["contoso"]


@pytest.mark.parametrize("md5", [True, False])
def test_an_md5_in_free_text_counts_where_md5_is_enabled(md5: bool) -> None:
    fake = FakeEnricher()
    fake.config = fake.config._replace(md5=md5)
    items = items_of("a" * 32, "b" * 40)
    found = Enrichers(lambda _tenant: fake, Asking()).usable(items, extracted=True)
    assert [item.line for item in found] == ([1, 2] if md5 else [2])


@pytest.mark.parametrize("count", [5_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_memory_grows_with_the_inputs_and_not_with_the_answers(output: Output, count: int) -> None:
    answer = {**record(), "summary": "x" * 2000}

    class Wordy(FakeEnricher):
        def record_of(self, *_question: Any) -> dict[str, Any]:
            return answer

    tracemalloc.start()
    try:
        items = [Item(number, sha1(number)) for number in range(1, count + 1)]
        ran = Ran(output, items, lambda _tenant: Wordy(), workers=2)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert ran.tally.written == count
    assert output.path.stat().st_size > 2_500 * count
    assert peak < 2_000_000 + 900 * count


def test_workers_end_when_told_to() -> None:
    crew = Workers(lambda question: {"asked": question.action}, 2)
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("batch-")]
    crew.submit(Question("file_stats", Plan(items_of("a"), ()).groups.popitem()[0]))
    assert crew.next_answer(10) is not None
    assert crew.next_answer(0.01) is None
    crew.stop()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
