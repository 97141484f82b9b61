"""Texts that attackers choose, wherever they may stand, in every form in which they are shown: they do nothing.

``injections.json`` holds the texts by what they are for. Real parsers judge: one for HTML, a browser, one for Markdown
that guesses links, one for CSV with either delimiter, and a reader of terminal sequences.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from markdown_it import MarkdownIt
from tests.render.conftest import alerts_everywhere, attachment_of, example, incident_of, named, of_file
from tests.render.test_report_in_chromium import Visit, browser  # noqa: F401 - fixture

from mde_files.batch import result_lines, spreadsheet
from mde_files.batch.inputs import Item
from mde_files.batch.journal import Journal
from mde_files.logs import EventLog
from mde_files.playbook.attachment import Attached
from mde_files.playbook.incident import ObservedFile
from mde_files.playbook.library import open_playbook
from mde_files.playbook.report import FileResult, RunReport
from mde_files.playbook.report_text import report_text
from mde_files.records.text import encodable
from mde_files.render import stix, terminal
from mde_files.render.comment import plain_text, sentinel_html
from mde_files.render.html_report import report
from mde_files.render.markdown import incident_to_markdown, record_to_markdown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser
    from tests.fault_table import FaultTable

ROOM = "injections"
CORPUS: dict[str, list[str]] = json.loads(Path(__file__).with_name("injections.json").read_text(encoding="utf-8"))
CORPUS["huge"] = [text * 20_000 for text in ("A", "\u202e", "<", "[x](", "=", "\u0301", "a;=1", " ", "`")]
PORTAL = "https://security.microsoft.com/"
MARKDOWN = MarkdownIt("gfm-like", {"linkify": True, "html": True})
MARKDOWN.linkify.set({"fuzzy_ip": True})  # type: ignore[union-attr]
_OWN_COLOURS = re.compile(r"\x1b\[(?:[0-9];)?[0-9]{1,2}m")
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e01ef]"
)
_HTML_TAGS = {"h3", "p", "ul", "li", "b", "i", "code", "a"}
_MARKDOWN_TAGS = {"h2", "h3", "p", "ul", "li", "code", "strong", "a"}


def attacked(text: str, number: int = 1) -> list[dict[str, Any]]:
    """Return statistics and alerts of one file in which every text that somebody may choose is this one."""
    sha1 = f"{number:040x}"
    text = encodable(text)
    alerts = {**alerts_everywhere(text, sha1), "record_id": f"alerts-{number}", "portal_url": f"{PORTAL}file/{sha1}"}
    alerts["summary"] = f"1 alert: {text}"
    evidence = {"file_name": text, "process_command_line": text, "account_name": text, "registry_value": text}
    alerts["file_alerts"]["alerts"][0].update(evidence=[evidence], category=text, assigned_to=text)
    stats = {**named(text, sha1), "portal_url": f"javascript:{text}"}
    failed = {**of_file(example("failed"), sha1), "record_id": f"failed-{number}"}
    failed["error"] = {**failed["error"], "message": text, "hint": text}
    return [stats, alerts, failed]


class Seen(HTMLParser):
    """What a browser would make of a page: elements, attributes and text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: set[str] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.addresses.update(value or "" for name, value in attrs if name in ("href", "src", "action", "xlink:href"))

    def handle_decl(self, decl: str) -> None:
        self.tags.add(f"!{decl}")

    def handle_comment(self, data: str) -> None:
        self.tags.add(f"<!--{data}")

    def handle_pi(self, data: str) -> None:
        self.tags.add(f"<?{data}")

    unknown_decl = handle_pi


def html_page(text: str) -> str:
    file = ObservedFile(f"{1:040x}", "sha1", (text,), (text,))
    incident = incident_of(file, id=text or "1", title=text, severity=text, url=f"javascript:{text}", tags=(text,))
    attached = [Attached("file", f"javascript:{text}", "created", (text,), (text,))]
    return report(text or "x", incident, attacked(text), attached, [text])


_PLAIN_PAGE = Seen(html_page("plain"))


def in_the_html_report(text: str) -> str:
    seen = Seen(html_page(text))
    if seen.tags - _PLAIN_PAGE.tags or seen.attributes - _PLAIN_PAGE.attributes:
        return f"new elements {seen.tags - _PLAIN_PAGE.tags} {seen.attributes - _PLAIN_PAGE.attributes}"
    odd = {address for address in seen.addresses if not address.startswith((PORTAL, "#"))}
    return f"addresses {odd}" if odd else _visible(html_page(text))


