from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from mde_files import config
from mde_files.auth import BearerAuth, decode_claims, token_provider
from mde_files.emulator import Fault
from mde_files.errors import AuthFailedError, InvalidConfigError, NetworkError, UpstreamError, UpstreamInvalidError
from mde_files.transport.session import HttpSession

if TYPE_CHECKING:
    from collections.abc import Callable

    from mde_files.auth import AccessToken, TokenProvider
    from mde_files.deadline import Deadline
    from mde_files.emulator import Emulator

    Provide = Callable[..., TokenProvider]

EICAR = "3395856ce81f2b7382dee72602f798b642f14140"


def ask_service(emulator: Emulator, token: AccessToken, deadline: Deadline) -> int:
    session = HttpSession(config.load(emulator.configuration()))
    try:
        answer = session.request(
            "GET", f"{emulator.base_url}/api/files/{EICAR}", auth=BearerAuth(token.value), deadline=deadline
        )
    finally:
        session.close()
    return answer.status


@pytest.mark.parametrize("method", ["client_secret", "workload_identity", "access_token"])
def test_application_signs_in_and_the_service_takes_the_token(
    emulator: Emulator, provide: Provide, deadline: Deadline, method: str
) -> None:
    token = provide(method).token(deadline)
    claims = decode_claims(token.value.reveal())
    assert claims.appid == emulator.scenario.application().client_id
    assert claims.tid == emulator.scenario.tenants[0].id
    assert claims.roles == ("File.Read.All", "Alert.Read.All")
    assert claims.scp == ()
    assert token.expires_at == pytest.approx(claims.exp, abs=5)
    assert token.from_cache is False
    assert ask_service(emulator, token, deadline) == 200


@pytest.mark.parametrize("form", ["pem", "encrypted pem", "text", "text in one line", "pfx", "pfx without passphrase"])
def test_certificate_signs_in_in_every_form(
    emulator: Emulator, provide: Provide, deadline: Deadline, tmp_path: Path, form: str
) -> None:
    certificate = emulator.certificate()
    public = certificate.certificate.public_bytes(serialization.Encoding.PEM).decode()
    path = tmp_path / "certificate"
    settings: dict[str, Any] = {"path": str(path)}
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if form in ("encrypted pem", "pfx"):
        settings["passphrase"] = "open sesame"
        encryption = serialization.BestAvailableEncryption(b"open sesame")
    key = certificate.private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    ).decode()
    if form.startswith("pfx"):
        path.write_bytes(
            pkcs12.serialize_key_and_certificates(
                b"name", certificate.private_key, certificate.certificate, None, encryption
            )
        )
    elif form == "text":
        settings = {"pem": (public + key).replace("\n", "\\n")}
    elif form == "text in one line":
        settings = {"pem": (public + key).replace("\n", " ")}
    else:
        path.write_text(public + key)
    token = provide("certificate", auth={"certificate": settings}).token(deadline)
    assert ask_service(emulator, token, deadline) == 200


def test_certificate_of_another_application_is_refused_with_what_to_upload(
    emulator: Emulator, provide: Provide, deadline: Deadline
) -> None:
    other = {"certificate": {"pem": emulator.certificate("files-only").pem}}
    with pytest.raises(AuthFailedError, match=r"AADSTS700027.*certificate") as caught:
        provide("certificate", auth=other).token(deadline)
    assert "Upload the certificate" in caught.value.hint


