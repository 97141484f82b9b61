"""Sign-in with the real MSAL over real TLS, and what Microsoft Entra ID says when it refuses."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jwt
import msal
import pytest

from mde_files.emulator.client_settings import PFX_PASSPHRASE
from mde_files.emulator.credentials import ApplicationCertificate, FederatedIssuer
from mde_files.emulator.scenario import FederatedCredential, Resource

if TYPE_CHECKING:
    import requests
    from tests.emulator.conftest import Get

    from mde_files.emulator import Emulator

SCOPE = "https://api.securitycenter.microsoft.com/.default"
EICAR = "3395856ce81f2b7382dee72602f798b642f14140"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture
def sign_in(emulator: Emulator, session: requests.Session):  # type: ignore[no-untyped-def]
    """Signs in with MSAL as an application and returns MSAL's answer."""

    def acquire(credential: object, application: str | None = None, scope: str = SCOPE) -> dict[str, Any]:
        asked = emulator.scenario.application(application)
        tenant = emulator.scenario.tenant(asked.tenant).id
        client = msal.ConfidentialClientApplication(
            asked.client_id,
            client_credential=credential,
            authority=f"{emulator.authority}/{tenant}",
            instance_discovery=False,
            http_client=session,
        )
        result: dict[str, Any] = client.acquire_token_for_client(scopes=[scope])
        return result

    return acquire


@pytest.fixture
def post(emulator: Emulator, session: requests.Session):  # type: ignore[no-untyped-def]
    """Posts a form to the token endpoint, the first application's secret unless told otherwise."""

    def ask(tenant: str | None = None, path: str = "oauth2/v2.0/token", **changes: str | None) -> requests.Response:
        configuration = emulator.configuration()
        form: dict[str, str | None] = {
            "grant_type": "client_credentials",
            "client_id": configuration["client_id"],
            "client_secret": configuration["auth"]["client_secret"],
            "scope": SCOPE,
            **changes,
        }
        return session.post(
            f"{emulator.authority}/{tenant or configuration['tenant_id']}/{path}", data=form, timeout=10
        )

    return ask


def error_of(response: requests.Response) -> tuple[int, str, int]:
    body = response.json()
    number = body["error_codes"][0]
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert body["correlation_id"] in body["error_description"]
    assert set(body) == {
        "error",
        "error_description",
        "error_codes",
        "timestamp",
        "trace_id",
        "correlation_id",
        "error_uri",
    }
    return response.status_code, body["error"], number


def test_client_secret(emulator: Emulator, sign_in: Any, get: Get) -> None:
    result = sign_in(emulator.configuration()["auth"]["client_secret"])
    assert result["token_source"] == "identity_provider"
    assert get(f"/api/files/{EICAR}/stats", token=result["access_token"]).status_code == 200
    assert emulator.requests[1].application == emulator.scenario.applications[0].client_id


def test_certificate_as_pem(emulator: Emulator, sign_in: Any, get: Get) -> None:
    pem = Path(emulator.configuration(method="certificate")["auth"]["certificate"]["path"]).read_text()
    assert pem == emulator.configuration(method="certificate", certificate_as="text")["auth"]["certificate"]["pem"]
    result = sign_in({"private_key": pem, "public_certificate": pem})
    assert get(f"/api/files/{EICAR}/stats", token=result["access_token"]).status_code == 200


def test_certificate_by_thumbprint(emulator: Emulator, sign_in: Any) -> None:
    certificate = emulator.certificate()
    assert "access_token" in sign_in({"private_key": certificate.private_key_pem, "thumbprint": certificate.thumbprint})


def test_certificate_as_pfx(emulator: Emulator, sign_in: Any) -> None:
    settings = emulator.configuration(method="certificate", certificate_as="pfx")["auth"]["certificate"]
    assert settings["passphrase"] == PFX_PASSPHRASE
    result = sign_in(
        {
            "private_key_pfx_path": settings["path"],
            "public_certificate": True,
            "passphrase": settings["passphrase"],
        }
    )
    assert "access_token" in result


def test_workload_identity(emulator: Emulator, sign_in: Any, get: Get) -> None:
    path = Path(emulator.configuration(method="workload_identity")["auth"]["federated_token_file"])
    result = sign_in({"client_assertion": path.read_text})
    assert get(f"/api/files/{EICAR}/stats", token=result["access_token"]).status_code == 200


def test_ready_access_token(emulator: Emulator, get: Get) -> None:
    token = emulator.configuration(method="access_token")["auth"]["access_token"]
    assert get(f"/api/files/{EICAR}/stats", token=token).status_code == 200


