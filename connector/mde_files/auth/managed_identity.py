"""Signs in as the Azure resource this runs on (Microsoft Learn, "Managed identities for Azure resources")."""

from __future__ import annotations

import os
import platform
import time
from typing import TYPE_CHECKING, Any

from mde_files.auth.token_store import entry_key
from mde_files.errors import AuthFailedError

if TYPE_CHECKING:
    from mde_files.auth.token_store import SignedIn
    from mde_files.config import Config
    from mde_files.deadline import Deadline
    from mde_files.logs import EventLog
    from mde_files.secret import Secret
    from mde_files.transport.session import HttpSession

# What MSAL finds the identity endpoint by; another resource has other values.
_ENDPOINT_VARIABLES = ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "MSI_SECRET", "IMDS_ENDPOINT")
_SECRET_VARIABLES = ("IDENTITY_HEADER", "MSI_SECRET")
_NOT_AZURE_HINT = "auth.method 'managed_identity' works on Azure resources (and Azure Arc) only."


class ManagedIdentitySignIn:
    """The system-assigned identity, or the user-assigned one that ``client_id`` names.

    Args:
        config: Whom to sign in.
        scope: What for.
        session: Sends the requests.
        log: Gets one event for each request.
    """

    def __init__(self, config: Config, scope: str, session: HttpSession, log: EventLog) -> None:
        self._config = config
        self._scope = scope
        self._session = session
        self._log = log

    def key(self) -> str:
        """Return the key of this identity on this machine: a file may be on a disk that several machines share."""
        place = [platform.node(), *(os.environ.get(name, "") for name in _ENDPOINT_VARIABLES)]
        return entry_key(self._config, "\0".join(place).encode("utf-8", "surrogateescape"), self._scope)

    def sign_in(self, deadline: Deadline, person: Secret | None) -> SignedIn:  # noqa: ARG002 - no person takes part
        """Return a new token for the resource that the scope names."""
        import msal  # type: ignore[import-untyped]

        from mde_files.auth.msal_answers import ask_msal, signed_in
        from mde_files.auth.msal_http import MsalHttpClient

        config = self._config
        http = MsalHttpClient(self._session, deadline, self._log, authority=None, hint=_NOT_AZURE_HINT)

        def ask() -> Any:
            identity = (
                msal.SystemAssignedManagedIdentity()
                if config.client_id is None
                else msal.UserAssignedManagedIdentity(client_id=config.client_id)
            )
            client = msal.ManagedIdentityClient(identity, http_client=http)
            return client.acquire_token_for_client(resource=self._scope.removesuffix("/.default"))

        secrets = (*config.secrets(), *filter(None, map(os.environ.get, _SECRET_VARIABLES)))
        asked_at = time.time()
        try:
            return signed_in(ask_msal(ask, http, secrets), asked_at, secrets)
        except AuthFailedError as error:
            raise self._explained(error) from None

    def _explained(self, error: AuthFailedError) -> AuthFailedError:
        client_id = self._config.client_id
        hint = (
            "Turn on the system-assigned identity of this Azure resource, or set client_id to a user-assigned one."
            if client_id is None
            else f"Assign the identity with client id {client_id} to this Azure resource, or remove client_id."
        )
        reason = error.message.partition(": ")[2]
        return AuthFailedError(
            f"The managed identity got no token: {reason}", hint=hint, correlation_id=error.correlation_id
        )
