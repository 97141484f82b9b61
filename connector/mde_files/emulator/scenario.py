"""The emulated world: tenants, applications, files, alerts, and how the service behaves.

Everything is plain data and may be changed while the emulator runs; the next request sees the change.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from mde_files.emulator.switches import Switches
from mde_files.errors import InvalidConfigError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping

    from mde_files.emulator.incidents import Incident

FaultKind = Literal[
    "status",
    "html",
    "truncated_json",
    "plain_404",
    "redirect",
    "oversized",
    "other_file",
    "latency",
    "drip",
    "close",
    "headers",
    "empty",
    "error_with_200",
    "unauthorized",
    "answer_lost",
]
Item = TypeVar("Item")


@dataclass
class Tenant:
    """A directory: its id and its domain name, either of which names it in a URL."""

    id: str
    name: str


@dataclass
class Resource:
    """An API that tokens can be issued for: its names and the token version it takes."""

    name: str
    identifiers: list[str]
    token_version: int = 1


@dataclass
class Secret:
    """A client secret; ``expires`` is an RFC 3339 time."""

    value: str
    expires: str | None = None


@dataclass
class FederatedCredential:
    """Whose assertions an application takes instead of a secret."""

    issuer: str
    subject: str
    audience: str = "api://AzureADTokenExchange"


@dataclass
class Application:
    """An app registration with its credentials and, by resource name, its application roles.

    ``azure_roles`` are roles on every Microsoft Sentinel workspace of its tenant; they stand in no token.
    """

    client_id: str
    name: str
    tenant: str
    secrets: list[Secret] = field(default_factory=list)
    certificate: bool = False
    federated: list[FederatedCredential] = field(default_factory=list)
    managed_identity: Literal["system", "user"] | None = None
    public_client: bool = False
    conditional_access_blocks: bool = False
    roles: dict[str, list[str]] = field(default_factory=dict)
    azure_roles: list[str] = field(default_factory=list)


@dataclass
class User:
    """Somebody who signs in by device code; ``device_groups`` None means all of them."""

    name: str
    tenant: str
    display_name: str = ""
    scopes: dict[str, list[str]] = field(default_factory=dict)
    device_groups: list[str] | None = None


@dataclass
class DeviceCode:
    """What the user does with a device code: approve or decline after a number of polls, or let it expire."""

    user: str = ""
    outcome: Literal["approve", "decline", "expire"] = "approve"
    after_polls: int = 1
    interval_seconds: int = 1
    expires_in_seconds: int = 900


@dataclass
class Within:
    """What the organization's numbers are for a look-back of at most ``hours``."""

    hours: int
    prevalence: int = 0
    first_seen: str | None = None
    last_seen: str | None = None


@dataclass
class Organization:
    """How common a file is on the tenant's own devices."""

    prevalence: int = 0
    first_seen: str | None = None
    last_seen: str | None = None
    within: list[Within] = field(default_factory=list)
    by_device_group: dict[str, int] = field(default_factory=dict)


@dataclass
class Worldwide:
    """How common a file is on all devices that Microsoft sees."""

    prevalence: int = 0
    first_observed: str | None = None
    last_observed: str | None = None


@dataclass
class File:
    """A file; ``stats`` and ``information`` replace properties of those answers verbatim, ``omit`` drops some.

    A file that is not ``known`` has a hash and a label, and the service answers 404 about it.
    """

    label: str
    sha1: str
    sha256: str | None = None
    md5: str | None = None
    known: bool = True
    tenant: str | None = None
    names: list[str] | None = field(default_factory=list)
    organization: Organization = field(default_factory=Organization)
    worldwide: Worldwide = field(default_factory=Worldwide)
    information: dict[str, Any] = field(default_factory=dict)
    stats: dict[str, Any] = field(default_factory=dict)
    omit: list[str] = field(default_factory=list)


@dataclass
class Alert:
    """An alert on ``files`` (labels or SHA-1s) with the service's own property names, ``evidence`` included."""

    label: str
    files: list[str]
    properties: dict[str, Any]
    tenant: str | None = None


@dataclass
class QuotaWindow:
    """At most ``calls`` in any stretch of ``seconds``."""

    calls: int
    seconds: float


@dataclass
class Quota:
    """The sliding windows that hold for each tenant, application and endpoint."""

    windows: list[QuotaWindow]


@dataclass
class Latency:
    """Seconds that every answer takes."""

    service: float = 0.0
    sign_in: float = 0.0


