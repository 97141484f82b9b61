"""What the service says about a file, from the cache or asked for."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files import records
from mde_files.cache_entries import Answer
from mde_files.caching import AnswerCache, Served

if TYPE_CHECKING:
    from collections.abc import Callable

    from mde_files.config import Config
    from mde_files.deadline import Deadline
    from mde_files.files_api import FilesApi
    from mde_files.hashes import FileHash
    from mde_files.manifest import Manifest
    from mde_files.quota import Priority
    from mde_files.state import State


class Asking(NamedTuple):
    """Who asks, and how fresh the answer has to be.

    Attributes:
        caller: ``interactive`` (a person), ``playbook`` or ``batch``; batches leave the reserved quota alone.
        max_age: Greatest age of an answer in seconds; 0 asks afresh; ``None``: as the configuration says.
        use_cache: Whether answers are taken from the cache and kept in it.
        observed_at: When the file was seen or alerted on, RFC 3339, where the caller knows it.
    """

    caller: Priority = "interactive"
    max_age: float | None = None
    use_cache: bool = True
    observed_at: str | None = None


class Answers:
    """Gets what the service says, at most once for everybody who asks for the same.

    Args:
        config: How long answers stay fresh, and whether they are kept at all.
        manifest: How long file information stays fresh.
        state: Where answers are kept.
        api: Makes the files API when something has to be asked.
        asker: Names application and, where a person signed in, the person: their answers are never shared.
    """

    def __init__(
        self,
        config: Config,
        manifest: Manifest,
        state: State,
        *,
        api: Callable[[], FilesApi],
        asker: Callable[[], str],
    ) -> None:
        self._config = config
        self._manifest = manifest
        self._cache = AnswerCache(state, config.cache)
        self._api = api
        self._asker = asker

    def file_info(self, file_hash: FileHash, asking: Asking, *, action: str, deadline: Deadline) -> Served:
        """Return what the service says about the file itself; ``document`` is its answer."""

        def ask() -> Answer:
            reply = self._api().file_info(file_hash, action=action, caller=asking.caller, deadline=deadline)
            if reply.document is not None:
                # Here too, since what is wrong must not be kept for everybody.
                records.sha1_of_file_answer(reply.document, file_hash.value, file_hash.kind)
            return Answer(reply.document, reply.retrieved_at)

        kept = float(self._manifest.calls["file_info"].fresh_seconds)
        return self._serve("file_info", file_hash.value, "", kept, asking, deadline, ask)

    def file_stats(self, sha1: str, lookback_hours: int, asking: Asking, *, action: str, deadline: Deadline) -> Served:
        """Return the statistics of a file; ``document`` is the service's answer."""

        def ask() -> Answer:
            reply = self._api().file_stats(sha1, lookback_hours, action=action, caller=asking.caller, deadline=deadline)
            if reply.document is not None:
                records.verify_stats_answer(reply.document, sha1)
            return Answer(reply.document, reply.retrieved_at)

        fresh = float(self._config.cache.stats_ttl)
        return self._serve("file_stats", sha1, str(lookback_hours), fresh, asking, deadline, ask)

    def file_alerts(self, sha1: str, asking: Asking, *, action: str, deadline: Deadline) -> Served:
        """Return the alerts of a file; ``document`` is ``{"pages": [the service's answers], "cut_short_by": why}``."""

        def ask() -> Answer:
            reply = self._api().file_alerts(sha1, action=action, caller=asking.caller, deadline=deadline)
            reason = "" if reply.cut_short_by is None else reply.cut_short_by.message
            return Answer({"pages": list(reply.pages), "cut_short_by": reason}, reply.retrieved_at)

        fresh = float(self._config.cache.alerts_ttl)
        return self._serve("file_alerts", sha1, "", fresh, asking, deadline, ask)

    def _serve(
        self,
        call: str,
        file_id: str,
        variant: str,
        fresh: float,
        asking: Asking,
        deadline: Deadline,
        ask: Callable[[], Answer],
    ) -> Served:
        if not (self._config.cache.enabled and asking.use_cache):
            return Served(ask(), from_cache=False, age_seconds=0.0)

        # What a file is does not change: there, asking afresh is for files that were not known.
        lasting = call == "file_info"
        unknown_fresh = float(min(fresh, self._config.cache.unknown_ttl))
        if lasting and asking.max_age is not None:
            unknown_fresh = min(unknown_fresh, asking.max_age)

        def fresh_seconds(answer: Answer) -> float:
            if answer.document is None:
                return unknown_fresh
            incomplete = call == "file_alerts" and bool(answer.document["cut_short_by"])
            return 0.0 if incomplete else fresh

        return self._cache.serve(
            self._key(call, file_id, variant),
            deadline=deadline,
            fresh_seconds=fresh_seconds,
            max_age=None if lasting else asking.max_age,
            ask=ask,
        )

    def _key(self, call: str, file_id: str, variant: str) -> str:
        config = self._config
        parts: tuple[Any, ...] = (config.tenant_id, config.endpoints.host, self._asker(), call, file_id, variant)
        return hashlib.sha256("\x00".join(parts).encode()).hexdigest()