@pytest.fixture
def on_azure(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in emulator.environment().items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("on_azure")
@pytest.mark.parametrize("application", ["virtual-machine", "enrichment"])
def test_managed_identity_signs_in(emulator: Emulator, provide: Provide, deadline: Deadline, application: str) -> None:
    token = provide("managed_identity", application).token(deadline)
    assert decode_claims(token.value.reveal()).appid == emulator.scenario.application(application).client_id
    assert emulator.requests[-1].query["resource"] == "https://api.securitycenter.microsoft.com"
    assert ask_service(emulator, token, deadline) == 200


@pytest.mark.usefixtures("on_azure")
def test_managed_identity_shares_its_token_with_processes_of_the_same_resource(
    emulator: Emulator, provide: Provide, deadline: Deadline, token_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = provide("managed_identity", token_cache=str(token_path)).token(deadline)
    assert provide("managed_identity", token_cache=str(token_path)).token(deadline).value == first.value
    monkeypatch.setenv("IDENTITY_HEADER", "of another resource")
    with pytest.raises(AuthFailedError, match="401"):
        provide("managed_identity", token_cache=str(token_path)).token(deadline)


@pytest.mark.usefixtures("on_azure")
def test_managed_identity_that_is_not_assigned(emulator: Emulator, provide: Provide, deadline: Deadline) -> None:
    unassigned = "a0000000-0000-4000-8000-00000000ffff"
    with pytest.raises(AuthFailedError, match=r"managed identity got no token.*400") as caught:
        provide("managed_identity", client_id=unassigned).token(deadline)
    assert unassigned in caught.value.hint
    emulator.scenario.application("virtual-machine").managed_identity = None
    with pytest.raises(AuthFailedError) as caught:
        provide("managed_identity", client_id=None).token(deadline)
    assert "system-assigned identity" in caught.value.hint


@pytest.mark.usefixtures("on_azure")
def test_managed_identity_and_a_resource_the_endpoint_does_not_know(provide: Provide, deadline: Deadline) -> None:
    with pytest.raises(UpstreamError, match="status 500"):
        provide("managed_identity", scope="https://nobody.example/.default").token(deadline)


def test_managed_identity_away_from_azure_says_so(
    provide: Provide, deadline: Deadline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:9")
    with pytest.raises(NetworkError, match=r"The sign-in failed: 127\.0\.0\.1 refused") as caught:
        provide("managed_identity").token(deadline)
    assert "Azure resources" in caught.value.hint


def test_managed_identity_of_azure_arc_may_ask_for_its_key_first(
    emulator: Emulator, provide: Provide, deadline: Deadline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{emulator.base_url}/msi/token")
    monkeypatch.setenv("IMDS_ENDPOINT", "present")
    emulator.scenario.faults = [
        Fault(
            kind="status",
            endpoint="managed_identity",
            status=401,
            body="who are you?",
            headers={"WWW-Authenticate": "Basic realm=/nowhere/0001.key"},
        )
    ]
    with pytest.raises(UpstreamInvalidError, match="FileNotFoundError"):
        provide("managed_identity").token(deadline)


def test_workload_identity_reads_its_token_anew_for_each_sign_in(
    emulator: Emulator, provide: Provide, deadline: Deadline, tmp_path: Path
) -> None:
    path = tmp_path / "token"
    good = Path(emulator.configuration(method="workload_identity")["auth"]["federated_token_file"]).read_text()
    path.write_text("stale.stale.stale")
    provider = provide("workload_identity", auth={"federated_token_file": str(path)})
    with pytest.raises(AuthFailedError, match="AADSTS700027"):
        provider.token(deadline)
    provider.forget()
    path.write_text(good + "\n")
    first = provider.token(deadline)
    path.write_text("  \n")
    with pytest.raises(InvalidConfigError, match=r"auth\.federated_token_file.*is empty"):
        provider.renew(first, deadline)
    path.unlink()
    with pytest.raises(InvalidConfigError, match=r"auth\.federated_token_file"):
        provider.token(deadline)


def test_workload_identity_of_a_stranger_is_refused(emulator: Emulator, provide: Provide, deadline: Deadline) -> None:
    provider = provide("workload_identity")
    emulator.scenario.application().federated[0].subject = "somebody-else"
    with pytest.raises(AuthFailedError, match=r"AADSTS700213.*subject") as caught:
        provider.token(deadline)
    assert "Federated credentials" in caught.value.hint


def test_method_without_its_credential_is_an_error_of_the_configuration(
    emulator: Emulator, open_session: Callable[[config.Config], HttpSession]
) -> None:
    configuration = config.load(emulator.configuration())
    bare = configuration._replace(auth=configuration.auth._replace(client_secret=None))
    with pytest.raises(InvalidConfigError, match="client_secret"):
        token_provider(bare, open_session(configuration))
