"""The three calls to the files API: what is sent, how pages are followed, what comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from mde_files.errors import MdeFilesError, UpstreamError, UpstreamInvalidError
from mde_files.leaving import leaves_bare
from mde_files.records.text import encodable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mde_files.deadline import Deadline
    from mde_files.hashes import FileHash
    from mde_files.manifest import Manifest
    from mde_files.quota import Priority
    from mde_files.transport.exchange import Exchange, Reply

_NEXT_LINK = "@odata.nextLink"
_EXPAND = "$expand"
_LONGEST_LINK = 8192


class AlertsReply(NamedTuple):
    """The alerts of a file, from all pages that could be read.

    Attributes:
        pages: The decoded answers, first page first; empty when the service does not know the file.
        retrieved_at: When the last page came, RFC 3339 UTC.
        cut_short_by: Why later pages are missing; ``None`` when all came.
    """

    pages: Sequence[Mapping[str, Any]]
    retrieved_at: str
    cut_short_by: MdeFilesError | None


class FilesApi:
    """Asks the files API of one tenant.

    Args:
        exchange: Sends a call and understands its answer.
        manifest: Declares paths and query options.
        base_path: Path of the configured base URL, in front of every path.
        max_bytes: How large the pages of one answer may be together before no other is asked for.
    """

    def __init__(self, exchange: Exchange, manifest: Manifest, base_path: str, max_bytes: int) -> None:
        self._exchange = exchange
        self._calls = manifest.calls
        self._base_path = base_path
        self._max_bytes = max_bytes
        self._expand_is_refused = False

    @leaves_bare
    def file_info(
        self, file_hash: FileHash, *, action: str, deadline: Deadline, caller: Priority = "interactive"
    ) -> Reply:
        """Return what the service says about the file itself (Microsoft Learn, get-file-information)."""
        call = self._calls["file_info"]
        path = call.path.format(id=quote(file_hash.value, safe=""))
        return self._exchange.ask(call, path, {}, action=action, deadline=deadline, caller=caller)

    @leaves_bare
    def file_stats(
        self, sha1: str, lookback_hours: int, *, action: str, deadline: Deadline, caller: Priority = "interactive"
    ) -> Reply:
        """Return the statistics of a file (Microsoft Learn, get-file-statistics)."""
        call = self._calls["file_stats"]
        query = {call.query["look_back"]: str(lookback_hours)}
        return self._exchange.ask(
            call, call.path.format(sha1=quote(sha1, safe="")), query, action=action, deadline=deadline, caller=caller
        )

    @leaves_bare
    def file_alerts(
        self, sha1: str, *, action: str, deadline: Deadline, caller: Priority = "interactive"
    ) -> AlertsReply:
        """Return the alerts of a file, following pages (Microsoft Learn, get-file-related-alerts).

        A page after the first that cannot be had ends the list: what came is kept and the reason is told.
        """
        path = self._calls["file_alerts"].path.format(sha1=quote(sha1, safe=""))
        first = self._first_page(path, action=action, deadline=deadline, caller=caller)
        if first.document is None:
            return AlertsReply((), first.retrieved_at, None)
        pages = [first.document]
        retrieved_at = first.retrieved_at
        cut_short_by: MdeFilesError | None = None
        try:
            for reply in self._later_pages(first, path, action=action, deadline=deadline, caller=caller):
                pages.append(reply.document)
                retrieved_at = reply.retrieved_at
        except MdeFilesError as error:
            cut_short_by = error
        return AlertsReply(pages, retrieved_at, cut_short_by)

    def _first_page(self, path: str, *, action: str, deadline: Deadline, caller: Priority = "interactive") -> Reply:
        call = self._calls["file_alerts"]
        if not self._expand_is_refused:
            try:
                return self._exchange.ask(
                    call, path, {_EXPAND: call.query["expand"]}, action=action, deadline=deadline, caller=caller
                )
            except UpstreamError as error:
                from mde_files.transport.refusals import QueryRefusedError

                if not isinstance(error, QueryRefusedError):
                    raise
                reply = self._exchange.ask(call, path, {}, action=action, deadline=deadline, caller=caller)
                self._expand_is_refused = True
                return reply
        return self._exchange.ask(call, path, {}, action=action, deadline=deadline, caller=caller)

    def _later_pages(
        self, first: Reply, path: str, *, action: str, deadline: Deadline, caller: Priority = "interactive"
    ) -> Any:
        call = self._calls["file_alerts"]
        link = first.document.get(_NEXT_LINK)
        size = first.size
        asked = [{} if self._expand_is_refused else {_EXPAND: call.query["expand"]}]
        for _ in range(call.max_pages - 1):
            if not link:
                return
            query = self._query_of(link, path)
            if query in asked:
                raise UpstreamInvalidError("The service's pages lead in a circle.", hint="Ask again later.")
            if size > self._max_bytes:
                raise UpstreamInvalidError(
                    f"The alerts are larger than {self._max_bytes:,} bytes together.",
                    hint="If the file really has that many alerts, raise limits.max_response_bytes.",
                )
            asked.append(query)
            reply = self._exchange.ask(call, path, query, action=action, deadline=deadline, caller=caller)
            size += reply.size
            if reply.document is None:
                raise UpstreamInvalidError("The service lost the next page of alerts.", hint="Ask again later.")
            yield reply
            link = reply.document.get(_NEXT_LINK)
        if link:
            raise UpstreamInvalidError(
                f"The alerts do not end after {call.max_pages} pages.",
                hint="The most recent alerts are in the portal.",
            )

    def _query_of(self, link: str, path: str) -> dict[str, str]:
        """Return the query of a next link; host and scheme are ignored, another path is refused."""
        try:
            parts = urlsplit(link if len(link) <= _LONGEST_LINK and encodable(link) == link else "")
        except ValueError:
            parts = urlsplit("")
        linked = unquote(parts.path).lower().replace("/api/v1.0/", "/api/", 1)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        if not query or linked not in {path.lower(), (self._base_path + path).lower()}:
            raise UpstreamInvalidError(
                "The service's link to the next page leads to another path, or cannot be one, and was not followed.",
                hint="Ask again later.",
            )
        return query
