"""Runs the emulator: a thread with an ASGI server behind TLS, on loopback."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mde_files.emulator.scenario import Scenario
from mde_files.errors import InvalidConfigError
from mde_files.private_files import make_folder, replace_bytes

if TYPE_CHECKING:
    from collections import Counter
    from types import TracebackType

    from mde_files.emulator.application import Application as AsgiApplication
    from mde_files.emulator.credentials import ApplicationCertificate
    from mde_files.emulator.emulation import Emulation
    from mde_files.emulator.traffic import SeenRequest

_LAST_PORT = 65535
_START_SECONDS = 20.0
_STOP_SECONDS = 10.0
_SETTINGS = {
    "WindowsDefenderATP": ("base_url", "scope"),
    "Microsoft Threat Protection": ("incidents_url", "incidents_scope"),
    "Microsoft Graph": ("graph_url", "graph_scope"),
    "Azure Resource Manager": ("azure_management_url", "azure_management_scope"),
}


class Emulator:
    """A local Defender tenant over TLS; use it as a context manager, or call ``start`` and ``stop``.

    Args:
        scenario: What it emulates; None: the default scenario.
        host: Address to listen on.
        port: TCP port; 0: any free one.
        directory: Folder for the CA certificate and other files; None: a private temporary one. The files are
            removed at ``stop``.
        allow_remote: Listen on an address that other machines can reach.

    Attributes:
        scenario: May be changed or replaced while the emulator runs; the next request sees it.
    """

    def __init__(
        self,
        scenario: Scenario | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        directory: Path | None = None,
        allow_remote: bool = False,
    ) -> None:
        if not allow_remote and not _is_loopback(host):
            raise InvalidConfigError(
                f"The emulator does not listen on {host!r}, because other machines could reach it there.",
                hint="Use 127.0.0.1, or allow it explicitly.",
            )
        if not 0 <= port <= _LAST_PORT:
            raise InvalidConfigError(
                f"There is no port {port}.", hint=f"Ports go from 0 (any free one) to {_LAST_PORT}."
            )
        self._scenario = scenario if scenario is not None else Scenario.load()
        self._host = host
        self._port = port
        self._given_directory = directory
        self._directory: Path | None = None
        self._written: list[Path] = []
        self._emulation: Emulation | None = None
        self._application: AsgiApplication | None = None
        self._server: Any = None
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None
        self.base_url = ""

    @property
    def scenario(self) -> Scenario:
        """What is emulated."""
        return self._scenario

    @scenario.setter
    def scenario(self, scenario: Scenario) -> None:
        self._scenario = scenario
        if self._emulation is not None:
            self._emulation.scenario = scenario

    @property
    def authority(self) -> str:
        """The sign-in authority without a tenant; clients append ``/{tenant_id}``."""
        return self.base_url

    @property
    def ca_bundle(self) -> Path:
        """PEM file of the certificate authority that signed the server's certificate."""
        return self._folder() / "ca.pem"

    @property
    def requests(self) -> list[SeenRequest]:
        """Every request that arrived since the start or the last ``reset``, oldest first."""
        return self._running().traffic.requests()

    @property
    def accepted(self) -> Counter[str]:
        """How many signed-in service calls were let through, by endpoint name."""
        return self._running().traffic.accepted

    @property
    def rejected(self) -> Counter[str]:
        """How many calls the quota refused with 429, by endpoint name."""
        return self._running().traffic.rejected

    def start(self) -> None:
        """Listen, and return when the first request can come.

        Raises:
            InvalidConfigError: The extra is not installed, or the port cannot be used.
        """
        if self._thread is not None:
            return
        try:
            import trustme  # noqa: F401 - credentials needs it later

            from mde_files.emulator.application import Application
            from mde_files.emulator.asgi_server import make_server
        except ImportError as error:
            raise InvalidConfigError(
                f"The emulator needs a package that is not installed: {error.name}.",
                hint="Install it with: pip install 'mde-files[emulator]'",
            ) from error
        from mde_files.emulator.credentials import make_server_identity
        from mde_files.emulator.emulation import Emulation

        listener = self._listen()
        try:
            address = ipaddress.ip_address(self._host) if self._host != "localhost" else None
            public = "127.0.0.1" if address is not None and address.is_unspecified else self._host
            port = listener.getsockname()[1]
            self.base_url = f"https://[{public}]:{port}" if ":" in public else f"https://{public}:{port}"
            identity = make_server_identity(sorted({public, "127.0.0.1", "::1", "localhost"}))
            self._directory = self._given_directory or Path(tempfile.mkdtemp(prefix="mde-files-emulator-"))
            make_folder(self._directory)
            self._write("ca.pem", identity.authority_pem)
            self._emulation = Emulation(self._scenario, self.base_url)
            connections: dict[Any, Any] = {}
            self._application = Application(self._emulation, connections)
            self._server = make_server(self._application, identity.context, connections)
        except BaseException:
            listener.close()
            self._clean_up()
            raise
        self._thread = threading.Thread(target=self._run, args=(listener,), name="mde-files-emulator", daemon=True)
        self._thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                failure = self._failure
                self.stop()
                raise InvalidConfigError(
                    f"The emulator did not start: {failure or 'it took too long'}.", hint="Try again, or another port."
                ) from failure
            time.sleep(0.002)

    def stop(self) -> None:
        """Stop listening, close every connection and remove the files."""
        if self._thread is not None:
            self._server.should_exit = True
            self._thread.join(_STOP_SECONDS)
            self._thread = None
        self._clean_up()

    def __enter__(self) -> Emulator:  # noqa: PYI034 - typing.Self needs Python 3.11
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    def reset(self) -> None:
        """Forget the requests seen, the counts and the quota windows; tokens stay valid."""
        self._running().traffic.forget()
        self._running().quota.forget()

    def revoke_tokens(self) -> None:
        """Let the service answer 401 to every token issued until now."""
        self._running().tokens.revoke()

    def issue_token(
        self,
        application: str | None = None,
        *,
        resource: str = "https://api.securitycenter.microsoft.com",
        lifetime_seconds: int | None = None,
    ) -> str:
        """Return an application's own access token, without a sign-in.

        Args:
            application: Name or client id; None: the first of the scenario.
            resource: Name or identifier of the resource; the identifier becomes the token's audience.
            lifetime_seconds: Negative for a token that has expired already; None: as the scenario says.
        """
        self._running()
        asked = self._scenario.application(application)
        about = self._scenario.resource(resource)
        audience = resource if resource in about.identifiers else about.identifiers[0]
        tenant = self._scenario.tenant(asked.tenant)
        return self._asgi().entra.application_token(asked, tenant, about, audience, lifetime_seconds)

    def certificate(self, application: str | None = None) -> ApplicationCertificate:
        """Return the certificate registered on an application that signs in with one."""
        asked = self._scenario.application(application)
        if not asked.certificate:
            raise InvalidConfigError(
                f"The application {asked.name!r} has no certificate.", hint="Set certificate: true in the scenario."
            )
        return self._running().certificate(asked)

    def environment(self) -> dict[str, str]:
        """Return the environment variables by which MSAL finds the managed-identity endpoint."""
        emulation = self._running()
        return {"IDENTITY_ENDPOINT": f"{self.base_url}/msi/token", "IDENTITY_HEADER": emulation.identity_header}

    def configuration(
        self, application: str | None = None, *, method: str = "client_secret", certificate_as: str = "pem"
    ) -> dict[str, Any]:
        """Return a connector configuration that signs in here as an application of the scenario.

        Args:
            application: Name or client id; None: the first of the scenario.
            method: ``client_secret``, ``certificate``, ``managed_identity``, ``workload_identity``,
                ``device_code`` or ``access_token``. For ``managed_identity``, set ``environment()`` as well.
            certificate_as: For ``certificate``: ``pem`` (a file), ``text`` (PEM in the configuration) or ``pfx``.

        Raises:
            InvalidConfigError: The application cannot sign in that way.
        """
        from mde_files.emulator.client_settings import auth_settings

        asked = self._scenario.application(application)
        configuration: dict[str, Any] = {
            "tenant_id": self._scenario.tenant(asked.tenant).id,
            "client_id": asked.client_id,
            "auth": auth_settings(asked, method, certificate_as, self._running(), self._write),
            "cloud": "custom",
            "authority": self.authority,
            **self._services(),
            "ca_bundle": str(self.ca_bundle),
            "token_cache": False,
        }
        workspace = next((item.sentinel for item in self._scenario.incidents if item.sentinel is not None), None)
        if workspace is not None and method != "access_token":
            configuration["sinks"] = {
                "sentinel": {
                    "subscription_id": workspace.subscription,
                    "resource_group": workspace.resource_group,
                    "workspace": workspace.workspace,
                },
                "graph": {},
            }
        if method == "access_token":
            configuration["auth"]["access_token"] = self.issue_token(asked.client_id)
        if method == "managed_identity" and asked.managed_identity == "system":
            del configuration["client_id"]
        return configuration

    def incident(self, label: str, form: str) -> dict[str, Any]:
        """Return an incident of the scenario as a product would send it.

        Args:
            label: Label or number of the incident.
            form: ``sentinel_incident``, ``sentinel_alert``, ``defender_incident``, ``graph_alert`` or ``plain``.
        """
        from mde_files.emulator.incident_shapes import document

        return document(self._scenario.incident(label), self._scenario, form)

    def _services(self) -> dict[str, str]:
        """Return URL and scope of each API that the scenario has a resource for: all of them are served here."""
        settings = {}
        for resource in self._scenario.resources:
            if resource.name in _SETTINGS:
                url, scope = _SETTINGS[resource.name]
                settings[url] = self.base_url
                settings[scope] = f"{resource.identifiers[0]}/.default"
        return settings

    def _running(self) -> Emulation:
        if self._emulation is None:
            raise InvalidConfigError("The emulator is not running.", hint="Call start(), or use it in a with block.")
        return self._emulation

    def _asgi(self) -> AsgiApplication:
        if self._application is None:
            raise InvalidConfigError("The emulator is not running.", hint="Call start(), or use it in a with block.")
        return self._application

    def _folder(self) -> Path:
        if self._directory is None:
            raise InvalidConfigError("The emulator is not running.", hint="Call start(), or use it in a with block.")
        return self._directory

    def _listen(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        # Naming the protocol lets asyncio switch off Nagle's algorithm, which costs 40 ms an answer.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            if os.name == "posix":
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self._host, self._port))
            listener.listen(2048)
        except OSError as error:
            listener.close()
            raise InvalidConfigError(
                f"The emulator cannot listen on {self._host} port {self._port}: {error.strerror}.",
                hint="Use another port, or 0 for any free one.",
            ) from error
        return listener

    def _run(self, listener: socket.socket) -> None:
        import asyncio

        try:
            asyncio.run(self._server.serve(sockets=[listener]))
        except BaseException as error:  # noqa: BLE001 - told to whoever waits in start()
            self._failure = error
        finally:
            listener.close()

    def _write(self, name: str, content: bytes) -> Path:
        path = self._folder() / name
        replace_bytes(path, content)
        if path not in self._written:
            self._written.append(path)
        return path

    def _clean_up(self) -> None:
        for path in self._written:
            path.unlink(missing_ok=True)
        if self._directory is not None and self._given_directory is None:
            shutil.rmtree(self._directory, ignore_errors=True)
        self._written.clear()
        self._directory = None


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
