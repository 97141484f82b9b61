"""From a question to a record: resolution of the hash, the answer, what has to be said about it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files import records, schemas
from mde_files.errors import UpstreamInvalidError
from mde_files.timestamps import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mde_files.answers import Asking
    from mde_files.caching import Served
    from mde_files.config import Config
    from mde_files.deadline import Deadline
    from mde_files.hashes import FileHash
    from mde_files.logs import EventLog
    from mde_files.manifest import Manifest
    from mde_files.service import Service

_SHA1_DIGITS = 40
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")
_DEVICE_GROUPS = {
    "code": "device_groups",
    "message": "A person signed in: only alerts on devices in this person's device groups are visible.",
}
_STALE_CACHE = {
    "code": "stale_cache",
    "message": "The service could not be reached; this answer is older than it should be.",
}
_MAY_NOT_BE_INDEXED = {
    "code": "may_not_be_indexed",
    "message": "Asked within minutes of the alert, and once more after a wait; the service may not know the file yet.",
}
_NOTHING_FOUND = frozenset({"unknown_to_defender", "no_alerts", "not_queried"})
_INDEXING_SECONDS = 900.0
_RECHECK_SECONDS = 10.0
_CHANGING_DETAILS = frozenset(
    {
        "globalPrevalence",
        "globalFirstObserved",
        "globalLastObserved",
        "determinationType",
        "determinationValue",
        "isValidCertificate",
    }
)


class Asked(NamedTuple):
    """A question with checked parameters.

    Attributes:
        action: Id of the action.
        file_hash: The file it is about.
        params: Parameters that agree with the action's input schema.
        deadline: When the answer is due.
    """

    action: str
    file_hash: FileHash
    params: Mapping[str, Any]
    deadline: Deadline


class Resolved(NamedTuple):
    """A file whose SHA-1 is known, or known not to be known.

    Attributes:
        sha1: SHA-1 in lower case; ``None`` when the service does not know the file.
        info: What ``file_info`` said, where it was asked.
        served: Where that came from; ``None`` where it was not asked.
    """

    sha1: str | None
    info: Mapping[str, Any] | None = None
    served: Served | None = None


class Enrichment:
    """Answers questions with records.

    Args:
        config: Limits and the tenant.
        manifest: Declares the calls.
        service: Where answers come from.
        log: Gets what is worth a look.
        sleep: Waits for seconds.
    """

    def __init__(
        self,
        config: Config,
        manifest: Manifest,
        service: Service,
        log: EventLog,
        *,
        sleep: Callable[[float], None],
    ) -> None:
        self._config = config
        self._manifest = manifest
        self._service = service
        self._log = log
        self._sleep = sleep

    def record(self, asked: Asked, asking: Asking) -> dict[str, Any]:
        """Return the record that answers a question.

        A playbook that asks about a file within minutes of its alert and finds nothing is made to wait once, and asks
        again: the service learns of files with some delay.
        """
        record = self._record(asked, asking)
        if self._may_come_later(record, asked, asking):
            self._sleep(_RECHECK_SECONDS)
            record = self._record(asked, asking._replace(max_age=0.0))
            if record["outcome"] in _NOTHING_FOUND:
                record["caveats"].append(_MAY_NOT_BE_INDEXED)
        return record

    def source(self, call: str, served: Served | None) -> records.Source:
        """Return where an answer came from; ``served`` is ``None`` where there is none."""
        endpoints = self._config.endpoints
        return records.Source(
            cloud=endpoints.cloud,
            host=endpoints.host,
            tenant_id=self._config.tenant_id,
            endpoint=self._manifest.calls[call].path,
            retrieved_at=served.answer.retrieved_at if served is not None else "",
            from_cache=served is not None and served.from_cache,
            age_seconds=int(served.age_seconds) if served is not None else 0,
            portal_host=endpoints.portal_host,
        )

    def _record(self, asked: Asked, asking: Asking) -> dict[str, Any]:
        question = records.Question(asked.action, asked.file_hash.value, asked.file_hash.kind, self._config.tenant_id)
        resolved = self._resolved(asked, asking)
        if resolved.sha1 is None:
            source = self.source("file_info", resolved.served)
            return records.unresolved_record(question, source, caveats=self._caveats(resolved.served))
        if asked.action == "file_stats":
            return self._stats(question, resolved, asked, asking)
        return self._alerts(question, resolved, asked, asking)

    def _may_come_later(self, record: Mapping[str, Any], asked: Asked, asking: Asking) -> bool:
        """Tell whether nothing was found so soon after the alert that the service may not know the file yet."""
        if asking.caller != "playbook" or asking.observed_at is None or record["outcome"] not in _NOTHING_FOUND:
            return False
        try:
            seconds = time.time() - parse_timestamp(asking.observed_at).timestamp()
        except ValueError:
            return False
        return seconds < _INDEXING_SECONDS and asked.deadline.remaining() > 2 * _RECHECK_SECONDS

    def _resolved(self, asked: Asked, asking: Asking) -> Resolved:
        file_hash = asked.file_hash
        if file_hash.kind == "sha1":
            return Resolved(file_hash.value)
        served = self._service.answers.file_info(file_hash, asking, action=asked.action, deadline=asked.deadline)
        document = served.answer.document
        if document is None:
            return Resolved(None, None, served)
        records.verify_file_answer(document, file_hash.value, file_hash.kind)
        sha1 = document.get("sha1")
        if not isinstance(sha1, str) or len(sha1) != _SHA1_DIGITS or not _HEXADECIMAL.issuperset(sha1):
            raise UpstreamInvalidError(
                "The service knows the file and names no SHA-1 for it.",
                hint="Ask by the file's SHA-1 instead.",
            )
        if served.age_seconds > self._config.cache.stats_ttl:
            document = {key: value for key, value in document.items() if key not in _CHANGING_DETAILS}
        return Resolved(sha1.lower(), document, served)

    def _stats(self, question: records.Question, resolved: Resolved, asked: Asked, asking: Asking) -> dict[str, Any]:
        sha1 = resolved.sha1 or ""
        default = schemas.load("file_stats.input")["properties"]["lookback_hours"]["default"]
        hours = asked.params.get("lookback_hours", default)
        served = self._service.answers.file_stats(sha1, hours, asking, action=asked.action, deadline=asked.deadline)
        answer = served.answer.document
        if answer is not None:
            records.verify_stats_answer(answer, sha1)
        return records.stats_record(
            question,
            self.source("file_stats", served),
            sha1=sha1,
            answer=answer,
            lookback_hours=hours,
            lookback_defaulted="lookback_hours" not in asked.params,
            file_info=resolved.info,
            caveats=self._caveats(served),
        )

    def _alerts(self, question: records.Question, resolved: Resolved, asked: Asked, asking: Asking) -> dict[str, Any]:
        sha1 = resolved.sha1 or ""
        served = self._service.answers.file_alerts(sha1, asking, action=asked.action, deadline=asked.deadline)
        pages, cut_short_by = served.answer.document["pages"], served.answer.document["cut_short_by"]
        alerts = pages[0]["value"] if len(pages) == 1 else _once(alert for page in pages for alert in page["value"])
        if cut_short_by:
            self._log.warning("alerts_cut_short", pages=len(pages), alerts=len(alerts), reason=cut_short_by)
        caveats = self._caveats(served)
        return records.alerts_record(
            question,
            self.source("file_alerts", served),
            sha1=sha1,
            alerts=alerts,
            pages=pages,
            complete=not cut_short_by,
            max_alerts=self._config.limits.max_alerts,
            max_evidence=self._config.limits.max_evidence,
            file_info=resolved.info,
            caveats=[_DEVICE_GROUPS, *caveats] if self._person_signed_in() else caveats,
        )

    def _person_signed_in(self) -> bool:
        return self._config.delegated or bool(self._service.asker().person)

    def _caveats(self, served: Served | None) -> list[dict[str, str]]:
        caveats = [_STALE_CACHE] if served is not None and served.stale else []
        degraded = self._service.degraded
        if degraded is not None:
            message = f"{degraded} Only the service's own throttling protects the quota."
            caveats.append({"code": "quota_unshared", "message": message})
        return caveats


def _once(alerts: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each alert once: while the pages are read, new alerts push older ones onto the next page again."""
    seen: set[str] = set()
    distinct = []
    for alert in alerts:
        alert_id = alert.get("id")
        if isinstance(alert_id, str) and alert_id:
            if alert_id in seen:
                continue
            seen.add(alert_id)
        distinct.append(alert)
    return distinct
