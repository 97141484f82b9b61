"""What tasks return, asked of a real worker over a real broker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mde_files import schemas
from mde_files.emulator import Quota, QuotaWindow

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from celery import Celery
    from tests.worker.conftest import Worker

    from mde_files.emulator import Emulator

SECONDS = 30


def send(app: Celery, action: str, *args: Any, **kwargs: Any) -> Any:
    return app.send_task(f"mde_files.{action}", args=args, kwargs=kwargs)


def test_tasks_of_both_actions_return_records_and_a_worker_ends_in_good_order(
    emulator: Emulator,
    configure: Callable[..., Path],
    start_worker: Callable[..., Worker],
    make_app: Callable[[Path], Celery],
) -> None:
    configuration = configure()
    worker, app = start_worker(configuration), make_app(configuration)
    eicar = {"file_hash": emulator.scenario.file("eicar").sha1}
    stats = send(app, "file_stats", eicar).get(timeout=SECONDS)
    assert stats["outcome"] == "seen_in_organization"
    assert stats["source"]["from_cache"] is False
    assert send(app, "file_stats", eicar).get(timeout=SECONDS)["source"]["from_cache"] is True
    assert send(app, "file_stats", eicar, max_age=0).get(timeout=SECONDS)["source"]["from_cache"] is False
    assert send(app, "file_stats", eicar, use_cache=False).get(timeout=SECONDS)["source"]["from_cache"] is False
    assert send(app, "file_alerts", eicar).get(timeout=SECONDS)["outcome"] == "alerts_found"
    assert emulator.accepted == {"file_stats": 3, "file_alerts": 1}
    assert worker.end() == 0
    assert "Traceback" not in worker.log()


@pytest.mark.parametrize(
    ("kwargs", "code", "told"),
    [
        ({"params": {"file_hash": "no hash"}}, "invalid_input", "file_hash"),
        ({"params": {"file_hash": 7}}, "invalid_input", "file_hash"),
        ({"params": {"file_hash": "\ud800"}}, "invalid_input", "file_hash"),
        ({"params": {}}, "invalid_input", "file_hash"),
        ({"params": "0991a395da64e1c5fbe8732ed11e6be064081d9f"}, "invalid_input", "params"),
        ({"params": {"file_hash": "a" * 40}, "tenant": "fabrikam"}, "invalid_config", "tenants"),
        ({"params": {"file_hash": "a" * 40}, "tenant": ["x"]}, "invalid_input", "tenant"),
        ({"params": {"file_hash": "a" * 40}, "max_age": "old"}, "invalid_input", "max_age"),
        ({"params": {"file_hash": "a" * 40}, "max_age": -1}, "invalid_input", "max_age"),
        ({"params": {"file_hash": "a" * 40}, "use_cache": "no"}, "invalid_input", "use_cache"),
    ],
)
def test_whatever_is_wrong_with_a_task_is_told_by_a_record(
    monkeypatch: pytest.MonkeyPatch, configure: Callable[..., Path], kwargs: dict[str, Any], code: str, told: str
) -> None:
    from mde_files.worker.tasks import connectors, enrich

    monkeypatch.setenv("MDE_FILES_CONFIG", str(configure()))
    try:
        record = enrich("file_stats", **{"tenant": None, "max_age": None, "use_cache": True, **kwargs})
    finally:
        connectors.close()
    assert schemas.problems("record", record) == []
    assert (record["outcome"], record["error"]["code"]) == ("failed", code)
    assert told in record["error"]["message"]


def test_a_worker_goes_on_after_messages_that_make_no_sense(
    emulator: Emulator,
    configure: Callable[..., Path],
    start_worker: Callable[..., Worker],
    make_app: Callable[[Path], Celery],
) -> None:
    configuration = configure()
    start_worker(configuration)
    app = make_app(configuration)
    unknown = send(app, "file_stats", {"file_hash": "a" * 40}, tenant="nobody").get(timeout=SECONDS)
    assert unknown["error"]["code"] == "invalid_config"
    with pytest.raises(TypeError):
        send(app, "file_stats", 1, 2, 3, 4).get(timeout=SECONDS)
    app.send_task("mde_files.format_disk")
    eicar = {"file_hash": emulator.scenario.file("eicar").sha1}
    assert send(app, "file_stats", eicar).get(timeout=SECONDS)["outcome"] == "seen_in_organization"


@pytest.mark.slow
def test_a_task_whose_quota_is_used_up_gives_its_worker_back_and_returns(
    emulator: Emulator,
    configure: Callable[..., Path],
    start_worker: Callable[..., Worker],
    make_app: Callable[[Path], Celery],
) -> None:
    emulator.scenario.quota = Quota([QuotaWindow(1, 6)])
    configuration = configure(quota={"windows": [{"calls": 1, "seconds": 6}], "reserve_interactive": 0})
    start_worker(configuration)
    app = make_app(configuration)
    first, second = (send(app, "file_stats", {"file_hash": file.sha1}) for file in emulator.scenario.files[:2])
    other = send(app, "file_alerts", {"file_hash": emulator.scenario.file("eicar").sha1})
    assert other.get(timeout=SECONDS)["outcome"] == "alerts_found"
    assert first.get(timeout=SECONDS)["outcome"] != "deferred"
    assert second.state == "RETRY"
    assert second.get(timeout=SECONDS)["outcome"] != "deferred"
    assert emulator.accepted["file_stats"] == 2
    assert emulator.rejected["file_stats"] == 0


def test_a_task_sent_twice_is_answered_once(
    emulator: Emulator,
    configure: Callable[..., Path],
    start_worker: Callable[..., Worker],
    make_app: Callable[[Path], Celery],
) -> None:
    configuration = configure(cache={"enabled": False})
    app = make_app(configuration)
    kwargs = {"params": {"file_hash": emulator.scenario.file("eicar").sha1}}
    for _ in range(3):
        app.send_task("mde_files.file_stats", kwargs=kwargs, task_id="the-same")
    start_worker(configuration)
    # The queue is in order: when this is answered, so are those before it.
    assert send(app, "file_alerts", kwargs["params"]).get(timeout=SECONDS)
    assert app.AsyncResult("the-same").get(timeout=SECONDS)["outcome"] == "seen_in_organization"
    assert emulator.accepted["file_stats"] == 1
