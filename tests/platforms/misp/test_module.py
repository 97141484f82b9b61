"""The module as the server calls it, without the server: it never raises, and errors are sentences without secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.platforms.test_running import as_platform_values

from mde_files import manifest
from mde_files.connector import Connector
from mde_files.emulator import Fault
from mde_files.platforms import catalogue
from mde_files.platforms.misp import module, question

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mde_files.emulator import Emulator

EICAR = "3395856ce81f2b7382dee72602f798b642f14140"
UUID = "5f1b2c3d-0000-4000-8000-000000000001"
SECRET = "a-long-secret-of-the-module-NEVER-TO-BE-SHOWN"
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(autouse=True)
def _connectors() -> Iterator[None]:
    yield
    module.CONNECTORS.close()


def hovering(emulator: Emulator, value: str = EICAR, kind: str = "sha1", **config: str) -> dict[str, Any]:
    values = {**as_platform_values(emulator.configuration()), "state": "memory:", **config}
    attribute = {"type": kind, "value": value, "uuid": UUID, "event_id": "7"}
    return {"module": module.NAME, "attribute": attribute, "config": values}


def lines(answer: dict[str, Any]) -> list[str]:
    return [attribute["value"] for attribute in answer["results"]["Attribute"]]


def test_the_module_says_what_it_takes_and_is() -> None:
    assert module.introspection()["format"] == "misp_standard"
    info = module.version()
    assert info["module-type"] == ["expansion", "hover"]
    # MISP reads the settings of a module that is no list of plain names wrongly
    assert all(isinstance(name, str) for name in info["config"])
    assert len(set(info["config"])) == len(info["config"])
    parameters = {
        parameter.name for action in manifest.load().actions.values() for parameter in catalogue.parameters(action)
    }
    assert set(info["config"]) == {setting.name for setting in catalogue.settings()} | parameters - {"file_hash"}
    assert info["version"] == manifest.load().version


def test_a_hover_is_a_few_lines_of_both_actions(emulator: Emulator) -> None:
    answer = module.dict_handler(
        hovering(emulator, f"eicar.com|{EICAR}", "filename|sha1", portal_host="portal.example")
    )
    assert set(answer) == {"results"}
    assert any("7 devices in the organization" in line for line in lines(answer))
    assert any("alerts name this file" in line for line in lines(answer))
    assert answer["results"]["Attribute"][-1]["type"] == "link"
    assert len(lines(answer)) < 8
    assert {request.endpoint for request in emulator.requests} >= set(manifest.load().actions)


@pytest.mark.parametrize("kind", ["sha256", "md5"])
def test_other_hashes_are_resolved(emulator: Emulator, kind: str) -> None:
    value = getattr(emulator.scenario.file("eicar"), kind)
    answer = module.dict_handler(hovering(emulator, value, kind, md5="true"))
    assert any("Virus:DOS/EICAR_Test_File" in line for line in lines(answer))


def test_md5_is_refused_where_it_is_not_enabled(emulator: Emulator) -> None:
    answer = module.dict_handler(hovering(emulator, "0" * 32, "md5"))
    assert "MD5 is switched off" in answer["error"]


def test_the_look_back_is_a_setting(emulator: Emulator) -> None:
    assert "error" not in module.dict_handler(hovering(emulator, lookback_hours="24"))
    (asked,) = [request for request in emulator.requests if request.endpoint == "file_stats"]
    assert asked.query["lookBackHours"] == "24"
    assert "lookback_hours" in module.dict_handler(hovering(emulator, lookback_hours="many"))["error"]


def test_a_failed_action_stands_beside_the_others_answer(emulator: Emulator) -> None:
    configuration = as_platform_values(emulator.configuration("files-only"))
    answer = module.dict_handler(hovering(emulator, **configuration))
    assert "Alert.Read.All" in answer["error"]
    assert any("7 devices" in line for line in lines(answer))
    assert lines(answer)[-1] == f"No answer: {answer['error']}"


def test_what_comes_later_says_when(emulator: Emulator) -> None:
    emulator.scenario.faults.append(Fault("status", endpoint="service", status=429, headers={"Retry-After": "300"}))
    answer = module.dict_handler(hovering(emulator))
    assert "Try again from 20" in answer["error"]
    assert "no alerts" not in str(answer).lower()


def test_an_answer_for_a_hover_comes_while_misp_waits(emulator: Emulator) -> None:
    request = hovering(emulator, timeouts_total="600", quota_max_wait_seconds="600")
    with module.CONNECTORS.lent(request["config"], hover=True) as connector:
        assert connector.config.timeouts.total < 5
        assert connector.config.quota.max_wait_seconds < 5
    with module.CONNECTORS.lent(request["config"], hover=False) as connector:
        assert connector.config.timeouts.total == 600
    with module.CONNECTORS.lent({**request["config"], "timeouts_total": ""}, hover=False) as connector:
        assert connector.config.timeouts.total < 10


def test_a_wrong_secret_is_a_sentence_without_it(emulator: Emulator) -> None:
    answer = module.dict_handler(hovering(emulator, auth_client_secret=SECRET))
    assert "secret" in answer["error"].lower()
    assert SECRET not in str(answer)


def test_settings_that_are_wrong_are_named_as_misp_names_them(emulator: Emulator) -> None:
    assert "'Share of the quota'" in module.dict_handler(hovering(emulator, quota_share="2"))["error"]
    assert "tenant_id" in module.dict_handler(hovering(emulator, tenant_id=""))["error"]


def test_a_bug_is_told_without_its_text(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise AttributeError(SECRET)

    monkeypatch.setattr(Connector, "run", broken)
    answer = module.dict_handler(hovering(emulator))
    assert "AttributeError" in answer["error"]
    assert "in broken" in caplog.text
    assert SECRET not in str(answer) + caplog.text


def test_a_library_that_is_missing_is_named(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise ModuleNotFoundError("No module named 'msal'", name="msal")

    monkeypatch.setattr(Connector, "run", missing)
    assert "msal" in module.dict_handler(hovering(emulator))["error"]
    assert "requirements.txt" in module.dict_handler(hovering(emulator))["error"]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (None, "no JSON object"),
        ({}, "no attribute"),
        ({"attribute": {"type": "ip-src", "value": "192.0.2.1"}}, "ip-src"),
        ({"attribute": {"type": "sha1", "value": 5}}, "no text"),
        ({"attribute": {"type": "sha1", "value": EICAR}, "config": "x"}, "config"),
        ({"attribute": {"type": "sha1", "value": EICAR}}, "tenant_id"),
    ],
)
def test_what_cannot_be_answered_is_said(request_: Any, expected: str) -> None:
    answer = module.dict_handler(request_)
    assert set(answer) == {"error"}
    assert expected in answer["error"]


@pytest.mark.parametrize(
    ("request_", "hover"),
    [
        ({"attribute": {"event_id": "7"}, "event_id": "7"}, False),
        ({"attribute": {"event_id": "7"}, "event_id": "7", "attribute_uuid": UUID}, False),
        ({"attribute": {}}, False),
        ({"attribute": {"event_id": "7"}}, True),
        ({"attribute": {"event_id": "7"}, "persistent": 1}, True),
    ],
)
def test_hovers_are_told_from_expansions(request_: dict[str, Any], hover: bool) -> None:
    request_["attribute"] |= {"type": "sha1", "value": EICAR}
    assert question.read(request_).hover is hover


@given(
    _JSON
    | st.fixed_dictionaries(
        {},
        optional={
            "module": _JSON,
            "attribute": _JSON
            | st.fixed_dictionaries(
                {},
                optional={
                    "type": st.sampled_from(question.INPUT_TYPES) | _JSON,
                    "value": st.sampled_from([EICAR, "0" * 64, f"a|b|{EICAR}", "zz", ""]) | _JSON,
                    "uuid": st.just(UUID) | _JSON,
                    "event_id": _JSON,
                    "to_ids": _JSON,
                },
            ),
            "config": _JSON
            | st.dictionaries(st.sampled_from(question.config_names()) | st.text(), _JSON, max_size=4).map(
                # nothing leaves this machine whatever else is set
                lambda config: {**config, "cloud": "custom", "base_url": "https://127.0.0.1:9", "state": "memory:"}
            ),
            "event_id": _JSON,
            "persistent": _JSON,
        },
    )
)
def test_any_request_is_answered(request_: Any) -> None:
    answer = module.dict_handler(request_)
    assert answer
    assert set(answer) <= {"results", "error"}
    if "error" in answer:
        assert answer["error"].isprintable()
        assert "mde-files itself" not in answer["error"]
