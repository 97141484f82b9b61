"""What a connector needs to ask, made only when it is needed: an answer kept earlier needs no connection."""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from mde_files.answers import Answers
from mde_files.clouds import FILES_API
from mde_files.deadline import Deadline
from mde_files.quota import Quota
from mde_files.state import ResilientState, open_state

if TYPE_CHECKING:
    from collections.abc import Callable

    from mde_files.auth import Claims, TokenProvider, TokenStore
    from mde_files.config import Config
    from mde_files.files_api import FilesApi
    from mde_files.logs import EventLog
    from mde_files.manifest import Manifest
    from mde_files.quota import Priority
    from mde_files.state import State
    from mde_files.transport.exchange import Exchange
    from mde_files.transport.session import HttpSession

_MANAGED_IDENTITY = "managed-identity"


class Asker(NamedTuple):
    """Whom the service counts and whose answers these are.

    Attributes:
        application: Client id, as far as it is known without asking anybody.
        person: Object id of the person who signed in; empty for an application.
    """

    application: str
    person: str


class Service:
    """State, quota, cache, sign-in and connections of one configuration. Thread-safe.

    Args:
        config: The configuration.
        manifest: Declares the calls.
        log: Gets the events.
        prompt: Shows a text to the person who has to sign in on another device.
        state: Where quota and cache are kept; by default what the configuration names.
        token_store: Where tokens are kept between processes; by default the file that the configuration names.
        sleep: Waits for seconds.
    """

    def __init__(
        self,
        config: Config,
        manifest: Manifest,
        log: EventLog,
        *,
        prompt: Callable[[str], None] | None,
        state: State | None,
        token_store: TokenStore | None,
        sleep: Callable[[float], None],
    ) -> None:
        self._config = config
        self._manifest = manifest
        self._log = log
        self._prompt = prompt
        self._given_state = state
        self._token_store = token_store
        self._sleep = sleep
        self._lock = threading.RLock()
        self._state: State | None = state
        self._answers: Answers | None = None
        self._quotas: dict[Priority, Quota] = {}
        self._session: HttpSession | None = None
        self._tokens: dict[str, TokenProvider] = {}
        self._exchanges: dict[str, Exchange] = {}
        self._api: FilesApi | None = None
        self._asker: Asker | None = None

    @property
    def state(self) -> State:
        """Where quota and cache are kept.

        Raises:
            StateUnavailableError: It is required and cannot be used.
        """
        with self._lock:
            if self._state is None:
                self._state = open_state(self._config, self._log)
            return self._state

    @property
    def degraded(self) -> str | None:
        """Why quota and cache are not shared although they should be; ``None`` when nothing is amiss."""
        state = self._state
        return state.degraded if isinstance(state, ResilientState) else None

    @property
    def answers(self) -> Answers:
        """Answers from the cache or from the service."""
        with self._lock:
            if self._answers is None:
                self._answers = Answers(
                    self._config, self._manifest, self.state, api=self.files_api, asker=self._asker_text
                )
            return self._answers

    def quota(self, caller: Priority) -> Quota:
        """Return the quota as a kind of caller may use it."""
        with self._lock:
            quota = self._quotas.get(caller)
            if quota is None:
                application = self.asker().application
                quota = Quota(self._config, self.state, application=application, priority=caller, sleep=self._sleep)
                self._quotas[caller] = quota
            return quota

    def tokens(self, service: str = FILES_API) -> TokenProvider:
        """Return what signs in to a service.

        Raises:
            InvalidConfigError: The configuration does not say how, or where the service is.
        """
        with self._lock:
            tokens = self._tokens.get(service)
            if tokens is None:
                from mde_files.auth.methods import token_provider

                tokens = token_provider(
                    self._config,
                    self.http(),
                    service=service,
                    prompt=self._prompt,
                    log=self._log,
                    store=self._token_store,
                )
                self._tokens[service] = tokens
            return tokens

    def files_api(self) -> FilesApi:
        """Return the files API; connections are made when something is asked."""
        with self._lock:
            if self._api is None:
                from mde_files.files_api import FilesApi

                self._api = FilesApi(
                    self.exchange(FILES_API),
                    self._manifest,
                    urlsplit(self._config.endpoints.base_url).path,
                    self._config.limits.max_response_bytes,
                )
            return self._api

    def exchange(self, service: str) -> Exchange:
        """Return what asks a service of the manifest, with tokens of its own.

        Raises:
            InvalidConfigError: The configuration does not say where it is or how to sign in there.
        """
        with self._lock:
            exchange = self._exchanges.get(service)
            if exchange is None:
                from mde_files.transport.exchange import Exchange

                exchange = self._exchanges[service] = Exchange(
                    endpoint=self._config.endpoints.of(service),
                    session=self.http(),
                    tokens=self.tokens(service),
                    log=self._log,
                    quota=self.quota,
                    max_wait_seconds=self._config.quota.max_wait_seconds,
                    sleep=self._sleep,
                )
            return exchange

    def forget_tokens(self) -> None:
        """Remove every stored token of this configuration, whatever service it is for."""
        for service in self._config.endpoints.services:
            if service == FILES_API or self._config.auth.method != "access_token":
                self.tokens(service).forget()

    def claims(self, deadline: Deadline, service: str = FILES_API) -> Claims | None:
        """Return what the token says about itself, signing in if necessary; ``None``: it cannot be read.

        Raises:
            MdeFilesError: The sign-in failed.
        """
        from mde_files.auth.claims import decode_claims

        token = self.tokens(service).token(deadline)
        try:
            return decode_claims(token.value.reveal())
        except ValueError:
            return None

    def asker(self) -> Asker:
        """Return whom the service counts and whose answers these are.

        A ready token and a person's sign-in say so themselves; a configured application is known without a token.
        """
        with self._lock:
            if self._asker is None:
                self._asker = self._find_asker()
            return self._asker

    def close(self) -> None:
        """Close connections and state; everything is made anew when it is needed again."""
        with self._lock:
            session, self._session = self._session, None
            state, self._state = self._state, self._given_state
            self._api = self._answers = self._asker = None
            self._tokens, self._exchanges = {}, {}
            self._quotas = {}
        if session is not None:
            session.close()
        if state is not None and state is not self._given_state:
            state.close()

    def http(self) -> HttpSession:
        """Return the connections that everything shares."""
        with self._lock:
            if self._session is None:
                from mde_files.transport.session import HttpSession

                self._session = HttpSession(self._config)
            return self._session

    def _find_asker(self) -> Asker:
        config = self._config
        if config.auth.method != "access_token" and not config.delegated:
            return Asker(config.client_id or _MANAGED_IDENTITY, "")
        deadline = Deadline(config.timeouts.total)
        claims = self.claims(deadline)
        if claims is None:
            digest = hashlib.sha256(self.tokens().token(deadline).value.reveal().encode()).hexdigest()
            return Asker(config.client_id or digest, digest)
        return Asker(claims.appid or config.client_id or claims.oid, (claims.oid or claims.upn) if claims.scp else "")

    def _asker_text(self) -> str:
        return "\x00".join(self.asker())
