from __future__ import annotations

import pytest

SHA1 = "0991a395da64e1c5fbe8732ed11e6be064081d9f"
WORLD = {
    "globalFirstObserved": "2015-03-19T12:20:07.3432441Z",
    "globalLastObserved": "2020-01-06T13:39:36Z",
    "topFileNames": ["MREC.exe"],
}
DATES = {"orgFirstSeen": "2019-12-07T13:44:16Z", "orgLastSeen": "2020-01-06T13:39:36Z"}
CONTEXT = {"@odata.context": "https://host.example/api/$metadata#InOrgFileStats"}
BOTH_PAIRS = {
    "orgPrevalence": "14850",
    "organizationPrevalence": 14850,
    "globalPrevalence": "705012",
    "globallyPrevalence": 705012,
}
INTEGER_PAIR = {"organizationPrevalence": 14850, "globallyPrevalence": 705012}
TEXT_PAIR = {"orgPrevalence": "14850", "globalPrevalence": "705012"}
NOT_HERE = {
    "orgPrevalence": "0",
    "organizationPrevalence": 0,
    "orgFirstSeen": None,
    "orgLastSeen": None,
    "globalPrevalence": "64356",
    "globallyPrevalence": 64356,
}


@pytest.mark.parametrize("numbers", [BOTH_PAIRS, INTEGER_PAIR, TEXT_PAIR], ids=["both", "integers", "texts"])
def test_every_generation_of_the_answer_gives_the_same_finding(stats, numbers):
    record = stats({**CONTEXT, "sha1": SHA1.upper(), **numbers, **DATES, **WORLD})
    assert record["outcome"] == "seen_in_organization"
    assert record["summary"] == "Seen on 14,850 devices in the organization in the last 30 days; on 705,012 worldwide."
    assert record["file_stats"] == {
        "lookback_hours": 720,
        "lookback_defaulted": True,
        "organization_prevalence": 14850,
        "organization_first_seen": "2019-12-07T13:44:16Z",
        "organization_last_seen": "2020-01-06T13:39:36Z",
        "global_prevalence": 705012,
        "global_first_observed": "2015-03-19T12:20:07.3432441Z",
        "global_last_observed": "2020-01-06T13:39:36Z",
        "top_file_names": ["MREC.exe"],
    }
    assert record["file"] == {"sha1": SHA1, "queried": SHA1, "queried_type": "sha1"}
    assert record["caveats"] == []
    assert "unmapped" not in record
    assert record["portal_url"] == (
        f"https://security.microsoft.com/file/{SHA1}?tid=11111111-2222-3333-4444-555555555555"
    )


def test_zero_devices_and_no_dates_is_known_worldwide_only(stats):
    record = stats({"sha1": SHA1, **NOT_HERE, **WORLD})
    assert record["outcome"] == "known_globally_only"
    assert record["summary"] == "Not seen in the organization in the last 30 days; on 64,356 worldwide."
    assert record["file_stats"]["organization_prevalence"] == 0


def test_a_404_with_the_envelope_is_the_finding_that_the_file_is_unknown(stats):
    record = stats(None)
    assert record["outcome"] == "unknown_to_defender"
    assert "file_stats" not in record
    assert "error" not in record


@pytest.mark.parametrize("nothing", [{}, {"orgPrevalence": "", "organizationPrevalence": None}, {"orgPrevalence": " "}])
def test_no_usable_number_and_no_date_is_not_taken_for_zero(stats, nothing):
    record = stats({"sha1": SHA1, "globallyPrevalence": 7, **nothing})
    assert record["outcome"] == "prevalence_unavailable"
    assert "organization_prevalence" not in record["file_stats"]
    assert record["file_stats"]["global_prevalence"] == 7


def test_a_date_without_a_number_is_still_seen(stats):
    record = stats({"sha1": SHA1, "orgLastSeen": "2026-11-20T08:00:00Z"})
    assert record["outcome"] == "seen_in_organization"
    assert record["summary"] == (
        "Seen in the organization (last seen on 2026-11-20); on how many devices is not known; "
        "the worldwide number is not known."
    )


def test_a_date_within_the_window_outweighs_a_count_of_zero(stats, caveat_codes):
    record = stats({**NOT_HERE, "orgLastSeen": "2026-10-22T20:00:00Z"})
    assert record["outcome"] == "seen_in_organization"
    assert caveat_codes(record) == ["organization_dates_without_devices"]
    assert "no devices are counted" in record["summary"]


@pytest.mark.parametrize(
    ("dates", "told"),
    [
        ({"orgFirstSeen": "2026-01-01T00:00:00Z", "orgLastSeen": "2026-10-22T19:59:59Z"}, "last seen on 2026-10-22"),
        ({"orgFirstSeen": "2026-05-01T00:00:00Z"}, "first seen on 2026-05-01"),
    ],
)
def test_dates_before_the_window_are_told_and_do_not_count_as_seen(stats, caveat_codes, dates, told):
    record = stats({**NOT_HERE, **dates})
    assert record["outcome"] == "known_globally_only"
    assert caveat_codes(record) == ["seen_before_lookback"]
    assert record["summary"] == (
        f"Not seen in the organization in the last 30 days, but before ({told}); on 64,356 worldwide."
    )


