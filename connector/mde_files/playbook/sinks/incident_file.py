"""Attaches to a JSON file on this machine: a plain incident (``schemas/incident.schema.json``) with enrichments."""

from __future__ import annotations

import errno
import json
import os
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mde_files import schemas
from mde_files.errors import InvalidInputError, TimeoutExceededError
from mde_files.folder_lock import folder_lock
from mde_files.playbook.attachment import Attachment
from mde_files.playbook.sinks.attaching import history_of
from mde_files.playbook.sinks.interface import Look
from mde_files.private_files import replace_bytes
from mde_files.timestamps import utc_now_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mde_files.deadline import Deadline
    from mde_files.playbook.incident import Incident
    from mde_files.playbook.sinks.history import History

_OWNER_ONLY = 0o600
_TEXTS = ("title", "severity", "created_at", "url", "defender_incident_id")


class IncidentFile:
    """A file for one incident; implements ``Place``. It is made when it is not there yet.

    Args:
        path: The file.
        incident: The incident.
        sleep: Waits for seconds.
    """

    def __init__(self, path: Path, incident: Incident, sleep: Callable[[float], None]) -> None:
        self._path = Path(os.path.realpath(path.expanduser()))
        self._incident = incident
        self._sleep = sleep
        self.key = str(self._path)

    def look(self, playbook: str, history: History | None, deadline: Deadline) -> Look:  # noqa: ARG002 - it tells itself
        """Return what is in the file."""
        document = self._read()
        entry = _entry(document, playbook)
        tags = tuple(document.get("tags", ()))
        if entry is None:
            return Look(str(self._path), None, tags)
        attached = Attachment(
            playbook,
            entry["title"],
            tuple(entry["records"]),
            notes=tuple(entry.get("notes", ())),
            add_tags=tuple(entry.get("tags", ())),
        )
        known = history_of(attached)
        return Look(str(self._path), known.digest, tags, known)

    def write(self, attachment: Attachment, changes: Sequence[str], deadline: Deadline) -> None:
        """Put the findings into the file; those that were not answered this time stay as they are."""
        with _locked(self._path.parent, deadline, self._sleep):
            document = self._read()
            entry = _entry(document, attachment.playbook)
            answered = {record["record_id"] for record in attachment.records}
            still_open = {record["record_id"] for record in attachment.open_questions}
            stay = [
                record
                for record in (entry["records"] if entry is not None else ())
                if record["record_id"] in still_open - answered
            ]
            made: dict[str, Any] = {
                "playbook": attachment.playbook,
                "title": attachment.title,
                "records": [*attachment.records, *stay],
                "open_questions": list(attachment.open_questions),
                "notes": list(attachment.notes),
                "tags": list(attachment.add_tags),
                "changes": list(changes),
                "attached_at": utc_now_text(),
            }
            others = [other for other in document.get("enrichments", ()) if other is not entry]
            self._replace({**document, "enrichments": [*others, made]})

    def tag(self, tags: Sequence[str], deadline: Deadline) -> None:
        """Add tags to those that are in the file at that moment."""
        with _locked(self._path.parent, deadline, self._sleep):
            document = self._read()
            present = document.get("tags", [])
            known = {tag.casefold() for tag in present}
            self._replace({**document, "tags": [*present, *(tag for tag in tags if tag.casefold() not in known)]})

    def _read(self) -> dict[str, Any]:
        try:
            text = self._content().decode("utf-8-sig")
        except FileNotFoundError:
            return self._new()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            raise self._unusable(f"cannot be read: {reason}") from None
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            raise self._unusable("is no JSON") from None
        if not isinstance(document, dict) or schemas.problems("incident", document):
            raise self._unusable("is no plain incident (schemas/incident.schema.json)")
        if document["id"] != self._incident.id:
            raise self._unusable("is about another incident")
        return document

    def _content(self) -> bytes:
        # Opening a pipe would otherwise wait for somebody who writes to it.
        descriptor = os.open(self._path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        try:
            kind = os.fstat(descriptor).st_mode
            if stat.S_ISDIR(kind):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            if not stat.S_ISREG(kind):
                raise OSError(errno.EINVAL, "it is no ordinary file")
            with open(descriptor, "rb", closefd=False) as file:
                return file.read()
        finally:
            os.close(descriptor)

    def _new(self) -> dict[str, Any]:
        incident = self._incident
        document: dict[str, Any] = {"id": incident.id}
        document |= {name: getattr(incident, name) for name in _TEXTS if getattr(incident, name)}
        if incident.sentinel is not None:
            document["sentinel"] = incident.sentinel._asdict()
        document["tags"] = list(incident.tags)
        document["devices"] = list(incident.devices)
        document["files"] = [
            {"name": name, file.kind: file.hash} if name else {file.kind: file.hash}
            for file in incident.files
            for name in file.names or ("",)
        ]
        return document

    def _replace(self, document: dict[str, Any]) -> None:
        content = json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        try:
            mode = stat.S_IMODE(self._path.stat().st_mode) if self._path.exists() else _OWNER_ONLY
            replace_bytes(self._path, content, mode=mode, to_disk=True)
        except OSError as error:
            raise self._unusable(f"cannot be written: {error.strerror}") from None

    def _unusable(self, reason: str) -> InvalidInputError:
        return InvalidInputError(
            f"The incident file {str(self._path)!r} {reason}.",
            hint="Name a file that does not exist yet, or one that this sink made for the same incident.",
        )


def _entry(document: dict[str, Any], playbook: str) -> dict[str, Any] | None:
    return next((entry for entry in document.get("enrichments", ()) if entry["playbook"] == playbook), None)


@contextmanager
def _locked(folder: Path, deadline: Deadline, sleep: Callable[[float], None]) -> Iterator[None]:
    """Keep other processes that attach to files of this folder out, also those that share no state with this one."""
    try:
        with folder_lock(folder, deadline.remaining, sleep) as alone:
            if not alone:
                raise TimeoutExceededError(
                    f"Another process keeps the folder {str(folder)!r} locked.", hint="Try again when it is done."
                )
            yield
    except OSError as error:
        raise InvalidInputError(
            f"The folder {str(folder)!r} of the incident file cannot be used: {error.strerror}.",
            hint="Make the folder first.",
        ) from None
