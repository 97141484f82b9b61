from __future__ import annotations

import copy
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mde_files import InvalidInputError
from mde_files.playbook.incident import FORMATS, Incident, SentinelPlace, read_incident

INCIDENTS = Path(__file__).parent / "incidents"
EXAMPLES = sorted(path.stem for path in INCIDENTS.glob("*.json"))
EICAR = "3395856ce81f2b7382dee72602f798b642f14140"
EICAR_SHA256 = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"
RANSOMWARE = "346929d8ad22046e834f99fcfb902c7b9d7bf0bb"
RARE_SHA256 = "523272d4a63a0cd8ca57f3ec0d9e7a2547feeb3be67d34bcb97276d8162e2b52"
AUTHENTICODE = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
EMPTY = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"
DEVICE = "222e6dd8c833c8a052ea231ec1b19adaf497b625"
HTML_NAME = "<img src=x onerror=alert(1)>.com"


def document(name: str) -> Any:
    return json.loads((INCIDENTS / f"{name}.json").read_text(encoding="utf-8"))


def at(pointer: str, where: Any) -> Any:
    for part in pointer.split("/")[1:]:
        where = where[int(part) if isinstance(where, list) else part]
    return where


def format_of(name: str) -> str:
    return "graph_alert" if name.startswith("graph") else name.removesuffix("_with_text")


def plain(*files: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "1", "files": list(files), **more}


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_format_gives_the_same_files_once_with_their_best_hash(name: str) -> None:
    incident = read_incident(document(name))
    assert incident.format == format_of(name)
    assert [(file.hash, file.kind) for file in incident.files] == [
        (EICAR, "sha1"),
        (RANSOMWARE, "sha1"),
        (RARE_SHA256, "sha256"),
    ]
    assert HTML_NAME in incident.files[0].names
    assert "svchosts.exe" in incident.files[1].names


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_file_says_where_in_the_incident_it_stands(name: str) -> None:
    incident = read_incident(document(name))
    whole = dict(incident.document)
    if isinstance(whole.get("Entities"), str):
        whole["Entities"] = json.loads(whole["Entities"])
    for file in incident.files:
        assert file.found_at
        assert all(isinstance(at(pointer, whole), dict) for pointer in file.found_at)
    assert len(incident.files[0].found_at) >= 2


@pytest.mark.parametrize("name", EXAMPLES)
def test_title_severity_time_and_devices_are_read(name: str) -> None:
    incident = read_incident(document(name))
    assert incident.title
    assert incident.severity == "medium"
    assert incident.created_at.startswith("2026-02-01T10:0")
    assert incident.created_at.endswith("Z")
    assert "ws-0142.contoso.example" in incident.devices
    if name != "plain":
        assert DEVICE in incident.devices


@pytest.mark.parametrize(
    ("name", "incident_id", "defender_id", "tags"),
    [
        ("sentinel_incident", "73e01a99-5cd7-4139-a149-9f2736ff2ab5", "2201", ("phishing",)),
        ("sentinel_alert", "a7a9c3d1-1234-4f0e-9d11-000000000001", "", ()),
        ("defender_incident", "2201", "2201", ("phishing",)),
        ("graph_alert", "2201", "2201", ()),
        ("graph_incident", "2201", "2201", ("phishing",)),
        ("plain", "INC-2026-0815", "2201", ("phishing",)),
    ],
)
def test_ids_and_tags_say_where_to_attach(name: str, incident_id: str, defender_id: str, tags: tuple[str, ...]) -> None:
    incident = read_incident(document(name))
    assert (incident.id, incident.defender_incident_id, incident.tags) == (incident_id, defender_id, tags)
    assert incident.url.startswith("https://") or name == "sentinel_alert"


