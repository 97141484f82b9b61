"""Chooses how to sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mde_files import manifest
from mde_files.auth.renewal import RenewingTokenProvider
from mde_files.auth.token_file import TokenFile
from mde_files.clouds import FILES_API
from mde_files.errors import InvalidConfigError
from mde_files.logs import EventLog

if TYPE_CHECKING:
    from collections.abc import Callable

    from mde_files.auth.renewal import SignIn
    from mde_files.auth.token_store import TokenStore
    from mde_files.auth.tokens import TokenProvider
    from mde_files.config import Config
    from mde_files.transport.session import HttpSession


def token_provider(
    config: Config,
    session: HttpSession,
    *,
    service: str = FILES_API,
    prompt: Callable[[str], None] | None = None,
    log: EventLog | None = None,
    store: TokenStore | None = None,
) -> TokenProvider:
    """Return what hands out access tokens for one service. Nothing is read or sent before the first token is asked for.

    Args:
        config: Says by which method and as whom to sign in, and where.
        session: Sends the requests of the sign-in.
        service: Which service of the manifest the tokens are for; each has its own.
        prompt: Shows a person the message with the device code; ``None``: nobody is there to sign in.
        log: Gets the events; by default the log of the configuration.
        store: Where tokens are kept between processes; by default the file that the configuration names.

    Raises:
        InvalidConfigError: The configuration lacks what its method needs.
    """
    auth = config.auth
    events = EventLog.from_config(config) if log is None else log
    scope = config.endpoints.of(service).scope
    if auth.method == "access_token":
        if service != FILES_API:
            title = manifest.load().services[service].title
            raise InvalidConfigError(
                f"A ready access token is for one service; there is none for '{title}'.",
                hint="Sign in by another auth.method to use this service.",
            )
        from mde_files.auth.ready_token import ReadyTokenProvider

        return ReadyTokenProvider(auth.access_token, auth.access_token_file, events)
    return RenewingTokenProvider(
        _sign_in(config, scope, session, events, prompt), store or _file(config, events), events.hide
    )


def _file(config: Config, log: EventLog) -> TokenStore | None:
    path = config.token_cache
    if path is None:
        return None

    def warn(reason: str) -> None:
        log.warning("token_file_not_written", path=path, reason=reason, consequence="each process signs in anew")

    return TokenFile(path, warn)


def _sign_in(
    config: Config, scope: str, session: HttpSession, log: EventLog, prompt: Callable[[str], None] | None
) -> SignIn:
    auth = config.auth
    if auth.method == "managed_identity":
        from mde_files.auth.managed_identity import ManagedIdentitySignIn

        return ManagedIdentitySignIn(config, scope, session, log)
    if auth.method == "device_code":
        from mde_files.auth.device_code import DeviceCodeSignIn

        return DeviceCodeSignIn(config, scope, session, log, prompt)

    from mde_files.auth.application import ApplicationSignIn, ClientSecret, FederatedToken

    if auth.method == "client_secret" and auth.client_secret is not None:
        return ApplicationSignIn(config, scope, ClientSecret(auth.client_secret), session, log)
    if auth.method == "certificate" and auth.certificate is not None:
        from mde_files.auth.certificate import CertificateCredential

        return ApplicationSignIn(config, scope, CertificateCredential(auth.certificate), session, log)
    if auth.method == "workload_identity" and auth.federated_token_file is not None:
        return ApplicationSignIn(config, scope, FederatedToken(auth.federated_token_file), session, log)
    raise InvalidConfigError(
        f"The sign-in method {auth.method!r} lacks its credential.",
        hint="The README shows what each sign-in method needs.",
    )
