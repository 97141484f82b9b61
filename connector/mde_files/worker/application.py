"""Makes the Celery app: broker and results in Redis, JSON only, acknowledged late."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mde_files.errors import InvalidConfigError, StateUnavailableError
from mde_files.leaving import leaves_bare

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Celery

    from mde_files.config import CeleryConfig

QUEUE = "mde-files"
# Other apps may use the same database, with other times.
KEY_PREFIX = "mde-files:celery:"
_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 30.0
_LONGEST_RESTORE_INTERVAL = 10.0
_ATTEMPTS = 3
_PAUSE_SECONDS = 1.0


def task_name(action: str) -> str:
    """Return the name of the task that answers an action."""
    return f"mde_files.{action}"


@leaves_bare
def make_app(settings: CeleryConfig, *, keeps_results: bool = True) -> Celery:
    """Return the app; nothing is connected yet.

    Args:
        settings: Where tasks and results are kept.
        keeps_results: Whether the app can run tasks and read their results. One that only submits them cannot, and so
            does not subscribe to the result of each.

    Raises:
        InvalidConfigError: The extra is not installed, no Redis is configured, or a URL cannot be used.
    """
    try:
        from celery import Celery
        from celery.exceptions import CeleryError
    except ImportError as error:
        raise InvalidConfigError(
            f"Celery tasks need a package that is not installed: {error.name}.",
            hint="Install it with: pip install 'mde-files[celery]'",
        ) from None
    if settings.broker is None or settings.results is None:
        raise InvalidConfigError(
            "Celery tasks need a Redis server, and the configuration names none.",
            hint="Let 'state' name it (redis://HOST), or set celery.broker or MDE_FILES_CELERY__BROKER.",
        )
    broker, results = settings.broker.reveal(), settings.results.reveal()
    app = Celery("mde_files", set_as_current=keeps_results)
    app.conf.update(_configuration(settings), broker_url=broker, broker_use_ssl=_encryption(broker))
    if keeps_results:
        app.conf.update(result_backend=results, redis_backend_use_ssl=_encryption(results))
    try:
        app.connection().as_uri()
        app.backend.as_uri()
    except (ValueError, TypeError, KeyError, CeleryError):
        raise InvalidConfigError(
            "The Redis URL of the Celery tasks cannot be read.", hint="Write redis://HOST:PORT/DATABASE or rediss://…."
        ) from None
    if keeps_results:
        from mde_files.worker.tasks import register

        register(app, longest_hop=settings.visibility_timeout / 3)
    return app


def prepare_worker(app: Celery) -> None:
    """Let a worker of ``app`` look for its servers before it starts, and close its connectors when it ends."""
    from celery import signals

    from mde_files.worker.tasks import connectors

    def look(**_: Any) -> None:
        # Before the fork, once for all processes of the pool, and not within the time of their first calls.
        import jsonschema  # noqa: F401
        import msal  # type: ignore[import-untyped]  # noqa: F401

        try:
            reach(app)
        except StateUnavailableError as error:
            sys.stderr.write(f"mde-files: {error.message}\n  {error.hint}\n")
            sys.exit(error.exit_code)

    def close(**_: Any) -> None:
        connectors.close()

    signals.celeryd_init.connect(look, weak=False)
    signals.worker_process_shutdown.connect(close, weak=False)
    signals.worker_shutdown.connect(close, weak=False)


def reach(app: Celery, *, attempts: int = _ATTEMPTS, sleep: Callable[[float], None] = time.sleep) -> None:
    """Return when broker and results answer.

    Raises:
        StateUnavailableError: One of them does not, after so many attempts a second apart.
    """
    from kombu.exceptions import OperationalError
    from redis import RedisError

    for attempt in range(1, attempts + 1):
        place = "broker"
        try:
            with app.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
            place = "results"
            app.backend.client.ping()
        except (OperationalError, RedisError, OSError) as error:
            if attempt < attempts:
                sleep(_PAUSE_SECONDS)
                continue
            raise unreachable(app, place, error) from None
        return


def unreachable(app: Celery, place: str, error: Exception) -> StateUnavailableError:
    """Return the error that says that the Redis of the ``broker`` or of the ``results`` does not answer."""
    url = urlsplit(app.conf.broker_url if place == "broker" else app.conf.result_backend)
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    return StateUnavailableError(
        # Only the kind of error: its text may repeat what was sent.
        f"The Redis server of the Celery {place}, {url.hostname}:{url.port or 6379}, "
        f"does not answer as it should ({type(cause).__name__}).",
        hint=f"Start it, or correct 'state' or celery.{place} in the configuration.",
    )


def _configuration(settings: CeleryConfig) -> dict[str, Any]:
    visibility_timeout = settings.visibility_timeout
    return {
        "accept_content": ["json"],
        "result_accept_content": ["json"],
        "task_serializer": "json",
        "result_serializer": "json",
        "event_serializer": "json",
        "timezone": "UTC",
        "task_default_queue": QUEUE,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        "broker_connection_retry_on_startup": True,
        "broker_transport_options": {
            "global_keyprefix": KEY_PREFIX,
            "visibility_timeout": visibility_timeout,
            "unacked_restore_interval": min(_LONGEST_RESTORE_INTERVAL, visibility_timeout / 4),
            "unacked_restore_throttle": 1,
            "socket_connect_timeout": _CONNECT_SECONDS,
            "socket_timeout": _ANSWER_SECONDS,
            "socket_keepalive": True,
        },
        "result_backend_transport_options": {"global_keyprefix": KEY_PREFIX},
        "redis_socket_connect_timeout": _CONNECT_SECONDS,
        "redis_socket_timeout": _ANSWER_SECONDS,
        "redis_socket_keepalive": True,
        "result_expires": settings.result_expires,
        # Tells how often a task came back, by which a copy of an older message is recognized.
        "result_extended": True,
    }


def _encryption(url: str) -> dict[str, Any] | None:
    """Return the settings of TLS: kombu alone would trust every server."""
    if not url.startswith("rediss://"):
        return None
    import ssl

    return {"ssl_cert_reqs": ssl.CERT_REQUIRED}
