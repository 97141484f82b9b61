"""A platform's own settings become a configuration; errors become one sentence with a hint."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mde_files import manifest
from mde_files.errors import InvalidConfigError, QuotaExhaustedError
from mde_files.platforms import catalogue, running

if TYPE_CHECKING:
    from mde_files.emulator import Emulator

TENANT = "11111111-2222-4333-8444-555555555555"


def as_platform_values(document: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Return a configuration as platforms hand it over: flat, and everything as text."""
    flat: dict[str, str] = {}
    for key, value in document.items():
        if isinstance(value, dict):
            flat |= as_platform_values(value, f"{prefix}{key}_")
        else:
            flat[prefix + key] = str(value)
    return flat


def test_settings_as_text_make_a_connector_that_answers(emulator: Emulator) -> None:
    values = {**as_platform_values(emulator.configuration()), "state": "memory:", "quota_share": "0.5", "region": " "}
    with running.connector(values) as connector:
        record = connector.run("file_stats", {"file_hash": "3395856ce81f2b7382dee72602f798b642f14140"})
    assert record["outcome"] == "seen_in_organization"
    assert connector.config.quota.share == 0.5


def test_defaults_of_a_platform_hold_where_nothing_is_entered() -> None:
    defaults = {"state": "memory:", "cache.enabled": False}
    values: dict[str, Any] = {"tenant_id": TENANT, "state": "", "cache_enabled": None, "another_setting": "x"}
    assert running.configuration_of(values, defaults) == {
        "tenant_id": TENANT,
        "state": "memory:",
        "cache": {"enabled": False},
    }
    assert running.configuration_of({**values, "state": "sqlite:///a"}, defaults)["state"] == "sqlite:///a"


def test_the_credential_that_was_entered_names_the_method() -> None:
    certificate = {"tenant_id": TENANT, "auth_certificate_pem": "…", "auth_certificate_passphrase": "…"}
    assert running.configuration_of(certificate)["auth"]["method"] == "certificate"
    both = {**certificate, "auth_client_secret": "…"}
    assert "method" not in running.configuration_of(both)["auth"]
    assert running.configuration_of({**both, "auth_method": "certificate"})["auth"]["method"] == "certificate"


@pytest.mark.parametrize(
    ("values", "title"),
    [
        ({"client_id": TENANT, "auth_client_secret": "s"}, "Tenant id"),
        ({"tenant_id": TENANT, "client_id": TENANT}, "Client secret"),
        (
            {"tenant_id": TENANT, "client_id": TENANT, "auth_client_secret": "s", "quota_share": "2"},
            "Share of the quota",
        ),
    ],
)
def test_a_wrong_setting_is_named_as_the_form_names_it(values: dict[str, str], title: str) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        running.connector(values)
    assert f"'{title}'" in running.sentence(caught.value)


@given(st.dictionaries(st.sampled_from([row.name for row in catalogue.settings()]) | st.text(), st.text() | st.none()))
def test_any_values_make_a_document_of_known_settings_or_one_error(values: dict[str, Any]) -> None:
    document = running.configuration_of(values)
    assert set(document) <= {row.setting.partition(".")[0] for row in manifest.load().platform_settings}
    with suppress(InvalidConfigError):
        running.connector({**values, "state": "memory:", "ca_bundle": ""}).close()


def test_an_error_is_one_sentence_with_hint_and_time() -> None:
    error = QuotaExhaustedError("The quota is used up.", hint="Wait.", retry_at="2026-01-01T00:00:00Z")
    assert running.sentence(error) == "The quota is used up. Wait. Try again from 2026-01-01T00:00:00Z."
    assert "sesame" not in running.bug_sentence(ValueError("sesame"))
