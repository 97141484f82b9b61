"""What the parts of a running emulator share: the scenario, keys, tokens, counts."""

from __future__ import annotations

import secrets
import threading
from typing import TYPE_CHECKING

from mde_files.emulator.credentials import ApplicationCertificate, FederatedIssuer
from mde_files.emulator.quota import QuotaCounter
from mde_files.emulator.tokens import TokenIssuer
from mde_files.emulator.traffic import Traffic

if TYPE_CHECKING:
    from mde_files.emulator.scenario import Application, Scenario


class Emulation:
    """The state of one running emulator; certificates are made when somebody first asks for them."""

    def __init__(self, scenario: Scenario, base_url: str) -> None:
        self.scenario = scenario
        self.base_url = base_url
        self.tokens = TokenIssuer()
        self.quota = QuotaCounter()
        self.traffic = Traffic()
        self.identity_header = secrets.token_hex(16)
        self._lock = threading.Lock()
        self._certificates: dict[str, ApplicationCertificate] = {}
        self._federated_issuer: FederatedIssuer | None = None

    def certificate(self, application: Application) -> ApplicationCertificate:
        """Return the certificate registered on an application."""
        with self._lock:
            if application.client_id not in self._certificates:
                self._certificates[application.client_id] = ApplicationCertificate(application.name)
            return self._certificates[application.client_id]

    @property
    def federated_issuer(self) -> FederatedIssuer:
        """The identity provider whose assertions federated credentials accept."""
        with self._lock:
            if self._federated_issuer is None:
                self._federated_issuer = FederatedIssuer()
            return self._federated_issuer
