from __future__ import annotations

import pytest

SHA1 = "0d549631690ea297c25b2a4e133cacb8a87b97c6"
SHA256 = "32856e998ff1a8b89e30c9658721595d403ff0eece70dc803a36d1939e429f8d"
MD5 = "50188823168525455c273c07d8457b87"
FILE = {
    "@odata.context": "https://host.example/api/$metadata#Files/$entity",
    "sha1": SHA1,
    "sha256": SHA256.upper(),
    "md5": MD5,
    "globalPrevalence": 15,
    "globalFirstObserved": "2017-03-16T12:02:32.4527362Z",
    "globalLastObserved": "2020-06-17T06:54:07.852862Z",
    "size": 2843585,
    "fileType": None,
    "isPeFile": False,
    "filePublisher": "Contoso",
    "fileProductName": "Contoso Tool",
    "signer": "Contoso Code Signing",
    "issuer": "Contoso CA",
    "signerHash": "ab" * 20,
    "isValidCertificate": True,
    "determinationType": "Unknown",
    "determinationValue": "HackTool:MSIL/AutoKms",
}


@pytest.fixture
def resolved(stats, question):
    """Return a record that was asked by SHA-256 and resolved by this file information."""

    def make(file_info, **changes):
        asked = question("file_stats", SHA256, "sha256")
        return stats({"organizationPrevalence": 1}, question=asked, sha1=SHA1, file_info=file_info, **changes)

    return make


def test_what_the_file_endpoint_said_is_kept(resolved):
    record = resolved(FILE)
    assert record["file"] == {
        "sha1": SHA1,
        "sha256": SHA256,
        "md5": MD5,
        "queried": SHA256,
        "queried_type": "sha256",
        "global_prevalence": 15,
        "global_first_observed": "2017-03-16T12:02:32.4527362Z",
        "global_last_observed": "2020-06-17T06:54:07.852862Z",
        "size": 2843585,
        "is_pe_file": False,
        "file_publisher": "Contoso",
        "product_name": "Contoso Tool",
        "signer": "Contoso Code Signing",
        "issuer": "Contoso CA",
        "signer_hash": "ab" * 20,
        "is_valid_certificate": True,
        "determination_type": "Unknown",
        "determination_value": "HackTool:MSIL/AutoKms",
    }
    assert "unmapped" not in record


def test_the_hash_that_was_asked_is_kept_although_nothing_else_is_known(resolved):
    assert resolved(None)["file"] == {"sha1": SHA1, "sha256": SHA256, "queried": SHA256, "queried_type": "sha256"}


def test_what_is_unreadable_there_is_kept_with_the_name_of_its_document(resolved):
    record = resolved(
        {
            "sha1": "f" * 40,
            "md5": "short",
            "sha256": "",
            "size": -1,
            "isPeFile": "yes",
            "signer": 5,
            "newThing": [1],
        }
    )
    assert sorted((entry["path"], entry["json"]) for entry in record["unmapped"]) == [
        ("file_info:/isPeFile", '"yes"'),
        ("file_info:/md5", '"short"'),
        ("file_info:/newThing", "[1]"),
        ("file_info:/sha1", '"' + "f" * 40 + '"'),
        ("file_info:/signer", "5"),
        ("file_info:/size", "-1"),
    ]
    assert "md5" not in record["file"]


def test_a_hash_that_is_no_text_is_kept(resolved):
    record = resolved({"sha1": SHA1, "md5": 12})
    assert record["unmapped"] == [{"path": "file_info:/md5", "json": "12"}]


def test_an_empty_determination_stays_what_it_is(resolved):
    record = resolved({"sha1": SHA1, "determinationType": "Unknown", "determinationValue": ""})
    assert record["file"]["determination_value"] == ""


def test_unknown_files_and_alerts_keep_what_was_paid_for(stats, alerts, question):
    unknown = stats(None, question=question("file_stats", SHA256, "sha256"), sha1=SHA1, file_info=FILE)
    assert unknown["outcome"] == "unknown_to_defender"
    assert unknown["file"]["signer"] == "Contoso Code Signing"
    none = alerts([], question=question("file_alerts", MD5, "md5"), sha1=SHA1, file_info=FILE)
    assert none["file"]["md5"] == MD5
    assert none["file"]["size"] == 2843585
