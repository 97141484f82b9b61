"""Reads scenario files: YAML, checked against the schema, with short forms written out in full."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from mde_files import bounded_yaml
from mde_files.emulator import incidents
from mde_files.emulator import scenario as parts
from mde_files.emulator.moments import duration, resolve_all
from mde_files.emulator.odata import EVIDENCE_PROPERTIES
from mde_files.emulator.switches import Switches
from mde_files.errors import InvalidConfigError

DEFAULT_SCENARIO = Path(__file__).parent / "scenarios" / "default.yaml"
_BOUNDS = bounded_yaml.Bounds(size=16_777_216, values=200_000)
_TIMESTAMP_TAG = "tag:yaml.org,2002:timestamp"
_DEFAULT_ALERT = {
    "severity": "Medium",
    "status": "New",
    "detectionSource": "WindowsDefenderAtp",
    "title": "Suspicious file observed",
    "alertCreationTime": "now-1d 7 digits",
    "firstEventTime": "now-1d2m 7 digits",
    "lastEventTime": "now-1d1m 7 digits",
    "lastUpdateTime": "now-23h 6 digits",
}


def load(source: str | os.PathLike[str] | Mapping[str, Any] | None) -> parts.Scenario:
    """Read a scenario; see ``Scenario.load``. The default one is not checked here, a test does that."""
    if source is None:
        return _Builder(read_document(DEFAULT_SCENARIO), "The default scenario").build()
    if isinstance(source, Mapping):
        document, name = source, "The scenario"
    else:
        document, name = read_document(Path(source)), f"The scenario {os.fspath(source)}"
    _check(document, name)
    return _Builder(document, name).build()


def read_document(path: Path) -> Any:
    """Return the YAML document in ``path`` with timestamps left as the text they are.

    Raises:
        InvalidConfigError: The file cannot be read or is no YAML.
    """
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class TextTimestamps(base):  # type: ignore[misc]
        yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML reads this class attribute
            first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP_TAG]
            for first, resolvers in base.yaml_implicit_resolvers.items()
        }

    try:
        with path.open("rb") as file:
            content = file.read(_BOUNDS.size + 1)
        return bounded_yaml.load(content, TextTimestamps, _BOUNDS)
    except OSError as error:
        raise InvalidConfigError(
            f"The scenario {path} cannot be read: {error.strerror or error}.",
            hint="Name a YAML file, or leave the scenario out for the default one.",
        ) from error
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not readable text"
        raise InvalidConfigError(
            f"The scenario {path} is no valid YAML{place}: {problem}.", hint="Correct the file there."
        ) from error


def _check(document: Any, name: str) -> None:
    from mde_files import schemas

    problems = schemas.problems("scenario", document)
    if problems:
        first = problems[0]
        known = f" Known there: {', '.join(first.known_keys)}." if first.known_keys else ""
        raise InvalidConfigError(
            f"{name} is invalid: {first.path or 'the document'} {first.message}.",
            hint=f"schemas/scenario.schema.json says what is allowed.{known}",
        )


class _Builder:
    """Turns a checked document into a ``Scenario``."""

    def __init__(self, document: Mapping[str, Any], name: str) -> None:
        self._document = document
        self._name = name
        self._now = datetime.now(timezone.utc)
        self._devices: dict[str, Mapping[str, Any]] = {
            str(device["name"]): device for device in document.get("devices", [])
        }
        self._files: dict[str, parts.File] = {}

    def build(self) -> parts.Scenario:
        document = self._document
        tenants = [parts.Tenant(**tenant) for tenant in document["tenants"]]
        home = tenants[0].id
        for place, entry in enumerate(document.get("files", [])):
            self._add_file(entry, f"files.{place}")
        alerts = [
            alert
            for place, entry in enumerate(document.get("alerts", []))
            for alert in self._alerts(entry, f"alerts.{place}")
        ]
        quota = document.get("quota")
        return parts.Scenario(
            tenants=tenants,
            resources=[parts.Resource(**resource) for resource in document["resources"]],
            applications=[self._application(entry, home) for entry in document["applications"]],
            users=[parts.User(**{"tenant": home, **user}) for user in document.get("users", [])],
            device_code=parts.DeviceCode(**document.get("device_code", {})),
            files=list(self._files.values()),
            alerts=alerts,
            incidents=[
                self._incident(entry, f"incidents.{n}") for n, entry in enumerate(document.get("incidents", []))
            ],
            quota=parts.Quota([parts.QuotaWindow(**window) for window in quota["windows"]]) if quota else None,
            switches=Switches(**document.get("switches", {})),
            latency=parts.Latency(**document.get("latency", {})),
            faults=[parts.Fault(**self._moments(fault)) for fault in document.get("faults", [])],
            token_lifetime_seconds=document.get("token_lifetime_seconds", 3599),
        )

    def _moments(self, value: Any, earlier: timedelta = timedelta()) -> Any:
        return resolve_all(value, self._now, earlier)

    def _application(self, entry: Mapping[str, Any], home: str) -> parts.Application:
        fields = {"tenant": home, **self._moments(entry)}
        fields["secrets"] = [parts.Secret(**secret) for secret in fields.get("secrets", [])]
        fields["federated"] = [parts.FederatedCredential(**item) for item in fields.get("federated", [])]
        return parts.Application(**fields)

    def _add_file(self, entry: Mapping[str, Any], place: str) -> None:
        entry = {key: value for key, value in entry.items() if key != "note"}
        repeat = entry.pop("repeat", 1)
        for number in range(1, repeat + 1):
            label = entry["label"] if number == 1 else f"{entry['label']}-{number}"
            if label in self._files:
                raise InvalidConfigError(
                    f"{self._name} is invalid: {place}.label {label!r} is there twice.", hint="Labels are unique."
                )
            self._files[label] = self._file(entry, label, derived=number > 1)

    def _file(self, entry: Mapping[str, Any], label: str, *, derived: bool) -> parts.File:
        fields = self._moments(entry)
        hashes = _derived_hashes(label)
        fields.update({"label": label, **hashes} if derived else {key: fields.get(key, hashes[key]) for key in hashes})
        organization = fields.get("organization", {})
        organization["within"] = [parts.Within(**item) for item in organization.get("within", [])]
        fields["organization"] = parts.Organization(**organization)
        fields["worldwide"] = parts.Worldwide(**fields.get("worldwide", {}))
        return parts.File(**fields)

    def _alerts(self, entry: Mapping[str, Any], place: str) -> list[parts.Alert]:
        spacing = duration(entry.get("every", "1m"))
        first_label = entry.get("label", place)
        for position, name in enumerate(entry.get("files", [])):
            self._file_named(name, f"{place}.files.{position}")
        alerts = []
        for number in range(entry.get("repeat", 1)):
            label = first_label if number == 0 else f"{first_label}-{number + 1}"
            alerts.append(self._alert(entry, place, label, number, spacing * number))
        return alerts

    def _alert(self, entry: Mapping[str, Any], place: str, label: str, number: int, earlier: timedelta) -> parts.Alert:
        properties = {**_DEFAULT_ALERT, **self._device(entry, place, number), **entry.get("properties", {})}
        for name, values in entry.get("vary", {}).items():
            properties[name] = values[number % len(values)]
        if number > 0 or "id" not in properties:
            properties["id"] = _alert_id(label)
        properties = self._moments(properties, earlier)
        evidence = entry.get("evidence", [{"file": name} for name in entry.get("files", [])])
        properties["evidence"] = [
            self._evidence(self._moments(row, earlier), properties, f"{place}.evidence.{position}")
            for position, row in enumerate(evidence)
        ]
        return parts.Alert(label, list(entry.get("files", [])), properties, entry.get("tenant"))

    def _incident(self, entry: Mapping[str, Any], place: str) -> incidents.Incident:
        fields = self._moments({"created": "now-2h 7 digits", "updated": "now-1h 7 digits", **entry})
        for position, name in enumerate(fields.get("files", [])):
            self._file_named(name, f"{place}.files.{position}")
        names = fields.pop("devices", [])
        fields["devices"] = [
            {"name": name, "machine_id": self._device({"devices": [name]}, place, 0)["machineId"]} for name in names
        ]
        fields["comments"] = [incidents.IncidentComment(**item) for item in fields.get("comments", [])]
        if "sentinel" in fields:
            fields["sentinel"] = incidents.SentinelIncident(**fields["sentinel"])
        return incidents.Incident(**fields)

    def _device(self, entry: Mapping[str, Any], place: str, number: int) -> dict[str, Any]:
        names = entry.get("devices", [])
        if not names:
            return {}
        name = names[number % len(names)]
        if name not in self._devices:
            raise InvalidConfigError(
                f"{self._name} is invalid: {place}.devices names {name!r}, which is no device of the scenario.",
                hint=f"Devices: {', '.join(self._devices)}.",
            )
        device = self._devices[name]
        return {
            "machineId": device.get("machine_id", _derived_hashes(name)["sha1"]),
            "computerDnsName": name,
            "rbacGroupName": device.get("device_group"),
        }

    def _evidence(self, row: dict[str, Any], alert: Mapping[str, Any], place: str) -> dict[str, Any]:
        filled: dict[str, Any] = dict.fromkeys(EVIDENCE_PROPERTIES)
        filled.update(entityType="File", evidenceCreationTime=alert["alertCreationTime"])
        name = row.pop("file", None)
        if name is not None:
            about = self._file_named(name, f"{place}.file")
            filled.update(sha1=about.sha1, sha256=about.sha256, filePath="C:\\Users\\Public\\Downloads")
            filled["fileName"] = next(iter(about.names or []), None)
        return {**filled, **row}

    def _file_named(self, name: str, place: str) -> parts.File:
        if name not in self._files:
            raise InvalidConfigError(
                f"{self._name} is invalid: {place} names {name!r}, which is no file of the scenario.",
                hint="Use the label of an entry under files.",
            )
        return self._files[name]


def _derived_hashes(label: str) -> dict[str, str]:
    text = label.encode()
    return {
        "sha1": hashlib.sha1(text, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(text).hexdigest(),
        "md5": hashlib.md5(text, usedforsecurity=False).hexdigest(),
    }


def _alert_id(label: str) -> str:
    # The service's own ids carry .NET ticks and a signed 32-bit number.
    ticks = 637_000_000_000_000_000 + zlib.crc32(label.encode()) * 1_000_003
    number = zlib.crc32(label.encode()[::-1])
    return f"da{ticks}_{number - 2**32 if number >= 2**31 else number}"
