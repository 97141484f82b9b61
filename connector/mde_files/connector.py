"""The connector: parameters in, enrichment records out."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from mde_files import config as configuration
from mde_files import manifest as manifests
from mde_files import records, schemas
from mde_files.deadline import Deadline
from mde_files.errors import InvalidInputError, MdeFilesError, UpstreamInvalidError
from mde_files.hashes import FileHash, parse_file_hash
from mde_files.logs import EventLog

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType

    from typing_extensions import Self

    from mde_files.auth import Claims, TokenProvider
    from mde_files.check import Report
    from mde_files.config import Config
    from mde_files.files_api import FilesApi
    from mde_files.transport.session import HttpSession

_SHA1_DIGITS = 40
_WORKERS = 4
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")
_DEVICE_GROUPS = {
    "code": "device_groups",
    "message": "A person signed in: only alerts on devices in this person's device groups are visible.",
}


class Resolved(NamedTuple):
    """A file whose SHA-1 is known, or known not to be known.

    Attributes:
        sha1: SHA-1 in lower case; ``None`` when the service does not know the file.
        info: What ``file_info`` said, where it was asked.
        retrieved_at: When it said so; empty where it was not asked.
    """

    sha1: str | None
    info: Mapping[str, Any] | None
    retrieved_at: str


class _Service(NamedTuple):
    """What is needed to ask the service; made with the first question."""

    api: FilesApi
    tokens: TokenProvider
    session: HttpSession


class Connector:
    """Enriches file hashes with what Defender for Endpoint knows. Thread-safe; a context manager.

    Args:
        config: A complete configuration.
        log: Where events go; by default standard error, as the configuration says.
        prompt: Shows a text to the person who has to sign in on another device; without it such a sign-in fails.
    """

    def __init__(
        self, config: Config, *, log: EventLog | None = None, prompt: Callable[[str], None] | None = None
    ) -> None:
        self.config = config
        self.manifest = manifests.load()
        self._log = log or EventLog.from_config(config)
        self._prompt = prompt
        self._lock = threading.Lock()
        self._connected: _Service | None = None

    @classmethod
    def from_config(
        cls,
        source: Mapping[str, Any] | str | os.PathLike[str] | None = None,
        *,
        prompt: Callable[[str], None] | None = None,
    ) -> Connector:
        """Return a connector for a dictionary, the path of a YAML file, or (``None``) the user's own configuration.

        Raises:
            InvalidConfigError: The configuration cannot be used.
        """
        return cls(configuration.load(source), prompt=prompt)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Connector(tenant_id={self.config.tenant_id!r}, host={self.config.endpoints.host!r})"

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            connected, self._connected = self._connected, None
        if connected is not None:
            connected.session.close()

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

    def run(self, action: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the record of an action named by its id, with parameters as its input schema describes them.

        Numbers may arrive as text, since several platforms send nothing else.

        Raises:
            InvalidInputError: The action or a parameter is not known or not valid.
            MdeFilesError: As the action itself.
        """
        checked = self._checked(action, params)
        file_hash = parse_file_hash(checked["file_hash"], md5=self.config.md5)
        question = records.Question(action, file_hash.value, file_hash.kind, self.config.tenant_id)
        deadline = Deadline(self.config.timeouts.total)
        resolved = self._resolved(file_hash, action, deadline)
        if resolved.sha1 is None:
            record = records.unresolved_record(question, self._source("file_info", resolved.retrieved_at))
        elif action == "file_stats":
            record = self._stats(question, resolved, checked, deadline)
        else:
            record = self._alerts(question, resolved, deadline)
        return self._valid(record)

    def run_many(self, action: str, many_params: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return one record for each of ``many_params``, in their order; no failure spoils the others.

        A failure becomes a record with outcome ``failed`` or ``deferred`` and its ``error``.

        Raises:
            InvalidInputError: The action is not known.
        """
        self._known(action)
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix="enrichment") as pool:
            return list(pool.map(lambda params: self.record_of(action, params), many_params))

    def record_of(self, action: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the record of an action; a failure becomes a record with outcome ``failed`` or ``deferred``."""
        try:
            return self.run(action, params)
        except MdeFilesError as error:
            return self.failure(action, params, error)

    def failure(self, action: str, params: Mapping[str, Any], error: MdeFilesError) -> dict[str, Any]:
        """Return the record that says that and why ``action`` failed."""
        self._known(action)
        given = params.get("file_hash", "")
        queried = given if isinstance(given, str) else schemas.shown(given)
        try:
            file_hash = parse_file_hash(queried, md5=True)
        except InvalidInputError:
            file_hash = FileHash(queried, "unknown")
        question = records.Question(action, file_hash.value, file_hash.kind, self.config.tenant_id)
        return self._valid(
            records.failure_record(question, self._source(self.manifest.actions[action].call, ""), error)
        )

    def check(self) -> Report:
        """Sign in, compare the token with what each action needs, make one call for each endpoint; say what to fix."""
        from mde_files.check import check

        return check(self)

    def files_api(self) -> FilesApi:
        """Return the files API of the configured tenant; connections are made when something is asked."""
        return self._service().api

    def sign_in(self, *, anew: bool = False) -> Claims | None:
        """Sign in or use a stored token, and return what the token says about itself; ``None``: unreadable.

        Args:
            anew: Whether to forget stored tokens, so that the credential itself is tried. A person who signed in
                on another device is not asked again.

        Raises:
            MdeFilesError: The sign-in failed.
        """
        from mde_files.auth import decode_claims

        tokens = self._service().tokens
        if anew and not self.config.delegated:
            tokens.forget()
        token = tokens.token(Deadline(self.config.timeouts.total))
        try:
            return decode_claims(token.value.reveal())
        except ValueError:
            return None

    def _service(self) -> _Service:
        with self._lock:
            if self._connected is None:
                self._connected = self._connect()
            return self._connected

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

    def _resolved(self, file_hash: FileHash, action: str, deadline: Deadline) -> Resolved:
        if file_hash.kind == "sha1":
            return Resolved(file_hash.value, None, "")
        reply = self.files_api().file_info(file_hash, action=action, deadline=deadline)
        if reply.document is None:
            return Resolved(None, None, reply.retrieved_at)
        records.verify_file_answer(reply.document, file_hash.value, file_hash.kind)
        sha1 = reply.document.get("sha1")
        if not isinstance(sha1, str) or len(sha1) != _SHA1_DIGITS or not _HEXADECIMAL.issuperset(sha1):
            raise UpstreamInvalidError(
                "The service knows the file and names no SHA-1 for it.",
                hint="Ask by the file's SHA-1 instead.",
            )
        return Resolved(sha1.lower(), reply.document, reply.retrieved_at)

    def _stats(
        self, question: records.Question, resolved: Resolved, checked: Mapping[str, Any], deadline: Deadline
    ) -> dict[str, Any]:
        sha1 = resolved.sha1 or ""
        default = schemas.load("file_stats.input")["properties"]["lookback_hours"]["default"]
        hours = checked.get("lookback_hours", default)
        reply = self.files_api().file_stats(sha1, hours, action=question.action, deadline=deadline)
        if reply.document is not None:
            records.verify_stats_answer(reply.document, sha1)
        return records.stats_record(
            question,
            self._source("file_stats", reply.retrieved_at),
            sha1=sha1,
            answer=reply.document,
            lookback_hours=hours,
            lookback_defaulted="lookback_hours" not in checked,
            file_info=resolved.info,
        )

    def _alerts(self, question: records.Question, resolved: Resolved, deadline: Deadline) -> dict[str, Any]:
        sha1 = resolved.sha1 or ""
        reply = self.files_api().file_alerts(sha1, action=question.action, deadline=deadline)
        if reply.cut_short_by is not None:
            self._log.warning("alerts_cut_short", error=reply.cut_short_by.code, reason=reply.cut_short_by.message)
        return records.alerts_record(
            question,
            self._source("file_alerts", reply.retrieved_at),
            sha1=sha1,
            alerts=reply.alerts,
            pages=reply.pages,
            complete=reply.cut_short_by is None,
            max_alerts=self.config.limits.max_alerts,
            max_evidence=self.config.limits.max_evidence,
            file_info=resolved.info,
            caveats=[_DEVICE_GROUPS] if self._person_signed_in() else [],
        )

    def _person_signed_in(self) -> bool:
        if self.config.auth.method != "access_token":
            return self.config.delegated
        claims = self.sign_in()
        return claims is not None and bool(claims.scp)

    def _source(self, call: str, retrieved_at: str) -> records.Source:
        endpoints = self.config.endpoints
        return records.Source(
            cloud=endpoints.cloud,
            host=endpoints.host,
            tenant_id=self.config.tenant_id,
            endpoint=self.manifest.calls[call].path,
            retrieved_at=retrieved_at,
            from_cache=False,
            age_seconds=0,
            portal_host=endpoints.portal_host,
        )

    def _valid(self, record: dict[str, Any]) -> dict[str, Any]:
        problems = schemas.problems("record", record)
        if problems:
            raise UpstreamInvalidError(
                f"The answer could not be brought into a valid record ({problems[0].path} {problems[0].message}).",
                hint="Please report this with the answer the service gave; the record was not handed on.",
            )
        return record

    def _connect(self) -> _Service:
        from mde_files.auth import token_provider
        from mde_files.files_api import FilesApi
        from mde_files.transport.exchange import Exchange
        from mde_files.transport.session import HttpSession

        session = HttpSession(self.config)
        tokens = token_provider(self.config, session, prompt=self._prompt, log=self._log)
        exchange = Exchange(
            endpoints=self.config.endpoints,
            session=session,
            tokens=tokens,
            log=self._log,
            max_wait_seconds=self.config.quota.max_wait_seconds,
        )
        return _Service(
            FilesApi(exchange, self.manifest, urlsplit(self.config.endpoints.base_url).path), tokens, session
        )
