"""What a record names besides the file that was asked about, as observables that an analyst may take into the case."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Text beyond this is no observable anybody looks for, and Cortex's index refuses terms beyond 32,766 bytes.
_LONGEST = 4000
_HASHES = ("sha1", "sha256", "md5")
_HASH = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}").fullmatch
_HOST = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*").fullmatch
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://").match
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+").fullmatch
_EVIDENCE = "In the evidence of an alert about the file"


def observables(record: Mapping[str, Any], asked: str, tlp: int | None) -> list[dict[str, Any]]:
    """Return what a record names, each once: ``dataType``, ``data``, ``message`` and ``tlp``.

    The texts are those of the service, unchanged: an observable that differs by a character finds nothing.

    Args:
        record: A record as ``schemas/record.schema.json`` describes it.
        asked: The hash the job is about, which is no news.
        tlp: Level of the job, which holds for what came of it; ``None``: leave it to Cortex.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for kind, data, message in _named(record):
        if data.strip() and len(data) <= _LONGEST and data != asked.lower():
            level = {} if tlp is None else {"tlp": tlp}
            found.setdefault((kind, data), {"dataType": kind, "data": data, "message": message, **level})
    return list(found.values())


def _named(record: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for kind in _HASHES:
        if kind in record["file"]:
            yield "hash", record["file"][kind], "Hash of the file"
    for name in record.get("file_stats", {}).get("top_file_names", ()):
        yield "filename", name, "Name of the file"
    body = record.get("file_alerts", {})
    for device in body.get("devices", ()):
        if "name" in device:
            yield _host_kind(device["name"]), device["name"], "Device with an alert about the file"
    for alert in body.get("alerts", ()):
        yield from _of_alert(alert)


def _of_alert(alert: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for user in (alert.get("related_user", {}), *alert.get("logged_on_users", ())):
        yield "other", _account(user), "User in an alert about the file"
    for domain in alert.get("domains", ()):
        if "host" in domain:
            yield _host_kind(domain["host"]), domain["host"], "Domain in an alert about the file"
    for row in alert.get("evidence", ()):
        yield from _of_evidence(row)


def _of_evidence(row: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for kind in ("sha1", "sha256"):
        value = row.get(kind, "").lower()
        if _HASH(value):
            yield "hash", value, _EVIDENCE
    yield "filename", row.get("file_name", ""), _EVIDENCE
    if _is_address(row.get("ip_address", "")):
        yield "ip", row["ip_address"], _EVIDENCE
    if "url" in row:
        yield "url" if _URL(row["url"]) else "other", row["url"], _EVIDENCE
    if "registry_key" in row:
        yield "registry", "\\".join(part for part in (row.get("registry_hive"), row["registry_key"]) if part), _EVIDENCE
    principal = row.get("user_principal_name", "")
    yield "mail" if _MAIL(principal) else "other", principal, "User in an alert about the file"
    yield "other", _account(row), "User in an alert about the file"


def _account(user: Mapping[str, str]) -> str:
    name = user.get("user_name") or user.get("account_name") or ""
    domain = user.get("domain_name")
    return f"{domain}\\{name}" if name and domain else name


def _host_kind(name: str) -> str:
    if not _HOST(name):
        return "ip" if _is_address(name) else "other"
    if _is_address(name):
        return "ip"
    return {0: "hostname", 1: "domain"}.get(name.count("."), "fqdn")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
