from __future__ import annotations

import re
from typing import Any

import pytest
from markdown_it import MarkdownIt
from tests.render.conftest import HOSTILE_TEXTS, alerts_everywhere, example, named
from tests.render.test_escaping import _Seen

from mde_files.render.markdown import incident_to_markdown, record_to_markdown

GUESSING = MarkdownIt("gfm-like", {"linkify": True, "html": True})


def links(page: str) -> list[str]:
    return [str(value) for name, value in _Seen(page).attributes if name == "href"]


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_hostile_texts_do_nothing(text: str) -> None:
    page = GUESSING.render(
        incident_to_markdown(text, [named(text), alerts_everywhere(text)], [text], [example("failed")])
    )
    seen = _Seen(page)
    assert set(seen.tags) <= {"h2", "h3", "p", "ul", "li", "code", "strong", "a"}
    assert set(links(page)) == {f"https://security.microsoft.com/file/{'a' * 40}?tid=t"}


def test_every_record_reads_well(records: list[dict[str, Any]]) -> None:
    for record in records:
        text = record_to_markdown(record)
        assert text.startswith("### `")
        if "error" not in record:
            assert record["summary"].split(" ")[0] in text
        assert set(_Seen(GUESSING.render(text)).tags) <= {"h3", "p", "ul", "li", "code", "strong", "a"}


def test_an_incident_tells_findings_and_open_questions(records: list[dict[str, Any]]) -> None:
    text = incident_to_markdown("Ransomware", records, ["Raise the severity."])
    assert text.startswith("## Ransomware\n\nDefender for Endpoint on 15 files, ")
    assert "\n- Raise the severity.\n" in text
    assert "try again from 2026-11-22 00:10 UTC" in text
    assert "250 alerts name this file" in text
    assert "- 90 more alerts are in the record." in text
    assert "- Caveat: Listed are the 100 most severe" in text
    assert "clean" not in text.lower()
    assert not re.search(r"\n\n\n", text)


def test_long_lists_say_how_much_is_hidden() -> None:
    record = named("x")
    record["file_stats"]["top_file_names"] = [f"{number}.exe" for number in range(12)]
    assert "`7.exe` and 4 more" in record_to_markdown(record)


def test_only_what_is_known_is_told() -> None:
    text = record_to_markdown(example("unknown_to_defender"))
    assert "Seen" not in text
    assert "SHA-1" in text
    bare = example("alerts_found")
    del bare["portal_url"]
    bare["file_alerts"].update(devices=[], mitre_techniques=[], alerts=[{}])
    assert "Alert of unknown: `unknown severity`, `(no title)`" in record_to_markdown(bare)
    assert "https" not in record_to_markdown(bare)
    retry = example("deferred")
    retry["error"].pop("retry_at", None)
    assert "try again later" in record_to_markdown(retry)
