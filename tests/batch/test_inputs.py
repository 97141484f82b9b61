from __future__ import annotations

import csv
import io
import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mde_files.batch import inputs
from mde_files.batch.inputs import CSV, JSONL, TEXT, Form, Item, hashes_in
from mde_files.errors import InvalidInputError

SHA1 = "3395856ce81f2b7382dee72602f798b642f14140"
SHA256 = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"
MD5 = "44d88612fea8a8f36de82e1278abb02f"


def read(content: bytes | str, form: Form) -> list[Item]:
    raw = content.encode() if isinstance(content, str) else content
    return list(inputs.read(io.BufferedReader(io.BytesIO(raw)), form))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_text_has_one_hash_a_line(encoding: str, end: str) -> None:
    content = end.join(["# comment with ä", SHA1, "", f"  {SHA256.upper()} ", "  # another", "x"]).encode(encoding)
    assert read(content, Form(TEXT)) == [
        Item(2, SHA1),
        Item(4, f"  {SHA256.upper()} "),
        Item(6, "x"),
    ]


def test_bytes_that_are_no_text_are_an_input_like_another() -> None:
    assert read(b"\xff\xfe\xfd"[1:] + b"\n" + SHA1.encode(), Form(TEXT)) == [Item(1, "\ufffd\ufffd"), Item(2, SHA1)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_column_by_name_whatever_the_delimiter(delimiter: str) -> None:
    rows = [["host", " hash ", "note"], ["a", SHA1, "one\ntwo"], [], ["b"], ["c", SHA256, "="], ["d", " ", ""]]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    assert read("\n" + text.getvalue(), Form(CSV, "hash")) == [
        Item(3, SHA1),
        Item(6, "", None, "The cell is empty."),
        Item(7, SHA256),
        Item(8, " ", None, "The cell is empty."),
    ]


def test_csv_names_tenants() -> None:
    text = f"hash,tenant\n{SHA1},contoso\n{SHA1}, \n{SHA1}\n"
    assert [item.tenant for item in read(text, Form(CSV, "hash", "tenant"))] == ["contoso", None, None]


@pytest.mark.parametrize(
    ("content", "form", "said"),
    [
        ("host;note\na;b\n", Form(CSV, "hash"), "no column 'hash'"),
        ("host;hash\na;b\n", Form(CSV, "hash", "tenant"), "no column 'tenant'"),
        ("host;hash\na;b\n", Form(CSV), "--column is missing"),
        ('hash\n"a\nb\nc', Form(CSV, "hash"), "Line 2 .* no valid CSV"),
        ('hash\nok\n"a" b\n', Form(CSV, "hash"), "Line 3 .* no valid CSV"),
    ],
)
def test_csv_that_cannot_be_read_is_explained(content: str, form: Form, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said) as caught:
        read(content, form)
    assert caught.value.hint
    if "column" in said:
        assert "host, " in caught.value.hint


def test_column_names_are_shown_harmlessly() -> None:
    with pytest.raises(InvalidInputError) as caught:
        read("a\x1b[31m,b\n", Form(CSV, "c\x1b[0m"))
    assert "\x1b" not in caught.value.message + caught.value.hint


def test_cells_may_be_long_and_empty_files_empty() -> None:
    assert read(f"event,hash\n{'x' * 200_000},{SHA1}\n", Form(CSV, "hash")) == [Item(2, SHA1)]
    for form in (Form(CSV, "hash"), Form(JSONL, "hash"), Form(TEXT)):
        assert read("", form) == []
        assert read("\n\n", form) == []


def test_nul_characters_are_no_end_of_a_csv() -> None:
    assert read(f"hash\na\0b\n{SHA1}\n", Form(CSV, "hash")) == [Item(2, "a\ufffdb"), Item(3, SHA1)]


def test_jsonl_field_by_path() -> None:
    lines = [
        {"file": {"hash": {"sha1": SHA1}}, "org": {"name": "contoso"}},
        {"file.hash.sha1": SHA1, "org.name": " "},
        {"file": {"hash.sha1": SHA1}, "org": 7},
        {"file": [{"hash": {"sha1": [SHA1, SHA1.upper(), "b"]}}, {"hash": {"sha1": "c"}}]},
        {"file": {"hash": {"sha1": 7}}},
        {"file": {"hash": {"sha1": ["a", None, 7]}}},
        {"file": {"hash": {"sha1": None}}},
        {"file": {"hash": "x"}},
        [],
    ]
    text = "\n".join(json.dumps(line) for line in lines) + '\n\n{"file": \n'
    assert read(text, Form(JSONL, "file.hash.sha1", "org.name")) == [
        Item(1, SHA1, "contoso"),
        Item(2, SHA1),
        Item(3, SHA1),
        Item(4, SHA1),
        Item(4, "b"),
        Item(4, "c"),
        Item(5, "", None, "The field holds something that is no text."),
        Item(6, "", None, "The field holds something that is no text."),
        Item(6, "a"),
        Item(7, "", None, "The field is missing."),
        Item(8, "", None, "The field is missing."),
        Item(9, "", None, "The field is missing."),
        Item(11, '{"file": ', None, "The line is no valid JSON."),
    ]


@pytest.mark.parametrize("line", ["[" * 100_000, "9" * 5000 + "x", '"' + SHA1 + '"'])
def test_any_json_line_is_an_input_or_a_problem(line: str) -> None:
    (item,) = read(line, Form(JSONL, "a", ""))
    assert item.problem
    assert len(item.text) <= inputs.LONGEST_INPUT


def test_a_line_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "_LONGEST_LINE", 100)
    assert len(read("a" * 99 + "\nb", Form(TEXT))) == 2
    with pytest.raises(InvalidInputError, match="Line 2 of the input is longer than 100"):
        read("a\n" + "b" * 101, Form(TEXT))


