"""Who asks what about which file, and what the right answer is: plain data that follows from a size and a seed."""

from __future__ import annotations

import hashlib
import json
import random
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files.answers import Asking
from mde_files.emulator import Alert, File, Scenario
from mde_files.emulator.scenario import Application, Organization, Secret, Tenant, Within, Worldwide

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mde_files.quota import Priority

TENANTS = (
    Tenant("10000000-0000-4000-8000-000000000001", "first.example"),
    Tenant("10000000-0000-4000-8000-000000000002", "second.example"),
    Tenant("10000000-0000-4000-8000-000000000003", "third.example"),
)
SHORT_LOOK_BACK = 24
_SHARE_OF_TENANTS = (45, 33, 22)
_CALLERS: tuple[Priority, ...] = ("playbook", "batch", "interactive")
_SHARE_OF_CALLERS = (55, 25, 20)
# How popular the files are: the first are asked about all the time, most of them a few times.
_STEEPNESS = 1.5
_FLATTENED_TOP = 3
_KINDS = 10
_MORE_FILES = _KINDS
_UNKNOWN = 0
_NOT_HERE = (1, 2)
_WITH_ALERTS = (3, 4)
_ROLES = ["File.Read.All", "Alert.Read.All"]


class Ask(NamedTuple):
    """One question.

    Attributes:
        id: Its number.
        tenant: Number of the tenant.
        file: Number of the file.
        action: Id of the action.
        by_sha256: Whether the file is named by its SHA-256 instead of its SHA-1.
        lookback_hours: ``None``: left to the default.
        caller: Who asks.
        afresh: Whether no answer from before is accepted.
        due: Seconds after the start before which it is not asked.
    """

    id: int
    tenant: int
    file: int
    action: str
    by_sha256: bool
    lookback_hours: int | None
    caller: Priority
    afresh: bool
    due: float

    @property
    def file_hash(self) -> str:
        return sha256(self.file) if self.by_sha256 else sha1(self.file)

    @property
    def endpoints(self) -> tuple[str, ...]:
        """The endpoints it may take to answer it."""
        return ("file_info", self.action) if self.by_sha256 else (self.action,)

    @property
    def params(self) -> dict[str, Any]:
        more = {} if self.lookback_hours is None else {"lookback_hours": self.lookback_hours}
        return {"file_hash": self.file_hash, **more}

    @property
    def asking(self) -> Asking:
        return Asking(self.caller, max_age=0.0 if self.afresh else None)


def sha1(file: int) -> str:
    return hashlib.sha1(f"file {file}".encode(), usedforsecurity=False).hexdigest()


def sha256(file: int) -> str:
    return hashlib.sha256(f"file {file}".encode()).hexdigest()


class World:
    """Files that every tenant knows something else about, and the questions about them.

    Args:
        asks: How many questions there are.
        files: How many files they are about.
        seconds: How long the asking takes, if the answers come in time.
        seed: Where chance begins.
    """

    def __init__(self, asks: int, files: int, seconds: float, seed: int) -> None:
        self.files = files
        self.seconds = seconds
        self._count = asks
        self._chance = random.Random(seed)

    @cached_property
    def asks(self) -> list[Ask]:
        chance, count = self._chance, self._count
        popularity = [(rank + _FLATTENED_TOP) ** -_STEEPNESS for rank in range(self.files)]
        files = chance.choices(range(self.files), popularity, k=count)
        tenants = chance.choices(range(len(TENANTS)), _SHARE_OF_TENANTS, k=count)
        callers = chance.choices(_CALLERS, _SHARE_OF_CALLERS, k=count)
        asks = []
        for number in range(count):
            action = "file_stats" if chance.random() < 0.65 else "file_alerts"
            short = action == "file_stats" and chance.random() < 0.15
            asks.append(
                Ask(
                    id=number,
                    tenant=tenants[number],
                    file=files[number],
                    action=action,
                    by_sha256=chance.random() < 0.3,
                    lookback_hours=SHORT_LOOK_BACK if short else None,
                    caller=callers[number],
                    afresh=callers[number] == "interactive" and chance.random() < 0.02,
                    due=due(number, count, self.seconds),
                )
            )
        return asks

    @property
    def not_asked(self) -> str:
        """SHA-256 of a file that the first tenant knows and has alerts on, and nobody asks about."""
        return sha256(next(file for file in range(self.files, self.files + _MORE_FILES) if _titles(0, file)))

    def is_known(self, tenant: int, file: int) -> bool:
        """Tell whether the tenant's service knows the file."""
        return _kind(tenant, file) != _UNKNOWN

    def scenario(self) -> Scenario:
        """Return the tenants and what their services know."""
        default = Scenario.load()
        alert = default.alerts[0].properties
        scenario = Scenario(
            tenants=list(TENANTS),
            resources=default.resources,
            applications=[
                Application(
                    client_id=f"20000000-0000-4000-8000-00000000000{number}",
                    name=tenant.name,
                    tenant=tenant.name,
                    secrets=[Secret(f"emulated~secret.of-{tenant.name}")],
                    roles={"WindowsDefenderATP": _ROLES},
                )
                for number, tenant in enumerate(TENANTS)
            ],
        )
        for tenant in range(len(TENANTS)):
            for file in range(self.files + _MORE_FILES):
                if self.is_known(tenant, file):
                    scenario.files.append(_file(tenant, file))
                    scenario.alerts += _alerts(tenant, file, alert)
        return scenario

    def wrong(self, ask: Ask, record: dict[str, Any]) -> str:
        """Return what is wrong with a record that answers a question; empty when all is right."""
        return _first_difference(_right(ask), record)


