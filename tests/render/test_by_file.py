from __future__ import annotations

from typing import Any

from tests.render.conftest import alerts_everywhere, example, incident_of, named, of_file

from mde_files.playbook.incident import ObservedFile
from mde_files.render.by_file import by_file
from mde_files.render.terminal import table

SHA1, OTHER, SHA256, MD5 = "1" * 40, "2" * 40, "3" * 64, "4" * 32


def stats(sha1: str = SHA1, **file: Any) -> dict[str, Any]:
    return of_file(example("seen_in_organization"), sha1, **file)


def alerts(sha1: str = SHA1, **file: Any) -> dict[str, Any]:
    return of_file(example("alerts_found"), sha1, **file)


def asked(kind: str, value: str, outcome: str = "not_queried") -> dict[str, Any]:
    return {**example(outcome), "file": {"queried": value, "queried_type": kind}}


def test_both_answers_about_a_file_are_one_file() -> None:
    (file,) = by_file([stats(), alerts(sha256=SHA256)])
    assert file.hashes == {"sha1": SHA1, "sha256": SHA256}
    assert file.main_hash == SHA1
    assert file.stats["organization_prevalence"] == 14850
    assert file.worst_severity == "medium"


def test_a_later_answer_can_show_that_two_hashes_are_one_file() -> None:
    first, second = asked("sha256", SHA256), {**stats(), "action": "file_stats"}
    assert len(by_file([first, second])) == 2
    (file,) = by_file([first, second, alerts(sha256=SHA256)])
    assert [record["outcome"] for record in file.records] == ["alerts_found", "seen_in_organization"]
    (again,) = by_file([first, second, alerts(sha256=SHA256), asked("sha256", SHA256)])
    assert again.hashes == {"sha1": SHA1, "sha256": SHA256}


def test_the_same_hash_in_two_tenants_is_two_files() -> None:
    other = stats()
    other["source"]["tenant_id"] = "another"
    assert len(by_file([stats(), other])) == 2


def test_what_is_no_hash_is_a_file_of_its_own() -> None:
    files = by_file([asked("unknown", "zz", "failed"), asked("unknown", "", "failed"), asked("unknown", "", "failed")])
    assert [file.main_hash for file in files] == ["zz", "", ""]
    assert files[0].title == "zz"


def test_the_later_answer_counts_unless_it_is_a_failure() -> None:
    later = stats()
    later["file_stats"]["organization_prevalence"] = 7
    failed = of_file({**example("failed"), "action": "file_stats"}, SHA1)
    (file,) = by_file([failed, failed, stats(), later, failed])
    assert file.stats["organization_prevalence"] == 7
    assert file.open_questions == ()


def test_files_with_the_most_severe_alerts_come_first() -> None:
    high = alerts("5" * 40)
    high["file_alerts"]["by_severity"].update(medium=0, high=1)
    files = by_file([stats(OTHER), alerts(), high, stats("6" * 40)])
    assert [file.main_hash for file in files] == ["5" * 40, SHA1, OTHER, "6" * 40]


def test_names_come_from_the_incident_the_statistics_and_the_evidence() -> None:
    record = alerts()
    record["file_alerts"]["alerts"][0]["evidence"] = [
        {"sha1": SHA1.upper(), "file_name": "evidence.exe"},
        {"sha1": OTHER, "file_name": "other.exe"},
        {"file_name": "nobody.exe"},
        {"sha1": SHA1},
    ]
    observed = ObservedFile(SHA1, "sha1", ("incident.exe", "MREC.exe"), ("/files/0",))
    (file,) = by_file([stats(), record], incident_of(observed))
    assert file.names == ("incident.exe", "MREC.exe", "evidence.exe")
    assert by_file([named(" ")])[0].title == "a" * 40


def test_worldwide_numbers_fall_back_to_the_file_itself() -> None:
    (file,) = by_file([alerts(global_prevalence=5, global_first_observed="2026-01-01T00:00:00Z")])
    assert file.worldwide_prevalence == 5
    assert file.worldwide == ("2026-01-01T00:00:00Z", "")
    assert by_file([asked("md5", MD5)])[0].worldwide_prevalence is None


def test_the_table_has_a_row_for_each_file(records: list[dict[str, Any]]) -> None:
    text = table(records)
    lines = text.split("\n")
    assert all(line.isprintable() for line in lines)
    assert len(lines) == 1 + len(by_file(records))
    assert any("250  high" in line for line in lines)
    assert "deferred" in text
    assert "\x1b[31m" in table(records, colour=True)
    assert table([]) == ""


def test_the_table_stays_in_line_with_wide_letters() -> None:
    rows = table([named("請求書.exe"), named("a\u0301.exe", "b" * 40)]).split("\n")
    assert rows[1].index("a" * 12) + 3 == rows[0].index("hash")
    assert rows[2].index("b" * 12) - 1 == rows[0].index("hash")


def test_the_table_is_harmless() -> None:
    assert "\x1b" not in table([named("\x1b[2J"), alerts_everywhere("\x1b[2J")])