def in_markdown(text: str) -> str:
    whole = incident_to_markdown(text or "x", attacked(text)[:2], [text], attacked(text)[2:])
    for page in (whole, *map(record_to_markdown, attacked(text))):
        seen = Seen(MARKDOWN.render(page))
        if seen.tags - _MARKDOWN_TAGS:
            return f"new elements {seen.tags - _MARKDOWN_TAGS}"
        if {address for address in seen.addresses if not address.startswith(PORTAL)}:
            return f"addresses {seen.addresses}"
    return _visible(whole)


def in_a_sentinel_comment(text: str) -> str:
    attachment = attachment_of(*attacked(text)[:2], title=text, notes=(text,), add_tags=(text,))
    page = sentinel_html(attachment._replace(open_questions=tuple(attacked(text)[2:])), [text])
    seen = Seen(page)
    if seen.tags - _HTML_TAGS or seen.attributes - {"href"}:
        return f"new elements {seen.tags - _HTML_TAGS} {seen.attributes}"
    odd = {address for address in seen.addresses if not address.startswith(PORTAL)}
    return f"addresses {odd}" if odd else _visible(page)


def in_a_plain_comment(text: str) -> str:
    attachment = attachment_of(*attacked(text)[:2], title=text, notes=(text,), add_tags=(text,))
    page = plain_text(attachment._replace(open_questions=tuple(attacked(text)[2:])), [text], 30_000)
    links = [found for found in re.findall(r"\S*://\S*|www\.\S*", page, re.IGNORECASE) if not found.startswith(PORTAL)]
    return f"links {links}" if links else _visible(page)


def on_a_terminal(text: str) -> str:
    records = attacked(text)
    shown = [terminal.render(record, colour=True) for record in records] + [terminal.table(records, colour=True)]
    shown.append(report_text(_run(text)))
    return next((said for said in map(_visible, shown) if said != "harmless"), "harmless")


def _run(text: str) -> RunReport:
    incident = incident_of(id=text, title=text, tags=(text,))
    file = ObservedFile("a" * 40, "sha1", (text,), (text,))
    error = {"code": "failed", "message": text, "hint": text, "sink": text}
    return RunReport(
        playbook=open_playbook("enrich-incident-files"),
        incident=incident,
        parameters={},
        dry_run=False,
        left_alone="",
        started_at="",
        finished_at="",
        files=(FileResult(file, (), (), (text,), (), attached=True),),
        attached=(Attached("file", text, "created", (text,), (text,)),),
        sink_errors=(error,),
        files_left_out=0,
    )


def in_logs(text: str) -> str:
    lines: list[str] = []
    for form in ("text", "json"):
        EventLog("debug", form, write=lambda _level, line: lines.append(line)).info("told", reason=text)
    broken = [line for line in lines if len(line.splitlines()) != 1 or _OWN_COLOURS.search(line)]
    controls = [line for line in lines if any(unicodedata.category(character) == "Cc" for character in line)]
    return "harmless" if not broken and not controls else f"lines {(broken or controls)[0][:80]!r}"


def in_stix(text: str) -> str:
    document = json.loads(stix.bundle(attacked(text)))
    kinds = {item["type"] for item in document["objects"]}
    notes = [item["content"] for item in document["objects"] if item["type"] == "note"]
    if kinds - {"identity", "file", "note", "observed-data"}:
        return f"objects {kinds}"
    for page in notes:
        seen = Seen(MARKDOWN.render(page))
        if seen.tags - _MARKDOWN_TAGS:
            return f"new elements {seen.tags - _MARKDOWN_TAGS}"
    stix.bundle(attacked(text)).encode("utf-8")
    return "harmless"


def in_a_spreadsheet(text: str, folder: Path) -> str:
    journal = Journal(folder / "journal.jsonl", resume=True)
    journal.cut(0)
    for number, record in enumerate(attacked(text), 1):
        journal.append(result_lines.written([Item(number, text)], record))
    spreadsheet.write(journal, folder / "out.csv")
    journal.close()
    content = (folder / "out.csv").read_bytes().decode("utf-8")
    rows = list(csv.reader(io.StringIO(content, newline="")))
    if len(rows) != 4 or any(len(row) != len(spreadsheet.COLUMNS) for row in rows):
        return f"{len(rows)} rows"
    # Excel takes the semicolon for the delimiter where the comma is the decimal sign.
    for delimiter in ",;\t":
        for row in csv.reader(io.StringIO(content, newline=""), delimiter=delimiter):
            formulas = [cell for cell in row if _is_formula(cell)]
            if formulas:
                return f"formula {formulas[0][:60]!r} between {delimiter!r}"
    return _visible("\n".join(cell for row in rows for cell in row))