def test_the_place_in_sentinel_is_known_from_the_workspace_or_from_the_resource_id() -> None:
    trigger = document("sentinel_incident")
    place = SentinelPlace(
        "77777777-1111-2222-3333-444444444444",
        "security-rg",
        "contoso-soc",
        "73e01a99-5cd7-4139-a149-9f2736ff2ab5",
    )
    assert read_incident(trigger).sentinel == place
    del trigger["workspaceInfo"]
    assert read_incident(trigger).sentinel == place
    del trigger["object"]["name"]
    assert read_incident(trigger["object"]).sentinel == place
    assert read_incident(trigger["object"]).files[0].found_at[0].startswith("/properties/relatedEntities/")
    trigger["object"]["id"] = "73e01a99-5cd7-4139-a149-9f2736ff2ab5"
    assert read_incident(trigger).sentinel is None
    named = plain(sentinel=place._asdict())
    assert read_incident(named).sentinel == place


def test_what_is_never_asked_for_is_said_with_the_reason() -> None:
    for name, wanted in {
        "sentinel_incident": {AUTHENTICODE: "Authenticode", EMPTY: "empty file"},
        "sentinel_alert": {AUTHENTICODE: "Authenticode", EMPTY_SHA256: "empty file"},
        "defender_incident": {EMPTY: "empty file", EMPTY_SHA256: "empty file", "0" * 40: "all zeros"},
        "graph_alert": {AUTHENTICODE: "Authenticode", EMPTY: "empty file"},
        "plain": {EMPTY: "empty file", "abc123": "none of SHA-1", "50188823168525455c273c07d8457b87": "MD5"},
    }.items():
        skipped = dict(read_incident(document(name)).skipped)
        assert skipped.keys() == wanted.keys()
        for value, words in wanted.items():
            assert words in skipped[value]


def test_a_file_known_by_md5_alone_is_asked_for_where_that_is_enabled() -> None:
    files = read_incident(document("plain"), md5=True).files
    assert files[-1][:3] == ("50188823168525455c273c07d8457b87", "md5", ("old.bin",))


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("sha1", "a" * 39, "39 characters instead of 40"),
        ("sha1", EICAR_SHA256, "64 characters instead of 40"),
        ("sha256", EICAR, "40 characters instead of 64"),
        ("sha1", "g" * 40, "no hexadecimal"),
        ("sha256", "0" * 64, "all zeros"),
        ("md5", EMPTY_MD5, "empty file"),
        ("sha256", EMPTY_SHA256.upper(), "empty file"),
        ("sha1", "  ", "blank"),
    ],
)
def test_a_hash_that_cannot_be_one_is_skipped(kind: str, value: str, reason: str) -> None:
    incident = read_incident(plain({kind: value}), md5=True)
    assert incident.files == ()
    assert [skipped.value for skipped in incident.skipped] == [value.strip()]
    assert reason in incident.skipped[0].reason


@pytest.mark.parametrize("value", [7, True, ["a"], {"a": 1}, 1.5])
def test_a_hash_that_is_no_text_is_skipped(value: Any) -> None:
    whole = document("defender_incident")
    whole["value"][0]["alerts"][0]["entities"] = [{"entityType": "file", "sha1": value, "sha256": EICAR_SHA256}]
    incident = read_incident(whole)
    assert [file.hash for file in incident.files] == [EICAR_SHA256]
    assert incident.skipped[0].reason == "it is no text"


def test_hashes_of_one_file_are_joined_across_pieces_of_evidence() -> None:
    sha1, sha256, md5 = "a" * 40, "b" * 64, "c" * 32
    linked = [{"md5": md5, "name": "1"}, {"sha256": sha256, "md5": md5, "name": "2"}, {"sha256": sha256, "sha1": sha1}]
    for files in (linked, linked[::-1]):
        incident = read_incident(plain(*files))
        assert [(file.hash, file.kind) for file in incident.files] == [(sha1, "sha1")]
        assert set(incident.files[0].names) == {"1", "2"}
        assert len(incident.files[0].found_at) == 3
        assert incident.skipped == ()
    only_sha256 = read_incident(plain({"md5": md5}, {"sha256": sha256, "md5": md5}))
    assert [file.hash for file in only_sha256.files] == [sha256]
    only_md5 = read_incident(plain({"md5": md5}, {"sha1": sha1, "md5": md5}))
    assert [file.hash for file in only_md5.files] == [sha1]