def save(asks: Sequence[Ask], seats: int, folder: Path) -> None:
    """Write questions, dealt out to seats in turn, into one file a seat."""
    for seat in range(seats):
        _path(folder, seat).write_text(json.dumps(asks[seat::seats]), encoding="utf-8")


def load(folder: Path, seat: int) -> list[Ask]:
    """Return the questions of a seat."""
    return [Ask(*row) for row in json.loads(_path(folder, seat).read_text(encoding="utf-8"))]


def due(number: int, asks: int, seconds: float) -> float:
    """Return when a question is due, in seconds after the start of them all."""
    return number * seconds / asks


def about(ask: Ask, record: dict[str, Any]) -> str:
    """Return in which way a record, be it of a failure, is about something else than was asked; empty if it is not."""
    right = {
        "action": ask.action,
        "file": {"queried": ask.file_hash, "queried_type": "sha256" if ask.by_sha256 else "sha1"},
        "source": {"tenant_id": TENANTS[ask.tenant].id},
    }
    return _first_difference(right, record)


def _path(folder: Path, seat: int) -> Path:
    return folder / f"asks-{seat}.json"


def _kind(tenant: int, file: int) -> int:
    # What one tenant knows another does not: an answer from the wrong tenant is a wrong answer.
    return (file + 3 * tenant) % _KINDS


def _file(tenant: int, file: int) -> File:
    organization, within, worldwide = _prevalence(tenant, file)
    return File(
        label=f"file {file} of tenant {tenant}",
        sha1=sha1(file),
        sha256=sha256(file),
        tenant=TENANTS[tenant].id,
        names=[f"file-{file}.exe"],
        organization=Organization(organization, within=[Within(SHORT_LOOK_BACK, within)]),
        worldwide=Worldwide(worldwide),
    )


def _prevalence(tenant: int, file: int) -> tuple[int, int, int]:
    """Return numbers of devices that tell tenant, file and look-back: all, of the last day, worldwide."""
    mark = 10 * file + tenant + 1
    if _kind(tenant, file) in _NOT_HERE:
        return 0, 0, 20_000_000 + mark
    return 10_000_000 + mark, mark, 20_000_000 + mark


def _titles(tenant: int, file: int) -> list[str]:
    count = 1 + file % 3 if _kind(tenant, file) in _WITH_ALERTS else 0
    return [f"Alert {number} on file {file} of tenant {tenant}" for number in range(count)]


def _alerts(tenant: int, file: int, like: dict[str, Any]) -> list[Alert]:
    evidence = {"entityType": "File", "sha1": sha1(file), "sha256": sha256(file)}
    return [
        Alert(
            title,
            [sha1(file)],
            {**like, "id": f"da{tenant}{file:06d}{number}_1", "title": title, "evidence": [evidence]},
            TENANTS[tenant].id,
        )
        for number, title in enumerate(_titles(tenant, file))
    ]


def _right(ask: Ask) -> dict[str, Any]:
    known = _kind(ask.tenant, ask.file) != _UNKNOWN
    titles = _titles(ask.tenant, ask.file)
    right: dict[str, Any] = {"caveats": []}
    if known or not ask.by_sha256:
        right["file"] = {"sha1": sha1(ask.file)}
    if known and ask.by_sha256:
        right["file"]["sha256"] = sha256(ask.file)
    if ask.action == "file_alerts":
        if not known and ask.by_sha256:
            return {**right, "outcome": "not_queried"}
        alerts = {"total": len(titles), "truncated": False, "alerts": [{"title": title} for title in titles]}
        return {**right, "outcome": "alerts_found" if titles else "no_alerts", "file_alerts": alerts}
    if not known:
        return {**right, "outcome": "unknown_to_defender"}
    organization, within, worldwide = _prevalence(ask.tenant, ask.file)
    seen = within if ask.lookback_hours == SHORT_LOOK_BACK else organization
    stats = {
        "lookback_hours": ask.lookback_hours or 720,
        "lookback_defaulted": ask.lookback_hours is None,
        "organization_prevalence": seen,
        "global_prevalence": worldwide,
        "top_file_names": [f"file-{ask.file}.exe"],
    }
    return {**right, "outcome": "seen_in_organization" if seen else "known_globally_only", "file_stats": stats}


def _first_difference(right: Any, found: Any, place: str = "") -> str:
    """Return where what was found lacks something of what is right; of dictionaries, other keys do not matter."""
    if isinstance(right, dict) and isinstance(found, dict):
        differences = (_first_difference(value, found.get(key), f"{place}.{key}") for key, value in right.items())
        return next(filter(None, differences), "")
    if isinstance(right, list) and isinstance(found, list) and len(right) == len(found):
        pairs = zip(right, sorted(found, key=_title), strict=True)
        return next(filter(None, (_first_difference(*pair, f"{place}[]") for pair in pairs)), "")
    return "" if right == found else f"{place[1:]} is {found!r:.200} and not {right!r:.200}"


def _title(item: Any) -> str:
    return str(item["title"]) if isinstance(item, dict) else str(item)
