"""The one way in which every sink attaches: look, decide, write what is missing, remember."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, NamedTuple

from mde_files.leaving import leaves_bare
from mde_files.playbook.attachment import Attached
from mde_files.playbook.sinks.history import History, Memory, changes_between, essence, left_of, told_again
from mde_files.playbook.sinks.turns import turn
from mde_files.render.comment import digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from mde_files.deadline import Deadline
    from mde_files.logs import EventLog
    from mde_files.playbook.attachment import Attachment, Status
    from mde_files.playbook.incident import Incident
    from mde_files.playbook.sinks.history import Remembered
    from mde_files.playbook.sinks.interface import Look, Place
    from mde_files.state import State

_UNEXPLAINED = "The findings changed since they were attached."
_IN_A_DRY_RUN: dict[Status, Status] = {"created": "would_create", "updated": "would_update"}


class Decision(NamedTuple):
    """What is to be done with the findings, and what changed in them."""

    status: Status
    changes: tuple[str, ...] = ()


class AttachingSink:
    """A sink over places that can be looked at; implements ``Sink``.

    Args:
        name: Its name.
        place_of: Returns the place of an incident; raises ``InvalidInputError`` when it has none.
        calls: Ids of the calls it makes.
        tenant: Tenant, so that two never share what is remembered.
        state: Where turns and memory are kept.
        log: Told what was written.
        sleep: Waits for seconds.
    """

    def __init__(
        self,
        name: str,
        place_of: Callable[[Incident], Place],
        *,
        calls: tuple[str, ...],
        tenant: str,
        state: State,
        log: EventLog,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self._place_of = place_of
        self._calls = calls
        self._tenant = tenant
        self._state = state
        self._memory = Memory(state)
        self._log = log
        self._sleep = sleep

    def calls(self) -> tuple[str, ...]:
        """Return the ids of the manifest's calls that attaching makes."""
        return self._calls

    @leaves_bare
    def attach(self, incident: Incident, attachment: Attachment, *, dry_run: bool, deadline: Deadline) -> Attached:
        """Attach what is not there yet (see ``Sink``)."""
        place = self._place_of(incident)
        if dry_run:
            return self._attach(place, attachment, deadline, dry_run=True)
        with turn(self._state, self._key(place.key), deadline, self._sleep):
            return self._attach(place, attachment, deadline, dry_run=False)

    def _attach(self, place: Place, attachment: Attachment, deadline: Deadline, *, dry_run: bool) -> Attached:
        key = self._key(place.key, attachment.playbook)
        remembered = self._memory.recall(key)
        look = place.look(attachment.playbook, remembered, deadline)
        history = look.history or remembered
        if history is not None and history.digest != look.digest:
            history = None
        decision = decide(attachment, look, history)
        missing = missing_tags(look.tags, attachment.add_tags)
        status = decision.status
        if dry_run:
            status = _IN_A_DRY_RUN.get(status, status)
            return Attached(self.name, look.url, status, decision.changes, missing)
        if status != "unchanged":
            left = left_of(history, attachment)
            place.write(attachment, (*decision.changes, *told_again(left.values())), deadline)
            self._memory.remember(key, _history(attachment, left))
        elif history is None and look.digest == digest(attachment):
            self._memory.remember(key, history_of(attachment))
        if missing:
            place.tag(missing, deadline)
        self._log.info("attached", sink=self.name, status=status, playbook=attachment.playbook, tags=len(missing))
        return Attached(self.name, look.url, status, decision.changes, missing)

    def _key(self, *parts: str) -> str:
        return hashlib.sha256("\0".join((self._tenant, self.name, *parts)).encode("utf-8", "surrogatepass")).hexdigest()


def decide(attachment: Attachment, look: Look, history: History | None) -> Decision:
    """Return what is to be done with the findings.

    Args:
        attachment: What is to be there.
        look: What is there.
        history: What is known of the findings that are there.
    """
    if not attachment.records or look.digest == digest(attachment):
        return Decision("unchanged")
    if look.digest is None:
        return Decision("created")
    if history is None:
        return Decision("updated", (_UNEXPLAINED,))
    changes = tuple(changes_between(history, attachment))
    if not changes and _frame(attachment) == history.frame:
        return Decision("unchanged")
    return Decision("updated", changes or ("The reasons or tags of the playbook changed.",))


def missing_tags(present: tuple[str, ...] | None, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Return the wanted tags that are not there, whatever their case; none where there are no tags at all."""
    if present is None:
        return ()
    known = {tag.casefold() for tag in present}
    return tuple({tag.casefold(): tag for tag in wanted if tag.casefold() not in known}.values())


def history_of(attachment: Attachment) -> History:
    """Return the history of a place where exactly this was attached."""
    return _history(attachment, {})


def _history(attachment: Attachment, left: dict[str, Remembered]) -> History:
    records = {record["record_id"]: essence(record) for record in attachment.records}
    return History(digest(attachment), _frame(attachment), {**left, **records})


def _frame(attachment: Attachment) -> str:
    return digest(attachment._replace(records=()))
