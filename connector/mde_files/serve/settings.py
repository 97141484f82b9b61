"""The part of the configuration that is about serving: who may call, what is offered, and how much at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mde_files.config_document import checked, gathered
from mde_files.errors import InvalidConfigError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from typing import Any


class ApiKey(NamedTuple):
    """An API key as the server knows it.

    Attributes:
        name: Who calls with it.
        digest: SHA-256 of the key.
        tenant: Name of the tenant it is for; ``None``: the configuration's own.
    """

    name: str
    digest: bytes
    tenant: str | None


class EntraSettings(NamedTuple):
    """What a caller's token of Microsoft Entra ID has to say: one of ``audiences``, and the app role ``role``."""

    audiences: tuple[str, ...]
    role: str


class ServeSettings(NamedTuple):
    """Everything the configuration says about serving.

    Attributes:
        keys: The API keys.
        entra: How tokens are checked; ``None``: none are accepted.
        playbooks: Files of playbooks that are offered besides the shipped ones.
        max_concurrent: How many actions and playbooks run at the same time.
        request_seconds: Longest time until a caller has an answer.
        tenants: Names of the tenants; ``None`` stands for the configuration's own.
        path: File of the configuration; ``None`` where there is none.
    """

    keys: tuple[ApiKey, ...]
    entra: EntraSettings | None
    playbooks: tuple[str, ...]
    max_concurrent: int
    request_seconds: float
    tenants: tuple[str | None, ...]
    path: Path | None


def load(
    source: Mapping[str, Any] | str | os.PathLike[str] | None = None, *, overrides: Mapping[str, str] | None = None
) -> ServeSettings:
    """Return what a configuration says about serving.

    Args:
        source: As for :func:`mde_files.config.load`.
        overrides: As for :func:`mde_files.config.load`.

    Raises:
        InvalidConfigError: Something in it is wrong; the message names the key and what is allowed.
    """
    given, place = gathered(source, overrides)
    document = checked(given, place)
    serve = document["serve"]
    own: tuple[str | None, ...] = (None,) if "tenant_id" in document else ()
    settings = ServeSettings(
        keys=tuple(ApiKey(row["name"], bytes.fromhex(row["sha256"]), row.get("tenant")) for row in serve["keys"]),
        entra=EntraSettings(tuple(serve["entra"]["audiences"]), serve["entra"]["role"]) if "entra" in serve else None,
        playbooks=tuple(serve["playbooks"]),
        max_concurrent=serve["max_concurrent"],
        request_seconds=float(serve["request_seconds"]),
        tenants=(*own, *document.get("tenants", {})),
        path=Path(place) if Path(place).is_file() else None,
    )
    _check_keys(settings)
    return settings


def _check_keys(settings: ServeSettings) -> None:
    seen: set[object] = set()
    for key in settings.keys:
        if key.tenant not in settings.tenants:
            known = ", ".join(name for name in settings.tenants if name is not None) or "none"
            said = "no tenant" if key.tenant is None else f"the tenant {key.tenant!r}, which is not there"
            raise InvalidConfigError(
                f"serve.keys: the key {key.name!r} names {said}.",
                hint=f"Add 'tenant:' with one of the configuration's tenants ({known}).",
            )
        if key.name in seen or key.digest in seen:
            raise InvalidConfigError(
                f"serve.keys: the key {key.name!r} is there twice.",
                hint="Each key has its own name and its own SHA-256.",
            )
        seen |= {key.name, key.digest}
