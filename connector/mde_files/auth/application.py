"""Signs an application in: by client secret, certificate or the token of the workload it runs as."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

from mde_files.auth.token_store import entry_key
from mde_files.config import read_secret_file
from mde_files.errors import InvalidConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mde_files.auth.token_store import SignedIn
    from mde_files.config import Config
    from mde_files.deadline import Deadline
    from mde_files.logs import EventLog
    from mde_files.secret import Secret
    from mde_files.transport.session import HttpSession


class Credential(Protocol):
    """What an application proves itself with."""

    def fingerprint(self) -> bytes:
        """Return what changes when the credential changes; it is stored hashed only.

        Raises:
            InvalidConfigError: The credential cannot be read.
        """

    def for_msal(self) -> str | Mapping[str, Any]:
        """Return the ``client_credential`` of MSAL's ``ConfidentialClientApplication``.

        Raises:
            InvalidConfigError: The credential cannot be used.
        """

    def secrets(self) -> tuple[str, ...]:
        """Return what is sent to prove it, beyond the secrets of the configuration."""


class ClientSecret:
    """A client secret."""

    def __init__(self, secret: Secret) -> None:
        self._secret = secret

    def fingerprint(self) -> bytes:
        """Return the secret itself."""
        return self._secret.reveal().encode()

    def for_msal(self) -> str:
        """Return the secret as MSAL takes it."""
        return self._secret.reveal()

    def secrets(self) -> tuple[str, ...]:
        """Return nothing: the configuration knows the secret."""
        return ()


class FederatedToken:
    """A file with the token that Kubernetes or another issuer gives the workload, and replaces from time to time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def fingerprint(self) -> bytes:
        """Return the path: the content changes by the hour."""
        return str(self._path).encode()

    def for_msal(self) -> Mapping[str, Any]:
        """Return the assertion as MSAL takes it: a function that reads the file anew."""
        return {"client_assertion": self._read}

    def secrets(self) -> tuple[str, ...]:
        """Return the token."""
        try:
            return (self._read(),)
        except InvalidConfigError:
            return ()

    def _read(self) -> str:
        return read_secret_file("auth.federated_token_file", self._path)


class ApplicationSignIn:
    """The client credentials flow (Microsoft Learn, "OAuth 2.0 client credentials flow").

    Each sign-in is an MSAL application of its own: MSAL would keep answering with an old refusal, token or certificate.

    Args:
        config: Whom to sign in and where.
        scope: What for.
        credential: What with.
        session: Sends the requests.
        log: Gets one event for each request.
    """

    def __init__(self, config: Config, scope: str, credential: Credential, session: HttpSession, log: EventLog) -> None:
        self._config = config
        self._scope = scope
        self._credential = credential
        self._session = session
        self._log = log

    def key(self) -> str:
        """Return the key of this application with this credential."""
        return entry_key(self._config, self._credential.fingerprint(), self._scope)

    def sign_in(self, deadline: Deadline, person: Secret | None) -> SignedIn:  # noqa: ARG002 - no person takes part
        """Return a new token for the scope."""
        credential = self._credential.for_msal()

        import msal  # type: ignore[import-untyped]

        from mde_files.auth.msal_answers import ask_msal, signed_in
        from mde_files.auth.msal_http import AUTHORITY_HINT, MsalHttpClient

        config, endpoints = self._config, self._config.endpoints
        http = MsalHttpClient(self._session, deadline, self._log, authority=endpoints.authority, hint=AUTHORITY_HINT)

        def ask() -> Any:
            # Cloud table or user name the authority, so nobody else has to be asked whether it is one.
            application = msal.ConfidentialClientApplication(
                config.client_id,
                client_credential=credential,
                authority=f"{endpoints.authority}/{config.tenant_id}",
                instance_discovery=False,
                azure_region=False,
                http_client=http,
            )
            return application.acquire_token_for_client(scopes=[self._scope])

        asked_at = time.time()
        secrets = (*config.secrets(), *self._credential.secrets())
        return signed_in(ask_msal(ask, http, secrets), asked_at, secrets)