@dataclass
class Fault:
    """Something that goes wrong with the requests it matches.

    Attributes:
        kind: What goes wrong. ``latency``, ``drip``, ``headers``, ``truncated_json`` and ``other_file`` change
            the ordinary answer; ``answer_lost`` does what was asked and closes the connection instead of saying so;
            the others replace the answer.
        endpoint: ``any``, ``service``, ``sign_in`` or an endpoint's name, such as ``file_stats``.
        id: Label or hash of the file, or label or id of the incident, it is about; None: every one.
        application: Client id or name of the application; None: every one.
        times: How many requests it hits; None: all of them.
        after: How many matching requests it lets pass first.
        status: Status of the answer for ``status``, ``html`` and ``redirect``.
        body: For ``status``: text sent as it is, or an object sent as JSON; None: the service's own error.
        headers: Headers added to the answer.
        content_type: For ``status``: of the body.
        location: For ``redirect``.
        size: For ``oversized``: length of the body in bytes once decompressed.
        compressed: For ``oversized``: send it with gzip.
        seconds: For ``latency``: the wait; for ``drip``: the wait between two bytes of the body.
        file: For ``other_file``: label or hash of the file that is answered about.
    """

    kind: FaultKind
    endpoint: str = "any"
    id: str | None = None
    application: str | None = None
    times: int | None = None
    after: int = 0
    status: int | None = None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str | None = None
    location: str = "https://collector.attacker.example/"
    size: int = 100 * 1024 * 1024
    compressed: bool = False
    seconds: float = 0.0
    file: str | None = None
    matched: int = field(default=0, init=False)


@dataclass
class Scenario:
    """A whole emulated world. ``Scenario.load`` reads one from a file."""

    tenants: list[Tenant]
    resources: list[Resource]
    applications: list[Application]
    users: list[User] = field(default_factory=list)
    device_code: DeviceCode = field(default_factory=DeviceCode)
    files: list[File] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    quota: Quota | None = None
    switches: Switches = field(default_factory=Switches)
    latency: Latency = field(default_factory=Latency)
    faults: list[Fault] = field(default_factory=list)
    token_lifetime_seconds: int = 3599
    _files_by_hash: dict[str, list[File]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _files_indexed: int = field(default=-1, init=False, repr=False, compare=False)

    @classmethod
    def load(cls, source: str | os.PathLike[str] | Mapping[str, Any] | None = None) -> Scenario:
        """Read a scenario from a YAML file, from a dictionary of the same shape, or the default one (None).

        Raises:
            InvalidConfigError: The file cannot be read or breaks the schema; names the file and the place.
        """
        from mde_files.emulator.scenario_file import load

        return load(source)

    def file(self, label: str) -> File:
        """Return the file with this label or hash."""
        return _pick("file", label, self.files, lambda item: (item.label, item.sha1, item.sha256, item.md5))

    def alert(self, label: str) -> Alert:
        """Return the alert with this label or id."""
        return _pick("alert", label, self.alerts, lambda item: (item.label, item.properties.get("id")))

    def incident(self, label: str) -> Incident:
        """Return the incident with this label or number."""
        return _pick("incident", label, self.incidents, lambda item: (item.label, str(item.id)))

    def application(self, name: str | None = None) -> Application:
        """Return the application with this name or client id, or the first one."""
        if name is None:
            return self.applications[0]
        return _pick("application", name, self.applications, lambda item: (item.name, item.client_id))

    def user(self, name: str) -> User:
        """Return the user with this user principal name."""
        return _pick("user", name, self.users, lambda item: (item.name,))

    def resource(self, name: str) -> Resource:
        """Return the resource with this name or identifier."""
        return _pick("resource", name, self.resources, lambda item: (item.name, *item.identifiers))

    def tenant(self, name: str) -> Tenant:
        """Return the tenant with this id or domain name."""
        return _pick("tenant", name, self.tenants, lambda item: (item.id, item.name))

    def find_file(self, file_hash: str, tenant: Tenant) -> File | None:
        """Return what ``tenant`` knows under a hash: its own entry first, then the one for every tenant."""
        matches = self._files_with(file_hash)
        own = [item for item in matches if item.tenant is not None and item.tenant in (tenant.id, tenant.name)]
        return next(iter(own + [item for item in matches if item.tenant is None]), None)

    def alerts_for(self, sha1: str, tenant: Tenant) -> list[Alert]:
        """Return the tenant's alerts on the file with this SHA-1, in the scenario's order."""
        names = {sha1, *(item.label for item in self._files_with(sha1))}
        return [
            alert
            for alert in self.alerts
            if alert.tenant in (None, tenant.id, tenant.name) and not names.isdisjoint(alert.files)
        ]

    def _files_with(self, file_hash: str) -> list[File]:
        # Files may be added while the emulator runs; hashes of a file that is already in are not changed.
        if self._files_indexed != len(self.files):
            index: dict[str, list[File]] = {}
            for item in self.files:
                for value in {item.sha1, item.sha256, item.md5} - {None}:
                    index.setdefault(str(value), []).append(item)
            self._files_by_hash, self._files_indexed = index, len(self.files)
        return self._files_by_hash.get(file_hash, [])


def _pick(kind: str, name: str, items: Iterable[Item], names: Callable[[Item], tuple[str | None, ...]]) -> Item:
    known = []
    for item in items:
        if name.lower() in [str(value).lower() for value in names(item)]:
            return item
        known.append(str(names(item)[0]))
    raise InvalidConfigError(f"The scenario has no {kind} {name!r}.", hint=f"It has: {', '.join(known[:60])}.")
