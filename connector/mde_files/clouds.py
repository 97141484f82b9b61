"""Chooses hosts, authority and scope together, so that they always belong to one cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from mde_files import manifest, schemas
from mde_files.errors import InvalidConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mde_files.manifest import Manifest, Service

_LOOPBACK_NAMES = frozenset({"localhost", "::1"})
CUSTOM = "custom"
FILES_API = "files_api"


class ServiceEndpoint(NamedTuple):
    """Where one service is called, and what its tokens are made out for.

    Attributes:
        service: Id in the manifest's ``services``.
        base_url: URL without a slash at the end.
        host: Host (and port) of ``base_url``.
        scope: Token scope.
        audiences: Token audiences the service is known to accept there.
    """

    service: str
    base_url: str
    host: str
    scope: str
    audiences: tuple[str, ...]


class Endpoints(NamedTuple):
    """Where to call and to sign in.

    Attributes:
        cloud: Id of the row of the manifest's cloud table, or ``custom``.
        portal_host: Host of the Defender portal; empty where none is known.
        authority: URL of the sign-in authority, without tenant and slash.
        services: Every service that has an address, by its id.
    """

    cloud: str
    portal_host: str
    authority: str
    services: Mapping[str, ServiceEndpoint]

    def of(self, service: str) -> ServiceEndpoint:
        """Return where a service is.

        Raises:
            InvalidConfigError: The configuration says nothing of it; only ``cloud: custom`` can lack one.
        """
        endpoint = self.services.get(service)
        if endpoint is None:
            about = manifest.load().services[service]
            raise InvalidConfigError(
                f"cloud 'custom' says nothing of '{about.title}'.",
                hint=f"Set {about.url_setting} and {about.scope_setting}, or name one of the known clouds.",
            )
        return endpoint

    @property
    def base_url(self) -> str:
        """URL of the files API."""
        return self.services[FILES_API].base_url

    @property
    def host(self) -> str:
        """Host (and port) of the files API."""
        return self.services[FILES_API].host

    @property
    def scope(self) -> str:
        """Token scope of the files API."""
        return self.services[FILES_API].scope

    @property
    def audiences(self) -> tuple[str, ...]:
        """Token audiences the files API is known to accept."""
        return self.services[FILES_API].audiences


def is_loopback(host: str | None) -> bool:
    """Tell whether ``host`` names this machine itself."""
    return host is not None and (host.lower() in _LOOPBACK_NAMES or _is_loopback_address(host))


def _is_loopback_address(host: str) -> bool:
    parts = host.split(".")
    return len(parts) == 4 and parts[0] == "127" and all(part.isdigit() and int(part) < 256 for part in parts)  # noqa: PLR2004


def resolve(document: Mapping[str, Any], declared: Manifest) -> Endpoints:
    """Return the endpoints that a configuration document asks for.

    Args:
        document: A configuration that agrees with its schema.
        declared: Source of the cloud table.

    Raises:
        InvalidConfigError: Cloud, region and overrides do not fit together, or a URL is not protected by TLS.
    """
    cloud_id = document["cloud"]
    if cloud_id == CUSTOM:
        return _custom(document, declared)
    row = declared.clouds[cloud_id]
    hosts = dict(row.hosts)
    region = document.get("region")
    if region is not None:
        if region not in row.regions:
            known = ", ".join(row.regions) or "none"
            raise InvalidConfigError(
                f"region {region!r} is not known in the cloud {cloud_id!r}.",
                hint=f"Regions there: {known}. Leave 'region' out to use the cloud's main host.",
            )
        hosts[FILES_API] = row.regions[region]
    return Endpoints(
        cloud=cloud_id,
        portal_host=document.get("portal_host", row.hosts["portal"]),
        authority=_checked_authority(document.get("authority", row.authority)),
        services={
            service.id: _endpoint(
                service,
                url=document.get(service.url_setting, f"https://{hosts[service.id]}"),
                scope=document.get(service.scope_setting, row.scopes[service.id]),
                audiences=row.audiences[service.id],
            )
            for service in declared.services.values()
        },
    )


def _custom(document: Mapping[str, Any], declared: Manifest) -> Endpoints:
    missing = [key for key in ("base_url", "authority", "scope") if key not in document]
    if missing:
        raise InvalidConfigError(
            f"cloud 'custom' needs {', '.join(missing)}.",
            hint="Set base_url, authority and scope, or name one of the known clouds.",
        )
    services = {}
    for service in declared.services.values():
        given = [key for key in (service.url_setting, service.scope_setting) if key in document]
        if len(given) == 1:
            raise InvalidConfigError(
                f"{given[0]} says only half of where '{service.title}' is.",
                hint=f"cloud 'custom' needs both {service.url_setting} and {service.scope_setting} to use it.",
            )
        if given:
            scope = document[service.scope_setting]
            audiences = (scope.removesuffix("/.default"),)
            services[service.id] = _endpoint(service, document[service.url_setting], scope, audiences)
    return Endpoints(
        cloud=CUSTOM,
        portal_host=document.get("portal_host", ""),
        authority=_checked_authority(document["authority"]),
        services=services,
    )


def _endpoint(service: Service, url: str, scope: str, audiences: tuple[str, ...]) -> ServiceEndpoint:
    base_url = checked_url(service.url_setting, url)
    return ServiceEndpoint(service.id, base_url, urlsplit(base_url).netloc, scope, audiences)


def checked_url(key: str, url: str, *, shown: bool = True) -> str:
    """Return ``url`` without a slash at the end.

    Args:
        key: The setting, for the words.
        url: Begins with ``https://`` or ``http://``.
        shown: Whether it may stand in an error.

    Raises:
        InvalidConfigError: It is not protected by TLS, or its port is none.
    """
    said = schemas.shown(url) if shown else "the URL"
    try:
        parts = urlsplit(url)
        is_usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_usable = False
    if not is_usable:
        raise InvalidConfigError(f"{key} names no valid port or host: {said}.", hint="Ports are 1 to 65535.")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise InvalidConfigError(
            f"{key} is not protected: {said} begins with http://.",
            hint="Use https://. Plain http:// is accepted for this machine only (127.0.0.1, localhost).",
        )
    return url.rstrip("/")


def _checked_authority(url: str) -> str:
    if not url.startswith("https://"):
        raise InvalidConfigError(
            f"authority must begin with https://, not {schemas.shown(url)}.",
            hint="Sign-in always goes over TLS; name a CA of your own in 'ca_bundle'.",
        )
    return checked_url("authority", url)
