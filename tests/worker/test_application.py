"""How the app is configured, and what is said when it cannot be."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mde_files import InvalidConfigError, StateUnavailableError, config
from mde_files.worker import application

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Celery
    from tests.redis_server import RedisServer
    from tests.worker.conftest import Worker

BASE = {"tenant_id": "contoso.example", "auth": {"method": "access_token", "access_token": "x"}}


def settings(**changes: Any) -> config.CeleryConfig:
    return config.load_celery({**BASE, **changes})


def test_tasks_are_kept_where_the_state_is_unless_said_otherwise() -> None:
    alike = settings(state="redis://one/0")
    assert [url and url.reveal() for url in (alike.broker, alike.results)] == ["redis://one/0"] * 2
    apart = settings(state="redis://one/0", celery={"broker": "rediss://two", "results": "redis://three"})
    assert [url and url.reveal() for url in (apart.broker, apart.results)] == ["rediss://two", "redis://three"]
    assert settings(state="memory:")[:2] == (None, None)


def test_the_settings_are_those_all_tenants_share(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("tenants: {contoso: {tenant_id: a, state: 'redis://own'}}\ncelery: {broker: 'redis://shared'}\n")
    monkeypatch.setenv("MDE_FILES_CELERY__RESULT_EXPIRES", "3600")
    loaded = config.load_celery(path)
    assert loaded.broker is not None
    assert loaded.broker.reveal() == "redis://shared"
    assert loaded.result_expires == 3600


def test_messages_stay_invisible_longer_than_any_task_runs() -> None:
    assert settings().visibility_timeout == 900
    assert settings(timeouts={"total": 1000}).visibility_timeout == 3000
    assert settings(timeouts={"total": 3}, celery={"visibility_timeout": 9}).visibility_timeout == 9
    with pytest.raises(InvalidConfigError, match="visibility_timeout") as caught:
        settings(celery={"visibility_timeout": 100})
    assert "180" in caught.value.hint


def test_the_urls_are_secrets() -> None:
    given = config.load({**BASE, "celery": {"broker": "redis://:sesame@one", "results": "redis://:open@two"}})
    assert {"sesame", "open"} <= set(given.secrets())
    assert "sesame" not in repr(given)


def test_a_missing_extra_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "celery", None)
    with pytest.raises(InvalidConfigError) as caught:
        application.make_app(settings(state="redis://one"))
    assert "pip install 'mde-files[celery]'" in caught.value.hint


@pytest.mark.parametrize("changes", [{}, {"state": "memory:"}, {"state": "redis://one:many/0"}])
def test_a_redis_that_cannot_be_named_is_told(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidConfigError, match="Redis"):
        application.make_app(settings(**changes))


def test_only_json_is_accepted(configure: Callable[..., Path], make_app: Callable[[Path], Celery]) -> None:
    app = make_app(configure())
    assert app.conf.accept_content == app.conf.result_accept_content == ["json"]
    assert {app.conf.task_serializer, app.conf.result_serializer, app.conf.event_serializer} == {"json"}


def test_a_worker_ignores_pickles(
    configure: Callable[..., Path],
    start_worker: Callable[..., Worker],
    make_app: Callable[[Path], Celery],
    tmp_path: Path,
) -> None:
    configuration = configure()
    app = make_app(configuration)
    app.conf.accept_content = ["json", "pickle"]
    app.send_task("mde_files.file_stats", args=[Path(tmp_path)], serializer="pickle")
    worker = start_worker(configuration)
    assert app.send_task("mde_files.file_stats", args=[{}]).get(timeout=30)["outcome"] == "failed"
    assert "Refusing to deserialize" in worker.log() or "ContentDisallowed" in worker.log()


def test_without_a_broker_a_worker_ends_with_one_sentence(
    configure: Callable[..., Path], start_worker: Callable[..., Worker]
) -> None:
    worker = start_worker(configure(celery={"broker": "redis://:sesame@127.0.0.1:1/0"}), ready=False)
    assert worker.process.wait(60) == 3
    lines = [line for line in worker.log().splitlines() if "SecurityWarning" not in line]
    told = [line for line in lines if line.startswith("mde-files: ")]
    assert told == [
        "mde-files: The Redis server of the Celery broker, 127.0.0.1:1, does not answer as it should (ConnectionError)."
    ]
    assert "Traceback" not in worker.log()
    assert "sesame" not in worker.log()


def test_a_worker_without_configuration_ends_with_one_sentence(
    start_worker: Callable[..., Worker], tmp_path: Path
) -> None:
    (tmp_path / "config.yaml").write_text("tenant_id: contoso.example\n")
    worker = start_worker(tmp_path / "config.yaml", ready=False)
    assert worker.process.wait(60) == 3
    assert worker.log().splitlines() == [
        "mde-files: Celery tasks need a Redis server, and the configuration names none.",
        "  Let 'state' name it (redis://HOST), or set celery.broker or MDE_FILES_CELERY__BROKER.",
    ]


def test_no_password_stands_in_what_a_worker_prints(
    configure: Callable[..., Path], start_worker: Callable[..., Worker], start_redis: Callable[..., RedisServer]
) -> None:
    server = start_redis("sesame-open")
    assert "sesame-open" in server.url
    worker = start_worker(configure(state=server.url), "--loglevel", "DEBUG")
    worker.end()
    assert f"127.0.0.1:{server.port}" in worker.log()
    assert "sesame" not in worker.log()
    assert "sesame" not in repr(application.make_app(settings(state=server.url)))


def test_a_wrong_password_is_no_matter_of_waiting(start_redis: Callable[..., RedisServer]) -> None:
    server = start_redis("sesame")
    app = application.make_app(settings(state=server.url.replace("sesame", "simsalabim")))
    with pytest.raises(StateUnavailableError, match="AuthenticationError") as caught:
        application.reach(app, attempts=1)
    assert "simsalabim" not in caught.value.message + caught.value.hint
