"""Signs a person in, who confirms in a browser anywhere (Microsoft Learn, "OAuth 2.0 device authorization grant")."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from mde_files.auth.token_store import entry_key
from mde_files.deadline import Deadline
from mde_files.errors import AuthFailedError
from mde_files.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from msal import PublicClientApplication, SerializableTokenCache  # type: ignore[import-untyped]

    from mde_files.auth.msal_http import MsalHttpClient
    from mde_files.auth.token_store import SignedIn
    from mde_files.config import Config
    from mde_files.logs import EventLog
    from mde_files.transport.session import HttpSession

_LONGEST_WAIT = 1800.0
_LAST_QUESTION = 30.0
_SIGN_IN_HINT = "Run 'mde-files check' in a terminal: it shows a code to sign in with. token_cache must not be off."


class DeviceCodeSignIn:
    """Renews what a person signed in to before; asks the person when that is not possible.

    Args:
        config: Which application asks, and where.
        scope: What for.
        session: Sends the requests.
        log: Gets one event for each request.
        prompt: Shows a person where to enter which code; ``None`` when nobody is there.
    """

    def __init__(
        self, config: Config, scope: str, session: HttpSession, log: EventLog, prompt: Callable[[str], None] | None
    ) -> None:
        self._config = config
        self._scope = scope
        self._session = session
        self._log = log
        self._prompt = prompt

    def key(self) -> str:
        """Return the key of this application; the last person who signed in is the one it stands for."""
        return entry_key(self._config, b"", self._scope)

    def sign_in(self, deadline: Deadline, person: Secret | None) -> SignedIn:
        """Return a new token for the scope.

        A person is given the time that the code is valid for, which is longer than ``deadline``.
        """
        from mde_files.auth.msal_http import AUTHORITY_HINT, MsalHttpClient

        http = MsalHttpClient(
            self._session, deadline, self._log, authority=self._config.endpoints.authority, hint=AUTHORITY_HINT
        )
        reason = ""
        if person is not None:
            try:
                renewed = self._renewed(http, person)
            except AuthFailedError as error:
                reason = f" {error.message}"
            else:
                if renewed is not None:
                    return renewed
        if self._prompt is None:
            raise AuthFailedError(f"Somebody has to sign in first.{reason}", hint=_SIGN_IN_HINT)
        return self._confirmed(http, self._prompt)

    def _renewed(self, http: MsalHttpClient, person: Secret) -> SignedIn | None:
        from mde_files.auth.msal_answers import ask_msal, signed_in

        cache = _cache(person)

        def ask() -> Any:
            application = self._application(http, cache)
            try:
                accounts = application.get_accounts()
            except (AttributeError, KeyError, TypeError):
                accounts = []
            if not accounts:
                return None
            return application.acquire_token_silent_with_error([self._scope], accounts[0], force_refresh=True)

        secrets = (*self._config.secrets(), *_kept_secrets(person))
        asked_at = time.time()
        result = ask_msal(ask, http, secrets)
        if result is None:
            return None
        return signed_in(result, asked_at, secrets, Secret(cache.serialize()))

    def _confirmed(self, http: MsalHttpClient, prompt: Callable[[str], None]) -> SignedIn:
        from mde_files.auth.msal_answers import ask_msal, sign_in_failure, signed_in

        secrets = tuple(self._config.secrets())
        cache = _cache(None)
        application = ask_msal(lambda: self._application(http, cache), http, secrets)
        scopes = [self._scope]
        flow = ask_msal(lambda: application.initiate_device_flow(scopes=scopes), http, secrets)
        if not isinstance(flow.get("user_code"), str) or not isinstance(flow.get("device_code"), str):
            raise sign_in_failure(flow, secrets)
        secrets = (*secrets, flow["device_code"])
        prompt(_message(flow))
        wait = min(max(0.0, float(flow["expires_in"])), _LONGEST_WAIT)
        flow["expires_at"] = time.time() + wait
        # The code runs out before the last question about it does.
        http.deadline = Deadline(wait + _LAST_QUESTION)
        asked_at = time.time()
        result = ask_msal(lambda: application.acquire_token_by_device_flow(flow), http, secrets)
        return signed_in(result, asked_at, secrets, Secret(cache.serialize()))

    def _application(self, http: MsalHttpClient, cache: SerializableTokenCache) -> PublicClientApplication:
        import msal

        endpoints = self._config.endpoints
        return msal.PublicClientApplication(
            self._config.client_id,
            authority=f"{endpoints.authority}/{self._config.tenant_id}",
            instance_discovery=False,
            token_cache=cache,
            http_client=http,
        )


def _cache(person: Secret | None) -> SerializableTokenCache:
    import msal

    cache = msal.SerializableTokenCache()
    if person is not None:
        try:
            cache.deserialize(person.reveal())
        except ValueError:
            cache.deserialize(None)
    return cache


def _kept_secrets(person: Secret) -> list[str]:
    """Return the tokens in what MSAL kept of a person's sign-in."""
    try:
        kept = json.loads(person.reveal())
        entries = [entry for kind in kept.values() for entry in kind.values()]
        return [entry["secret"] for entry in entries if isinstance(entry.get("secret"), str)]
    except (ValueError, AttributeError):
        return []


def _message(flow: dict[str, Any]) -> str:
    message = flow.get("message")
    if not isinstance(message, str) or not message:
        message = f"To sign in, open {flow.get('verification_uri')} and enter the code {flow['user_code']}."
    return "".join(character for character in message if character.isprintable())
