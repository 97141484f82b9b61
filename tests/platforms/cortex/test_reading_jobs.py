"""Whatever lies in a job's folder becomes one request or one sentence, and nothing secret comes back."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.platforms.cortex.conftest import answered, job_of, lay

from mde_files.errors import MdeFilesError
from mde_files.platforms import catalogue
from mde_files.platforms.cortex.analyzer import main
from mde_files.platforms.cortex.answer import failure
from mde_files.platforms.cortex.connection import proxy_of
from mde_files.platforms.cortex.job_folder import JobFolder
from mde_files.platforms.cortex.request import read_request, refuse_beyond_limits

SECRET = "vX3~9fjKq.T2-mWbR8sYzL0cHdN5uGaE7oPi_"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(["dataType", "data", "file", "tlp", "pap", "parameters", "config", "message"])
CONFIG_KEYS = st.sampled_from([setting.name for setting in catalogue.settings()]) | st.sampled_from(
    ["service", "check_tlp", "max_tlp", "check_pap", "max_pap", "proxy", "proxy_http", "lookback_hours"]
)


@given(st.dictionaries(KEYS | st.text(max_size=5), VALUES))
def test_any_object_is_a_request_or_one_error(job: dict[str, Any]) -> None:
    with suppress(MdeFilesError):
        read_request(job, JobFolder(None))


@settings(max_examples=40)
@given(st.dictionaries(CONFIG_KEYS, VALUES), st.sampled_from(["file_stats", "file_alerts"]))
def test_any_settings_end_in_an_answer(config: dict[str, Any], service: str) -> None:
    # nothing is called: no hash, so the action refuses its input where the settings hold
    job = job_of({"tenant_id": "t", "state": "memory:", **config}, service, data="no hash")
    with TemporaryDirectory() as name:
        folder = lay(Path(name), job)
        assert main([str(folder)]) == 1
        answer = answered(folder)
    assert answer["success"] is False
    assert "An error of mde-files itself" not in answer["errorMessage"]


@settings(max_examples=40)
@given(st.binary())
def test_any_bytes_end_in_an_answer(content: bytes) -> None:
    with TemporaryDirectory() as name:
        folder = lay(Path(name), content)
        assert main([str(folder)]) == 1
        answer = answered(folder)
    assert set(answer) == {"success", "errorMessage", "input"}
    assert "An error of mde-files itself" not in answer["errorMessage"]


@given(st.integers(0, 4), st.integers(0, 4), st.booleans())
def test_a_level_is_refused_exactly_where_it_is_checked_and_higher(level: int, highest: int, check: bool) -> None:
    for kind in ("tlp", "pap"):
        refused = False
        try:
            refuse_beyond_limits({kind: level}, {f"check_{kind}": check, f"max_{kind}": str(highest)})
        except MdeFilesError as error:
            refused = error.message == f"{kind.upper()} is higher than allowed."
        assert refused == (check and level > highest)


@pytest.mark.parametrize("level", [True, 2.5, "high", [], {}])
def test_a_level_that_is_none_is_refused_where_it_is_checked(level: object) -> None:
    with pytest.raises(MdeFilesError, match="whole numbers"):
        refuse_beyond_limits({"tlp": level}, {"check_tlp": "true"})
    refuse_beyond_limits({"tlp": level}, {"check_tlp": None})


@pytest.mark.parametrize(
    "key",
    [setting.name for setting in catalogue.settings() if setting.secret]
    + [setting.key for setting in catalogue.settings() if setting.secret]
    + ["proxy_http", "api_key", "Password", "clientSecret", "auth_acces_token"],
)
def test_what_looks_secret_is_removed_wherever_it_stands(key: str) -> None:
    job = {"config": {key: SECRET, "more": [{"nested": {key: {"a": SECRET}}}]}, "message": f"see {SECRET}"}
    answer = failure(f"It said {SECRET}.", job)
    assert SECRET not in json.dumps(answer)
    assert answer["input"]["config"][key] == "REMOVED"


def test_what_is_short_tears_no_words_apart() -> None:
    answer = failure("The execution failed.", {"config": {"auth_client_secret": "x", "tenant_id": "x"}})
    assert answer["errorMessage"] == "The execution failed."
    assert answer["input"]["config"] == {"auth_client_secret": "REMOVED", "tenant_id": "x"}


@pytest.mark.parametrize(
    ("config", "proxy"),
    [
        ({}, None),
        ({"proxy": " "}, None),
        ({"proxy": None, "proxy_http": "http://h"}, "http://h"),
        ({"proxy": {"http": "http://h", "https": "http://s"}}, "http://s"),
        ({"proxy": {"http": 5}, "proxy_https": "http://s"}, "http://s"),
        ({"proxy": "http://own", "proxy_https": "http://s"}, "http://own"),
    ],
)
def test_the_analyzers_own_proxy_outranks_that_of_cortex(config: dict[str, Any], proxy: str | None) -> None:
    assert proxy_of(config) == proxy
