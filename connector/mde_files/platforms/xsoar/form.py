"""What the platform's form hands over, as settings of this project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

CREDENTIALS = "credentials"
# One field for name and password, which the platform can fill from a vault.
IN_CREDENTIALS = {"client_id": "identifier", "auth_client_secret": "password"}
SYSTEM_PROXY = "proxy"
# The platform keeps this name for a checkbox.
RENAMED = {"proxy": "proxy_url"}


def values(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of an instance's parameters by the settings' names on a platform."""
    credentials = params.get(CREDENTIALS)
    found = {name: value for name, value in params.items() if name not in (CREDENTIALS, SYSTEM_PROXY)}
    found |= {name: found.pop(other, None) for name, other in RENAMED.items()}
    if isinstance(credentials, dict):
        found |= {name: credentials.get(part) for name, part in IN_CREDENTIALS.items()}
    return found


def uses_system_proxy(params: Mapping[str, Any]) -> bool:
    """Tell whether the proxy of the engine or server is to be used, which the environment names."""
    return str(params.get(SYSTEM_PROXY, "")).lower() == "true"
