"""What is kept where others can read: the SQLite file with its log and free pages, Redis, Celery's messages."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from tests.redis_server import _running_redis_server, redis_server, start_redis  # noqa: F401 - fixtures
from tests.worker.conftest import Worker

from mde_files import Connector
from mde_files.commands.emulator import write_configuration
from mde_files.deadline import Deadline
from mde_files.errors import MdeFilesError
from mde_files.playbook.attachment import Attachment
from mde_files.playbook.incident import read_incident
from mde_files.resources import schema_path

from .canaries import Canary, canary, found, known
from .test_processes import House, given, house, judged  # noqa: F401 - fixture
from .watching import files_below

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fault_table import FaultTable
    from tests.redis_server import RedisServer

    from .conftest import Tenant

ROOM = "secrets: shared places"
RECORD = json.loads(schema_path("record").read_text(encoding="utf-8"))["examples"][0]


def used(tenant: Tenant, **changes: Any) -> tuple[Connector, list[Canary]]:
    """Ask, attach to a webhook and fail, and return the connector, still open, with every secret that was used."""
    path, key = canary("webhook path", odd=False), canary("webhook key")
    webhook = {"url": f"{tenant.emulator.base_url}/hook/{path.text}", "secret": key.text}
    connector = Connector.from_config(tenant.settings(sinks={"webhook": webhook}, **changes))
    for file in tenant.emulator.scenario.files[:5]:
        connector.file_stats(file.sha1)
        connector.record_of("file_alerts", {"file_hash": file.sha256})
    incident = read_incident({"id": "1", "files": [{"sha1": tenant.sha1}]})
    attachment = Attachment("p", "Title", (RECORD,))
    sink = connector.open_sink("webhook")
    # The emulator has no webhook; what matters is what stays.
    with pytest.raises(MdeFilesError):
        sink.attach(incident, attachment, dry_run=False, deadline=Deadline(5))
    token = connector.service.tokens().token(Deadline(5)).value.reveal()
    return connector, [path, key, tenant.client_secret, known("token", token.rpartition(".")[2])]


def test_the_state_file_holds_no_secret(tenant: Tenant, fault_table: FaultTable) -> None:
    folder = tenant.folder / "state"
    connector, secrets = used(tenant, state=f"sqlite:///{folder / 'state.sqlite3'}")
    seen: list[str] = []
    names: set[str] = set()
    # With the write-ahead log, without it, and with the pages of what was removed.
    for step in (lambda: None, connector.purge, connector.close):
        step()
        for path, content in files_below(folder):
            names.add(path.name)
            seen += [f"{path.name}: {name}" for name in found(content, secrets)]
            assert path.stat().st_mode & 0o077 == 0
    assert names >= {"state.sqlite3", "state.sqlite3-wal"}
    with sqlite3.connect(folder / "state.sqlite3") as database:
        assert database.execute("SELECT count(*) FROM entries").fetchone()[0] > 0
    fault_table.row(ROOM, "SQLite, with its log and free pages", "nothing kept", "; ".join(seen) or "nothing kept")


def test_redis_holds_no_secret(
    tenant: Tenant,
    start_redis: Callable[..., RedisServer],  # noqa: F811
    fault_table: FaultTable,
) -> None:
    import redis

    password = canary("Redis password", odd=False)
    server = start_redis(password.text)
    connector, secrets = used(tenant, state=server.url)
    with redis.Redis.from_url(server.url) as client:
        assert client.dbsize() > 0
        client.config_set("rdbcompression", "no")
        client.save()
    connector.close()
    dump = (tenant.folder / "dump.rdb").read_bytes()
    seen = found(dump, [*secrets, password])
    fault_table.row(ROOM, "Redis, dumped to a file", "nothing kept", "; ".join(seen) or "nothing kept")


@pytest.mark.parametrize("command", ["check", "batch"])
def test_a_redis_server_that_refuses_the_password(
    house: House,  # noqa: F811
    start_redis: Callable[..., RedisServer],  # noqa: F811
    fault_table: FaultTable,
    command: str,
) -> None:
    right, wrong = canary("right password", odd=False), canary("wrong password", odd=False)
    url = start_redis(right.text).url.replace(right.text, wrong.text)
    hashes, _ = given(house)
    words = ("check",) if command == "check" else ("batch", hashes, "--output", "out/x.jsonl", "--celery")
    watched = house._replace(secrets=[*house.secrets, wrong])
    ran = watched.run(*words, MDE_FILES_STATE=url, MDE_FILES_STATE_REQUIRED="true", MDE_FILES_CELERY__BROKER=url)
    assert ran.code == 3, ran.shown
    said = judged(watched, ran)
    fault_table.row(ROOM, f"Redis refuses the password: {command}", "nothing told", "; ".join(said) or "nothing told")


@pytest.mark.slow
def test_celery_workers_and_their_messages_hold_no_secret(
    tenant: Tenant,
    start_redis: Callable[..., RedisServer],  # noqa: F811
    fault_table: FaultTable,
    tmp_path: Path,
) -> None:
    import redis

    from mde_files import config
    from mde_files.worker import application

    password = canary("Redis password", odd=False)
    server = start_redis(password.text)
    configuration = write_configuration(tenant.settings(state=server.url, log={"level": "debug"}), tmp_path)
    worker = Worker(configuration, tmp_path / "worker.log", 1, ("--loglevel", "DEBUG", "--task-events"))
    secrets = [password, tenant.client_secret]
    try:
        worker.wait_until_ready()
        app = application.make_app(config.load_celery(configuration))
        tasks = [
            app.send_task(application.task_name("file_stats"), kwargs={"params": {"file_hash": file.sha1}})
            for file in tenant.emulator.scenario.files[:4]
        ]
        records = [task.get(timeout=30) for task in tasks]
        with redis.Redis.from_url(server.url) as client:
            client.config_set("rdbcompression", "no")
            client.save()
        app.backend.client.close()
        app.close()
        assert worker.end() == 0
    finally:
        worker.kill()
    seen = [f"log: {name}" for name in found(worker.log(), secrets)]
    seen += [f"Redis: {name}" for name in found((tmp_path / "dump.rdb").read_bytes(), secrets)]
    seen += [f"result: {name}" for name in found(json.dumps(records), secrets)]
    fault_table.row(ROOM, "Celery: log, messages, results", "nothing told", "; ".join(seen) or "nothing told")


@pytest.mark.slow
def test_a_celery_worker_with_a_wrong_password_tells_none(
    tenant: Tenant,
    start_redis: Callable[..., RedisServer],  # noqa: F811
    fault_table: FaultTable,
    tmp_path: Path,
) -> None:
    right, wrong = canary("right password", odd=False), canary("wrong password", odd=False)
    url = start_redis(right.text).url.replace(right.text, wrong.text)
    configuration = write_configuration(tenant.settings(state=url, log={"level": "debug"}), tmp_path)
    worker = Worker(configuration, tmp_path / "worker.log", 1, ("--loglevel", "DEBUG"))
    try:
        assert worker.process.wait(30) == 3
    finally:
        worker.kill()
    seen = found(worker.log(), [right, wrong, tenant.client_secret])
    fault_table.row(ROOM, "Celery: a wrong password", "nothing told", "; ".join(seen) or "nothing told")
