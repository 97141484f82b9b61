"""What a batch says at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files.batch.estimate import duration
from mde_files.render.escaping import for_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mde_files.batch.plan import Plan
    from mde_files.batch.tally import Tally


class Summary(NamedTuple):
    """How a batch ended.

    Attributes:
        output: Path of the output.
        plan: What there was to do.
        tally: What came of it.
        seconds: How long this run took.
        interrupted: Whether it was told to stop.
        resume: The command that goes on with it.
    """

    output: str
    plan: Plan
    tally: Tally
    seconds: float
    interrupted: bool
    resume: str

    @property
    def complete(self) -> bool:
        """Whether nothing is left for a later run."""
        return self.tally.written == self.plan.results and not self.tally.by_outcome()["deferred"]

    def as_dict(self) -> dict[str, Any]:
        """Return it as one JSON object; ``outcomes`` by action, ``errors`` by code, both of the whole output."""
        outcomes: dict[str, dict[str, int]] = {action: {} for action in self.plan.actions}
        for (action, outcome), count in sorted(self.tally.outcomes.items()):
            outcomes[action][outcome] = count
        document: dict[str, Any] = {
            "output": self.output,
            "complete": self.complete,
            "interrupted": self.interrupted,
            "inputs": len(self.plan.items),
            "distinct": len(self.plan.groups),
            "results": self.tally.written,
            "missing": self.plan.results - self.tally.written,
            "asked": self.tally.asked,
            "outcomes": outcomes,
            "errors": dict(sorted(self.tally.errors.items())),
            "seconds": round(self.seconds, 3),
        }
        if self.tally.retry_at is not None:
            document["retry_at"] = self.tally.retry_at
        if not self.complete:
            document["resume"] = self.resume
        return document

    def lines(self) -> Iterator[str]:
        """Yield it as lines for people."""
        yield (
            f"{self.tally.written:,} of {self.plan.results:,} results in {for_terminal(self.output, 1000)}; "
            f"{self.tally.asked:,} asked in {duration(self.seconds)}."
        )
        for (action, outcome), count in sorted(self.tally.outcomes.items()):
            yield f"  {action:<12} {outcome:<24} {count:>9,}"
        for code, count in sorted(self.tally.errors.items()):
            yield f"  {'error':<12} {for_terminal(code, 24):<24} {count:>9,}"

    def what_next(self) -> str:
        """Return how to go on; empty when nothing is left."""
        if self.complete:
            return ""
        when = f" from {self.tally.retry_at}" if self.tally.retry_at else ""
        return f"Not all is answered. Go on{when} with:\n  {for_terminal(self.resume, 2000)}"