@pytest.mark.parametrize(
    ("application", "identity"),
    [
        ("virtual-machine", msal.SystemAssignedManagedIdentity()),
        ("enrichment", msal.UserAssignedManagedIdentity(client_id="a0000000-0000-4000-8000-000000000001")),
        ("enrichment", msal.UserAssignedManagedIdentity(resource_id="enrichment")),
    ],
)
def test_managed_identity(
    application: str,
    identity: Any,
    emulator: Emulator,
    session: requests.Session,
    get: Get,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in emulator.environment().items():
        monkeypatch.setenv(name, value)
    client = msal.ManagedIdentityClient(identity, http_client=session)
    result = client.acquire_token_for_client(resource="https://api.securitycenter.microsoft.com")
    assert 3500 < result["expires_in"] <= 3600
    assert get(f"/api/files/{EICAR}/stats", token=result["access_token"]).status_code == 200
    assert emulator.requests[0].application == emulator.scenario.application(application).client_id


@pytest.mark.parametrize(
    ("query", "header", "status"),
    [
        ({"resource": "https://api.securitycenter.microsoft.com"}, "wrong", 401),
        ({"resource": "https://api.securitycenter.microsoft.com"}, None, 401),
        ({"resource": "https://api.securitycenter.microsoft.com", "client_id": "nobody"}, "right", 400),
        ({"resource": "https://unknown.example"}, "right", 500),
    ],
)
def test_managed_identity_refusals(
    query: dict[str, str], header: str | None, status: int, emulator: Emulator, session: requests.Session
) -> None:
    environment = emulator.environment()
    given = {"right": environment["IDENTITY_HEADER"], "wrong": "wrong"}.get(header or "")
    response = session.get(
        environment["IDENTITY_ENDPOINT"],
        params=query,
        headers={"X-IDENTITY-HEADER": given} if given else {},
        timeout=10,
    )
    assert (response.status_code, response.json()["statusCode"]) == (status, status)


def test_device_code_and_renewal(emulator: Emulator, session: requests.Session, get: Get) -> None:
    emulator.scenario.device_code.interval_seconds = 0
    emulator.scenario.device_code.after_polls = 3
    asked = emulator.scenario.applications[0]
    client = msal.PublicClientApplication(
        asked.client_id,
        authority=f"{emulator.authority}/contoso.example",
        instance_discovery=False,
        http_client=session,
    )
    flow = client.initiate_device_flow(scopes=["https://api.securitycenter.microsoft.com/Alert.Read"])
    assert flow["user_code"] in flow["message"]
    result = client.acquire_token_by_device_flow(flow)
    assert result["id_token_claims"]["preferred_username"] == "alex@contoso.example"
    claims = jwt.decode(result["access_token"], options={"verify_signature": False})
    assert (claims["scp"], claims["upn"]) == ("Alert.Read", "alex@contoso.example")
    assert "roles" not in claims
    assert get(f"/api/files/{EICAR}/alerts", token=result["access_token"]).status_code == 200
    assert sum(1 for seen in emulator.requests if seen.endpoint == "token") == 3

    account = client.get_accounts()[0]
    renewed = client.acquire_token_silent(
        ["https://api.securitycenter.microsoft.com/Alert.Read"], account, force_refresh=True
    )
    assert renewed["access_token"] != result["access_token"]


@pytest.mark.parametrize(("outcome", "error"), [("decline", "authorization_declined"), ("expire", "expired_token")])
def test_device_code_that_ends_badly(outcome: Any, error: str, emulator: Emulator, session: requests.Session) -> None:
    emulator.scenario.device_code.interval_seconds = 0
    emulator.scenario.device_code.outcome = outcome
    client = msal.PublicClientApplication(
        emulator.scenario.applications[0].client_id,
        authority=f"{emulator.authority}/{emulator.scenario.tenants[0].id}",
        instance_discovery=False,
        http_client=session,
    )
    flow = client.initiate_device_flow(scopes=[SCOPE])
    assert client.acquire_token_by_device_flow(flow)["error"] == error


def test_device_code_that_came_too_late(emulator: Emulator, post: Any) -> None:
    emulator.scenario.device_code.expires_in_seconds = 0
    code = post(path="oauth2/v2.0/devicecode").json()["device_code"]
    assert error_of(post(grant_type="device_code", device_code=code)) == (400, "expired_token", 70019)


def test_device_code_refusals(emulator: Emulator, post: Any) -> None:
    assert error_of(post(grant_type="device_code", device_code="x")) == (400, "bad_verification_code", 70018)
    files_only = emulator.scenario.application("files-only").client_id
    refused = post(path="oauth2/v2.0/devicecode", client_id=files_only)
    assert error_of(refused) == (401, "invalid_client", 7000218)
    refused = post(path="oauth2/v2.0/devicecode", scope="openid")
    assert error_of(refused) == (400, "invalid_request", 900144)
    refused = post(path="oauth2/v2.0/devicecode", scope="https://unknown.example/Alert.Read")
    assert error_of(refused) == (400, "invalid_resource", 500011)


def device_code_result(post: Any, **changes: str) -> requests.Response:
    code = post(path="oauth2/v2.0/devicecode", **changes).json()["device_code"]
    response: requests.Response = post(
        grant_type="urn:ietf:params:oauth:grant-type:device_code", device_code=code, **changes
    )
    return response


def test_device_code_needs_consent_and_an_allowed_application(emulator: Emulator, post: Any) -> None:
    emulator.scenario.device_code.after_polls = 1
    machine = "https://api.securitycenter.microsoft.com/Machine.Read"
    assert error_of(device_code_result(post, scope=machine)) == (400, "invalid_grant", 65001)
    emulator.scenario.user("alex@contoso.example").scopes.clear()
    assert error_of(device_code_result(post)) == (400, "invalid_grant", 65001)
    blocked = emulator.scenario.application("blocked").client_id
    assert error_of(device_code_result(post, client_id=blocked)) == (400, "access_denied", 53003)


def test_device_code_without_a_named_user(emulator: Emulator, post: Any) -> None:
    emulator.scenario.device_code.after_polls = 1
    emulator.scenario.device_code.user = ""
    emulator.scenario.users.reverse()
    token = device_code_result(post).json()["access_token"]
    assert jwt.decode(token, options={"verify_signature": False})["upn"] == "sam@contoso.example"
    emulator.scenario.users.clear()
    assert error_of(device_code_result(post)) == (400, "authorization_declined", 65004)


def test_refresh_tokens_are_used_once_and_by_their_own_application(emulator: Emulator, post: Any) -> None:
    emulator.scenario.device_code.after_polls = 1
    refresh = {"grant_type": "refresh_token", "client_secret": None}
    first = device_code_result(post).json()["refresh_token"]
    assert post(**refresh, refresh_token=first, scope=None).status_code == 200
    assert error_of(post(**refresh, refresh_token=first)) == (400, "invalid_grant", 700082)
    second = device_code_result(post).json()["refresh_token"]
    other = emulator.scenario.application("blocked").client_id
    assert error_of(post(**refresh, refresh_token=second, client_id=other)) == (400, "invalid_grant", 700082)


def test_wrong_secret_through_msal(sign_in: Any) -> None:
    result = sign_in("wrong")
    assert result["error"] == "invalid_client"
    assert result["error_codes"] == [7000215]
    assert result["error_description"].startswith("AADSTS7000215: Invalid client secret provided.")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"client_secret": "wrong"}, (401, "invalid_client", 7000215)),
        ({"client_secret": None}, (401, "invalid_client", 7000218)),
        ({"client_id": None}, (400, "invalid_request", 900144)),
        ({"client_id": "00000000-0000-0000-0000-000000000000"}, (400, "unauthorized_client", 700016)),
        ({"scope": None}, (400, "invalid_request", 900144)),
        ({"scope": "https://api.securitycenter.microsoft.com/Alert.Read"}, (400, "invalid_scope", 1002012)),
        ({"scope": "https://api.unknown.example/.default"}, (400, "invalid_resource", 500011)),
        ({"grant_type": "password"}, (400, "unsupported_grant_type", 70003)),
        ({"tenant": "nowhere.example"}, (400, "invalid_request", 90002)),
        ({"tenant": "fabrikam.example"}, (400, "unauthorized_client", 700016)),
        ({"client_assertion": "no token", "client_assertion_type": JWT_BEARER}, (401, "invalid_client", 700027)),
    ],
)
def test_refusals(changes: dict[str, Any], expected: tuple[int, str, int], post: Any) -> None:
    assert error_of(post(**changes)) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("expired-secret", (401, "invalid_client", 7000222)), ("blocked", (400, "access_denied", 53003))],
)
def test_refused_applications(name: str, expected: tuple[int, str, int], emulator: Emulator, post: Any) -> None:
    application = emulator.scenario.application(name)
    secret = application.secrets[0].value
    assert error_of(post(client_id=application.client_id, client_secret=secret)) == expected


