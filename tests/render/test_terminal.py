from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mde_files.render.escaping import for_terminal
from mde_files.render.terminal import render

if TYPE_CHECKING:
    from collections.abc import Callable

    from mde_files import Connector
    from mde_files.emulator import Emulator

WITHOUT_INK = "\u115f\u1160\u2800\u3164\uffa0"  # letters and a pattern that nobody sees
HOSTILE = ["name-html", "name-terminal", "name-right-to-left", "name-formula", "name-markdown", "name-endless"]


@given(st.text(), st.integers(2, 300))
def test_nothing_that_moves_the_cursor_reaches_the_terminal(text: str, longest: int) -> None:
    shown = for_terminal(text, longest)
    assert shown.isprintable()
    assert "\x1b" not in shown


@given(st.text(st.characters(categories=["L", "N", "P", "S"], exclude_characters=WITHOUT_INK)))
def test_letters_digits_and_signs_are_shown_as_they_are(text: str) -> None:
    assert for_terminal(text, len(text) + 2) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", "\\u001b[31m"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("a\nb", "a\\u000ab"),
        ("\U000e0001", "\\U000e0001"),
        ("Überprüfung 文件 ✓", "Überprüfung 文件 ✓"),
        ("x" * 300, "x" * 199 + "…"),
        (7, "7"),
    ],
)
def test_text_is_shown_harmless_and_otherwise_as_it_is(text: object, shown: str) -> None:
    assert for_terminal(text) == shown


@pytest.mark.parametrize("label", HOSTILE)
def test_a_hostile_file_name_cannot_take_over_the_terminal(
    connect: Callable[..., Connector], emulator: Emulator, label: str
) -> None:
    record = connect().file_stats(emulator.scenario.file(label).sha1)
    for line in render(record).split("\n"):
        assert line.isprintable()


def test_hostile_alerts_cannot_either(connect: Callable[..., Connector], emulator: Emulator) -> None:
    record = connect().file_alerts(emulator.scenario.file("odd-alerts").sha1)
    text = render(record)
    assert all(line.isprintable() for line in text.split("\n"))
    coloured = render(record, colour=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == text
    assert coloured != text


def test_long_lists_say_how_much_is_hidden(connect: Callable[..., Connector], emulator: Emulator) -> None:
    record = connect().file_alerts(emulator.scenario.file("many-alerts").sha1)
    assert "90 more in the record" in render(record)
    stats = connect().file_stats(emulator.scenario.file("eicar").sha1)
    stats["file_stats"]["top_file_names"] = [f"name-{number}.exe" for number in range(20)]
    assert "name-7.exe and 12 more" in render(stats)
    record["file_alerts"]["devices"] = [{"machine_id": f"m{number}"} for number in range(11)]
    assert "m7 and 3 more" in render(record)


def test_only_what_is_known_is_shown(connect: Callable[..., Connector], emulator: Emulator) -> None:
    record = connect().file_stats(emulator.scenario.file("eicar").sha1)
    body: dict[str, Any] = record["file_stats"]
    for key in ("organization_prevalence", "global_prevalence", "organization_first_seen", "top_file_names"):
        del body[key]
    del body["global_first_observed"], body["global_last_observed"]
    text = render(record)
    assert "worldwide     " not in text
    assert "seen there    unknown to" in text
    assert "file names" not in text
