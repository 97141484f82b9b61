from __future__ import annotations

import pytest

SHA1 = "0991a395da64e1c5fbe8732ed11e6be064081d9f"
ABSENT = object()
PAIRS = [
    ("organizationPrevalence", "orgPrevalence", "organization_prevalence"),
    ("globallyPrevalence", "globalPrevalence", "global_prevalence"),
]


@pytest.mark.parametrize(("integer_key", "text_key", "name"), PAIRS)
@pytest.mark.parametrize(
    ("integer", "text", "expected"),
    [
        (14850, "14850", 14850),
        (0, "0", 0),
        (ABSENT, "0", 0),
        (0, ABSENT, 0),
        (None, "", ABSENT),
        (ABSENT, ABSENT, ABSENT),
        (None, "7", 7),
        ("7", None, 7),
        (7, 7, 7),
        (3.0, ABSENT, 3),
        (ABSENT, " 12 ", 12),
        (ABSENT, "9" * 25, int("9" * 25)),
        (2**63, str(2**63), 2**63),
    ],
)
def test_one_number_from_two_spellings_and_two_types(stats, integer_key, text_key, name, integer, text, expected):
    given = {key: value for key, value in ((integer_key, integer), (text_key, text)) if value is not ABSENT}
    record = stats({"sha1": SHA1, **given})
    assert record["file_stats"].get(name, ABSENT) == expected
    assert record["caveats"] == []
    assert "unmapped" not in record


@pytest.mark.parametrize(("integer_key", "text_key", "name"), PAIRS)
@pytest.mark.parametrize(("integer", "text", "larger"), [(5, "7", 7), (7, "5", 7), (0, "1", 1), (1, "0", 1)])
def test_disagreement_keeps_the_larger_number_and_says_which_pair(
    stats, caveat_codes, integer_key, text_key, name, integer, text, larger
):
    record = stats({integer_key: integer, text_key: text})
    assert record["file_stats"][name] == larger
    assert caveat_codes(record) == ["prevalence_mismatch"]
    message = record["caveats"][0]["message"]
    assert f"{integer_key} {integer}" in message
    assert f"{text_key} {text}" in message


def test_both_pairs_can_disagree(stats, caveat_codes):
    record = stats(
        {"organizationPrevalence": 1, "orgPrevalence": "2", "globallyPrevalence": 3, "globalPrevalence": "4"}
    )
    assert caveat_codes(record) == ["prevalence_mismatch", "prevalence_mismatch"]


@pytest.mark.parametrize(("integer_key", "text_key", "name"), PAIRS)
@pytest.mark.parametrize(
    ("unusable", "as_json"),
    [
        (-2147483648, "-2147483648"),
        (True, "true"),
        (False, "false"),
        (1.5, "1.5"),
        (float("inf"), "Infinity"),
        ("many", '"many"'),
        ("0x10", '"0x10"'),
        ("1,000", '"1,000"'),
        ("-3", '"-3"'),
        ("٣", '"\\u0663"'),
        ([3], "[3]"),
        ("1" * 5000, '"' + "1" * 5000 + '"'),
        (10**301, "1" + "0" * 301),
    ],
)
def test_what_is_no_number_of_devices_is_kept_aside_and_the_other_spelling_decides(
    stats, integer_key, text_key, name, unusable, as_json
):
    record = stats({integer_key: unusable, text_key: "3000000000"})
    assert record["file_stats"][name] == 3000000000
    assert record["caveats"] == []
    assert record["unmapped"] == [{"path": f"/{integer_key}", "json": as_json}]