def test_an_old_secret_beside_a_valid_one(emulator: Emulator, post: Any) -> None:
    application = emulator.scenario.application("alerts-write")
    old, valid = application.secrets
    assert error_of(post(client_id=application.client_id, client_secret=old.value))[2] == 7000222
    assert post(client_id=application.client_id, client_secret=valid.value).status_code == 200


def test_assertions_of_another_certificate(emulator: Emulator, sign_in: Any) -> None:
    stranger = ApplicationCertificate("stranger")
    credential = {"private_key": stranger.private_key_pem, "thumbprint": stranger.thumbprint}
    assert sign_in(credential)["error_codes"] == [700027]
    assert sign_in(credential, "no-roles")["error_codes"] == [700027]
    claimed = {"private_key": stranger.private_key_pem, "thumbprint": emulator.certificate().thumbprint}
    result = sign_in(claimed)
    assert result["error_codes"] == [700027]
    assert "invalid signature" in result["error_description"]


@pytest.mark.parametrize(
    ("changes", "number"),
    [({"exp": 1_700_000_000}, 700024), ({"aud": "https://elsewhere.example"}, 700023), ({"sub": "other"}, 700027)],
)
def test_assertions_that_are_out_of_date_or_for_somebody_else(
    changes: dict[str, Any], number: int, emulator: Emulator, post: Any
) -> None:
    application = emulator.scenario.applications[0]
    certificate = emulator.certificate()
    claims = {
        "iss": application.client_id,
        "sub": application.client_id,
        "aud": f"{emulator.authority}/{application.tenant}/oauth2/v2.0/token",
        "exp": int(time.time()) + 300,
        **changes,
    }
    assertion = jwt.encode(
        claims, certificate.private_key, algorithm="RS256", headers={"x5t": certificate.identifiers["x5t"]}
    )
    refused = post(client_secret=None, client_assertion=assertion, client_assertion_type=JWT_BEARER)
    assert error_of(refused)[2] == number


