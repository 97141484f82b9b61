"""Reads, completes and checks the configuration: a file, environment variables or a platform's dictionary."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from mde_files import clouds, manifest, sink_config
from mde_files.config_document import ENVIRONMENT_PREFIX, checked, gathered, of_tenant
from mde_files.errors import InvalidConfigError
from mde_files.leaving import leaves_bare
from mde_files.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mde_files.clouds import Endpoints
    from mde_files.sink_config import SinksConfig

_FEDERATED_TOKEN_VARIABLE = "AZURE_FEDERATED_TOKEN_FILE"  # noqa: S105 - the name of a variable
_SHARED_TENANTS = frozenset({"common", "organizations", "consumers"})
_REDIS_SCHEMES = ("redis://", "rediss://")
_VISIBILITY_TIMEOUT = 900.0
_ACTIONS_PER_VISIBILITY = 3
_FILE_ALTERNATIVES = {"client_secret": "client_secret_file", "access_token": "access_token_file"}


class CertificateConfig(NamedTuple):
    """A certificate with its private key, as a PFX or PEM file or as PEM text."""

    path: Path | None
    pem: Secret | None
    passphrase: Secret | None


class AuthConfig(NamedTuple):
    """How to sign in; which fields are set depends on ``method``."""

    method: str
    client_secret: Secret | None
    certificate: CertificateConfig | None
    federated_token_file: Path | None
    access_token: Secret | None
    access_token_file: Path | None


class Timeouts(NamedTuple):
    """Time budgets in seconds; ``total`` covers the whole action."""

    connect: float
    read: float
    total: float


class QuotaConfig(NamedTuple):
    """Which part of the service's quota may be used; ``None`` stands for what the manifest says.

    ``windows`` are pairs of calls and seconds that replace the minute and the hour.
    """

    per_minute: int | None
    per_hour: int | None
    windows: tuple[tuple[int, float], ...] | None
    share: float
    max_wait_seconds: float
    reserve_interactive: float


class CacheConfig(NamedTuple):
    """How long answers are kept, in seconds, and how much of them."""

    enabled: bool
    stats_ttl: int
    alerts_ttl: int
    unknown_ttl: int
    stale_if_error: int
    max_megabytes: int


class Limits(NamedTuple):
    """Bounds on answers."""

    max_alerts: int
    max_evidence: int
    max_response_bytes: int


class CeleryConfig(NamedTuple):
    """Where the tasks of Celery workers are kept; ``None`` for a URL: nowhere is said. Times are in seconds.

    A message that was not acknowledged for ``visibility_timeout`` is handed to another worker.
    """

    broker: Secret | None
    results: Secret | None
    visibility_timeout: float
    result_expires: int


class LogConfig(NamedTuple):
    """``level``: debug, info, warning or error; ``format``: text or json."""

    level: str
    format: str


class Config(NamedTuple):
    """A complete, checked configuration."""

    tenant_id: str
    client_id: str | None
    auth: AuthConfig
    endpoints: Endpoints
    token_cache: Path | None
    ca_bundle: Path | None
    proxy: Secret | None
    timeouts: Timeouts
    quota: QuotaConfig
    cache: CacheConfig
    state: Secret | None
    state_required: bool
    limits: Limits
    md5: bool
    sinks: SinksConfig
    celery: CeleryConfig
    log: LogConfig

    def secrets(self) -> Iterator[str]:
        """Yield every secret text the configuration holds, for redaction."""
        certificate = self.auth.certificate
        urls = (self.proxy, self.state, self.celery.broker, self.celery.results)
        held = [self.auth.client_secret, self.auth.access_token, *urls]
        held += [certificate.pem, certificate.passphrase] if certificate else []
        held += self.sinks.secrets()
        for secret in held:
            if secret is not None:
                yield secret.reveal()
        for url in urls:
            password = urlsplit(url.reveal()).password if url is not None else None
            if password:
                yield password

    @property
    def delegated(self) -> bool:
        """Whether a person signs in, so that only the devices this person may see are visible."""
        return manifest.load().sign_in_methods[self.auth.method].kind == "delegated"


def user_state_directory() -> Path:
    """Return the folder for tokens and state of this user."""
    import platformdirs

    return platformdirs.user_state_path("mde-files", appauthor=False)


@leaves_bare
def load(
    source: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    *,
    tenant: str | None = None,
    overrides: Mapping[str, str] | None = None,
) -> Config:
    """Return the configuration from ``source``.

    Args:
        source: A dictionary (a platform's own settings, taken as it is), the path of a YAML file, or ``None`` for
            ``$MDE_FILES_CONFIG`` or else the user's configuration file. Environment variables ``MDE_FILES_<KEY>``
            override files.
        tenant: Name of one of the configuration's ``tenants``, whose settings lie over the shared ones.
        overrides: Settings of a command's own options, named like environment variables; they outrank those.

    Raises:
        InvalidConfigError: Something in it is wrong; the message names the key and what is allowed.
    """
    document, place = gathered(source, overrides)
    return _build(checked(of_tenant(document, tenant), place))


@leaves_bare
def load_celery(
    source: Mapping[str, Any] | str | os.PathLike[str] | None = None, *, overrides: Mapping[str, str] | None = None
) -> CeleryConfig:
    """Return where the tasks of Celery workers are kept: the settings that all tenants of ``source`` share.

    Args:
        source: As for :func:`load`.
        overrides: As for :func:`load`.

    Raises:
        InvalidConfigError: Something in it is wrong; the message names the key and what is allowed.
    """
    return _celery(checked(*gathered(source, overrides)))


def _build(document: dict[str, Any]) -> Config:
    if document["tenant_id"].lower() in _SHARED_TENANTS:
        raise InvalidConfigError(
            f"tenant_id {document['tenant_id']!r} does not name one tenant.",
            hint="Give the directory (tenant) id shown on the app registration's overview page.",
        )
    endpoints = clouds.resolve(document, manifest.load())
    ca_bundle = _path(document.get("ca_bundle"))
    if ca_bundle is not None and not os.path.isfile(ca_bundle):  # noqa: PTH113 - Path.is_file raises for long names
        raise InvalidConfigError(
            f"ca_bundle names no readable file: {str(ca_bundle)!r}.", hint="Check the path and its permissions."
        )
    return Config(
        tenant_id=document["tenant_id"].lower(),
        client_id=document["client_id"].lower() if "client_id" in document else None,
        auth=_auth(document),
        endpoints=endpoints,
        token_cache=_token_cache(document["token_cache"]),
        ca_bundle=ca_bundle,
        proxy=_secret(document.get("proxy")),
        timeouts=Timeouts(**document["timeouts"]),
        quota=_quota(document["quota"]),
        cache=CacheConfig(**document["cache"]),
        state=_secret(document.get("state")),
        state_required=document["state_required"],
        limits=Limits(**document["limits"]),
        md5=document["md5"],
        sinks=_sinks(document["sinks"]),
        celery=_celery(document),
        log=LogConfig(**document["log"]),
    )


def _quota(document: Mapping[str, Any]) -> QuotaConfig:
    windows = document.get("windows")
    pairs = tuple((window["calls"], float(window["seconds"])) for window in windows) if windows is not None else None
    return QuotaConfig(**{"per_minute": None, "per_hour": None, **document, "windows": pairs})


def _celery(document: Mapping[str, Any]) -> CeleryConfig:
    celery = document["celery"]
    state = document.get("state", "")
    broker = celery.get("broker", state if state.startswith(_REDIS_SCHEMES) else None)
    shortest = _ACTIONS_PER_VISIBILITY * document["timeouts"]["total"]
    visibility_timeout = celery.get("visibility_timeout", max(_VISIBILITY_TIMEOUT, shortest))
    if visibility_timeout < shortest:
        raise InvalidConfigError(
            f"celery.visibility_timeout is {visibility_timeout:g} s: a task would be handed out again while it runs.",
            hint=f"Set it to {shortest:g} or more, three times timeouts.total, or leave it out.",
        )
    return CeleryConfig(
        broker=_secret(broker),
        results=_secret(celery.get("results", broker)),
        visibility_timeout=visibility_timeout,
        result_expires=celery["result_expires"],
    )


def _auth(document: Mapping[str, Any]) -> AuthConfig:
    auth = dict(document["auth"])
    method = auth["method"]
    if (
        method == "workload_identity"
        and "federated_token_file" not in auth
        and os.environ.get(_FEDERATED_TOKEN_VARIABLE)
    ):
        auth["federated_token_file"] = os.environ[_FEDERATED_TOKEN_VARIABLE]
    for key in manifest.load().sign_in_methods[method].required:
        group, _, name = key.rpartition(".")
        held: Mapping[str, Any] = auth if group else document
        if name not in held and _FILE_ALTERNATIVES.get(name) not in held:
            raise InvalidConfigError(
                f"{key} is missing; the sign-in method {method!r} needs it.", hint=_how_to_give(name)
            )
    secret_file = _secret_file("auth.client_secret_file", auth.get("client_secret_file"))
    client_secret = auth.get("client_secret")
    if client_secret is None and secret_file is not None:
        client_secret = read_secret_file("auth.client_secret_file", secret_file)
    return AuthConfig(
        method=method,
        client_secret=_secret(client_secret),
        certificate=_certificate(auth["certificate"]) if "certificate" in auth else None,
        federated_token_file=_path(auth.get("federated_token_file")),
        access_token=_secret(auth.get("access_token")),
        access_token_file=_secret_file("auth.access_token_file", auth.get("access_token_file")),
    )


def _sinks(document: Mapping[str, Any]) -> SinksConfig:
    webhook = document.get("webhook", {})
    url, secret = webhook.get("url"), webhook.get("secret")
    if url is not None:
        clouds.checked_url("sinks.webhook.url", url, shown=False)
    secret_file = _secret_file("sinks.webhook.secret_file", webhook.get("secret_file"))
    if secret is None and secret_file is not None:
        secret = read_secret_file("sinks.webhook.secret_file", secret_file)
    return sink_config.read(document, url=_secret(url), secret=_secret(secret))


def _how_to_give(name: str) -> str:
    alternative = _FILE_ALTERNATIVES.get(name)
    if alternative is None:
        return f"Set it in the configuration file or by {ENVIRONMENT_PREFIX}…; the README shows each sign-in method."
    variable = f"{ENVIRONMENT_PREFIX}AUTH__{name.upper()}"
    return f"Set the environment variable {variable}, or name a file with auth.{alternative}."


def _certificate(document: Mapping[str, Any]) -> CertificateConfig:
    if ("path" in document) == ("pem" in document):
        raise InvalidConfigError(
            "auth.certificate needs either 'path' or 'pem'.",
            hint="Name a PFX or PEM file, or give the PEM as text.",
        )
    return CertificateConfig(
        path=_secret_file("auth.certificate.path", document.get("path")),
        pem=_secret(document.get("pem")),
        passphrase=_secret(document.get("passphrase")),
    )


def _token_cache(value: str | bool) -> Path | None:  # noqa: FBT001 - one value of two types, as YAML reads 'off'
    if value is False or value == "off":
        return None
    return user_state_directory() / "tokens.json" if value is True else Path(str(value)).expanduser()


def _secret(value: str | None) -> Secret | None:
    return None if value is None else Secret(value)


def _path(value: str | None) -> Path | None:
    return None if value is None else Path(os.path.expanduser(value))  # noqa: PTH111 - raises for nobody's home


def _secret_file(key: str, value: str | None) -> Path | None:
    path = _path(value)
    if path is not None and not os.path.isfile(path):  # noqa: PTH113 - Path.is_file raises for long names
        raise InvalidConfigError(
            f"{key} names no readable file{_told_place(path)}.",
            hint="Check the path and its permissions; the secret itself belongs elsewhere.",
        )
    return path


def _told_place(path: Path) -> str:
    """Return a path for an error, unless it may be the secret that somebody took the setting for."""
    is_path = len(path.parts) > 1 and os.path.isdir(path.parent)  # noqa: PTH112 - Path.is_dir raises for long names
    return f": {str(path)!r}" if is_path else " (not shown, for it may be the secret itself)"


def read_secret_file(key: str, path: Path) -> str:
    """Return the text in ``path`` without the white space around it.

    Raises:
        InvalidConfigError: The file cannot be read as text or is empty.
    """
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        text = ""
    if not text:
        raise InvalidConfigError(
            f"{key} names a file that cannot be read or is empty{_told_place(path)}.",
            hint="Check the file and its permissions.",
        )
    return text
