"""Chooses hosts, authority and scope together, so that they always belong to one cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from mde_files.errors import InvalidConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mde_files.manifest import Manifest

_LOOPBACK_NAMES = frozenset({"localhost", "::1"})
CUSTOM = "custom"


class Endpoints(NamedTuple):
    """Where to call and to sign in.

    Attributes:
        cloud: Id of the row of the manifest's cloud table, or ``custom``.
        base_url: URL of the files API without a slash at the end.
        host: Host (and port) of ``base_url``.
        portal_host: Host of the Defender portal; empty where none is known.
        authority: URL of the sign-in authority, without tenant and slash.
        scope: Token scope of the files API.
        audiences: Token audiences the files API is known to accept there.
    """

    cloud: str
    base_url: str
    host: str
    portal_host: str
    authority: str
    scope: str
    audiences: tuple[str, ...]


def is_loopback(host: str | None) -> bool:
    """Tell whether ``host`` names this machine itself."""
    return host is not None and (host.lower() in _LOOPBACK_NAMES or _is_loopback_address(host))


def _is_loopback_address(host: str) -> bool:
    parts = host.split(".")
    return len(parts) == 4 and parts[0] == "127" and all(part.isdigit() and int(part) < 256 for part in parts)  # noqa: PLR2004


def resolve(document: Mapping[str, Any], manifest: Manifest) -> Endpoints:
    """Return the endpoints that a configuration document asks for.

    Args:
        document: A configuration that agrees with its schema.
        manifest: Source of the cloud table.

    Raises:
        InvalidConfigError: Cloud, region and overrides do not fit together, or a URL is not protected by TLS.
    """
    cloud_id = document["cloud"]
    if cloud_id == CUSTOM:
        return _custom(document)
    row = manifest.clouds[cloud_id]
    host = row.hosts["files_api"]
    region = document.get("region")
    if region is not None:
        if region not in row.regions:
            known = ", ".join(row.regions) or "none"
            raise InvalidConfigError(
                f"region {region!r} is not known in the cloud {cloud_id!r}.",
                hint=f"Regions there: {known}. Leave 'region' out to use the cloud's main host.",
            )
        host = row.regions[region]
    base_url = _checked_url("base_url", document.get("base_url", f"https://{host}"))
    return Endpoints(
        cloud=cloud_id,
        base_url=base_url,
        host=urlsplit(base_url).netloc,
        portal_host=document.get("portal_host", row.hosts["portal"]),
        authority=_checked_authority(document.get("authority", row.authority)),
        scope=document.get("scope", row.scopes["files_api"]),
        audiences=row.audiences["files_api"],
    )


def _custom(document: Mapping[str, Any]) -> Endpoints:
    missing = [key for key in ("base_url", "authority", "scope") if key not in document]
    if missing:
        raise InvalidConfigError(
            f"cloud 'custom' needs {', '.join(missing)}.",
            hint="Set base_url, authority and scope, or name one of the known clouds.",
        )
    base_url = _checked_url("base_url", document["base_url"])
    return Endpoints(
        cloud=CUSTOM,
        base_url=base_url,
        host=urlsplit(base_url).netloc,
        portal_host=document.get("portal_host", ""),
        authority=_checked_authority(document["authority"]),
        scope=document["scope"],
        audiences=(document["scope"].removesuffix("/.default"),),
    )


def _checked_url(key: str, url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise InvalidConfigError(
            f"{key} is not protected: {url!r} begins with http://.",
            hint="Use https://. Plain http:// is accepted for this machine only (127.0.0.1, localhost).",
        )
    try:
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        port_is_valid = False
    if not port_is_valid:
        raise InvalidConfigError(f"{key} names no valid port: {url!r}.", hint="Ports are 1 to 65535.")
    return url.rstrip("/")


def _checked_authority(url: str) -> str:
    if not url.startswith("https://"):
        raise InvalidConfigError(
            f"authority must begin with https://, not {url!r}.",
            hint="Sign-in always goes over TLS; name a CA of your own in 'ca_bundle'.",
        )
    return _checked_url("authority", url)
