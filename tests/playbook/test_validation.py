from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mde_files import InvalidInputError, manifest
from mde_files.playbook.library import find, open_playbook, read, shipped
from mde_files.playbook.validation import examine, load

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "id: own\ntitle: Own\ndescription: For tests.\n"
STATS = "  - id: stats\n    action: file_stats\n"
GOOD = f"{HEAD}steps:\n{STATS}"
REST = f"steps:\n{STATS}"
ALERTS = "  - id: alerts\n    action: file_alerts\n"

# Each text, and for each mistake in it: line, column, words of the message, words of the hint.
MISTAKES: dict[str, tuple[str, list[tuple[int, int, str, str]]]] = {
    "nothing": ("", [(1, 1, "must be a group of keys", "")]),
    "no yaml": ("id: [1\n", [(2, 1, "no valid YAML", "key: value")]),
    "tab": ("id:\n\ttitle: x\n", [(2, 1, "no valid YAML", "")]),
    "a character yaml refuses": (f"{HEAD}x: '\x07'\n", [(4, 1, "does not allow", "")]),
    "two documents": ("id: a\n---\nid: b\n", [(2, 1, "no valid YAML", "")]),
    "alias": ("id: &a own\ntitle: *a\n", [(2, 8, "aliases", "")]),
    "alias bomb": (
        "a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: &c [*b, *b, *b]\nd: [*c, *c, *c]\n",
        [(2, 8, "aliases", "")],
    ),
    "merge": ("a: &a {b: 1}\nc:\n  <<: *a\n", [(3, 7, "aliases", "")]),
    "python object": ("id: !!python/object/apply:os.system ['echo x']\n", [(1, 5, "no kind of value", "")]),
    "python name": ("id: !!python/name:os.system x\n", [(1, 5, "cannot be read", "")]),
    "key twice": (f"{GOOD}id: again\n", [(7, 1, 'key "id" is there twice', "")]),
    "key that is no text": (f"{HEAD}7: x\n", [(4, 1, "Keys are texts", "")]),
    "complex key": (f"{HEAD}? [a]\n: x\n", [(4, 3, "Keys are texts", "")]),
    "impossible date": (f"{HEAD}x: 2026-13-45\n", [(4, 4, "cannot be read", "")]),
    "too deep": ("a: " + "[" * 3000, [(1, 1, "nested too deeply", "")]),
    "too long": ("#" * 100_001, [(1, 1, "more than 100,000 characters", "")]),
    "unknown key": (f"{GOOD}stepz: 1\n", [(7, 1, 'no key "stepz"', "Did you mean 'steps'?")]),
    "unknown key without a neighbour": (f"{GOOD}zzz: 1\n", [(7, 1, 'no key "zzz"', "Known keys: id, title")]),
    "unknown key of a step": (
        f"{GOOD}    wehn: x\n",
        [(7, 5, 'no key "wehn"', "Did you mean 'when'?")],
    ),
    "missing keys": ("id: own\ntitle: T\n", [(1, 1, '"description" is required', ""), (1, 1, '"steps" is', "")]),
    "missing id of a step": (f"{HEAD}steps:\n  - action: file_stats\n", [(5, 5, '"id" is required', "")]),
    "wrong type": (f"{HEAD}steps: none\n", [(4, 8, '"steps" must be a list', "")]),
    "wrong id": (
        "id: Own Book\ntitle: T\ndescription: D\n" + REST,
        [(1, 5, '"id" has the wrong form', "")],
    ),
    "unknown format": (
        f"{HEAD}incidents:\n  formats: [sentinel]\n{REST}",
        [(5, 13, "must be one of sentinel_incident", "")],
    ),
    "unknown severity": (
        f"{HEAD}incidents: {{minimum_severity: severe}}\n{REST}",
        [(4, 31, "must be one of informational", "")],
    ),
    "unknown action": (
        f"{HEAD}steps:\n  - id: stats\n    action: file_statz\n",
        [(6, 13, 'no action "file_statz"', "Did you mean 'file_stats'?")],
    ),
    "unknown action with parameters": (
        f"{HEAD}steps:\n  - id: stats\n    action: zzz\n    with: {{hours: 3}}\n",
        [(6, 13, 'no action "zzz"', "Known: file_stats, file_alerts")],
    ),
    "unknown parameter of an action": (
        f"{GOOD}    with: {{lookback: 3}}\n",
        [(7, 12, 'no parameter "lookback"', "Did you mean 'lookback_hours'?")],
    ),
    "parameter of an action that has none": (
        f"{HEAD}steps:\n  - id: a\n    action: file_alerts\n    with:\n      hours: 3\n",
        [(8, 7, 'no parameter "hours"', "no parameters besides")],
    ),
    "the file as a parameter": (
        f"{GOOD}    with:\n      file_hash: x\n",
        [(8, 7, "given by the incident", "Leave")],
    ),
    "parameter out of range": (
        f"{GOOD}    with:\n      lookback_hours: 721\n",
        [(8, 23, "at most 720, not 721", "Hours to look back")],
    ),
    "parameter with a strange group": (
        f"{GOOD}    with:\n      lookback_hours: {{expresion: x}}\n",
        [(8, 7, '"expression" is required', ""), (8, 24, 'no key "expresion"', "Did you mean 'expression'?")],
    ),
    "parameters of a decision": (
        f"{GOOD}  - id: d\n    decide: {{tags: [x]}}\n    with: {{a: 1}}\n",
        [(9, 5, "Only an action", "")],
    ),
    "two kinds": (
        f"{GOOD}    decide: {{tags: [x]}}\n",
        [(5, 5, "has action and decide", "exactly one")],
    ),
    "no kind": (f"{GOOD}  - id: d\n    when: file.hash\n", [(7, 5, "does nothing", "exactly one")]),
    "no action": (
        f"{HEAD}steps:\n  - id: d\n    decide: {{tags: [x]}}\n",
        [(4, 1, "No step runs an action", "file_stats")],
    ),
    "id twice": (f"{GOOD}{STATS}", [(7, 9, "two steps 'stats'", "")]),
    "wrong tag": (f"{GOOD}  - id: d\n    decide: {{tags: ['<b>']}}\n", [(8, 21, "wrong form", "")]),
    "decides nothing": (f"{GOOD}  - id: d\n    decide: {{}}\n", [(8, 5, "decides nothing", "tags or a note")]),
    "attaches twice": (
        f"{GOOD}  - id: x\n    attach: {{}}\n  - id: y\n    attach: {{}}\n",
        [(8, 5, "Nothing comes after", "end")],
    ),
    "attaches an unknown step": (
        f"{GOOD}  - id: x\n    attach:\n      records:\n        - stat\n",
        [(10, 11, 'no step "stat"', "Did you mean 'stats'?")],
    ),
    "attaches two records of one action": (
        f"{GOOD}  - id: day\n    action: file_stats\n    with: {{lookback_hours: 24}}\n  - id: x\n    attach: {{}}\n",
        [(11, 5, "both records of file_stats", "one record of each")],
    ),
    "default of the wrong type": (
        f"{HEAD}parameters:\n  hours:\n    type: integer\n    description: Hours.\n    default: many\n{REST}",
        [(8, 14, "must be a whole number", "Hours.")],
    ),
    "parameter without a default": (
        f"{HEAD}parameters:\n  hours: {{type: integer, description: Hours.}}\n{REST}",
        [(5, 3, '"default" is required', "")],
    ),
    "expression that does not parse": (
        f"{GOOD}  - id: d\n    when: steps.stats.outcome = 'x'\n    decide: {{tags: [x]}}\n",
        [(8, 31, "character 21", "")],
    ),
    "expression in quotes that does not parse": (
        f'{GOOD}  - id: d\n    when: "a ==="\n    decide: {{tags: [x]}}\n',
        [(8, 16, "", "")],
    ),
    "expression on several lines that does not parse": (
        f"{GOOD}  - id: d\n    when: >-\n      file.hash\n      ==\n    decide: {{tags: [x]}}\n",
        [(8, 11, "ends too early", "")],
    ),
    "unknown root": (
        f"{GOOD}  - id: d\n    when: stepz.stats\n    decide: {{tags: [x]}}\n",
        [(8, 11, "no 'stepz'", "Did you mean 'steps'?")],
    ),
    "unknown step in an expression": (
        f"{GOOD}  - id: d\n    when: steps.stat.outcome == 'deferred'\n    decide: {{tags: [x]}}\n",
        [(8, 11, "no 'stat'", "Did you mean 'stats'?")],
    ),
    "step that comes later": (
        f"{HEAD}steps:\n{STATS}    when: steps.alerts.outcome == 'no_alerts'\n{ALERTS}",
        [(7, 11, "no 'alerts'", "")],
    ),
    "unknown outcome": (
        f"{GOOD}  - id: d\n    when: steps.stats.outcome == 'seen_in_organisation'\n    decide: {{tags: [x]}}\n",
        [(8, 11, "never 'seen_in_organisation'", "Did you mean 'seen_in_organization'?")],
    ),
    "outcome of another action": (
        f"{GOOD}  - id: d\n    when: \"'no_alerts' != steps.stats.outcome\"\n    decide: {{tags: [x]}}\n",
        [(8, 11, "never 'no_alerts'", "")],
    ),
    "unknown outcome in a list": (
        f'{GOOD}  - id: d\n    decide: {{tags: [x]}}\n    when: contains(`["late"]`, steps.stats.outcome)\n',
        [(9, 11, "never 'late'", "")],
    ),
    "unknown part of a record": (
        f"{GOOD}  - id: d\n    when: steps.stats.file_stats.prevalence > `3`\n    decide: {{tags: [x]}}\n",
        [(8, 11, "no 'prevalence'", "")],
    ),
    "part of another action's record": (
        f"{GOOD}  - id: d\n    when: steps.stats.file_alerts\n    decide: {{tags: [x]}}\n",
        [(8, 11, "no 'file_alerts'", "")],
    ),
    "unknown part of an alert": (
        (
            f"{HEAD}steps:\n{ALERTS}    when: 'true'\n  - id: d\n    decide: {{tags: [x]}}\n"
            "    when: steps.alerts.file_alerts.alerts[?severty == 'High'].title | sort(@)\n"
        ),
        [(7, 11, "no 'true'", ""), (10, 11, "no 'severty'", "Did you mean 'severity'?")],
    ),
    "name asked of a list": (
        f"{GOOD}  - id: d\n    when: file.names.first\n    decide: {{tags: [x]}}\n",
        [(8, 11, "asked of a list", "")],
    ),
    "unknown parameter in an expression": (
        f"{GOOD}    with: {{lookback_hours: {{expression: parameters.hours}}}}\n",
        [(7, 41, "no 'hours'", "")],
    ),
    "unknown function": (
        f"{GOOD}  - id: d\n    when: lenght(file.names) > `1`\n    decide: {{tags: [x]}}\n",
        [(8, 11, "no function 'lenght'", "Did you mean 'length'?")],
    ),
    "function with too many values": (
        f"{GOOD}  - id: d\n    when: length(file.names, file.hash)\n    decide: {{tags: [x]}}\n",
        [(8, 11, "takes 1 values, not 2", "")],
    ),
    "function with too few values": (
        f"{GOOD}  - id: d\n    when: not_null()\n    decide: {{tags: [x]}}\n",
        [(8, 11, "takes 1 or more values, not 0", "")],
    ),
    "an expression for a function where there is none": (
        f'{GOOD}  - id: d\n    when: "&file.hash"\n    decide: {{tags: [x]}}\n',
        [(8, 11, "stands only where a function asks", "")],
    ),
    "note with an expression that does not parse": (
        f"{GOOD}  - id: d\n    decide:\n      note: On {{steps.stats.outcome ==}} devices\n",
        [(9, 39, "too early", "")],
    ),
    "note with an unknown name": (
        f"{GOOD}  - id: d\n    decide:\n      note: On {{steps.stat.outcome}}\n",
        [(9, 13, "no 'stat'", "")],
    ),
    "several at once": (
        f"{HEAD}steps:\n  - id: a\n    action: x\n  - id: b\n    when: '('\n    decide: {{tags: [x]}}\n",
        [(6, 13, "no action", ""), (8, 13, "", "")],
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_explained_where_it_stands(name: str) -> None:
    text, expected = MISTAKES[name]
    playbook, mistakes = examine(text, "own.yaml")
    assert playbook is None
    assert [mistake[:2] for mistake in mistakes] == [wanted[:2] for wanted in expected]
    for mistake, (_, _, words, hint) in zip(mistakes, expected, strict=True):
        assert words in mistake.message
        assert hint in mistake.hint
    with pytest.raises(InvalidInputError, match=rf"^own\.yaml:{expected[0][0]}:{expected[0][1]}: "):
        load(text, "own.yaml")


@pytest.mark.parametrize(
    "when",
    [
        "steps.stats.outcome == 'deferred'",
        "steps.stats.file_stats.top_file_names[0]",
        "steps.stats.file_stats.top_file_names[0:2]",
        "steps.stats.file.* | [0]",
        "steps.stats.unmapped[].path",
        "steps.stats.caveats[?code == 'stale_cache'] | [0].message",
        "max_by(steps.stats.caveats, &code).message",
        "sort_by(steps.stats.caveats, &code)[0].message",
        "map(&code, steps.stats.caveats)",
        "{a: file.hash, b: incident.severity}.a",
        "[file.hash, incident.id][0]",
        "!(file.kind == 'sha1') || file.kind != 'md5' && `true`",
        "contains(incident.tags, 'phishing')",
        "contains('abc', file.hash)",
        "@",
        "[steps.stats.caveats[*].code, file.names][]",
        "{names: file.names}.names[]",
        "steps.stats.source.host",
    ],
)
def test_an_expression_that_uses_what_is_there_is_no_mistake(when: str) -> None:
    quoted = when.replace("'", "''")
    playbook, mistakes = examine(f"{GOOD}  - id: d\n    when: '{quoted}'\n    decide: {{tags: [x]}}\n", "own.yaml")
    assert mistakes == ()
    assert playbook is not None
    assert playbook.tags == ("x",)


@pytest.mark.parametrize("path", shipped(), ids=lambda path: path.stem)
def test_a_shipped_playbook_is_valid_and_explains_itself(path: Path) -> None:
    text = read(path)
    playbook = load(text, str(path))
    assert playbook.id == path.stem
    header = " ".join(re.findall(r"^# ?(.*)$", text, re.MULTILINE))
    for words in ("When to use it", "Permissions", "Calls for each file"):
        assert words in header
    for step in playbook.actions:
        (permission, *_) = manifest.load().calls[step.action].permissions.application
        assert permission in header
    assert playbook.attach is not None
    assert not re.search(r"\b(clean|safe|benign|harmless|trusted)\b", text, re.IGNORECASE)


def test_the_shipped_playbooks_are_found_by_name_and_the_nearest_name_is_suggested() -> None:
    names = [path.stem for path in shipped()]
    assert names == ["enrich-incident-files", "file-alert-sweep", "rare-file-triage"]
    assert open_playbook("rare-file-triage").title
    with pytest.raises(InvalidInputError, match="no playbook") as refused:
        find("rare-files-triage")
    assert "rare-file-triage" in refused.value.hint
    with pytest.raises(InvalidInputError, match="no playbook") as refused:
        find("x")
    assert all(name in refused.value.hint for name in names)


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_bytes(b"\xff\xfe\x00")
    for name in ("own.yaml", "missing.yaml", "\x00.yaml"):
        with pytest.raises(InvalidInputError, match="cannot be read"):
            open_playbook(str(tmp_path / name))


def test_what_yaml_takes_for_a_date_is_text_here() -> None:
    assert load(GOOD.replace("title: Own", "title: 2026-11-21"), "own.yaml").title == "2026-11-21"


PARAMETERS = f"""{HEAD}parameters:
  hours: {{type: integer, description: Hours., default: 24, minimum: 1, maximum: 720}}
  share: {{type: number, description: Share., default: 0.5}}
  word: {{type: string, description: Word., default: a, choices: [a, b]}}
  loud: {{type: boolean, description: Loud., default: false}}
{REST}"""


def test_parameters_have_defaults_and_are_read_from_text() -> None:
    playbook = load(PARAMETERS, "own.yaml")
    assert playbook.values({}) == {"hours": 24, "share": 0.5, "word": "a", "loud": False}
    given = {"hours": "48", "share": "2", "word": "b", "loud": "yes"}
    assert playbook.values(given) == {"hours": 48, "share": 2.0, "word": "b", "loud": True}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("hours", 0, "at least 1, not 0"),
        ("hours", "721", "at most 720"),
        ("hours", "many", "a whole number"),
        ("hours", True, "a whole number"),
        ("share", float("nan"), ""),
        ("word", "c", "one of a, b"),
        ("word", 7, "must be text"),
        ("word", "x" * 2000, "at most 1000"),
        ("loud", "maybe", "true or false"),
        ("hour", 1, "no parameter"),
    ],
)
def test_a_parameter_out_of_bounds_is_named(name: str, value: Any, words: str) -> None:
    playbook = load(PARAMETERS, "own.yaml")
    if name == "share":
        assert playbook.values({name: value})
        return
    with pytest.raises(InvalidInputError, match=words) as refused:
        playbook.values({name: value})
    assert refused.value.hint


def test_a_playbook_without_parameters_says_so() -> None:
    with pytest.raises(InvalidInputError) as refused:
        load(GOOD, "own.yaml").values({"zzz": 1})
    assert refused.value.hint == "It has none."


@given(st.text(alphabet="idstep:-ac{}[]'\"&*!|> \n#7", max_size=80) | st.text(max_size=40))
def test_any_text_is_a_playbook_or_explained(text: str) -> None:
    playbook, mistakes = examine(text, "own.yaml")
    assert (playbook is None) == bool(mistakes)
    assert all(mistake.line >= 1 and mistake.column >= 1 and mistake.message for mistake in mistakes)


@given(st.sampled_from(shipped()), st.data())
def test_a_shipped_playbook_with_any_piece_cut_out_is_valid_or_explained(path: Path, data: st.DataObject) -> None:
    text = read(path)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    playbook, mistakes = examine(text[:start] + text[end:], str(path))
    assert (playbook is None) == bool(mistakes)
