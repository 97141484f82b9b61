"""What is shared, with whom, and what a record says about it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from mde_files import Connector, InvalidConfigError, QuotaExhaustedError, UpstreamInvalidError, cli
from mde_files.answers import Asking
from mde_files.emulator import Fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mde_files.emulator import Emulator

    Connect = Callable[..., Connector]


def service_calls(emulator: Emulator) -> int:
    return sum(request.path.startswith("/api/") for request in emulator.requests)


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/state.sqlite3"


def test_another_process_gets_the_kept_answer_and_is_told_its_age(
    connect: Connect, emulator: Emulator, sqlite: str
) -> None:
    sha1 = emulator.scenario.file("eicar").sha1
    first = connect(state=sqlite).file_stats(sha1)
    second = connect(state=sqlite).file_stats(sha1)
    assert (first["source"]["from_cache"], second["source"]["from_cache"]) == (False, True)
    assert second["source"]["retrieved_at"] == first["source"]["retrieved_at"]
    assert second["content_digest"] == first["content_digest"]
    assert service_calls(emulator) == 1


def test_another_look_back_or_action_is_another_question(connect: Connect, emulator: Emulator) -> None:
    connector, sha1 = connect(), emulator.scenario.file("eicar").sha1
    connector.file_stats(sha1)
    connector.file_stats(sha1, 48)
    connector.file_alerts(sha1)
    assert service_calls(emulator) == 3


def test_what_a_file_is_was_paid_for_once(connect: Connect, emulator: Emulator) -> None:
    connector, file = connect(), emulator.scenario.file("eicar")
    for _ in range(3):
        connector.run("file_alerts", {"file_hash": file.sha256}, Asking(max_age=0))
    assert emulator.accepted == {"file_info": 1, "file_alerts": 3}


def test_a_verdict_is_not_kept_as_long_as_the_hash(connect: Connect, emulator: Emulator) -> None:
    connector, file = connect(cache={"stats_ttl": 0}), emulator.scenario.file("eicar")
    fresh = connector.file_alerts(file.sha256 or "")
    kept = connector.file_alerts(file.sha256 or "")
    assert fresh["file"]["determination_type"] == "Malware"
    assert "determination_type" not in kept["file"]
    assert kept["file"]["md5"] == fresh["file"]["md5"]


def test_an_unknown_file_is_asked_for_again_soon(connect: Connect, emulator: Emulator) -> None:
    connector = connect(cache={"unknown_ttl": 0})
    for _ in range(2):
        connector.file_stats(emulator.scenario.file("unknown").sha1)
    assert service_calls(emulator) == 2


def test_the_cache_can_be_passed_by(connect: Connect, emulator: Emulator) -> None:
    connector, sha1 = connect(), emulator.scenario.file("eicar").sha1
    for _ in range(2):
        connector.run("file_stats", {"file_hash": sha1}, Asking(use_cache=False))
    connector.file_stats(sha1)
    assert service_calls(emulator) == 3


def test_an_old_answer_says_that_it_is_old(connect: Connect, emulator: Emulator) -> None:
    connector = connect(cache={"stats_ttl": 3600, "stale_if_error": 3600}, timeouts={"total": 3})
    sha1 = emulator.scenario.file("eicar").sha1
    connector.file_stats(sha1)
    emulator.scenario.faults.append(Fault("status", endpoint="service", status=503))
    record = connector.run("file_stats", {"file_hash": sha1}, Asking(max_age=0))
    assert [caveat["code"] for caveat in record["caveats"]] == ["stale_cache"]
    assert record["source"]["from_cache"] is True


@pytest.mark.parametrize(
    ("by", "endpoint"), [("sha1", "file_stats"), ("sha256", "file_info"), ("sha256", "file_stats")]
)
def test_an_answer_about_another_file_is_not_kept(connect: Connect, emulator: Emulator, by: str, endpoint: str) -> None:
    emulator.scenario.faults.append(Fault("other_file", endpoint=endpoint, file="known-globally-only", times=1))
    connector, file_hash = connect(), getattr(emulator.scenario.file("eicar"), by)
    with pytest.raises(UpstreamInvalidError, match="another file"):
        connector.file_stats(file_hash)
    assert connector.file_stats(file_hash)["outcome"] == "seen_in_organization"


def test_file_information_without_a_sha1_is_not_kept(connect: Connect, emulator: Emulator) -> None:
    file = emulator.scenario.file("eicar")
    nameless = {"sha256": file.sha256, "size": 68}
    emulator.scenario.faults.append(Fault("status", endpoint="file_info", status=200, body=nameless, times=1))
    connector = connect()
    with pytest.raises(UpstreamInvalidError, match="names no SHA-1"):
        connector.file_stats(file.sha256 or "")
    assert connector.file_stats(file.sha256 or "")["outcome"] == "seen_in_organization"


def test_an_incomplete_list_is_not_kept(connect: Connect, emulator: Emulator) -> None:
    emulator.scenario.switches.alerts_page_size = 100
    emulator.scenario.faults.append(Fault("status", endpoint="file_alerts", status=400, after=1, times=1))
    connector, sha1 = connect(), emulator.scenario.file("many-alerts").sha1
    assert "total" not in connector.file_alerts(sha1)["file_alerts"]
    assert connector.file_alerts(sha1)["file_alerts"]["total"] == 250


@pytest.mark.parametrize(
    ("caller", "minutes", "calls"), [("playbook", 2, 2), ("playbook", 60, 1), ("interactive", 2, 1), ("batch", 2, 1)]
)
def test_a_playbook_looks_twice_for_what_is_only_minutes_old(
    emulator: Emulator, caller: Any, minutes: int, calls: int
) -> None:
    from mde_files import config

    pauses: list[float] = []
    seen = (datetime.now(timezone.utc) - timedelta(minutes=minutes)).isoformat()
    settings = config.load({**emulator.configuration(), "state": "memory:"})
    file_hash = emulator.scenario.file("quiet-file").sha1
    with Connector(settings, sleep=pauses.append) as connector:
        record = connector.run("file_alerts", {"file_hash": file_hash}, Asking(caller=caller, observed_at=seen))
        connector.run("file_alerts", {"file_hash": file_hash}, Asking(caller=caller, observed_at="yesterday"))
    assert emulator.accepted["file_alerts"] == calls
    assert len(pauses) == calls - 1
    assert [caveat["code"] for caveat in record["caveats"]] == ["may_not_be_indexed"] * (calls - 1)


def test_what_has_come_in_the_meantime_is_found(emulator: Emulator) -> None:
    from mde_files import config

    file = emulator.scenario.file("unknown")

    def arrive(_seconds: float) -> None:
        file.known = True

    seen = datetime.now(timezone.utc).isoformat()
    settings = config.load({**emulator.configuration(), "state": "memory:"})
    with Connector(settings, sleep=arrive) as connector:
        params = {"file_hash": file.sha256}
        record = connector.run("file_stats", params, Asking(caller="playbook", observed_at=seen))
    assert record["outcome"] == "known_globally_only"
    assert record["caveats"] == []


class TestTenants:
    @pytest.fixture
    def two(self, emulator: Emulator, sqlite: str, tmp_path: Path) -> dict[str, Any]:
        contoso = emulator.configuration()
        fabrikam = emulator.configuration("fabrikam-enrichment")
        shared = {key: contoso[key] for key in contoso if contoso[key] == fabrikam[key]}
        own = ("tenant_id", "client_id", "auth")
        quota = {"windows": [{"calls": 2, "seconds": 60}], "max_wait_seconds": 0}
        kept = {"state": sqlite, "token_cache": str(tmp_path / "tokens.json"), "quota": quota}
        return {
            **{key: value for key, value in shared.items() if key not in own},
            **kept,
            "tenants": {
                "contoso": {key: contoso[key] for key in own},
                "fabrikam": {key: fabrikam[key] for key in own},
            },
        }

    def test_answers_tokens_and_quota_never_mix(self, emulator: Emulator, two: dict[str, Any]) -> None:
        sha1 = emulator.scenario.file("eicar").sha1
        with (
            Connector.from_config(two, tenant="contoso") as contoso,
            Connector.from_config(two, tenant="fabrikam") as fabrikam,
        ):
            for connector in (contoso, fabrikam):
                assert connector.file_stats(sha1)["source"]["from_cache"] is False
                assert connector.file_stats(sha1)["source"]["from_cache"] is True
            contoso.file_stats(sha1, 24)
            with pytest.raises(QuotaExhaustedError):
                contoso.file_stats(sha1, 25)
            assert fabrikam.file_stats(sha1, 24)["outcome"] != "deferred"
            assert {contoso.file_stats(sha1)["record_id"]}.isdisjoint({fabrikam.file_stats(sha1)["record_id"]})
        tenants = {request.application for request in emulator.requests if request.path.startswith("/api/")}
        assert len(tenants) == 2

    def test_a_tenant_has_to_be_named_and_known(self, two: dict[str, Any], emulator: Emulator) -> None:
        for name, words in ((None, "Which tenant is meant"), ("tailspin", 'no tenant "tailspin"')):
            with pytest.raises(InvalidConfigError, match=words) as refused:
                Connector.from_config(two, tenant=name)
            assert "contoso, fabrikam" in refused.value.hint
        with pytest.raises(InvalidConfigError, match="names no tenants"):
            Connector.from_config(emulator.configuration(), tenant="contoso")
        with pytest.raises(InvalidConfigError, match="There is no tenant"):
            Connector.from_config({**two, "tenants": 7}, tenant="contoso")
        own = {**two, "tenants": {"contoso": {"tenant_id": "contoso.example"}}}
        with pytest.raises(InvalidConfigError, match="client_id is missing"):
            Connector.from_config(own, tenant="contoso")

    def test_commands_take_the_tenants_name(
        self, two: dict[str, Any], tmp_path: Path, emulator: Emulator, capsys: pytest.CaptureFixture[str]
    ) -> None:
        from mde_files.commands.emulator import write_configuration

        path = write_configuration(two, tmp_path)
        sha1 = emulator.scenario.file("eicar").sha1
        assert cli.main(["file-stats", sha1, "--config", str(path), "--tenant", "fabrikam"]) == 0
        record = json.loads(capsys.readouterr().out)
        assert record["source"]["tenant_id"] == two["tenants"]["fabrikam"]["tenant_id"]
        assert cli.main(["file-stats", sha1, "--config", str(path)]) == 3


def test_a_persons_answers_are_this_persons_alone(emulator: Emulator, sqlite: str) -> None:
    sha1 = emulator.scenario.file("restricted-device-group").sha1
    found = []
    for name in ("alex@contoso.example", "sam@contoso.example"):
        emulator.scenario.device_code.user = name
        configuration = {**emulator.configuration(method="device_code"), "state": sqlite}
        with Connector.from_config(configuration, prompt=lambda _: None) as connector:
            found.append(connector.file_alerts(sha1))
    assert [record["source"]["from_cache"] for record in found] == [False, False]
    assert found[0]["outcome"] != found[1]["outcome"]


class TestDegraded:
    def test_an_unusable_state_is_told_in_every_record(
        self, connect: Connect, emulator: Emulator, tmp_path: Path
    ) -> None:
        (tmp_path / "not-a-folder").write_text("")
        state = f"sqlite:///{tmp_path}/not-a-folder/state.sqlite3"
        record = connect(state=state).file_stats(emulator.scenario.file("eicar").sha1)
        assert record["outcome"] == "seen_in_organization"
        (caveat,) = record["caveats"]
        assert caveat["code"] == "quota_unshared"
        assert "Only the service's own throttling protects the quota" in caveat["message"]

    def test_where_it_is_required_nothing_is_asked(self, connect: Connect, emulator: Emulator, tmp_path: Path) -> None:
        (tmp_path / "not-a-folder").write_text("")
        state = f"sqlite:///{tmp_path}/not-a-folder/state.sqlite3"
        record = connect(state=state, state_required=True).record_of("file_stats", {"file_hash": "1" * 40})
        assert record["error"]["code"] == "state_unavailable"
        assert service_calls(emulator) == 0


@pytest.mark.usefixtures("settings")
class TestCommands:
    @pytest.fixture
    def settings(self, config_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setenv("MDE_FILES_CONFIG", str(config_file))
        return config_file

    def run(self, capsys: pytest.CaptureFixture[str], *words: str) -> Any:
        assert cli.main([*words, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    def test_a_person_sees_alerts_as_they_are_now(self, emulator: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
        sha1 = emulator.scenario.file("eicar").sha1
        for _ in range(2):
            assert self.run(capsys, "file-alerts", sha1)["source"]["from_cache"] is False
        assert self.run(capsys, "file-alerts", sha1, "--max-age", "60")["source"]["from_cache"] is True
        assert self.run(capsys, "file-alerts", sha1, "--max-age", "60", "--no-cache")["source"]["from_cache"] is False
        self.run(capsys, "file-stats", sha1)
        assert self.run(capsys, "file-stats", sha1)["source"]["from_cache"] is True
        assert cli.main(["file-stats", sha1, "--max-age", "soon"]) == 2

    def test_quota_says_what_is_used_and_left(
        self, emulator: Emulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.run(capsys, "file-stats", emulator.scenario.file("eicar").sha1)
        usage = self.run(capsys, "quota")
        minute, hour = usage["endpoints"]["file_stats"]
        assert (minute["limit"], minute["used"], minute["left"], minute["seconds"]) == (100, 1, 99, 60)
        assert (hour["limit"], hour["used"]) == (1500, 1)
        assert usage["endpoints"]["file_alerts"][0]["used"] == 0
        assert usage["shared"] is True
        monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
        assert cli.main(["quota"]) == 0
        assert "file_stats       1 of   100 used in 60 s, 99 left" in capsys.readouterr().out

    def test_purge_removes_answers_and_tokens_and_keeps_the_count(
        self, emulator: Emulator, capsys: pytest.CaptureFixture[str]
    ) -> None:
        sha1 = emulator.scenario.file("eicar").sha1
        self.run(capsys, "file-stats", sha1)
        assert self.run(capsys, "purge") == {"answers_removed": 1}
        assert self.run(capsys, "file-stats", sha1)["source"]["from_cache"] is False
        assert self.run(capsys, "quota")["endpoints"]["file_stats"][0]["used"] == 2
