from __future__ import annotations

import pytest

from mde_files import errors, records

SHA1 = "0991a395da64e1c5fbe8732ed11e6be064081d9f"
SHA256 = "dc0ade0c95d6db98882bc8fa6707e64353cd6f7767ff48d6a81a6c2aef21c608"
TENANT = "11111111-2222-3333-4444-555555555555"


@pytest.fixture
def failed(checked, question, source):
    def make(error, asked=None):
        return checked(records.failure_record(asked or question("file_stats"), source(retrieved_at=""), error))

    return make


@pytest.mark.parametrize("error_class", [errors.ThrottledError, errors.QuotaExhaustedError])
def test_what_is_only_a_matter_of_time_is_deferred(failed, error_class):
    error = error_class("No room.", hint="Come back.", retry_at="2026-11-21T20:00:42Z", http_status=429)
    record = failed(error)
    assert record["outcome"] == "deferred"
    assert record["error"] == {
        "code": error_class.code,
        "message": "No room.",
        "hint": "Come back.",
        "retryable": True,
        "retry_at": "2026-11-21T20:00:42Z",
        "http_status": 429,
    }
    assert "2026-11-21T20:00:42Z" in record["summary"]
    assert "retrieved_at" not in record["source"]
    assert record["portal_url"].startswith(f"https://security.microsoft.com/file/{SHA1}?")


def test_deferred_without_a_usable_time_says_later(failed):
    record = failed(errors.ThrottledError("No room.", retry_at="some day"))
    assert "later" in record["summary"]
    assert "retry_at" not in record["error"]


@pytest.mark.parametrize(
    "error_class",
    [
        errors.InvalidInputError,
        errors.ForbiddenError,
        errors.WrongEndpointError,
        errors.TimeoutExceededError,
        errors.StateUnavailableError,
    ],
)
def test_every_other_error_is_failed(failed, error_class):
    record = failed(error_class("It went wrong.", correlation_id="c-1"))
    assert record["outcome"] == "failed"
    assert record["error"]["code"] == error_class.code
    assert record["error"]["correlation_id"] == "c-1"
    assert record["record_id"] == records.record_id(TENANT, "file_stats", SHA1)


def test_text_from_upstream_in_the_error_does_not_reach_the_summary(failed):
    record = failed(errors.UpstreamError("The service says <script>\ud800"))
    assert record["error"]["message"] == "The service says <script>\ufffd"
    assert "script" not in record["summary"]


def test_the_caveats_of_the_error_are_the_records(failed):
    caveat = {"code": "answer_for_another_file", "message": "It is about another file."}
    assert failed(errors.UpstreamInvalidError("Wrong file.", caveats=(caveat,)))["caveats"] == [caveat]


def test_an_input_that_is_no_hash_is_cut_and_still_has_an_id(failed, question):
    text = "../\ud800" + "x" * 1000
    record = failed(errors.InvalidInputError("No hash."), question("file_stats", text, "unknown"))
    assert record["file"] == {"queried": ("../\ufffd" + "x" * 1000)[:256], "queried_type": "unknown"}
    assert record["record_id"] == records.record_id(TENANT, "file_stats", record["file"]["queried"])
    assert "portal_url" not in record


def test_an_empty_input_makes_a_record_too(failed, question):
    record = failed(errors.InvalidInputError("Empty."), question("file_alerts", "", "unknown"))
    assert record["file"]["queried"] == ""


def test_a_hash_nobody_knows_is_unknown_for_statistics_and_not_queried_for_alerts(checked, question, source):
    unknown = checked(records.unresolved_record(question("file_stats", SHA256, "sha256"), source()))
    assert unknown["outcome"] == "unknown_to_defender"
    assert unknown["file"] == {"sha256": SHA256, "queried": SHA256, "queried_type": "sha256"}
    caveat = {"code": "stale_cache", "message": "Old."}
    asked = question("file_alerts", SHA256, "sha256")
    not_queried = checked(records.unresolved_record(asked, source(), caveats=[caveat]))
    assert not_queried["outcome"] == "not_queried"
    assert not_queried["caveats"] == [caveat]
    assert "file_alerts" not in not_queried
    assert "portal_url" not in not_queried


@pytest.mark.parametrize("answer", [{}, {"sha1": None}, {"sha1": ""}, {"sha1": 7}, {"sha1": f" {SHA1.upper()} "}])
def test_an_answer_about_the_file_asked_passes(answer):
    records.verify_stats_answer(answer, SHA1)
    records.verify_file_answer(answer, SHA1, "sha1")


@pytest.mark.parametrize(
    ("kind", "digits", "label"), [("sha1", 40, "SHA-1"), ("sha256", 64, "SHA-256"), ("md5", 32, "MD5")]
)
def test_an_answer_about_another_file_is_refused(kind, digits, label):
    with pytest.raises(errors.UpstreamInvalidError, match=label) as refused:
        records.verify_file_answer({kind: "f" * digits}, "0" * digits, kind)
    assert [caveat["code"] for caveat in refused.value.caveats] == ["answer_for_another_file"]
    assert refused.value.hint


def test_statistics_of_another_file_are_refused():
    with pytest.raises(errors.UpstreamInvalidError, match="another file"):
        records.verify_stats_answer({"sha1": "f" * 40}, SHA1)


def test_an_answer_nested_too_deeply_is_refused(question, source):
    deep: list = []
    for _ in range(200_000):
        deep = [deep]
    with pytest.raises(errors.UpstreamInvalidError, match="nested too deeply"):
        records.stats_record(
            question("file_stats"),
            source(),
            sha1=SHA1,
            answer={"sha1": SHA1, "deep": deep},
            lookback_hours=720,
            lookback_defaulted=True,
        )
