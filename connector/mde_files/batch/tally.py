"""Counts what came of a batch."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from mde_files.batch.failures import exit_code_of

if TYPE_CHECKING:
    from collections.abc import Mapping

EXIT_DONE = 0
EXIT_SOME_FAILED = 7


class Tally:
    """How many results of which kind the output holds.

    Attributes:
        outcomes: Number of results by action and outcome.
        errors: Number of failed and deferred results by error code.
        asked: Questions that were asked in this run.
        retry_at: Earliest time from which a deferred input can be asked again, RFC 3339 UTC.
    """

    def __init__(self) -> None:
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self.errors: Counter[str] = Counter()
        self.asked = 0
        self.retry_at: str | None = None

    def count(self, record: Mapping[str, Any], times: int = 1) -> None:
        """Count a record that stands in the output ``times`` times."""
        self.outcomes[record["action"], record["outcome"]] += times
        if "error" in record:
            self.errors[record["error"]["code"]] += times
            retry_at = record["error"].get("retry_at")
            if record["outcome"] == "deferred" and retry_at and times:
                self.retry_at = min(retry_at, self.retry_at or retry_at)

    @property
    def written(self) -> int:
        """Results in the output."""
        return sum(self.outcomes.values())

    def by_outcome(self) -> Counter[str]:
        """Return the number of results by outcome, of all actions together."""
        counts: Counter[str] = Counter()
        for (_, outcome), count in self.outcomes.items():
            counts[outcome] += count
        return counts

    @property
    def exit_code(self) -> int:
        """0: all answered; 7: some were not; the failure's own code when all failed alike."""
        failed = sum(self.errors.values())
        if not failed:
            return EXIT_DONE
        codes = {exit_code_of(code) for code, count in self.errors.items() if count}
        return codes.pop() if failed == self.written and len(codes) == 1 else EXIT_SOME_FAILED
