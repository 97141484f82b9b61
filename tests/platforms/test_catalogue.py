"""What all platforms declare follows from the manifest and the schemas."""

from __future__ import annotations

from typing import Any

import pytest

from mde_files import manifest, schemas
from mde_files.platforms import catalogue


def test_every_setting_of_the_manifest_is_one_of_the_configuration() -> None:
    settings = catalogue.settings()
    assert [setting.key for setting in settings] == [row.setting for row in manifest.load().platform_settings]
    assert len({setting.name for setting in settings}) == len(settings)
    assert {setting.key for setting in settings if setting.secret} == {
        "auth.client_secret",
        "auth.certificate.pem",
        "auth.certificate.passphrase",
        "auth.access_token",
        "proxy",
        "state",
    }


def test_parameters_are_those_of_the_input_schema() -> None:
    stats = catalogue.parameters(manifest.load().actions["file_stats"])
    assert [(one.name, one.kind, one.required, one.default) for one in stats] == [
        ("file_hash", "string", True, None),
        ("lookback_hours", "integer", False, 720),
    ]


@pytest.mark.parametrize("action", list(manifest.load().actions.values()), ids=list(manifest.load().actions))
def test_outputs_name_everything_a_record_can_carry(action: manifest.Action) -> None:
    declared = {output.path for output in catalogue.outputs(action)}
    for example in schemas.load("record")["examples"]:
        if example["action"] == action.id:
            assert set(_paths(example)) <= declared
    other = next(iter(set(manifest.load().actions) - {action.id}))
    assert not [path for path in declared if path.startswith(f"{other}.")]
    outcome = next(output for output in catalogue.outputs(action) if output.path == "outcome")
    assert outcome.choices == action.outcomes


def _paths(value: Any, path: str = "") -> list[str]:
    if isinstance(value, dict):
        return [found for key, inner in value.items() for found in _paths(inner, f"{path}.{key}" if path else key)]
    if isinstance(value, list):
        return [found for inner in value for found in _paths(inner, f"{path}[]")]
    return [path]
