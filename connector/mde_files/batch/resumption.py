"""Takes up an interrupted batch: what its output holds already is not asked again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from mde_files.batch import result_lines
from mde_files.batch.failures import is_settled
from mde_files.batch.plan import key_of
from mde_files.errors import InvalidInputError
from mde_files.render.escaping import for_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mde_files.batch.journal import Journal
    from mde_files.batch.plan import Key, Plan
    from mde_files.batch.tally import Tally


def take_up(
    journal: Journal, plan: Plan, tally: Tally, *, tenant_id: Callable[[str | None], str], lookback_hours: int
) -> None:
    """Mark in ``plan`` what ``journal`` holds, after repairing it: no torn line, nothing twice, nothing to ask again.

    An input whose question was answered for another input has that answer copied.

    Args:
        journal: The output of the earlier run.
        plan: The inputs and actions of this run.
        tally: Counts the results.
        tenant_id: Returns the id of the tenant with a name of the configuration.
        lookback_hours: Look-back of this run.

    Raises:
        InvalidInputError: The output belongs to another batch; it is left as it was.
        StateUnavailableError: It cannot be written.
    """
    kept: dict[tuple[str, Key], int] = {}
    dropped: set[int] = set()
    end = 0
    for number, (offset, line) in enumerate(journal.lines(), 1):
        if not line.endswith(b"\n"):
            if not result_lines.is_torn(line):
                _refuse(journal, number, "is nothing that a batch wrote")
            break
        end = offset + len(line)
        result = result_lines.parse(line)
        if result is None:
            _refuse(journal, number, "is nothing that a batch wrote")
        action = result.record["action"]
        index = plan.find(result.line, result.text, result.tenant)
        if index is None:
            where = f"line {result.line} with {for_terminal(result.text, 80)!r}"
            _refuse(journal, number, f"answers {where}, which this input does not have")
        if action not in plan.actions:
            _refuse(journal, number, f"holds an answer to {for_terminal(action, 40)!r}, which is not asked now")
        _check_question(journal, number, result.record, tenant_id(result.tenant), lookback_hours)
        if is_settled(result.record) and plan.mark(action, index):
            kept[action, key_of(plan.items[index])] = offset
            tally.count(result.record)
        else:
            dropped.add(offset)
    if end < journal.size:
        journal.cut(end)
    _copy_for_same_questions(journal, plan, tally, kept)
    if dropped:
        journal.keep(lambda offset: offset not in dropped)


def _check_question(
    journal: Journal, number: int, record: Mapping[str, Any], tenant_id: str, lookback_hours: int
) -> None:
    if record["source"]["tenant_id"] != tenant_id:
        _refuse(journal, number, "is an answer from another tenant than the configured one")
    hours = record.get("file_stats", {}).get("lookback_hours", lookback_hours)
    if hours != lookback_hours:
        _refuse(journal, number, f"looks back {hours} hours and this run {lookback_hours}")


def _copy_for_same_questions(journal: Journal, plan: Plan, tally: Tally, kept: Mapping[tuple[str, Key], int]) -> None:
    for (action, key), offset in kept.items():
        if plan.is_open(action, key):
            result = result_lines.parse(journal.line_at(offset))
            if result is not None:
                members = plan.take_open(action, key)
                journal.append(result_lines.written(members, result.record))
                tally.count(result.record, len(members))


def _refuse(journal: Journal, number: int, reason: str) -> NoReturn:
    raise InvalidInputError(
        f"Line {number} of the output {str(journal.path)!r} {reason}.",
        hint="Resume with the input, actions and configuration it was begun with, or name another output.",
    )
