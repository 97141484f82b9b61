"""Brings the records of one file together: people think in files, not in answers."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files.render.outcomes import OPEN, SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mde_files.playbook.incident import Incident

_HASH_KINDS = ("sha1", "sha256", "md5")


class Span(NamedTuple):
    """First and last time of something; "" where it is not known."""

    first: str
    last: str


class FileFindings(NamedTuple):
    """All records of one file in one tenant, one per action, and the names it goes by."""

    records: tuple[Mapping[str, Any], ...]
    names: tuple[str, ...]

    @property
    def findings(self) -> tuple[Mapping[str, Any], ...]:
        """The records that say something about the file."""
        return tuple(record for record in self.records if record["outcome"] not in OPEN)

    @property
    def open_questions(self) -> tuple[Mapping[str, Any], ...]:
        """The records that got no answer."""
        return tuple(record for record in self.records if record["outcome"] in OPEN)

    @property
    def hashes(self) -> dict[str, str]:
        """The file's hashes by kind, as far as any record knows them."""
        known: dict[str, str] = {}
        for record in self.records:
            for kind in _HASH_KINDS:
                value = record["file"].get(kind)
                if value:
                    known.setdefault(kind, value)
            known.setdefault(record["file"]["queried_type"], record["file"]["queried"])
        return {kind: known[kind] for kind in (*_HASH_KINDS, "unknown") if kind in known}

    @property
    def main_hash(self) -> str:
        """SHA-1 where it is known, else what was asked."""
        return next(iter(self.hashes.values()))

    @property
    def title(self) -> str:
        """The first name, or the hash of a file without one (hostile text)."""
        return self.names[0] if self.names else self.main_hash

    @property
    def stats(self) -> Mapping[str, Any]:
        """The body of the statistics; empty where there is none."""
        return self._body("file_stats")

    @property
    def alerts(self) -> Mapping[str, Any]:
        """The body of the alerts; empty where there is none."""
        return self._body("file_alerts")

    @property
    def worldwide_prevalence(self) -> int | None:
        """Devices worldwide, of the statistics or else of the file endpoint."""
        known: int | None = self.stats.get("global_prevalence", self.fact("global_prevalence"))
        return known

    @property
    def worldwide(self) -> Span:
        """When it was observed worldwide."""
        first, last = "global_first_observed", "global_last_observed"
        if first in self.stats or last in self.stats:
            return Span(self.stats.get(first, ""), self.stats.get(last, ""))
        return Span(self.fact(first) or "", self.fact(last) or "")

    @property
    def organization(self) -> Span:
        """When it was seen in the organization."""
        return Span(self.stats.get("organization_first_seen", ""), self.stats.get("organization_last_seen", ""))

    @property
    def worst_severity(self) -> str:
        """The most severe key of the alerts' severities; "" without alerts."""
        counts = self.alerts.get("by_severity", {})
        return next((severity for severity in SEVERITIES if counts.get(severity)), "")

    @property
    def caveats(self) -> tuple[Mapping[str, str], ...]:
        """The caveats of all records, each once."""
        return tuple({caveat["message"]: caveat for record in self.records for caveat in record["caveats"]}.values())

    @property
    def portal_url(self) -> str:
        """The file's page in the portal; "" where none is known."""
        return next((record["portal_url"] for record in self.records if "portal_url" in record), "")

    def fact(self, key: str) -> Any:
        """Return a property of the file itself from the first record that has it, or None."""
        return next((record["file"][key] for record in self.records if key in record["file"]), None)

    def _body(self, action: str) -> Mapping[str, Any]:
        return next((record[action] for record in self.records if action in record), {})


def by_file(records: Iterable[Mapping[str, Any]], incident: Incident | None = None) -> list[FileFindings]:
    """Return one entry for each file: those with the most severe alerts first, otherwise in the order given.

    Of two records of one question the later one counts, unless it is only a failure.

    Args:
        records: Records as ``schemas/record.schema.json`` describes them.
        incident: Where the files were found; gives them more names.
    """
    groups = _Groups()
    for record in records:
        groups.add(record)
    given = {file.hash: file.names for file in incident.files} if incident is not None else {}
    files = [FileFindings(tuple(group), tuple(_names(group, given))) for group in groups.distinct()]
    order = {severity: place for place, severity in enumerate((*SEVERITIES, ""))}
    return sorted(files, key=lambda file: order[file.worst_severity])


class _Groups:
    """Records that share a hash in a tenant; a later record may show that two groups are one file."""

    def __init__(self) -> None:
        self._groups: dict[int, dict[str, Mapping[str, Any]]] = {}
        self._group_of: dict[tuple[str, str], int] = {}
        self._new = itertools.count()

    def add(self, record: Mapping[str, Any]) -> None:
        tenant = record["source"]["tenant_id"]
        keys = [(tenant, record["file"][kind]) for kind in (*_HASH_KINDS, "queried") if record["file"].get(kind)]
        found = sorted({self._group_of[key] for key in keys if key in self._group_of})
        target = found[0] if found else next(self._new)
        group = self._groups.setdefault(target, {})
        for other in found[1:]:
            group.update(self._groups.pop(other))
            self._group_of.update({key: target for key, place in self._group_of.items() if place == other})
        self._group_of.update(dict.fromkeys(keys, target))
        earlier = group.get(record["action"])
        if earlier is None or record["outcome"] not in OPEN or earlier["outcome"] in OPEN:
            group[record["action"]] = record

    def distinct(self) -> Iterator[list[Mapping[str, Any]]]:
        for group in self._groups.values():
            yield [group[action] for action in sorted(group)]


def _names(records: list[Mapping[str, Any]], given: Mapping[str, Iterable[str]]) -> Iterator[str]:
    return iter(dict.fromkeys(name for name in _all_names(records, given) if name.strip()))


def _all_names(records: list[Mapping[str, Any]], given: Mapping[str, Iterable[str]]) -> Iterator[str]:
    for record in records:
        for kind in (*_HASH_KINDS, "queried"):
            yield from given.get(record["file"].get(kind, ""), ())
    for record in records:
        yield from record.get("file_stats", {}).get("top_file_names", ())
    for record in records:
        for alert in record.get("file_alerts", {}).get("alerts", ()):
            for row in alert.get("evidence", ()):
                if row.get("sha1") and row["sha1"].lower() == record["file"].get("sha1"):
                    yield row.get("file_name", "")
