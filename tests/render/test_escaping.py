from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import example as case
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tests.render.conftest import HOSTILE_TEXTS

from mde_files.render.escaping import code_for_markdown, for_html, for_markdown, for_plain_text, for_terminal
from mde_files.render.links import link_to

if TYPE_CHECKING:
    from collections.abc import Callable

PLAIN = MarkdownIt("commonmark")
GUESSING = MarkdownIt("gfm-like", {"linkify": True, "html": True})
GUESSING.linkify.set({"fuzzy_ip": True})  # type: ignore[union-attr]
# pieces that mean something to HTML or Markdown, so that hypothesis builds attacks and not only noise
PIECES = st.lists(
    st.sampled_from(
        [
            *"<>&\"'`[]()!|*_~\\#@\n\r \t\xa0ab-+=:,;${}^é文\u202e\u200b",
            *("``", "  ", "http://", "https://", "www.", ".com", "1.", "1)", "://", "//", "mailto:", "x@y.com"),
            *("&lt;", "<b>", "\x1b[0m"),
        ]
    ),
    max_size=12,
).map("".join)
TEXTS = st.one_of(st.text(max_size=60), PIECES, st.sampled_from(HOSTILE_TEXTS))


class _Seen(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.tags, self.attributes = "", [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def shown_in_markdown(text: str) -> str:
    return re.sub("[`|]", lambda found: f"\\u{ord(found[0]):04x}", text)


@given(TEXTS)
def test_in_html_a_text_is_only_text(text: str) -> None:
    seen = _Seen(f'<p title="{for_html(text)}">{for_html(text)}</p>')
    assert seen.tags == ["p"]
    assert seen.attributes == [("title", for_terminal(text))]
    assert seen.text == for_terminal(text)
    assert for_html(text).isprintable()


@given(TEXTS, st.sampled_from([PLAIN, GUESSING]), st.sampled_from([for_markdown, code_for_markdown]))
def test_in_markdown_a_text_is_only_text(text: str, markdown: MarkdownIt, escape: Callable[[str], str]) -> None:
    for place in ("{}", "- {}", "before: {}", "### {}"):
        page = markdown.render(place.format(escape(text)))
        seen = _Seen(page)
        assert set(seen.tags) <= {"p", "code", "ul", "li", "h3"}, page
        assert seen.attributes == []
        if text.strip(" "):
            shown = seen.text.strip("\n").removeprefix("before: ")
            wanted = for_terminal(text)
            assert re.sub(" +", " ", shown).strip() in (
                re.sub(" +", " ", wanted).strip(),
                re.sub(" +", " ", shown_in_markdown(wanted)).strip(),
            )


@given(TEXTS)
@case("a | b")
def test_in_a_markdown_table_a_text_stays_in_its_cell(text: str) -> None:
    page = GUESSING.render(f"| a | b |\n|---|---|\n| {for_markdown(text)} | {code_for_markdown(text)} |\n")
    seen = _Seen(page)
    assert seen.tags.count("td") == 2
    assert seen.tags.count("tr") == 2
    assert not {"a", "img"} & set(seen.tags)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Seen on 14,850 devices (last seen on 2026-11-20).", "Seen on 14,850 devices (last seen on 2026-11-20)."),
        ("The file evil.com, see https://x.example now.", "The file `evil.com,` see `https://x.example` now."),
        ("5. is no list", "`5.` is no list"),
        ("in 5. So", "in 5. So"),
        ("two  spaces", "`two  spaces`"),
        ("The organization's files: 3%", "The organization's files: 3%"),
        ("", "`(empty)`"),
    ],
)  # fmt: skip
def test_sentences_stay_readable_in_markdown(text: str, shown: str) -> None:
    assert for_markdown(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a`b|c", "`a\\u0060b\\u007cc`"),
        (" padded", "`  padded `"),
        ("  ", "`(blank)`"),
        ("x" * 300, "`" + "x" * 199 + "…`"),
    ],
)
def test_names_are_code_in_markdown(text: str, shown: str) -> None:
    assert code_for_markdown(text) == shown


def test_plain_text_offers_no_address_to_click() -> None:
    assert for_plain_text("see HTTPS://evil.example or WWW.evil.example\n") == (
        "see HTTPS[:]//evil.example or WWW[.]evil.example\\u000a"
    )


@pytest.mark.parametrize(
    "address",
    [
        "https://security.microsoft.com/file/0991a395da64e1c5fbe8732ed11e6be064081d9f?tid=1-2",
        "https://portal.azure.com/#asset/a/b%20c",
        "https://localhost:8443",
        "https://127.0.0.1:8443/x",
    ],
)
def test_addresses_of_pages_are_links(address: str) -> None:
    link = link_to(address)
    assert link is not None
    assert link.address == address
    assert link.host == address.split("/")[2]


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        "http://security.microsoft.com/",
        "javascript:alert(1)",
        "https://user@security.microsoft.com/",
        "https://security.microsoft.com@attacker.example/",
        "https://security.microsoft.com\\@attacker.example/",
        "https://аttacker.example/",
        "https://attacker.example/<script>",
        'https://attacker.example/"onclick=',
        "https://attacker.example/) [x](y",
        "https://attacker.example/\n",
        "https://-bad.example/",
        "https://1.2.3.4/",
        "https://x.example/" + "a" * 2000,
    ],
)
def test_anything_else_is_no_link(address: object) -> None:
    assert link_to(address) is None
