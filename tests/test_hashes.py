import pytest
from hypothesis import given
from hypothesis import strategies as st

from mde_files.errors import InvalidInputError
from mde_files.hashes import parse_file_hash

SHA1 = "0991a395da64e1c5fbe8732ed11e6be064081d9f"
SHA256 = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"
MD5 = "44d88612fea8a8f36de82e1278abb02f"


@pytest.mark.parametrize(("text", "kind"), [(SHA1, "sha1"), (SHA256, "sha256")])
def test_a_hash_is_recognized_by_its_length(text: str, kind: str) -> None:
    assert parse_file_hash(text) == (text, kind)


@pytest.mark.parametrize("text", [SHA1.upper(), f"  {SHA1}\n", f"\t{SHA1.upper()} "])
def test_upper_case_and_spaces_around_are_accepted(text: str) -> None:
    assert parse_file_hash(text) == (SHA1, "sha1")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SHA1[:-1], "39 digits"),
        (SHA1 + "0", "41 digits"),
        ("g" * 40, "not hexadecimal"),
        ("a" * 128, "SHA-512"),
        ("a" * 96, "SHA-384"),
        ("", "empty"),
        ("   ", "empty"),
        ("../../etc/passwd", "not hexadecimal"),
        ("https://example.com/" + SHA1, "not hexadecimal"),
        (f"{SHA1[:20]} {SHA1[20:]}", "not hexadecimal"),
        ("٠" * 40, "not hexadecimal"),
    ],
)
def test_what_is_no_hash_is_refused_with_the_reason(text: str, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words) as refused:
        parse_file_hash(text)
    assert "SHA-1" in refused.value.hint


def test_md5_is_refused_until_it_is_enabled() -> None:
    with pytest.raises(InvalidInputError, match="MD5 is switched off") as refused:
        parse_file_hash(MD5)
    assert "md5: true" in refused.value.hint
    assert parse_file_hash(MD5, md5=True) == (MD5, "md5")


@given(st.text())
def test_any_text_is_a_hash_or_an_invalid_input(text: str) -> None:
    try:
        value, kind = parse_file_hash(text, md5=True)
    except InvalidInputError:
        return
    assert len(value) == {"md5": 32, "sha1": 40, "sha256": 64}[kind]
    assert set(value) <= set("0123456789abcdef")