def test_two_files_that_claim_one_sha256_stay_two() -> None:
    incident = read_incident(plain({"sha1": "a" * 40, "sha256": "b" * 64}, {"sha1": "d" * 40, "sha256": "b" * 64}))
    assert [file.hash for file in incident.files] == ["a" * 40, "d" * 40]


def test_a_parent_process_is_no_evidence() -> None:
    assert "954e0fd64a1242d0fa860b220198118268e35018" not in {
        file.hash for file in read_incident(document("graph_alert")).files
    }


def test_a_hash_of_a_kind_nobody_names_is_not_guessed() -> None:
    whole = document("sentinel_alert")
    whole["Entities"] = [{"Type": "filehash", "Algorithm": "Unknown", "Value": EICAR}]
    incident = read_incident(whole)
    assert incident.files == ()
    assert "algorithm" in incident.skipped[0].reason


def test_references_that_lead_nowhere_or_in_circles_end() -> None:
    whole = document("sentinel_alert")
    whole["Entities"] = [
        {"$ref": "99"},
        {"$id": "1", "Type": "process", "ImageFile": {"$ref": "1"}},
        {"$id": "2", "Type": "file", "FileHashes": [{"$ref": "2"}, {"$ref": "99"}, 7]},
        {"$id": "3", "$ref": "3", "Type": "file"},
        {"Type": "host", "HostName": "alone"},
    ]
    incident = read_incident(whole)
    assert incident.files == ()
    assert incident.devices == ("alone",)


@pytest.mark.parametrize("entities", ["{", "[" * 100_000, '[{"Type": "file"'])
def test_entities_that_are_cut_off_are_an_error(entities: str) -> None:
    with pytest.raises(InvalidInputError, match="no JSON"):
        read_incident({**document("sentinel_alert"), "Entities": entities})


@pytest.mark.parametrize("entities", [None, "", 7, {}, "7"])
def test_an_alert_without_entities_names_no_files(entities: Any) -> None:
    assert read_incident({**document("sentinel_alert"), "Entities": entities}).files == ()


def test_ten_thousand_entities_are_read_in_a_moment() -> None:
    whole = document("defender_incident")
    alert = whole["value"][0]["alerts"][0]
    alert["entities"] = [
        {"entityType": "File", "sha1": f"{number:040x}", "sha256": f"{number:064x}", "fileName": f"{number}.exe"}
        for number in range(1, 10_001)
    ] + [{"entityType": "Process", "sha256": f"{number:064x}"} for number in range(1, 10_001)]
    started = time.monotonic()
    incident = read_incident(whole)
    assert time.monotonic() - started < 5
    assert len(incident.files) == 10_000
    assert {len(file.found_at) for file in incident.files} == {2}


def test_names_and_places_of_a_file_that_is_everywhere_are_bounded() -> None:
    files = [{"sha1": EICAR, "name": f"{number}" + "x" * 5000} for number in range(1000)]
    (file,) = read_incident(plain(*files)).files
    assert len(file.names) == 50
    assert max(map(len, file.names)) == 300
    assert len(file.found_at) == 100


def test_one_incident_of_a_list_is_chosen_by_its_id() -> None:
    whole = document("defender_incident")
    other = copy.deepcopy(whole["value"][0])
    other["incidentId"] = 2202
    whole["value"].append(other)
    with pytest.raises(InvalidInputError, match="lists 2 incidents") as refused:
        read_incident(whole)
    assert '"2201", "2202"' in refused.value.hint
    assert read_incident(whole, incident_id="2202").id == "2202"
    assert read_incident(whole["value"], incident_id="2201").id == "2201"
    with pytest.raises(InvalidInputError, match="none of which"):
        read_incident(whole, incident_id="7")
    with pytest.raises(InvalidInputError, match="lists 0 incidents"):
        read_incident({"value": []})