def test_the_window_is_counted_back_from_when_the_service_answered(stats, source, caveat_codes):
    answer = {"organizationPrevalence": 0, "orgLastSeen": "2026-11-20T19:00:00Z"}
    narrow = stats(answer, lookback_hours=24, lookback_defaulted=False)
    assert caveat_codes(narrow) == ["seen_before_lookback"]
    assert narrow["file_stats"]["lookback_defaulted"] is False
    cached = source(retrieved_at="2026-11-21T18:00:00Z", from_cache=True, age_seconds=7200)
    assert caveat_codes(stats(answer, lookback_hours=24, source=cached)) == ["organization_dates_without_devices"]


@pytest.mark.parametrize(
    ("hours", "words"),
    [(1, "the last hour"), (24, "the last 24 hours"), (36, "the last 36 hours"), (48, "the last 2 days")],
)
def test_the_summary_tells_the_window_in_words(stats, hours, words):
    record = stats({"organizationPrevalence": 1, "globallyPrevalence": 2}, lookback_hours=hours)
    assert record["summary"] == f"Seen on 1 device in the organization in {words}; on 2 worldwide."


def test_the_net_default_date_and_blank_text_are_no_dates(stats):
    record = stats({**NOT_HERE, "orgFirstSeen": "0001-01-01T00:00:00Z", "orgLastSeen": ""})
    assert record["outcome"] == "known_globally_only"
    assert record["caveats"] == []
    assert "unmapped" not in record


def test_what_is_unknown_or_unreadable_is_kept_as_it_came(stats):
    record = stats(
        {
            "sha1": 5,
            "organizationPrevalence": True,
            "orgLastSeen": "last week",
            "topFileNames": ["a.exe", 7, None],
            "new/Thing~": {"b": [1, None]},
            "newNull": None,
            "globalLastObserved": 12,
            "@odata.etag": "x",
        }
    )
    assert sorted((entry["path"], entry["json"]) for entry in record["unmapped"]) == [
        ("/globalLastObserved", "12"),
        ("/new~1Thing~0", '{"b": [1, null]}'),
        ("/orgLastSeen", '"last week"'),
        ("/organizationPrevalence", "true"),
        ("/sha1", "5"),
        ("/topFileNames/1", "7"),
    ]
    assert record["file_stats"]["top_file_names"] == ["a.exe"]
    assert record["outcome"] == "prevalence_unavailable"


def test_names_that_are_no_list_are_kept(stats):
    record = stats({"organizationPrevalence": 1, "topFileNames": "a.exe"})
    assert record["unmapped"] == [{"path": "/topFileNames", "json": '"a.exe"'}]
    assert "top_file_names" not in record["file_stats"]


def test_hostile_names_stay_as_they_are_and_never_reach_the_summary(stats):
    names = ["<script>alert(1)</script>", "\x1b]0;owned\x07.exe", "inv\u202efdp.exe", "=cmd|' /C calc'!A0"]
    record = stats({"organizationPrevalence": 1, "topFileNames": names})
    assert record["file_stats"]["top_file_names"] == names
    assert record["summary"].isascii()
    assert "script" not in record["summary"]


def test_a_lone_surrogate_becomes_a_replacement_character(stats):
    record = stats({"organizationPrevalence": 1, "topFileNames": ["a\ud800.exe", "b\U0001f600.exe"]})
    assert record["file_stats"]["top_file_names"] == ["a\ufffd.exe", "b\U0001f600.exe"]


def test_caveats_from_further_up_the_way_follow_the_own_ones(stats, caveat_codes):
    given = {"code": "stale_cache", "message": "The answer is two hours old."}
    answer = {"organizationPrevalence": 4, "orgPrevalence": "5"}
    assert caveat_codes(stats(answer, caveats=[given])) == ["prevalence_mismatch", "stale_cache"]


def test_the_source_is_told(stats, source):
    record = stats({"organizationPrevalence": 4}, source=source(from_cache=True, age_seconds=90))
    assert record["source"] == {
        "vendor": "Microsoft",
        "product": "Defender for Endpoint",
        "cloud": "commercial",
        "host": "api.security.microsoft.com",
        "tenant_id": "11111111-2222-3333-4444-555555555555",
        "endpoint": "/api/files/{sha1}/stats",
        "retrieved_at": "2026-11-21T20:00:00Z",
        "from_cache": True,
        "age_seconds": 90,
    }


def test_a_clock_that_went_backwards_gives_no_negative_age(stats, source):
    assert stats({"organizationPrevalence": 4}, source=source(age_seconds=-3))["source"]["age_seconds"] == 0
