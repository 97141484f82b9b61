from __future__ import annotations

import re
from datetime import datetime, timezone
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.render.conftest import HOSTILE_TEXTS, alerts_everywhere, example, incident_of, named, of_file
from tests.render.test_escaping import TEXTS

from mde_files.playbook.attachment import Attached
from mde_files.playbook.incident import ObservedFile, Skipped
from mde_files.render.by_file import by_file
from mde_files.render.html_report import pieces, report
from mde_files.render.pictures import prevalence_bar, timeline

NOW = datetime(2026, 11, 21, 20, tzinfo=timezone.utc)
VOID = {"meta", "br", "col"}
HARMLESS = {
    "html", "head", "meta", "title", "style", "body", "a", "svg", "defs", "g", "path", "text", "circle", "rect", "use",
    "div", "header", "main", "section", "article", "footer", "p", "h1", "h2", "h3", "h4", "ul", "li", "dl", "dt", "dd",
    "b", "i", "span", "code", "bdi", "br", "table", "caption", "colgroup", "col", "thead", "tbody", "tr", "th", "td",
    "time", "details", "summary",
}  # fmt: skip


class Page(HTMLParser):
    """A page as a strict reader sees it: every element closed, no attribute that runs or loads anything."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.labels = ""
        self.feed(page)
        self.close()
        assert self.open == []
        assert set(self.tags) <= HARMLESS
        assert len(set(self.ids)) == len(self.ids)
        for link in self.links:
            assert link.startswith("https://") or link[1:] in self.ids, link

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID and not (self.get_starttag_text() or "").endswith("/>"):
            self.open.append(tag)
        for name, value in attrs:
            assert not name.startswith("on")
            assert name not in {"src", "style", "srcset", "action", "xlink:href"}
            if name == "href":
                self.links.append(str(value))
                assert tag in {"a", "use"}
            if name == "id":
                self.ids.append(str(value))
            if name == "aria-label":
                self.labels += f"{value}\n"

    def handle_endtag(self, tag: str) -> None:
        if not (self.open and self.open[-1] == tag):
            assert tag in {"path", "circle", "rect", "use"}, (tag, self.open)
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def details_of(text: str) -> list[str]:
    return re.findall(r'<article class="card file" id="([^"]*)">', text)


def test_an_incident_is_told_whole(records: list[dict[str, Any]]) -> None:
    observed = ObservedFile(records[0]["file"]["sha1"], "sha1", ("dropper.exe",), ("/files/0",))
    attached = [
        Attached("sentinel", "https://portal.azure.com/#x", "created", (), ("mde-enriched",)),
        Attached("file", "/cases/<b>.json", "would_update", ("1 new alert",), ()),
    ]
    text = report("Playbook enrich-incident-files", incident_of(observed), records, attached, ["Raise the severity."])
    page = Page(text)
    for words in (
        "An incident", "High", "Playbook enrich-incident-files", "vip", "dropper.exe", "updater.exe",
        "Alerts found", "Unknown to Defender", "Known worldwide, not in the organization", "Raise the severity.",
        "250 alerts name this file", "90 more alerts", "try again from 2026-11-22 00:10 UTC", "would update",
        "/cases/<b>.json", "1 new alert", "the hash of the empty file", "caveats: prevalence mismatch",
        "No alerts and low prevalence are no verdict on a file.",
    ):  # fmt: skip
        assert words in page.text, words
    assert "Prevalence in the organization on a logarithmic scale: 7 devices" in page.labels
    assert "alerts: 35 high, 36 medium, 143 low, 36 informational" in page.labels
    assert page.tags.count("th") > 20
    assert 'lang="en"' in text
    assert 'scope="row"' in text
    assert 'scope="col"' in text
    assert "default-src 'none'" in text
    assert not re.search(r"\b(clean|safe|benign|harmless)\b", page.text.lower().replace("safe.txt", ""))
    assert "".join(pieces("x", None, records)) == report("x", None, records)


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_hostile_texts_are_only_text(text: str) -> None:
    incident = incident_of(
        ObservedFile("a" * 40, "sha1", (text,), ()),
        title=text,
        id=text,
        severity=text,
        url=f"javascript:{text}",
        tags=(text,),
    )._replace(skipped=(Skipped(text, text),))
    attached = [Attached(text, f"/cases/{text}", "created", (text,), (text,))]
    page = Page(report(text, incident, [named(text), alerts_everywhere(text)], attached, [text]))
    assert {link for link in page.links if not link.startswith("#")} == {
        f"https://security.microsoft.com/file/{'a' * 40}?tid=t"
    }
    assert "\u202e" not in page.text
    assert "\x1b" not in page.text


@given(TEXTS, TEXTS)
def test_any_texts_are_only_text(one: str, other: str) -> None:
    Page(report(one, None, [named(other), alerts_everywhere(one), example("deferred")], notes=[other]))


def test_two_thousand_files_make_a_page_of_sane_size() -> None:
    records = [of_file(example("seen_in_organization"), f"{place:040x}") for place in range(2_000)]
    records += [of_file(example("deferred"), f"{place:040x}") for place in range(5_000, 5_300)]
    text = report("Batch of today", None, records)
    assert len(text) < 8_000_000
    page = Page(text)
    assert len(details_of(text)) == 100
    assert "Details of the first 100 of 2,300 files only," in page.text
    assert "300 more files are not shown on this page;" in page.text
    assert "100 more open questions: see the records." in page.text
    assert page.text.count("Batch of today") == 2


def test_long_lists_fold_away_and_say_so() -> None:
    record = of_file(example("alerts_found"), "a" * 40, size=1, issuer="Contoso CA", file_type="PE")
    body = record["file_alerts"]
    body["devices"] = [{"machine_id": f"m{number}"} for number in range(300)]
    body["alerts"] = [{**body["alerts"][0], "title": f"alert {number}"} for number in range(60)]
    page = Page(report("x", None, [record]))
    for words in ("and 298 more", "50 more alerts", "192 more", "100 more are in the record.", "1 byte", "Contoso CA"):
        assert words in page.text


def test_a_page_without_findings_says_so() -> None:
    empty = Page(report("Batch", None, []))
    assert "No file was looked up." in empty.text
    only_open = report("Batch", incident_of(title=" ", skipped=(), tags=(), severity="", created_at="", url=""),
                       [example("failed"), {**example("failed"), "action": "file_alerts"}])  # fmt: skip
    assert details_of(only_open) == []
    page = Page(only_open)
    assert "Incident 42" in page.text
    assert "not known" in page.text
    assert "Open questions" in page.text


def test_many_tenants_are_not_all_listed() -> None:
    records = []
    for number in range(5):
        record = named("x")
        record["source"] = {**record["source"], "tenant_id": f"tenant-{number}"}
        records.append(record)
    assert "tenant-2 and 2 more" in Page(report("x", None, records)).text


@given(st.integers(1, 10**12), st.integers(1, 10**12))
def test_bars_grow_with_the_number_and_stay_on_the_scale(one: int, other: int) -> None:
    widths = [float(re.findall(r'width="([0-9.]+)"', prevalence_bar(number, "world"))[0]) for number in (one, other)]
    assert (widths[0] <= widths[1]) or one > other
    assert all(0 < width <= 200 for width in widths)


def test_no_devices_and_not_known_are_two_things() -> None:
    assert "<rect" not in prevalence_bar(0, "organization")
    assert "scale: 0 devices" in prevalence_bar(0, "organization")
    assert 'class="unknown"' in prevalence_bar(None, "organization")
    assert "scale: not known" in prevalence_bar(None, "organization")


def test_the_timeline_runs_from_old_to_new() -> None:
    record = named("x")
    record["file_stats"].update(
        global_first_observed="0500-01-01T00:00:00Z", global_last_observed="2026-11-21T19:59:59Z",
        organization_first_seen="2026-11-20T20:00:00Z", organization_last_seen="2027-01-01T00:00:00Z",
    )  # fmt: skip
    (file,) = by_file([record])
    places = [float(x) for x in re.findall(r'cx="([0-9.]+)"', timeline(file, NOW))]
    assert places[0] == 58.0
    assert places[1] == places[3] == 334.0
    assert 200 < places[2] < 300
    del record["file_stats"]["organization_first_seen"], record["file_stats"]["global_first_observed"]
    del record["file_stats"]["global_last_observed"]
    (file,) = by_file([record])
    picture = timeline(file, NOW)
    assert picture.count("<circle") == 1
    assert "observed worldwide: not known" in picture
    assert "alerts: not known" in picture


def test_alerts_are_marked_by_shape_and_colour_the_most_severe_on_top() -> None:
    record = of_file(example("alerts_found"), "a" * 40)
    created = {"alert_creation_time": "2026-11-20T20:00:00Z"}
    record["file_alerts"]["alerts"] = [
        {"severity": "High", **created}, {"severity": "High", **created}, {"severity": "Medium", **created},
        {"severity": "Low", "last_event_time": "2026-11-19T20:00:00Z"}, {"severity": "Weird", **created},
        {"severity": "High"}, created,
    ]  # fmt: skip
    picture = timeline(by_file([record])[0], NOW)
    marks = re.findall(r'class="mark ([a-z]+)" d="([^"]*)"><title>([^<]*)<', picture)
    assert [kind for kind, _, _ in marks] == ["unspecified", "low", "medium", "other", "high"]
    assert marks[-1][2] == "2 alerts, high"
    shapes = {kind: shape.count("L") for kind, shape, _ in marks}
    assert (shapes["high"], shapes["medium"], shapes["other"], shapes["low"]) == (2, 3, 4, 0)
    assert "activity 2026-11-20 20:31 UTC to" in picture
