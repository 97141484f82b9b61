"""Calls about one incident of a service, and writing what may only be there once."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mde_files.errors import MdeFilesError, QuotaExhaustedError, ThrottledError, UpstreamInvalidError
from mde_files.transport.refusals import ConflictError
from mde_files.transport.retries import backoff

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mde_files.deadline import Deadline
    from mde_files.manifest import Manifest
    from mde_files.transport.exchange import Exchange

_MOST_ATTEMPTS = 4
_CALLER_MUST_WAIT = (ThrottledError, QuotaExhaustedError)


class IncidentCalls:
    """Makes the manifest's calls about one incident.

    Args:
        exchange: Makes the exchange with the service; called when something is asked.
        manifest: Declares the calls.
        place: Values of the placeholders in their paths.
    """

    def __init__(self, exchange: Callable[[], Exchange], manifest: Manifest, place: Mapping[str, str]) -> None:
        self._exchange = exchange
        self._manifest = manifest
        self._place = place

    def ask(
        self, call_id: str, deadline: Deadline, body: Mapping[str, Any] | None = None, **place: str
    ) -> dict[str, Any] | None:
        """Return the answer to a call; ``None``: the service does not know what was asked about.

        Args:
            call_id: Id of the call.
            deadline: When to give up.
            body: JSON object to send.
            place: Values of further placeholders.
        """
        call = self._manifest.calls[call_id]
        path = call.path.format(**{key: quote(value, safe="") for key, value in {**self._place, **place}.items()})
        reply = self._exchange().ask(
            call, path, call.query, action="attach", deadline=deadline, caller="playbook", body=body
        )
        document: dict[str, Any] | None = reply.document
        return document


def write_once(
    write: Callable[[], None],
    is_there: Callable[[], bool],
    *,
    deadline: Deadline,
    sleep: Callable[[float], None],
    already_repeated: bool = False,
) -> None:
    """Write; after a failure that does not tell whether it was done, look, and write again only what is missing.

    Args:
        write: Makes one attempt.
        is_there: Looks whether it is done, and prepares the next attempt.
        deadline: When to give up.
        sleep: Waits for seconds.
        already_repeated: Whether ``write`` itself tries again after losses on the way, so that only conflicts are left.

    Raises:
        MdeFilesError: It could not be written, or it is not known whether it was.
    """
    for attempt in range(1, _MOST_ATTEMPTS + 1):
        try:
            write()
        except MdeFilesError as error:
            unclear = isinstance(error, ConflictError | UpstreamInvalidError)
            lost = error.retryable and not already_repeated and not isinstance(error, _CALLER_MUST_WAIT)
            pause = backoff(attempt, random.random)
            if not (unclear or lost) or attempt == _MOST_ATTEMPTS or pause >= deadline.remaining():
                raise
            sleep(pause)
            if is_there():
                return
        else:
            return
