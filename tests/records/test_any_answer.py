"""Whatever the service sends: a valid record, no number invented, nothing dropped."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mde_files import errors, records
from mde_files.records import alert_properties, file_details
from mde_files.records import stats as stats_room

SHA1 = "0991a395da64e1c5fbe8732ed11e6be064081d9f"
ANY_TEXT = st.text(alphabet=st.characters(), max_size=12)
TEMPTING = st.sampled_from(
    [
        *("", "0", "7", "-1", "null", "None", "High", "Resolved", "0001-01-01T00:00:00Z", "2026-11-01T00:00:00.1Z"),
        *("2026-11-01T02:00:00+02:00", SHA1, SHA1.upper(), "T1059, T1001", "=1+1", "\ud800"),
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEMPTING | ANY_TEXT
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3), max_leaves=6
)


def known_keys(table):
    return sorted({*table.texts, *table.readers})


def objects(table, parts=()):
    """Return objects of known and unknown properties with values of any kind."""
    keys = st.sampled_from(known_keys(table)) | ANY_TEXT | st.sampled_from(["@odata.type", "newThing", "a/b~c"])
    plain = st.dictionaries(keys, VALUES, max_size=8)
    return st.builds(lambda base, extra: {**base, **extra}, plain, st.fixed_dictionaries({}, optional=dict(parts)))


STATS_ANSWERS = objects(stats_room.STATS_PROPERTIES)
FILE_ANSWERS = objects(file_details.FILE_PROPERTIES)
ALERTS = objects(
    alert_properties.ALERT_PROPERTIES,
    {
        "evidence": st.lists(objects(alert_properties.EVIDENCE_PROPERTIES) | SCALARS, max_size=3),
        "relatedUser": objects(alert_properties.RELATED_USER_PROPERTIES) | SCALARS,
        "loggedOnUsers": st.lists(objects(alert_properties.LOGGED_ON_USER_PROPERTIES), max_size=2),
        "comments": st.lists(objects(alert_properties.COMMENT_PROPERTIES), max_size=2),
        "mitreTechniques": st.lists(SCALARS, max_size=3) | TEMPTING,
    }.items(),
)
PROPERTY = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def numbers_in(value):
    """Return every whole number that a document holds, in any spelling."""
    if isinstance(value, dict):
        return set().union(*(numbers_in(entry) for entry in value.values()))
    if isinstance(value, list):
        return set().union(*(numbers_in(entry) for entry in value))
    if isinstance(value, bool) or value is None:
        return set()
    try:
        return {int(value)}
    except (ValueError, OverflowError):
        return set()


def pointer(*steps):
    text = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if not text.isascii() else text


def says_nothing(value):
    if isinstance(value, str):
        return value.strip() in ("", "null", "None", ",") or value.startswith("0001-")
    if isinstance(value, dict):
        return all(entry is None or "@odata." in key for key, entry in value.items())
    return value is None


def assert_nothing_dropped(upstream, table, made, kept, *path):
    for key, value in upstream.items():
        if "@odata." in key:
            continue
        here = pointer(*path, key)
        aside = any(entry == here or entry.startswith(here + "/") for entry in kept)
        if key not in table.texts and key not in table.readers:
            assert aside or value is None, here
            continue
        name = table.texts.get(key) or table.readers[key][0]
        assert name in made or aside or says_nothing(value), here


@PROPERTY
@given(answer=STATS_ANSWERS, file_info=st.none() | FILE_ANSWERS, hours=st.integers(1, 720))
def test_any_statistics_make_a_valid_record(stats, answer, file_info, hours):
    record = stats(answer, file_info=file_info, lookback_hours=hours)
    kept = {entry["path"] for entry in record.get("unmapped", [])}
    body = {key: value for key, value in record["file_stats"].items() if not key.startswith("lookback")}
    assert numbers_in(body) - numbers_in(body.get("top_file_names", [])) <= numbers_in(answer)
    assert_nothing_dropped(answer, stats_room.STATS_PROPERTIES, {**body, "sha1": SHA1}, kept)
    if file_info is not None:
        from_file = {path.removeprefix("file_info:") for path in kept if path.startswith("file_info:")}
        assert_nothing_dropped(file_info, file_details.FILE_PROPERTIES, record["file"], from_file)
    assert record["summary"].isascii()


@PROPERTY
@given(listed=st.lists(ALERTS, max_size=4), complete=st.booleans())
def test_any_alerts_make_a_valid_record(alerts, listed, complete):
    record = alerts(listed, complete=complete)
    assert record["summary"].isascii()
    if record["outcome"] == "not_queried":
        assert not listed
        return
    body = record["file_alerts"]
    kept = {entry["path"] for entry in record.get("unmapped", [])}
    assert body["returned"] == len(listed)
    assert sum(body["by_severity"].values()) == sum(body["by_status"].values()) == len(listed)
    assert numbers_in(body["incident_ids"]) <= numbers_in(listed)
    assert numbers_in([alert.get("investigation_id") for alert in body["alerts"]]) <= numbers_in(listed)
    if len(listed) == 1:
        made = body["alerts"][0]
        assert_nothing_dropped(listed[0], alert_properties.ALERT_PROPERTIES, made, kept, "value", 0)
        rows = listed[0].get("evidence")
        if isinstance(rows, list) and len(rows) == 1 and isinstance(rows[0], dict):
            (row,) = made["evidence"]
            table = alert_properties.EVIDENCE_PROPERTIES
            assert_nothing_dropped(rows[0], table, row, kept, "value", 0, "evidence", 0)


@PROPERTY
@given(listed=st.lists(ALERTS, max_size=5), max_alerts=st.integers(0, 5), max_evidence=st.integers(0, 3))
def test_limits_cut_the_list_and_nothing_else(alerts, listed, max_alerts, max_evidence):
    whole = alerts(listed)
    cut = alerts(listed, max_alerts=max_alerts, max_evidence=max_evidence)
    assert cut["content_digest"] == whole["content_digest"]
    lists = ("alerts", "returned", "truncated")
    assert {key: value for key, value in cut["file_alerts"].items() if key not in lists} == {
        key: value for key, value in whole["file_alerts"].items() if key not in lists
    }
    assert cut["file_alerts"]["returned"] == min(max_alerts, len(listed))
    assert all(len(alert.get("evidence", [])) <= max_evidence for alert in cut["file_alerts"]["alerts"])


@PROPERTY
@given(answer=STATS_ANSWERS, kind=st.sampled_from(["sha1", "sha256", "md5"]))
def test_an_answer_is_about_the_file_or_refused(answer, kind):
    named = answer.get(kind)
    other = isinstance(named, str) and named.strip().lower() not in ("", SHA1)
    if other:
        with pytest.raises(errors.UpstreamInvalidError):
            records.verify_file_answer(answer, SHA1, kind)
    else:
        records.verify_file_answer(answer, SHA1, kind)
