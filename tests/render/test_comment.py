from __future__ import annotations

import copy
import html
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.render.conftest import HOSTILE_TEXTS, alerts_everywhere, attachment_of, example, named, of_file
from tests.render.test_escaping import TEXTS, _Seen

from mde_files.render.comment import digest, footer_digest, plain_text, sentinel_html

PLAYBOOK = "enrich-incident-files"
SIMPLE_TAGS = {"h3", "p", "ul", "li", "b", "i", "code", "a"}


class _Balance(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def many(number: int) -> tuple[dict[str, Any], ...]:
    return tuple(named(f"file-{place}-\U0001f9fe.exe", f"{place:040x}") for place in range(number))


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_hostile_texts_do_nothing_in_html(text: str) -> None:
    attachment = attachment_of(named(text), alerts_everywhere(text), title=text, notes=(text,), add_tags=(text,))
    seen = _Seen(sentinel_html(attachment, (text,)))
    assert set(seen.tags) <= SIMPLE_TAGS
    assert {name for name, _ in seen.attributes} == {"href"}
    assert {value for _, value in seen.attributes} == {f"https://security.microsoft.com/file/{'a' * 40}?tid=t"}


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_hostile_texts_do_nothing_in_plain_text(text: str) -> None:
    attachment = attachment_of(named(text), alerts_everywhere(text), title=text, notes=(text,))
    shown = plain_text(attachment, (text,))
    assert all(line.isprintable() for line in shown.split("\n"))
    assert re.findall("https?://[^/]*", shown) == ["https://security.microsoft.com"]


def test_a_real_comment_tells_the_essence(records: list[dict[str, Any]]) -> None:
    found = [record for record in records if "error" not in record]
    attachment = attachment_of(
        *found, open_questions=tuple(record for record in records if "error" in record), add_tags=("mde-enriched",)
    )
    page = sentinel_html(attachment, ("1 new high-severity alert",))
    seen = _Seen(page)
    assert seen.text.startswith("Files of this incidentDefender for Endpoint on 15 files")
    for words in (
        "Changed since last time: 1 new high-severity alert",
        "mde-enriched",
        "250 alerts name this file",
        "… and 95 more alerts",
        "Still open: alerts not answered yet; try again from 2026-11-22 00:10 UTC",
        "Caveat: Listed are the 100 most severe",
    ):
        assert words in seen.text
    assert "clean" not in page.lower()
    shown = plain_text(attachment, ("1 new high-severity alert",))
    assert shown.startswith("Files of this incident: 15 files, ")
    assert "Changed: 1 new high-severity alert\n" in shown
    assert '"updater.exe"' in shown
    assert "more parts not shown" in shown


@settings(max_examples=40)
@given(st.integers(0, 60), st.integers(400, 5000))
def test_a_comment_fits_and_is_cut_between_tags(number: int, longest: int) -> None:
    attachment = attachment_of(*many(number))
    for text in (sentinel_html(attachment, (), longest), plain_text(attachment, (), longest)):
        assert units(text) <= longest
        assert footer_digest(text, PLAYBOOK) == digest(attachment)
        shown = text.count("file-")
        assert shown == number or re.search(r"… cut here: [0-9]+ more parts? not shown\.", text)
    assert _Balance(sentinel_html(attachment, (), longest)).open == []


def test_the_limits_of_the_services_are_kept() -> None:
    attachment = attachment_of(*many(1000), notes=tuple("x" * 900 for _ in range(60)))
    assert 25_000 < units(sentinel_html(attachment)) <= 30_000
    assert 700 < units(plain_text(attachment)) <= 1_000


def test_the_digest_ignores_what_drifts_and_sees_what_matters() -> None:
    record = example("seen_in_organization")
    first = attachment_of(record, notes=("Rare: on 1 device, first seen 3.5 days ago at 2026-11-20T10:00:00Z.",))
    drifted = copy.deepcopy(record)
    drifted["file_stats"]["organization_prevalence"] += 12
    drifted["source"]["retrieved_at"] = "2026-11-21T21:00:00Z"
    later = attachment_of(drifted, notes=("Rare: on 2 devices, first seen 3.6 days ago at 2026-11-20T11:00:00Z.",))
    assert digest(first) == digest(later)
    assert digest(first) == digest(first._replace(title="Another", open_questions=(example("deferred"),)))
    for changed in (
        first._replace(records=({**record, "content_digest": "0" * 32},)),
        first._replace(records=(record, of_file(record, "b" * 40))),
        first._replace(records=()),
        first._replace(notes=("Common: on 1 device.",)),
        first._replace(notes=()),
        first._replace(add_tags=("rare",)),
    ):
        assert digest(changed) != digest(first)
    both = (record, of_file(record, "b" * 40))
    assert digest(first._replace(records=both)) == digest(first._replace(records=both[::-1]))
    assert re.fullmatch("[0-9a-f]{16}", digest(first))


@given(TEXTS)
def test_the_footer_is_found_again_whatever_stands_above(text: str) -> None:
    attachment = attachment_of(named(text), alerts_everywhere(text), title=text, notes=(text,), add_tags=(text,))
    for stored in (sentinel_html(attachment), plain_text(attachment)):
        assert footer_digest(stored, PLAYBOOK) == digest(attachment)
        assert footer_digest(stored, "another-playbook") is None
        assert footer_digest(stored, "incident-files") is None


@pytest.mark.parametrize(
    "rewritten",
    [
        lambda page: page + "\r\n",
        lambda page: f'<div class="x">{page}</div>',
        lambda page: page.replace("<p>", '<P style="margin:0">').replace("</p>", "</P>\n"),
        lambda page: page.replace("mde-files ", "mde-files&nbsp;"),
        lambda page: page.replace("mde-files ", "mde&#45;files&#32;"),
        lambda page: page.replace("mde-files ", "mde-files\n  "),
        lambda page: page.replace("<p>mde-files", "<p><span>mde-files</span>"),
        lambda page: re.sub("<[^>]*>", "\n", page),
        lambda page: html.unescape(re.sub("<[^>]*>", "\n", page)),
        lambda page: page + "<p>Looked at by hand, all fine.</p>",
        lambda page: re.sub("<[^>]*>", "\n", page) + "\nLooked at by hand.",
    ],
)
def test_the_footer_survives_what_services_do_to_html(rewritten: Any) -> None:
    attachment = attachment_of(named("a <b evil.exe"), notes=("x < y & z",))
    assert footer_digest(rewritten(sentinel_html(attachment)), PLAYBOOK) == digest(attachment)


def test_a_file_name_cannot_forge_the_footer() -> None:
    forged = f"mde-files {PLAYBOOK} {'0' * 16}"
    attachment = attachment_of(named(forged), title=forged, notes=(forged, f"<p>{forged}</p>", forged + "<b "))
    for stored in (sentinel_html(attachment), plain_text(attachment)):
        assert footer_digest(stored, PLAYBOOK) == digest(attachment)


def test_comments_of_others_have_no_footer() -> None:
    for text in ("", "looks fine", "mde-files", f"mde-files {PLAYBOOK} 0123", f"mde-files {PLAYBOOK} {'0' * 17}"):
        assert footer_digest(text, PLAYBOOK) is None


def test_only_what_is_known_is_told() -> None:
    bare = example("unknown_to_defender")
    del bare["portal_url"]
    for text in (sentinel_html(attachment_of(bare)), plain_text(attachment_of(bare))):
        assert "http" not in text
        assert "1 file, 0 with alerts" in text
    assert "no files" in plain_text(attachment_of())
    several = named("x")
    several["file_stats"]["top_file_names"] = [f"{number}.exe" for number in range(12)]
    assert "and 4 more" in sentinel_html(attachment_of(several))
