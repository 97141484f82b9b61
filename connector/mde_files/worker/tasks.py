"""The tasks ``mde_files.file_stats`` and ``mde_files.file_alerts``: parameters in, records out.

A task whose quota is used up puts itself back into the queue until its time comes, and so gives its worker back. A
message can run twice, when its worker was killed or was too slow to acknowledge it: the answer is then in the cache.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any, NoReturn

from celery.exceptions import Ignore, Reject
from celery.states import RETRY, SUCCESS

from mde_files import manifest, records
from mde_files.answers import Asking
from mde_files.errors import InvalidInputError, MdeFilesError
from mde_files.hashes import FileHash, parse_file_hash
from mde_files.schemas import shown
from mde_files.timestamps import parse_timestamp
from mde_files.worker.application import task_name
from mde_files.worker.connectors import Connectors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from celery import Celery, Task

_USUAL_DEFERRAL = 60.0
_SECONDS_BETWEEN_RETURNS = 0.03
# Room for the id of a record, not for what it says about files and people.
_LOGGED_CHARACTERS = 64

connectors = Connectors()


def register(app: Celery, *, longest_hop: float) -> None:
    """Give ``app`` a task for each action of the manifest.

    Args:
        app: The app.
        longest_hop: Longest time in seconds a task waits before it comes back to be put off again, well below the time
            after which the broker takes its worker for dead.
    """
    for action in manifest.load().actions:
        _register(app, action, longest_hop)


def enrich(action: str, params: Any, tenant: Any, max_age: Any, use_cache: Any) -> dict[str, Any]:
    """Return the record that answers a task; every failure becomes a record too.

    Args:
        action: Id of the action.
        params: Its parameters.
        tenant: Name of one of the configuration's tenants, or ``None``.
        max_age: Greatest age of an answer in seconds, or ``None``: as the configuration says.
        use_cache: Whether answers are taken from the cache and kept in it.
    """
    try:
        _check(params, tenant, max_age, use_cache)
        asking = Asking(caller="batch", max_age=max_age, use_cache=use_cache)
        return connectors.of(tenant).record_of(action, params, asking)
    except MdeFilesError as error:
        return _failure(action, params, tenant, error)
    except Exception as error:  # noqa: BLE001 - its text and traceback could carry a secret into the results
        fault = MdeFilesError(
            f"An error of mde-files itself: {type(error).__name__}.", hint="Please report it with this input."
        )
        return _failure(action, params, tenant, fault)


def _register(app: Celery, action: str, longest_hop: float) -> None:
    def run(
        task: Task, params: Any, tenant: Any = None, *, max_age: Any = None, use_cache: Any = True
    ) -> dict[str, Any]:
        if _has_run(task):
            raise Ignore
        record = enrich(action, params, tenant, max_age, use_cache)
        if record["outcome"] == "deferred":
            _come_back(task, record, longest_hop)
        return record

    app.task(
        run, name=task_name(action), bind=True, max_retries=None, shared=False, resultrepr_maxsize=_LOGGED_CHARACTERS
    )


def _has_run(task: Task) -> bool:
    """Tell whether this message is a copy: another one was answered, or was put off at least as often."""
    kept = task.backend.get_task_meta(task.request.id)
    if kept["status"] == RETRY:
        return bool((kept.get("retries") or 0) >= task.request.retries)
    return bool(kept["status"] == SUCCESS)


def _come_back(task: Task, record: Mapping[str, Any], longest_hop: float) -> NoReturn:
    seconds = _USUAL_DEFERRAL
    retry_at = record["error"].get("retry_at")
    if retry_at is not None:
        seconds = max(0.0, parse_timestamp(retry_at).timestamp() - time.time())
    # Room for one is no room for all that wait for it.
    spread = _SECONDS_BETWEEN_RETURNS * _unacknowledged(task.app)
    seconds += random.random() * spread  # noqa: S311 - spreads competitors
    try:
        raise task.retry(countdown=min(longest_hop, seconds))
    except Reject as rejection:
        # Celery would drop a task that it could not put back.
        raise Reject(rejection.reason, requeue=True) from None


def _unacknowledged(app: Celery) -> int:
    """Return how many messages are with a worker: running, or put off."""
    with app.connection_or_acquire() as connection:
        channel = connection.default_channel
        return int(channel.client.hlen(channel.unacked_key))


def _check(params: Any, tenant: Any, max_age: Any, use_cache: Any) -> None:
    problem = ""
    if not isinstance(params, dict):
        problem = f"params is {shown(params)}, no object"
    elif not (tenant is None or isinstance(tenant, str)):
        problem = f"tenant is {shown(tenant)}, no name"
    elif not (max_age is None or (isinstance(max_age, int | float) and max_age >= 0)):
        problem = f"max_age is {shown(max_age)}, no number of seconds"
    elif not isinstance(use_cache, bool):
        problem = f"use_cache is {shown(use_cache)}, neither true nor false"
    if problem:
        raise InvalidInputError(
            f"The task cannot be run: {problem}.",
            hint='Its arguments are params ({"file_hash": …}), tenant, max_age and use_cache.',
        )


def _failure(action: str, params: Any, tenant: Any, error: MdeFilesError) -> dict[str, Any]:
    """Return the record of a failure for which no connector could be made."""
    given = params.get("file_hash", "") if isinstance(params, dict) else ""
    queried = given if isinstance(given, str) else shown(given)
    try:
        file_hash = parse_file_hash(queried, md5=True)
    except InvalidInputError:
        file_hash = FileHash(queried, "unknown")
    named = tenant if isinstance(tenant, str) else ""
    declared = manifest.load()
    return records.failure_record(
        records.Question(action, file_hash.value, file_hash.kind, named),
        records.Source(
            cloud="",
            host="",
            tenant_id=named,
            endpoint=declared.calls[declared.actions[action].call].path,
            retrieved_at="",
            from_cache=False,
            age_seconds=0,
            portal_host="",
        ),
        error,
    )
