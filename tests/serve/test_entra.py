"""Callers that sign in with Microsoft Entra ID: real tokens, and everything that only looks like one."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from mde_files import cli
from mde_files.commands.emulator import write_configuration
from mde_files.emulator import Fault
from mde_files.emulator.credentials import make_key
from mde_files.emulator.scenario import Resource
from mde_files.emulator.tokens import TokenIssuer
from mde_files.errors import UpstreamError
from mde_files.serve.entra import EntraTokens, TokenRefusedError
from mde_files.serve.settings import EntraSettings
from mde_files.serve.signing_keys import SigningKeys

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.serve.conftest import Served

    from mde_files import Connector
    from mde_files.emulator import Emulator

AUDIENCE = "api://mde-files"
CLIENT = "b0000000-0000-4000-8000-00000000000b"
ROLE = "Enrichment.Run"
EICAR = "3395856ce81f2b7382dee72602f798b642f14140"
STATS = "/actions/file_stats"


@pytest.fixture
def directory(emulator: Emulator) -> Emulator:
    """The emulator's directory with an app registration of the server in it."""
    emulator.scenario.resources.append(Resource("mde-files", [AUDIENCE, CLIENT]))
    for application in emulator.scenario.applications:
        if application.name in ("enrichment", "fabrikam-enrichment"):
            application.roles["mde-files"] = [ROLE]
    return emulator


@pytest.fixture(scope="module")
def entra_server(start: Callable[..., Served], configuration: dict[str, Any], running_emulator: Emulator) -> Served:
    """A server for two tenants, which takes tokens of both directories."""
    fabrikam = running_emulator.configuration("fabrikam-enrichment")
    tenants = {"fabrikam": {name: fabrikam[name] for name in ("tenant_id", "client_id", "auth")}}
    serve = {"entra": {"audiences": [AUDIENCE, CLIENT]}}
    return start({**configuration, "tenants": tenants, "serve": serve}, {"analyst": None})


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def ask(server: Served, token: str) -> Any:
    return server.post(STATS, {"file_hash": EICAR}, key=None, headers=bearer(token))


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("application", ["enrichment", "fabrikam-enrichment"])
def test_a_token_with_the_role_opens_the_tenant_it_comes_from(
    entra_server: Served, directory: Emulator, application: str, version: int
) -> None:
    directory.scenario.resources[-1].token_version = version
    answer = ask(entra_server, directory.issue_token(application, resource=AUDIENCE))
    assert answer.status_code == 200, answer.text
    tenant = directory.scenario.application(application).tenant
    assert answer.json()["source"]["tenant_id"] == directory.scenario.tenant(tenant).id
    document = entra_server.openapi("analyst")
    assert "Entra" in document["components"]["securitySchemes"]["bearer"]["description"]
    assert ask(entra_server, entra_server.keys["analyst"]).status_code == 200


def forged(directory: Emulator, how: str) -> str:
    """Return a token that differs from a good one in one thing."""
    issuer = directory._running().tokens
    good = directory.issue_token(resource=AUDIENCE)
    header = jwt.get_unverified_header(good)
    claims = jwt.decode(good, options={"verify_signature": False})
    kid = {"kid": header["kid"]}
    now = int(time.time())
    changes: dict[str, dict[str, Any]] = {
        "wrong issuer": {"iss": "https://attacker.example/"},
        "issuer of another directory": {"iss": "https://sts.windows.net/66666666-7777-8888-9999-aaaaaaaaaaaa/"},
        "wrong audience": {"aud": "https://api.securitycenter.microsoft.com"},
        "expired": {"exp": now - 600, "nbf": now - 4200, "iat": now - 4200},
        "not yet valid": {"nbf": now + 600, "exp": now + 4200},
        "another directory": {"tid": "99999999-7777-8888-9999-aaaaaaaaaaaa"},
        "no directory": {"tid": None},
        "role of another name": {"roles": ["Enrichment.Running"]},
        "role as text": {"roles": f"{ROLE} and more"},
        "no role": {"roles": None},
        "delegated scope instead of the role": {"roles": None, "scp": ROLE},
        "no expiry": {"exp": None},
    }
    if how in changes:
        return issuer._sign({key: value for key, value in {**claims, **changes[how]}.items() if value is not None})
    if how == "alg none":
        return jwt.encode(claims, None, algorithm="none", headers=kid)  # type: ignore[arg-type]
    if how == "signed with the public key as a secret":
        public = issuer._public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT", **kid}, claims)]
        signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
        mac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(signed, public)
        return (signed + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()
    if how == "signed with another key":
        return jwt.encode(claims, make_key(), algorithm="RS256", headers=kid)
    if how == "unknown key id":
        return jwt.encode(claims, make_key(), algorithm="RS256", headers={"kid": "unknown"})
    if how == "without key id":
        return jwt.encode(claims, issuer._key, algorithm="RS256")
    first, second, signature = good.split(".")
    if how == "changed":
        payload = json.dumps({**claims, "roles": [ROLE, "More"]}).encode()
        return f"{first}.{base64.urlsafe_b64encode(payload).rstrip(b'=').decode()}.{signature}"
    return f"{first}.{second}."


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ("wrong issuer", 401),
        ("issuer of another directory", 401),
        ("wrong audience", 401),
        ("expired", 401),
        ("not yet valid", 401),
        ("another directory", 401),
        ("no directory", 401),
        ("no expiry", 401),
        ("alg none", 401),
        ("signed with the public key as a secret", 401),
        ("signed with another key", 401),
        ("unknown key id", 401),
        ("without key id", 401),
        ("changed", 401),
        ("without signature", 401),
        ("role of another name", 403),
        ("role as text", 403),
        ("no role", 403),
        ("delegated scope instead of the role", 403),
    ],
)
def test_what_only_looks_like_a_good_token_opens_nothing(
    entra_server: Served, directory: Emulator, how: str, status: int
) -> None:
    token = forged(directory, how)
    answer = ask(entra_server, token)
    assert answer.status_code == status, answer.text
    assert answer.json()["code"] == {401: "unauthorized", 403: "not_permitted"}[status]
    if status == 401:
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert token not in answer.text + entra_server.log
    assert ask(entra_server, directory.issue_token(resource=AUDIENCE)).status_code == 200


