"""One table of every fault the tests cause, with what was expected and what came of it, at the end of the test output.

A test in any folder asks for the fixture ``fault_table`` and adds a row for each fault it caused (for the annotation,
``from tests.fault_table import FaultTable`` under ``TYPE_CHECKING``)::

    def test_a_full_disk_loses_nothing(fault_table: FaultTable) -> None:
        started = time.monotonic()
        ...
        fault_table.row("faults", "disk full while a batch writes", "resumed, 100 of 100 lines", said, seconds)

* A row whose ``actual`` is not (one of) its ``expected``, or that took longer than ``within`` seconds, fails its test.
* A test that asked for the table and failed before it added a row has a row of its own that says so; one that passed
  without a row fails.
* The same row again (a thousand kills, examples of hypothesis) is counted, not repeated; its longest time is kept.
  Hypothesis allows the fixture only outside ``@given``: call the property from the test, then add the row.
* Rows travel in the reports' ``user_properties``, so the table is whole under ``pytest -n`` too, and in JUnit files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

_PROPERTY = "fault"
_ASKED = "fault_table"
_FAILED = "failed"
_COLUMNS = ("Room", "Fault", "Expected", "Actual", "Seconds", "Times", "")
_TO_THE_RIGHT = frozenset({4, 5})
_HAS_FAILED = pytest.StashKey[bool]()


class FaultTable:
    """The rows of one test.

    Args:
        properties: The test's ``user_properties``; rows are kept there.
    """

    def __init__(self, properties: list[tuple[str, object]]) -> None:
        self._properties = properties
        self._rows: dict[tuple[str, ...], dict[str, Any]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def row(
        self,
        room: str,
        fault: str,
        expected: str | Sequence[str],
        actual: str,
        seconds: float | None = None,
        *,
        within: float | None = None,
    ) -> None:
        """Add a row, and fail the test if it is a wrong one.

        Args:
            room: Which part of the tests this is, such as ``hostile server``; the table is sorted by it.
            fault: What was done, in a few words, unique in its room.
            expected: What has to come of it; several texts are alternatives.
            actual: What came of it, in the words of ``expected``: an error's code, an outcome, "nothing lost".
            seconds: How long it took.
            within: The longest it may take.
        """
        __tracebackhide__ = True
        allowed = [expected] if isinstance(expected, str) else list(expected)
        in_time = seconds is None or within is None or seconds <= within
        agrees = actual in allowed and in_time
        limit = "" if in_time else f", not within {within:g} s"
        key = (room, fault, " or ".join(allowed), actual + limit)
        row = self._rows.get(key)
        if row is None:
            self._rows[key] = row = {**dict(zip(_Row._fields[:4], key, strict=True)), "seconds": seconds, "times": 0}
            self._properties.append((_PROPERTY, row))
        row["times"] += 1
        row["agrees"] = agrees
        if seconds is not None:
            row["seconds"] = max(seconds, row["seconds"] or 0.0)
        if not agrees:
            took = "" if seconds is None else f" after {seconds:.2f} s"
            pytest.fail(f"{room}: {fault}: expected {key[2]}, got {key[3]}{took}", pytrace=True)


class _Row(NamedTuple):
    room: str
    fault: str
    expected: str
    actual: str
    seconds: float | None
    times: int
    agrees: bool

    def cells(self) -> list[str]:
        return [
            self.room,
            self.fault,
            self.expected,
            self.actual,
            "" if self.seconds is None else f"{self.seconds:.2f}",
            "" if self.times == 1 else f"{self.times:,}",
            "agrees" if self.agrees else "WRONG",
        ]


@pytest.fixture
def fault_table(request: pytest.FixtureRequest) -> Iterator[FaultTable]:
    """Takes the rows of one test for the table at the end of the output."""
    properties = request.node.user_properties
    properties.append((_ASKED, request.node.nodeid))
    table = FaultTable(properties)
    yield table
    if not len(table) and not request.node.stash.get(_HAS_FAILED, False):
        pytest.fail("this test asked for the table of faults and added no row")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Remember that a test failed or was skipped, so that its missing row is not another failure."""
    try:
        yield
    except BaseException:
        item.stash[_HAS_FAILED] = True
        raise


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table, if any test added a row."""
    rows = sorted(_rows(terminalreporter), key=lambda row: row[:4])
    if not rows:
        return
    lines = [list(_COLUMNS), *(["".join(map(_shown, cell)) for cell in row.cells()] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_COLUMNS))]
    wrong = sum(not row.agrees for row in rows)
    terminalreporter.section(f"faults: {len(rows)}, {wrong} wrong" if wrong else f"faults: {len(rows)}, all agree")
    for number, line in enumerate(lines):
        padded = [
            cell.rjust(width) if column in _TO_THE_RIGHT else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        is_wrong = number > 0 and not rows[number - 1].agrees
        terminalreporter.write_line("  ".join(padded).rstrip(), red=is_wrong)


def _rows(reporter: pytest.TerminalReporter) -> Iterator[_Row]:
    for reports in reporter.stats.values():
        for report in reports:
            if not isinstance(report, pytest.TestReport) or report.when != "call":
                continue
            asked = [value for name, value in report.user_properties if name == _ASKED]
            found = [_Row(**value) for name, value in report.user_properties if name == _PROPERTY]  # type: ignore[arg-type]
            failed = report.outcome == _FAILED
            yield from found
            if asked and failed and all(row.agrees for row in found):
                room = found[0].room if found else ""
                yield _Row(room, str(asked[0]), "a passed test", "the test failed for another reason", None, 1, False)


def _shown(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()