@pytest.mark.parametrize(
    ("credential", "number"),
    [
        (FederatedCredential("https://cluster.contoso.example", "system:serviceaccount:other"), 700213),
        (FederatedCredential("https://stranger.example", "system:serviceaccount:security:mde-files"), 700213),
        (
            FederatedCredential("https://cluster.contoso.example", "system:serviceaccount:security:mde-files", "x"),
            700212,
        ),
    ],
)
def test_federated_assertions_that_match_no_credential(
    credential: FederatedCredential, number: int, emulator: Emulator, sign_in: Any
) -> None:
    emulator.configuration(method="workload_identity")
    issuer = emulator._running().federated_issuer
    assert sign_in({"client_assertion": lambda: issuer.assertion(credential)})["error_codes"] == [number]


def test_federated_assertions_of_another_issuer_or_time(emulator: Emulator, sign_in: Any) -> None:
    credential = emulator.scenario.applications[0].federated[0]
    forged = FederatedIssuer().assertion(credential)
    assert sign_in({"client_assertion": lambda: forged})["error_codes"] == [700027]
    late = emulator._running().federated_issuer.assertion(credential, lifetime_seconds=-60)
    assert sign_in({"client_assertion": lambda: late})["error_codes"] == [700024]


def test_openid_configuration_and_keys(emulator: Emulator, session: requests.Session) -> None:
    tenant = emulator.scenario.tenants[0]
    address = f"{emulator.authority}/{tenant.name.upper()}/v2.0/.well-known/openid-configuration"
    configuration = session.get(address, timeout=10).json()
    assert configuration["issuer"] == f"{emulator.authority}/{tenant.id}/v2.0"
    key_set = jwt.PyJWKSet.from_dict(session.get(configuration["jwks_uri"], timeout=10).json())
    token = emulator.issue_token()
    header = jwt.get_unverified_header(token)
    claims = jwt.decode(
        token, key_set[header["kid"]], algorithms=["RS256"], audience="https://api.securitycenter.microsoft.com"
    )
    assert claims["tid"] == tenant.id
    assert claims["appid"] == emulator.scenario.applications[0].client_id
    assert claims["iss"] == f"https://sts.windows.net/{tenant.id}/"
    assert claims["roles"] == ["File.Read.All", "Alert.Read.All"]
    assert claims["idtyp"] == "app"
    unknown = session.get(f"{emulator.authority}/nowhere/v2.0/.well-known/openid-configuration", timeout=10)
    assert error_of(unknown) == (400, "invalid_tenant", 90002)


def test_tokens_of_version_two(emulator: Emulator) -> None:
    identifier = "11111111-aaaa-4aaa-8aaa-111111111111"
    emulator.scenario.resources.append(Resource("Our API", ["api://our-api", identifier], token_version=2))
    claims = jwt.decode(emulator.issue_token(resource="Our API"), options={"verify_signature": False})
    assert (claims["aud"], claims["ver"]) == (identifier, "2.0")
    assert claims["azp"] == emulator.scenario.applications[0].client_id
    assert claims["iss"] == f"{emulator.authority}/{claims['tid']}/v2.0"
    assert "roles" not in claims


def test_methods_of_the_sign_in(emulator: Emulator, session: requests.Session) -> None:
    response = session.get(f"{emulator.authority}/contoso.example/oauth2/v2.0/token", timeout=10)
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