def test_hashes_are_found_in_free_text() -> None:
    text = f"""
    {SHA1} *eicar.com; sha256:{SHA256.upper()}, ({MD5})
    {SHA1} again {SHA1.upper()} and x{SHA1} {SHA1}0 _{SHA1} {"0" * 40} {"0" * 64} ä{MD5}
    da39a3ee5e6b4b0d3255bfef95601890afd80709 E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855
    # https://host/{SHA1}/x d41d8cd98f00b204e9800998ecf8427e"""
    assert read(text, Form(TEXT, extract=True)) == [
        Item(2, SHA1),
        Item(2, SHA256.upper()),
        Item(2, MD5),
        Item(3, SHA1),
        Item(5, SHA1),
    ]
    row = json.dumps({"t": f"see {SHA1}", "u": SHA256})
    assert read(row + "\nnot json\n{}", Form(JSONL, "t", "", extract=True)) == [Item(1, SHA1)]
    assert read(f"t,u\nsee {SHA1},{SHA256}\n,\n", Form(CSV, "t", "", extract=True)) == [Item(2, SHA1)]


def test_long_inputs_are_cut() -> None:
    (item,) = read(" " * 2000 + "a" * 5000, Form(TEXT))
    assert item.text == "a" * inputs.LONGEST_INPUT


FORMS = [
    Form(TEXT),
    Form(TEXT, extract=True),
    Form(CSV, "a", "b"),
    Form(JSONL, "a", "b"),
    Form(JSONL, "a", extract=True),
]


@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode), st.sampled_from(FORMS))
@example(b"a,b\n\x00,\xff\n", Form(CSV, "a", "b"))
def test_any_bytes_are_read_or_refused_in_words(content: bytes, form: Form) -> None:
    try:
        items = read(content, form)
    except InvalidInputError as error:
        refused = form.kind == CSV and bool(error.hint)
        assert refused, error  # noqa: PT017 - most bytes are not refused
        return
    assert [item.line for item in items] == sorted(item.line for item in items)
    assert len({(item.line, item.text) for item in items}) == len(items)


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=8))
def test_whatever_a_csv_writer_writes_is_read(rows: list[tuple[str, str]]) -> None:
    rows = [(a.replace("\0", "").replace("\ufeff", ""), b.replace("\0", "")) for a, b in rows]
    text = io.StringIO()
    csv.writer(text).writerows([("a", "b"), *rows])
    content = text.getvalue().encode("utf-8", "replace").decode()
    expected = [row[0] for row in csv.reader(io.StringIO(content, newline=""))][1:]
    assert [item.text for item in read(content, Form(CSV, "a"))] == expected


@given(
    st.lists(st.sampled_from([SHA1, SHA256, MD5, "x", " ", ":", "-", "\n", "_", "0" * 40]), max_size=12).map("".join)
)
def test_only_whole_words_are_hashes(text: str) -> None:
    words = re.split(r"\W+", text)
    expected = [
        word for word in words if len(word) in (32, 40, 64) and re.fullmatch("[0-9a-f]+", word) and word.strip("0")
    ]
    assert list(hashes_in(text)) == expected
