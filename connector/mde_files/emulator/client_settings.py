"""The connector's ``auth`` settings for each way an application of the scenario can sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files.errors import InvalidConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mde_files.emulator.emulation import Emulation
    from mde_files.emulator.scenario import Application

PFX_PASSPHRASE = "emulated-passphrase"  # noqa: S105 - of a certificate that lives as long as the emulator


def auth_settings(
    application: Application,
    method: str,
    certificate_as: str,
    emulation: Emulation,
    write: Callable[[str, bytes], Path],
) -> dict[str, Any]:
    """Return the ``auth`` settings for a method; ``access_token`` is for the caller to add.

    Args:
        application: Who signs in.
        method: The connector's name of the method.
        certificate_as: ``pem``, ``text`` or ``pfx``.
        emulation: Holds the keys.
        write: Writes a private file of the emulator and returns its path.

    Raises:
        InvalidConfigError: The application cannot sign in that way.
    """
    settings: dict[str, Any] = {"method": method}
    if method == "client_secret" and application.secrets:
        settings["client_secret"] = application.secrets[0].value
    elif method == "certificate" and application.certificate:
        settings["certificate"] = _certificate(application, certificate_as, emulation, write)
    elif method == "workload_identity" and application.federated:
        assertion = emulation.federated_issuer.assertion(application.federated[0])
        settings["federated_token_file"] = str(write(f"{application.client_id}.jwt", assertion.encode()))
    elif not (
        method == "access_token"
        or (method == "managed_identity" and application.managed_identity)
        or (method == "device_code" and application.public_client)
    ):
        raise InvalidConfigError(
            f"The application {application.name!r} of the scenario cannot sign in with {method!r}.",
            hint="Choose another application or method, or add the credential to the scenario.",
        )
    return settings


def _certificate(
    application: Application, form: str, emulation: Emulation, write: Callable[[str, bytes], Path]
) -> dict[str, str]:
    certificate = emulation.certificate(application)
    if form == "text":
        return {"pem": certificate.pem}
    if form == "pfx":
        path = write(f"{application.client_id}.pfx", certificate.pfx(PFX_PASSPHRASE))
        return {"path": str(path), "passphrase": PFX_PASSPHRASE}
    return {"path": str(write(f"{application.client_id}.pem", certificate.pem.encode()))}
