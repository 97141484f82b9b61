"""What all alerts of a file say together: how severe, since when, on which devices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files.records.alert_properties import techniques_of
from mde_files.records.reading import as_integer
from mde_files.records.text import encodable
from mde_files.timestamps import normalize_timestamp, sort_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_SEVERITIES = {
    "unspecified": "unspecified",
    "informational": "informational",
    "low": "low",
    "medium": "medium",
    "high": "high",
}
_STATUSES = {
    "unknown": "unknown",
    "unspecified": "unspecified",
    "new": "new",
    "inprogress": "in_progress",
    "resolved": "resolved",
    "hidden": "hidden",
}
# a member nobody knows might be worse than medium, so no cut may hide it behind one
_RANKS = {"high": 5, "other": 4, "medium": 3, "low": 2, "informational": 1, "unspecified": 0}


def by_severity_then_newest(alerts: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the positions of the alerts: most severe first (unknown members after high), then newest."""

    def key(position: int) -> tuple[int, str]:
        alert = alerts[position]
        created = normalize_timestamp(alert.get("alertCreationTime"))
        return _RANKS[_member(alert.get("severity"), _SEVERITIES)], sort_key(created) if created else ""

    return sorted(range(len(alerts)), key=key, reverse=True)


def totals(alerts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the counts, times, devices, techniques and incidents of all alerts.

    Args:
        alerts: Upstream alerts, most severe first; a device's name is taken from its first one.
    """
    severities = dict.fromkeys([*_SEVERITIES.values(), "other"], 0)
    statuses = dict.fromkeys([*_STATUSES.values(), "other"], 0)
    first_events: set[str] = set()
    last_events: set[str] = set()
    techniques: set[str] = set()
    incidents: set[int] = set()
    devices = _Devices()
    for alert in alerts:
        get = alert.get
        severities[_member(get("severity"), _SEVERITIES)] += 1
        statuses[_member(get("status"), _STATUSES)] += 1
        for times, key in ((first_events, "firstEventTime"), (last_events, "lastEventTime")):
            moment = normalize_timestamp(get(key))
            if moment is not None:
                times.add(moment)
        techniques.update(techniques_of(get("mitreTechniques")))
        incident = as_integer(get("incidentId"))
        if incident is not None:
            incidents.add(incident)
        devices.add(get("machineId"), get("computerDnsName"))
    result: dict[str, Any] = {"by_severity": severities, "by_status": statuses}
    if first_events:
        result["first_activity"] = min(first_events, key=sort_key)
    if last_events:
        result["last_activity"] = max(last_events, key=sort_key)
    result["devices"] = devices.distinct()
    result["mitre_techniques"] = sorted(techniques)
    result["incident_ids"] = sorted(incidents)
    return result


def _member(value: Any, members: Mapping[str, str]) -> str:
    """Return the fixed key an open enumeration's value is counted under."""
    if value is None or value == "":
        return "unspecified"
    return members.get(value.lower(), "other") if isinstance(value, str) else "other"


class _Devices:
    """Distinct devices: by machine id; by name alone only where no id came with that name."""

    def __init__(self) -> None:
        self._by_id: dict[str, dict[str, str]] = {}
        self._by_name: dict[str, dict[str, str]] = {}

    def add(self, machine_id: Any, name: Any) -> None:
        has_name = isinstance(name, str) and name
        if isinstance(machine_id, str) and machine_id:
            device = self._by_id.get(machine_id)
            if device is None:
                device = self._by_id[machine_id] = {"machine_id": encodable(machine_id)}
            if has_name:
                device.setdefault("name", encodable(name))
        elif has_name:
            self._by_name.setdefault(name, {"name": encodable(name)})

    def distinct(self) -> list[dict[str, str]]:
        named = {device.get("name") for device in self._by_id.values()}
        nameless = [device for device in self._by_name.values() if device["name"] not in named]
        return [*self._by_id.values(), *nameless]