def test_a_server_without_entra_takes_no_token(server: Served, directory: Emulator) -> None:
    assert ask(server, directory.issue_token(resource=AUDIENCE)).status_code == 401


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def key_requests(emulator: Emulator) -> int:
    return len([request for request in emulator.requests if request.endpoint == "keys"])


def test_keys_are_asked_for_once_a_day_and_when_a_new_one_is_used(
    connect: Callable[..., Connector], emulator: Emulator
) -> None:
    clock = Clock()
    keys = SigningKeys(connect(), clock)
    tokens = emulator._running().tokens
    assert keys.get(tokens._key_id) is not None
    for _ in range(20):
        assert keys.get(tokens._key_id) is not None
        assert keys.get("unknown") is None
    assert key_requests(emulator) == 1
    rotated = TokenIssuer()
    emulator._running().tokens = rotated
    try:
        clock.now += 61
        assert keys.get(rotated._key_id) is not None
        assert keys.get(tokens._key_id) is None
        assert key_requests(emulator) == 2
        clock.now += 24 * 3600
        assert keys.get(rotated._key_id) is not None
        assert key_requests(emulator) == 3
    finally:
        emulator._running().tokens = tokens


@pytest.mark.parametrize("kind", ["status", "html", "truncated_json", "close"])
def test_keys_that_are_known_serve_for_another_day_when_none_can_be_asked_for(
    connect: Callable[..., Connector], emulator: Emulator, kind: Any
) -> None:
    clock = Clock()
    keys = SigningKeys(connect(), clock)
    key_id = emulator._running().tokens._key_id
    assert keys.get(key_id) is not None
    emulator.scenario.faults.append(Fault(kind, endpoint="sign_in", status=503))
    clock.now = 25 * 3600.0
    assert keys.get(key_id) is not None
    clock.now = 49 * 3600.0
    for _ in range(2):
        with pytest.raises(Exception, match=r".") as caught:
            keys.get(key_id)
        assert caught.value.hint  # type: ignore[attr-defined]
    emulator.scenario.faults.clear()
    clock.now += 61
    assert keys.get(key_id) is not None


def test_a_directory_that_does_not_answer_is_no_refusal(
    start: Callable[..., Served], configuration: dict[str, Any], directory: Emulator
) -> None:
    serve = {"entra": {"audiences": [AUDIENCE]}}
    server = start({**configuration, "serve": serve}, {"analyst": None})
    directory.scenario.faults.append(Fault("status", endpoint="keys", status=503))
    answer = ask(server, directory.issue_token(resource=AUDIENCE))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert server.post(STATS, {"file_hash": EICAR}).status_code == 200
    assert "token_not_checked" in server.log


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda part: base64.urlsafe_b64encode(part).decode()))
def test_no_text_is_a_token_by_chance(text: str) -> None:
    tokens = EntraTokens(EntraSettings((AUDIENCE,), ROLE), {})
    for candidate in (text, f"{text}.{text}.{text}"):
        with pytest.raises(TokenRefusedError):
            tokens.check(candidate)


@pytest.mark.parametrize(
    ("tenants", "tenant_id", "said"),
    [
        ({"one": {}, "two": {}}, "11111111-2222-3333-4444-555555555555", "which of two tenants"),
        ({"one": {}}, "contoso.example", "the id of each directory"),
    ],
)
def test_tenants_that_no_token_can_tell_apart_are_refused_at_the_start(
    configuration: dict[str, Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    tenants: dict[str, Any],
    tenant_id: str,
    said: str,
) -> None:
    settings = {key: value for key, value in configuration.items() if key != "tenant_id"}
    named = {name: {"tenant_id": tenant_id} for name in tenants}
    path = write_configuration({**settings, "tenants": named, "serve": {"entra": {"audiences": [AUDIENCE]}}}, tmp_path)
    assert cli.main(["serve", "--config", str(path), "--port", "0", "--json"]) == 3
    error = json.loads(capsys.readouterr().out)["error"]
    assert said in error["message"]
    assert error["hint"]


def test_an_answer_without_keys_names_what_to_correct(connect: Callable[..., Connector], emulator: Emulator) -> None:
    emulator.scenario.faults.append(Fault("status", endpoint="keys", status=200, body={"keys": [{"kty": "RSA"}]}))
    with pytest.raises(UpstreamError, match="its keys") as caught:
        SigningKeys(connect()).get("any")
    assert "authority" in caught.value.hint
