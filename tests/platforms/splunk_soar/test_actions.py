"""What the app's actions and views do, apart from SOAR's SDK."""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING, Any

from mde_files import schemas
from mde_files.errors import AuthFailedError, InvalidConfigError, ThrottledError
from mde_files.platforms.splunk_soar import actions, views

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from mde_files.emulator import Emulator

SEEN = "3395856ce81f2b7382dee72602f798b642f14140"


def test_a_run_gives_the_record_and_a_note(asset: dict[str, Any], tmp_path: Path) -> None:
    with actions.connector(asset, "7", str(tmp_path), lambda _level, _line: None) as connector:
        output = actions.output(connector, "file_stats", {"file_hash": SEEN, "lookback_hours": None})
    markdown = output.pop("markdown")
    assert schemas.problems("record", output) == []
    assert output["file_stats"]["lookback_defaulted"]
    assert SEEN in markdown
    assert actions.summary("file_stats", output) == {
        "outcome": "seen_in_organization",
        "lookback_hours": 720,
        "organization_prevalence": 7,
        "global_prevalence": 184233,
    }
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix in {".sqlite3", ".json"}) == [
        "mde-files-tokens-7.json",
        "mde-files.sqlite3",
    ]


def test_an_asset_id_is_no_path(asset: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with actions.connector(asset, "../../x", str(folder), lambda _level, _line: None) as connector:
        actions.output(connector, "file_stats", {"file_hash": SEEN})
    assert (folder / "mde-files-tokens-x.json").is_file()


def test_a_record_without_a_body_has_its_outcome_as_summary() -> None:
    assert actions.summary("file_alerts", {"outcome": "not_queried"}) == {"outcome": "not_queried"}


def test_connectivity_tells_of_libraries_that_are_too_old(
    asset: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with actions.connector(asset, "1", str(tmp_path), lambda _level, _line: None) as connector:
        assert {finding.status for finding in actions.connectivity(connector)} == {"ok"}
        real = metadata.version
        monkeypatch.setattr(
            metadata,
            "version",
            lambda name: "2.5.0" if name == "urllib3" else "2.33.dev1" if "req" in name else real(name),
        )
        told = [finding for finding in actions.connectivity(connector) if finding.status != "ok"]
    assert [finding.status for finding in told] == ["warning"]
    assert "urllib3 2.5.0" in told[0].message


def test_what_is_wrong_with_the_asset_is_told_apart() -> None:
    assert actions.is_of_the_asset(InvalidConfigError("…"))
    assert actions.is_of_the_asset(AuthFailedError("…"))
    assert not actions.is_of_the_asset(ThrottledError("…"))


def test_a_view_escapes_names_and_offers_menus_for_hashes_only(asset: dict[str, Any], emulator: Emulator) -> None:
    hostile = emulator.scenario.file("name-html")
    with actions.connector({**asset, "state": "memory:"}, "1", "", lambda _level, _line: None) as connector:
        records = [connector.run(action, {"file_hash": hostile.sha1}) for action in ("file_stats", "file_alerts")]
    shown = views.view(records, 4)
    assert shown["container"] == 4
    (file,) = shown["files"]
    assert "&lt;img src=x onerror=alert(1)&gt;" in file["html"]
    assert "<img" not in file["html"]
    assert "<script" not in file["html"]
    assert [outcome["words"] for outcome in file["outcomes"]] != []
    assert file["hashes"][0] == {"title": "SHA-1", "value": hostile.sha1, "contains": ["sha1", "hash"]}
    assert all(set(one["value"]) <= set("0123456789abcdef") for one in file["hashes"])


def test_a_view_of_no_record_is_empty() -> None:
    assert views.view([], 1) == {"container": 1, "files": []}