def _is_formula(cell: str) -> bool:
    begin = unicodedata.normalize("NFKC", cell.lstrip(' \u00a0\u3000\ufeff\u200b\t\r\n\0"')[:1])
    return begin.startswith(("=", "+", "-", "@", "\u2212"))


def _visible(page: str) -> str:
    """Return ``harmless``, or what in a text moves, hides or colours more than the program's own sequences do."""
    plain = _OWN_COLOURS.sub("", page).replace("\n", "").replace("\r", "")
    odd = {character for character in plain if not character.isprintable()} | set(_UNSEEN.findall(plain))
    if odd:
        return f"unseen {sorted(odd)[:5]!r}"
    piled = re.search("[\u0300-\u036f]{4}", plain)
    return f"piled {piled[0]!r}" if piled else "harmless"


FORMS: dict[str, Callable[[str], str]] = {
    "HTML report": in_the_html_report,
    "Markdown": in_markdown,
    "Sentinel comment": in_a_sentinel_comment,
    "plain comment": in_a_plain_comment,
    "terminal": on_a_terminal,
    "logs": in_logs,
    "STIX": in_stix,
}


@pytest.mark.parametrize("kind", CORPUS)
@pytest.mark.parametrize("form", FORMS)
def test_an_attack_does_nothing(form: str, kind: str, fault_table: FaultTable) -> None:
    for text in CORPUS[kind]:
        said = FORMS[form](text)
        fault_table.row(
            ROOM, f"{form}: {kind}", "harmless", "harmless" if said == "harmless" else f"{text[:60]!r}: {said}"
        )


@pytest.fixture
def _fields_of_any_length() -> Iterator[None]:
    before = csv.field_size_limit(10**9)
    yield
    csv.field_size_limit(before)


@pytest.mark.usefixtures("_fields_of_any_length")
@pytest.mark.parametrize("kind", CORPUS)
def test_no_cell_of_a_spreadsheet_is_a_formula(kind: str, tmp_path: Path, fault_table: FaultTable) -> None:
    for text in CORPUS[kind]:
        said = in_a_spreadsheet(text, tmp_path)
        fault_table.row(
            ROOM, f"CSV: {kind}", "harmless", "harmless" if said == "harmless" else f"{text[:60]!r}: {said}"
        )


@pytest.mark.slow
def test_a_browser_runs_and_asks_for_nothing(browser: Browser, tmp_path: Path, fault_table: FaultTable) -> None:  # noqa: F811
    texts = [text for listed in CORPUS.values() for text in listed]
    records = [record for number, text in enumerate(texts, 1) for record in attacked(text, number)]
    files = tuple(ObservedFile(f"{number:040x}", "sha1", (text,), ()) for number, text in enumerate(texts, 1))
    path = tmp_path / "report.html"
    page = report("x", incident_of(*files, title=texts[0], tags=tuple(texts[:20])), records, (), texts)
    path.write_text(page, encoding="utf-8", errors="strict")
    with Visit(browser, path) as visit:
        for summary in visit.page.locator("summary").all()[:30]:
            summary.click()
        visit.page.mouse.move(300, 300)
        visit.page.wait_for_timeout(500)
        taken = visit.page.evaluate("window.taken")
        seen = visit.page.locator("script, img, iframe, object, embed, form, link, base, video, template").count()
        said = "harmless" if not visit.said and visit.asked == [visit.address] and not taken and not seen else "taken"
    fault_table.row(ROOM, "HTML report in Chromium: all texts", "harmless", said)


def _all() -> Iterator[str]:
    for listed in CORPUS.values():
        yield from listed


def test_the_judges_see_attacks_where_nothing_is_escaped() -> None:
    raw = "<img src=x onerror=window.taken=1>"
    assert Seen(f"<p>{raw}</p>").tags == {"p", "img"}
    assert Seen(MARKDOWN.render("[x](https://attacker.example)")).addresses == {"https://attacker.example"}
    assert _is_formula("=1")
    assert _is_formula(' "\uff1d1')
    assert _visible("\x1b[2J") != "harmless"
    assert _visible("a\u3164b") != "harmless"
    assert _visible("\x1b[1;31mred\x1b[0m") == "harmless"
    assert sum(1 for _ in _all()) > 300
