"""What was attached before, and what changed since: only what is material, told in words."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files.connector import ATTACHED_PREFIX
from mde_files.records.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mde_files.playbook.attachment import Attachment
    from mde_files.state import State

_KEPT_SECONDS = 90 * 86400.0
_MOST_BYTES = 32 * 1024 * 1024
_LARGEST_ENTRY = 4 * 1024 * 1024
_MOST_ALERTS = 200
_DRIFT = 2
_SEVERITIES = ("high", "medium", "low", "informational", "unspecified")
_STATUSES = ("new", "inprogress", "resolved", "hidden", "unknown", "unspecified")
_SUBJECT_DIGITS = 12
_ACTIONS = {"file_stats": "statistics", "file_alerts": "alerts"}


class Remembered(NamedTuple):
    """The essence of a finding that is attached.

    Attributes:
        digest: Its ``content_digest``.
        action: Its action.
        subject: The first digits of the file's hash.
        outcome: Its outcome.
        organization: Devices in the organization, where they are known.
        worldwide: Devices worldwide, where they are known.
        alerts: Severity and status of each alert, by a short form of its id.
        all_alerts: Digest of all alerts, also of those beyond a limit.
        is_left: Whether it was attached earlier than the others, since it was not answered when they were.
    """

    digest: str
    action: str
    subject: str
    outcome: str
    organization: int | None
    worldwide: int | None
    alerts: Mapping[str, tuple[str, str]]
    all_alerts: str
    is_left: bool = False


class History(NamedTuple):
    """What is attached of one playbook in one place.

    Attributes:
        digest: Digest of the whole.
        frame: Digest of everything but the findings: reasons and tags.
        records: The findings by ``record_id``.
    """

    digest: str
    frame: str
    records: Mapping[str, Remembered]


def essence(record: Mapping[str, Any]) -> Remembered:
    """Return the essence of a record."""
    file, stats = record["file"], record.get("file_stats", {})
    alerts = record.get("file_alerts", {}).get("alerts", ())
    told = {
        _short(str(alert.get("id", ""))): (
            _known(alert.get("severity"), _SEVERITIES),
            _known(alert.get("status"), _STATUSES),
        )
        for alert in alerts
    }
    everything = sorted(
        (str(alert.get("id")), str(alert.get("severity")), str(alert.get("status"))) for alert in alerts
    )
    return Remembered(
        digest=record["content_digest"],
        action=record["action"],
        subject=str(file.get("sha1") or file["queried"])[:_SUBJECT_DIGITS],
        outcome=record["outcome"],
        organization=stats.get("organization_prevalence"),
        worldwide=stats.get("global_prevalence"),
        alerts=dict(list(told.items())[:_MOST_ALERTS]),
        all_alerts=_short(json.dumps(everything)),
    )


def is_material(earlier: Remembered, now: Remembered) -> bool:
    """Tell whether a finding changed in a way that is worth an update.

    A digest that differs only since a prevalence that drifted passed from 99 to 101 is none.
    """
    if earlier.digest == now.digest:
        return False
    if (earlier.outcome, earlier.all_alerts) != (now.outcome, now.all_alerts):
        return True
    numbers = ((earlier.organization, now.organization), (earlier.worldwide, now.worldwide))
    return all(first == second for first, second in numbers) or any(_moved(*pair) for pair in numbers)


def changes_between(history: History, attachment: Attachment) -> Iterator[str]:
    """Yield what changed materially since ``history``, one sentence for each change."""
    now = {record["record_id"]: essence(record) for record in attachment.records}
    still_open = {record["record_id"] for record in attachment.open_questions}
    for record_id, finding in now.items():
        earlier = history.records.get(record_id)
        if earlier is None:
            yield f"{finding.subject}: {_what(finding)} came in, outcome {finding.outcome}."
        elif earlier.is_left:
            yield f"{finding.subject}: {_what(finding)} answered again, outcome {finding.outcome}."
        elif is_material(earlier, finding):
            yield from (f"{finding.subject}: {change}." for change in _changes(earlier, finding))
    for record_id, earlier in history.records.items():
        if record_id not in now and record_id not in still_open:
            yield f"{earlier.subject}: {_what(earlier)} no longer asked for."


def left_of(history: History | None, attachment: Attachment) -> dict[str, Remembered]:
    """Return the findings that are attached and were not answered this time."""
    if history is None:
        return {}
    still_open = {record["record_id"] for record in attachment.open_questions}
    now = {record["record_id"] for record in attachment.records}
    return {
        record_id: earlier._replace(is_left=True)
        for record_id, earlier in history.records.items()
        if record_id in still_open and record_id not in now
    }


def told_again(left: Iterable[Remembered]) -> Iterator[str]:
    """Yield a sentence for each finding that was attached earlier and is not repeated in full."""
    for earlier in left:
        yield f"{earlier.subject}: {_what(earlier)} not answered this time; earlier outcome {earlier.outcome} stays."


class Memory:
    """Remembers in the shared state what was attached, for 90 days and within bounds.

    Args:
        state: Where it is kept.
    """

    def __init__(self, state: State) -> None:
        self._state = state

    def recall(self, key: str) -> History | None:
        """Return what is remembered under ``key``; what cannot be read is forgotten."""
        kept = self._state.get(ATTACHED_PREFIX + key)
        if kept is None:
            return None
        try:
            document = json.loads(zlib.decompressobj().decompress(kept, _LARGEST_ENTRY))
            records = {
                record_id: Remembered(*row)._replace(alerts={name: (pair[0], pair[1]) for name, pair in row[6].items()})
                for record_id, row in document["records"].items()
            }
            return History(str(document["digest"]), str(document["frame"]), records)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, zlib.error):
            return None

    def remember(self, key: str, history: History) -> None:
        """Keep ``history`` under ``key``."""
        document = json.dumps(history._asdict(), separators=(",", ":"))
        if len(document) > _LARGEST_ENTRY:
            return
        packed = zlib.compress(document.encode())
        self._state.update(ATTACHED_PREFIX + key, lambda _kept: (packed, None), keep_seconds=_KEPT_SECONDS)
        self._state.evict(ATTACHED_PREFIX, _MOST_BYTES)


def _changes(earlier: Remembered, now: Remembered) -> Iterator[str]:
    if earlier.outcome != now.outcome:
        yield f"outcome {earlier.outcome} -> {now.outcome}"
    if earlier.all_alerts != now.all_alerts:
        yield from _alert_changes(earlier.alerts, now.alerts)
    for name, first, second in (
        ("devices in the organization", earlier.organization, now.organization),
        ("devices worldwide", earlier.worldwide, now.worldwide),
    ):
        if _moved(first, second):
            yield f"{name} {_number(first)} -> {_number(second)}"
    if (earlier.outcome, earlier.all_alerts) == (now.outcome, now.all_alerts) and not (
        _moved(earlier.organization, now.organization) or _moved(earlier.worldwide, now.worldwide)
    ):
        yield f"{_what(now)} changed in other ways"


def _alert_changes(earlier: Mapping[str, tuple[str, str]], now: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    new = [severity for name, (severity, _) in now.items() if name not in earlier]
    if new:
        worst = next(severity for severity in (*_SEVERITIES, "other") if severity in new)
        yield f"{counted(len(new), 'new alert')}, {new.count(worst)} {worst}"
    gone = sum(name not in now for name in earlier)
    if gone:
        yield f"{counted(gone, 'alert')} no longer listed"
    moved = Counter(
        (kind, before, after)
        for name, pair in now.items()
        if name in earlier
        for kind, before, after in zip(("severity", "status"), earlier[name], pair, strict=True)
        if before != after
    )
    for (kind, before, after), count in moved.items():
        yield f"{counted(count, 'alert')} with {kind} {before} -> {after}"
    if not (new or gone or moved):
        yield "alerts beyond the first ones changed"


def _moved(first: int | None, second: int | None) -> bool:
    if first == second:
        return False
    if not first or not second:
        return True
    return max(first, second) >= _DRIFT * min(first, second)


def _number(value: int | None) -> str:
    return "unknown" if value is None else f"{value:,}"


def _what(finding: Remembered) -> str:
    return _ACTIONS.get(finding.action, "finding")


def _known(value: object, members: tuple[str, ...]) -> str:
    word = str(value or "").lower()
    return word if word in members else "other"


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
