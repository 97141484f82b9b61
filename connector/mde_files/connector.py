"""The connector: parameters in, enrichment records out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from mde_files import config as configuration
from mde_files import manifest as manifests
from mde_files import records, schemas
from mde_files.answers import Asking
from mde_files.caching import PREFIX as CACHE_PREFIX
from mde_files.clouds import FILES_API
from mde_files.deadline import Deadline
from mde_files.enrichment import Asked, Enrichment
from mde_files.errors import InvalidInputError, MdeFilesError, UpstreamInvalidError
from mde_files.hashes import FileHash, parse_file_hash
from mde_files.leaving import leaves_bare
from mde_files.logs import EventLog
from mde_files.service import Service

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType

    from typing_extensions import Self

    from mde_files.auth import Claims, TokenStore
    from mde_files.check import Report
    from mde_files.config import Config
    from mde_files.files_api import FilesApi
    from mde_files.playbook.sinks import Sink
    from mde_files.quota import Priority, WindowUsage
    from mde_files.state import State

_WORKERS = 4
MANY_ALERTS = 1000
ATTACHED_PREFIX = "attached/"
_PERSON = Asking()


class Connector:
    """Enriches file hashes with what Defender for Endpoint knows. Thread-safe; a context manager.

    Args:
        config: A complete configuration.
        log: Where events go; by default standard error, as the configuration says.
        prompt: Shows a text to the person who has to sign in on another device; without it such a sign-in fails.
        state: Where quota and cache are kept; by default where the configuration says. It is not closed here.
        token_store: Where tokens are kept between processes; by default where the configuration says.
        sleep: Waits for seconds.
    """

    def __init__(
        self,
        config: Config,
        *,
        log: EventLog | None = None,
        prompt: Callable[[str], None] | None = None,
        state: State | None = None,
        token_store: TokenStore | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.config = config
        self.manifest = manifests.load()
        self._log = log or EventLog.from_config(config)
        self._service = Service(
            config, self.manifest, self._log, prompt=prompt, state=state, token_store=token_store, sleep=sleep
        )
        self._enrichment = Enrichment(config, self.manifest, self._service, self._log, sleep=sleep)

    @classmethod
    @leaves_bare
    def from_config(
        cls,
        source: Mapping[str, Any] | str | os.PathLike[str] | None = None,
        *,
        tenant: str | None = None,
        prompt: Callable[[str], None] | None = None,
    ) -> Connector:
        """Return a connector for a dictionary, the path of a YAML file, or (``None``) the user's own configuration.

        ``tenant`` names one of its tenants, where it has several.

        Raises:
            InvalidConfigError: The configuration cannot be used.
        """
        return cls(configuration.load(source, tenant=tenant), prompt=prompt)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Connector(tenant_id={self.config.tenant_id!r}, host={self.config.endpoints.host!r})"

    def close(self) -> None:
        """Close all connections; a later question opens them again."""
        self._service.close()

    def file_stats(self, file_hash: str, lookback_hours: int | None = None) -> dict[str, Any]:
        """Return the record of a file's statistics.

        Args:
            file_hash: SHA-1, SHA-256 or, where enabled, MD5.
            lookback_hours: Hours the organization's numbers look back, 1 to 720; ``None`` means 720.

        Returns:
            A record that agrees with ``schemas/record.schema.json``.

        Raises:
            MdeFilesError: One of its subclasses, each with a stable ``code`` and a hint.
        """
        params: dict[str, Any] = {"file_hash": file_hash}
        if lookback_hours is not None:
            params["lookback_hours"] = lookback_hours
        return self.run("file_stats", params)

    def file_alerts(self, file_hash: str) -> dict[str, Any]:
        """Return the record of the alerts a file took part in.

        Args:
            file_hash: SHA-1, SHA-256 or, where enabled, MD5.

        Returns:
            A record that agrees with ``schemas/record.schema.json``.

        Raises:
            MdeFilesError: One of its subclasses, each with a stable ``code`` and a hint.
        """
        return self.run("file_alerts", {"file_hash": file_hash})

    @leaves_bare
    def run(self, action: str, params: Mapping[str, Any], asking: Asking = _PERSON) -> dict[str, Any]:
        """Return the record of an action named by its id, with parameters as its input schema describes them.

        Numbers may arrive as text, since several platforms send nothing else.

        Args:
            action: Id of the action.
            params: Its parameters.
            asking: Who asks, and how fresh the answer has to be.

        Raises:
            InvalidInputError: The action or a parameter is not known or not valid.
            MdeFilesError: As the action itself.
        """
        checked = self._checked(action, params)
        file_hash = parse_file_hash(checked["file_hash"], md5=self.config.md5)
        deadline = Deadline(self.config.timeouts.total)
        return self._valid(self._enrichment.record(Asked(action, file_hash, checked, deadline), asking))

    def run_many(
        self, action: str, many_params: Iterable[Mapping[str, Any]], asking: Asking = _PERSON
    ) -> list[dict[str, Any]]:
        """Return one record for each of ``many_params``, in their order; no failure spoils the others.

        A failure becomes a record with outcome ``failed`` or ``deferred`` and its ``error``.

        Raises:
            InvalidInputError: The action is not known.
        """
        self._known(action)
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix="enrichment") as pool:
            return list(pool.map(lambda params: self.record_of(action, params, asking), many_params))

    def record_of(self, action: str, params: Mapping[str, Any], asking: Asking = _PERSON) -> dict[str, Any]:
        """Return the record of an action; a failure becomes a record with outcome ``failed`` or ``deferred``."""
        try:
            return self.run(action, params, asking)
        except MdeFilesError as error:
            return self.failure(action, params, error)

    def failure(self, action: str, params: Mapping[str, Any], error: MdeFilesError) -> dict[str, Any]:
        """Return the record that says that and why ``action`` failed."""
        call = self._known(action).call
        given = params.get("file_hash", "")
        queried = given if isinstance(given, str) else schemas.shown(given)
        try:
            file_hash = parse_file_hash(queried, md5=True)
        except InvalidInputError:
            file_hash = FileHash(queried, "unknown")
        question = records.Question(action, file_hash.value, file_hash.kind, self.config.tenant_id)
        return self._valid(records.failure_record(question, self._enrichment.source(call, None), error))

    @leaves_bare
    def check(self) -> Report:
        """Sign in, compare the token with what each action needs, make one call for each endpoint; say what to fix."""
        from mde_files.check import check

        return check(self)

    @leaves_bare
    def files_api(self) -> FilesApi:
        """Return the files API of the configured tenant; connections are made when something is asked."""
        return self._service.files_api()

    @leaves_bare
    def open_sink(self, text: str) -> Sink:
        """Return where a playbook attaches what it found.

        Args:
            text: ``file:PATH``, ``sentinel``, ``graph``, ``webhook`` or ``webhook:URL``.

        Raises:
            InvalidInputError: There is no such sink.
            InvalidConfigError: It cannot be used as it is configured.
        """
        from mde_files.playbook.sinks import open_sink

        return open_sink(text, self)

    @property
    def service(self) -> Service:
        """State, sign-in and connections, for those who attach what was found."""
        return self._service

    @property
    def log(self) -> EventLog:
        """Where events go."""
        return self._log

    @property
    def degraded(self) -> str | None:
        """Why quota and cache are not shared although they should be, as a sentence; ``None``: nothing is amiss."""
        return self._service.degraded

    @leaves_bare
    def quota_usage(self, caller: Priority = "interactive") -> dict[str, list[WindowUsage]]:
        """Return what is used and left of the quota, by id of the call, as a kind of caller may use it."""
        quota = self._service.quota(caller)
        return {call.id: quota.usage(call) for call in self.manifest.calls.values()}

    @leaves_bare
    def purge(self) -> int:
        """Remove every cached answer and stored token of this configuration; return how many answers there were.

        What is remembered of attached findings goes too; the findings stay where they are. The quota is kept:
        forgetting what was used would break it.
        """
        self._service.forget_tokens()
        self._service.state.purge(ATTACHED_PREFIX)
        return self._service.state.purge(CACHE_PREFIX)

    @leaves_bare
    def sign_in(self, *, anew: bool = False, service: str = FILES_API) -> Claims | None:
        """Sign in or use a stored token, and return what the token says about itself; ``None``: unreadable.

        Args:
            anew: Whether to forget stored tokens, so that the credential itself is tried. A person who signed in
                on another device is not asked again.
            service: Id of the service of the manifest that the token is for.

        Raises:
            MdeFilesError: The sign-in failed.
        """
        if anew and not self.config.delegated:
            self._service.tokens(service).forget()
        return self._service.claims(Deadline(self.config.timeouts.total), service)

    def _known(self, action: str) -> manifests.Action:
        known = self.manifest.actions.get(action)
        if known is None:
            raise InvalidInputError(
                f"There is no action {schemas.shown(action)}.",
                hint=f"Actions: {', '.join(self.manifest.actions)}.",
            )
        return known

    def _checked(self, action: str, params: Mapping[str, Any]) -> dict[str, Any]:
        name = self._known(action).input_schema
        checked: dict[str, Any] = schemas.coerced(schemas.load(name), dict(params))
        problems = schemas.problems(name, checked)
        if problems:
            said = [f"{problem.path or 'params'} {problem.message}" for problem in problems]
            hint = "Allowed: " + "; ".join(
                f"{key}: {inner['description']}" for key, inner in schemas.load(name)["properties"].items()
            )
            raise InvalidInputError(f"{'; '.join(said)}.", hint=hint)
        return checked

    def _valid(self, record: dict[str, Any]) -> dict[str, Any]:
        listed = record.get("file_alerts", {}).get("alerts", ())
        problems = schemas.problems("record", record, large=len(listed) >= MANY_ALERTS)
        if problems:
            raise UpstreamInvalidError(
                f"The answer could not be brought into a valid record ({problems[0].path} {problems[0].message}).",
                hint="Please report this with the answer the service gave; the record was not handed on.",
            )
        return record