def test_an_incident_that_was_merged_is_attached_to_where_it_went() -> None:
    whole = document("defender_incident")["value"][0]
    merged = {**whole, "status": "Redirected", "redirectIncidentId": 42}
    assert read_incident(merged).defender_incident_id == "42"
    assert read_incident({**whole, "redirectIncidentId": 42}).defender_incident_id == "2201"
    graph = {**document("graph_incident"), "status": "redirected", "redirectIncidentId": "42"}
    assert read_incident(graph).defender_incident_id == "42"


def test_an_alert_of_no_incident_keeps_its_own_id() -> None:
    alone = {**document("graph_alert"), "incidentId": None}
    incident = read_incident(alone)
    assert (incident.id, incident.defender_incident_id) == (alone["id"], "")
    assert read_incident({"id": "5", "title": "x"}, form="graph_alert").files == ()


@pytest.mark.parametrize(
    ("changed", "expected"),
    [({"providerIncidentId": "x7"}, ""), ({"providerIncidentId": 7}, "7"), ({"providerIncidentId": None}, "")],
)
def test_only_a_number_is_an_id_in_defender(changed: dict[str, Any], expected: str) -> None:
    whole = document("sentinel_incident")
    whole["object"]["properties"].update(changed)
    assert read_incident(whole).defender_incident_id == expected


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://contoso.example", "https://a b", "https://a\x1b[2J", 7])
def test_only_an_https_address_is_a_link(url: Any) -> None:
    assert read_incident({**document("graph_alert"), "incidentWebUrl": url, "alertWebUrl": url}).url == ""


@pytest.mark.parametrize(
    ("form", "whole", "words"),
    [
        (None, {}, "no incident of a known format"),
        (None, 7, "no JSON object"),
        (None, "text", "no JSON object"),
        (None, None, "no JSON object"),
        (None, {"files": [], "title": "x"}, "id is required"),
        (None, {"id": "1", "files": [], "titel": "x"}, "no setting 'titel'"),
        (None, {"id": "1", "files": [7]}, "files.0 must be a group of keys"),
        ("word_document", {}, "no incident format"),
        ("sentinel_incident", {}, "object.properties"),
        ("sentinel_incident", {"object": {"properties": {"title": "x"}}}, "object.name"),
        ("sentinel_alert", {}, "SystemAlertId"),
        ("defender_incident", {"alerts": []}, "incidentId"),
        ("graph_alert", {"title": "x"}, "'id'"),
        ("plain", {}, "id is required"),
    ],
)
def test_what_is_no_incident_is_an_error_that_says_why(form: str | None, whole: Any, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words) as refused:
        read_incident(whole, form=form)
    assert refused.value.hint


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.sampled_from([EICAR, EMPTY]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=8)
            | st.sampled_from(
                ["id", "files", "object", "properties", "Entities", "SystemAlertId", "incidentId", "alerts"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values, st.sampled_from([None, *FORMATS]), st.booleans())
def test_any_json_is_an_incident_or_an_error(whole: Any, form: str | None, md5: bool) -> None:
    try:
        incident = read_incident(whole, form=form, md5=md5)
    except InvalidInputError:
        return
    assert isinstance(incident, Incident)
    assert incident.id


@given(st.sampled_from(EXAMPLES), st.data())
def test_an_incident_with_any_part_replaced_is_read_or_refused(name: str, data: st.DataObject) -> None:
    whole = document(name)
    spots: list[tuple[Any, Any]] = []
    waiting = [whole]
    while waiting:
        part = waiting.pop()
        keys = list(part) if isinstance(part, dict) else range(len(part))
        spots += [(part, key) for key in keys]
        waiting += [part[key] for key in keys if isinstance(part[key], dict | list)]
    part, key = data.draw(st.sampled_from(range(len(spots))).map(spots.__getitem__))
    part[key] = data.draw(json_values)
    try:
        incident = read_incident(whole)
    except InvalidInputError:
        return
    for file in incident.files:
        assert len(file.hash) == {"sha1": 40, "sha256": 64}[file.kind]
        assert file.hash == file.hash.lower()
        assert file.hash not in (EMPTY, EMPTY_SHA256, AUTHENTICODE)
