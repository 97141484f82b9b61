import os
import pickle
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mde_files import config, manifest, schemas
from mde_files.clouds import ServiceEndpoint
from mde_files.config_document import user_config_path
from mde_files.errors import InvalidConfigError
from mde_files.secret import Secret

TENANT = "11111111-2222-3333-4444-555555555555"
CLIENT = "66666666-7777-8888-9999-000000000000"
CANARY = "canary-4f1d9c2e7b"


def valid(**changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = {"tenant_id": TENANT, "client_id": CLIENT, "auth": {"client_secret": CANARY}}
    return {**document, **changes}


@pytest.fixture(autouse=True)
def _no_foreign_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("MDE_FILES_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config-home"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state-home"))
    monkeypatch.delenv("AZURE_FEDERATED_TOKEN_FILE", raising=False)


def test_a_dictionary_is_completed_with_the_defaults_of_the_schema() -> None:
    loaded = config.load(valid())
    assert loaded.timeouts == (5, 30, 60)
    assert loaded.limits.max_response_bytes == 64 * 1024 * 1024
    assert loaded.endpoints.base_url == "https://api.security.microsoft.com"
    assert loaded.endpoints.scope == "https://api.securitycenter.microsoft.com/.default"
    assert loaded.token_cache is not None
    assert loaded.token_cache.name == "tokens.json"


def test_the_environment_overrides_the_file_and_texts_become_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"tenant_id: {TENANT}\nclient_id: {CLIENT}\ntimeouts: {{total: 10, read: 3}}\n")
    monkeypatch.setenv("MDE_FILES_AUTH__CLIENT_SECRET", CANARY)
    monkeypatch.setenv("MDE_FILES_TIMEOUTS__TOTAL", "7.5")
    monkeypatch.setenv("MDE_FILES_MD5", "true")
    loaded = config.load(path)
    assert (loaded.timeouts.total, loaded.timeouts.read, loaded.md5) == (7.5, 3, True)
    assert loaded.auth.client_secret == Secret(CANARY)
    monkeypatch.setenv("MDE_FILES_CONFIG", str(path))
    assert config.load() == loaded


def test_the_users_own_file_is_found_without_being_named(monkeypatch: pytest.MonkeyPatch) -> None:
    path = user_config_path()
    path.parent.mkdir(parents=True)
    path.write_text(f"tenant_id: contoso.example\nclient_id: {CLIENT}\nauth: {{client_secret: {CANARY}}}\n")
    assert config.load().tenant_id == "contoso.example"


def test_a_platforms_dictionary_is_not_mixed_with_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MDE_FILES_TENANT_ID", "other.example")
    assert config.load(valid()).tenant_id == TENANT


@pytest.mark.parametrize(
    ("document", "words", "hint"),
    [
        ({}, "tenant_id is required", "mde-files demo"),
        (valid(tenant_di="x"), "no setting 'tenant_di'", "'tenant_id'"),
        (valid(timeouts={"totl": 3}), "no setting 'totl'", "'total' under 'timeouts'"),
        (valid(zzzzzz=1), "no setting 'zzzzzz'", "Known settings: tenant_id"),
        (valid(timeouts={"total": "soon"}), 'timeouts.total must be a number, not "soon"', "manifest --schema"),
        (valid(timeouts={"total": 0}), "timeouts.total must be more than 0", ""),
        (valid(tenant_id="common"), "does not name one tenant", "app registration"),
        (valid(tenant_id="a b"), "tenant_id has the wrong form", ""),
        (valid(client_id="me"), "client_id has the wrong form", ""),
        (valid(cloud="moon"), "must be one of commercial, gcc", ""),
        (valid(region="mars"), "region 'mars' is not known", "us, eu, uk, au, swa, ina, aea"),
        (valid(cloud="gcc", region="eu"), "not known in the cloud 'gcc'", "none"),
        (valid(cloud="custom"), "needs base_url, authority, scope", ""),
        (valid(base_url="http://api.example"), "base_url is not protected", "https://"),
        (valid(base_url="https://api.example:99999"), "no valid port", ""),
        (valid(base_url="ftp://api.example"), "base_url has the wrong form", ""),
        (valid(base_url="https://user:pw@api.example"), "base_url has the wrong form", ""),
        (valid(authority="http://127.0.0.1:1"), "authority must begin with https", ""),
        (valid(ca_bundle="/does/not/exist"), "ca_bundle names no readable file", ""),
        (valid(auth={}), "auth.client_secret is missing", "MDE_FILES_AUTH__CLIENT_SECRET"),
        (valid(auth={"method": "certificate"}), "auth.certificate is missing", ""),
        (valid(auth={"method": "certificate", "certificate": {}}), "either 'path' or 'pem'", ""),
        (
            valid(auth={"method": "certificate", "certificate": {"path": "/no/cert.pfx"}}),
            "auth.certificate.path names no readable file",
            "",
        ),
        (valid(auth={"method": "workload_identity"}), "auth.federated_token_file is missing", ""),
        (valid(auth={"method": "access_token"}), "auth.access_token is missing", "access_token_file"),
        (valid(auth={"method": "password"}), "auth.method must be one of client_secret", ""),
        ({"tenant_id": TENANT, "auth": {"client_secret": CANARY}}, "client_id is missing", ""),
        (valid(state=f"mongo://user:{CANARY}@db"), "state has the wrong form", ""),
        (valid(proxy=f"socks://user:{CANARY}@proxy"), "proxy has the wrong form", ""),
        (valid(auth={"client_secret": 12345}), "auth.client_secret must be text", ""),
    ],
)
def test_a_wrong_configuration_is_explained(document: dict[str, Any], words: str, hint: str) -> None:
    with pytest.raises(InvalidConfigError) as refused:
        config.load(document)
    assert words in refused.value.message
    assert hint in refused.value.hint
    assert refused.value.hint
    assert CANARY not in refused.value.message + refused.value.hint
    assert "12345" not in refused.value.message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("tenant_id: [", "line 2, column 1"),
        ("a: b: c", "no valid YAML"),
        ("- a\n- b\n", "does not hold keys and values"),
        ("just text", "does not hold keys and values"),
        ("\x00", "no valid YAML"),
        ("!!python/object/apply:os.system ['true']", "no valid YAML"),
        ("", "tenant_id is required"),
    ],
)
def test_a_broken_file_is_named_with_the_place(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(content)
    with pytest.raises(InvalidConfigError, match=words) as refused:
        config.load(path)
    assert str(path) in refused.value.message


def test_a_file_that_was_named_must_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidConfigError, match="cannot be read: No such file"):
        config.load(tmp_path / "none.yaml")
    monkeypatch.setenv("MDE_FILES_CONFIG", str(tmp_path / "none.yaml"))
    with pytest.raises(InvalidConfigError, match="cannot be read: No such file"):
        config.load()
    with pytest.raises(InvalidConfigError, match="cannot be read"):
        config.load(tmp_path)


def test_no_configuration_at_all_says_where_one_is_looked_for() -> None:
    with pytest.raises(InvalidConfigError) as refused:
        config.load()
    assert str(user_config_path()) in refused.value.hint


def test_a_secret_comes_from_a_file_without_its_line_break(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(CANARY + "\n")
    assert config.load(valid(auth={"client_secret_file": str(path)})).auth.client_secret == Secret(CANARY)
    path.write_text("\n")
    with pytest.raises(InvalidConfigError, match="cannot be read or is empty"):
        config.load(valid(auth={"client_secret_file": str(path)}))
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidConfigError, match="cannot be read or is empty"):
        config.load(valid(auth={"client_secret_file": str(path)}))


def test_workload_identity_takes_the_file_that_azure_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "token"))
    loaded = config.load(valid(auth={"method": "workload_identity"}))
    assert loaded.auth.federated_token_file == tmp_path / "token"


@pytest.mark.parametrize("value", [False, "off"])
def test_the_token_cache_can_be_switched_off(value: object) -> None:
    assert config.load(valid(token_cache=value)).token_cache is None


def test_the_token_cache_can_be_elsewhere(tmp_path: Path) -> None:
    assert config.load(valid(token_cache=str(tmp_path / "t.json"))).token_cache == tmp_path / "t.json"


@pytest.mark.parametrize(
    ("method", "delegated"), [("client_secret", False), ("access_token", False), ("device_code", True)]
)
def test_whose_permissions_apply_follows_from_the_method(method: str, delegated: bool) -> None:
    auth = {"method": method, "client_secret": CANARY, "access_token": CANARY}
    assert config.load(valid(auth=auth)).delegated is delegated


def test_every_secret_is_known_and_none_is_shown() -> None:
    auth = {
        "client_secret": "secret-1",
        "access_token": "secret-2",
        "certificate": {"pem": "secret-3", "passphrase": "secret-4"},
    }
    loaded = config.load(valid(auth=auth, proxy="http://u:secret-5@proxy:1", state="redis://:secret-6@cache:2"))
    secrets = set(loaded.secrets())
    assert {f"secret-{number}" for number in range(1, 7)} <= secrets
    assert "secret-" not in repr(loaded)


def test_a_secret_does_not_leave_by_accident() -> None:
    secret = Secret(CANARY)
    assert CANARY not in f"{secret}{secret!r}{[secret]}"
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(secret)
    assert secret != CANARY
    assert hash(secret) == hash(Secret(CANARY))


@pytest.mark.parametrize("cloud", ["commercial", "gcc", "gcc_high", "dod"])
def test_host_authority_and_scope_come_from_one_row(cloud: str) -> None:
    row = manifest.load().clouds[cloud]
    endpoints = config.load(valid(cloud=cloud)).endpoints
    assert endpoints.host == row.hosts["files_api"]
    assert endpoints.authority == row.authority
    assert endpoints.scope == row.scopes["files_api"]
    assert endpoints.portal_host == row.hosts["portal"]
    assert endpoints.scope.removesuffix("/.default") in endpoints.audiences


@pytest.mark.parametrize("region", list(manifest.load().clouds["commercial"].regions))
def test_a_region_changes_the_host_alone(region: str) -> None:
    plain, regional = config.load(valid()).endpoints, config.load(valid(region=region)).endpoints
    assert regional.host == f"{region}.api.security.microsoft.com"
    assert regional._replace(services={**regional.services, "files_api": plain.of("files_api")}) == plain


def test_a_row_can_be_overridden_and_a_custom_cloud_has_none() -> None:
    endpoints = config.load(valid(base_url="http://127.0.0.1:8080/gateway/", scope="api://x/.default")).endpoints
    assert (endpoints.base_url, endpoints.host) == ("http://127.0.0.1:8080/gateway", "127.0.0.1:8080")
    assert endpoints.scope == "api://x/.default"
    assert "api://x" not in endpoints.audiences
    custom = config.load(
        valid(cloud="custom", base_url="https://a.example", authority="https://b.example/", scope="c/.default")
    ).endpoints
    assert (custom.cloud, custom.portal_host, custom.authority) == ("custom", "", "https://b.example")
    assert custom.services == {
        "files_api": ServiceEndpoint("files_api", "https://a.example", "a.example", "c/.default", ("c",))
    }


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.9.8.7", "[::1]"])
def test_plain_http_is_accepted_for_this_machine(host: str) -> None:
    assert config.load(valid(base_url=f"http://{host}:1")).endpoints.base_url.startswith("http://")


@pytest.mark.parametrize(
    "host", ["127.0.0.1.evil.example", "127.0.0.256", "localhost.evil.example", "128.0.0.1", "0.0.0.0"]
)
def test_plain_http_is_refused_for_what_only_looks_like_this_machine(host: str) -> None:
    with pytest.raises(InvalidConfigError, match="not protected"):
        config.load(valid(base_url=f"http://{host}:1"))


@pytest.mark.parametrize("key", ["tenant_id", "region", "base_url", "portal_host"])
def test_a_line_break_at_the_end_of_a_setting_is_told_by_every_validator(key: str) -> None:
    """A pattern's end also fits before a line break for some validators and not for others."""
    given = {"tenant_id": "contoso.example", "region": "eu", "base_url": "https://a.example", key: "eu\n"}
    assert not Draft202012Validator(schemas.load("configuration")).is_valid(given)
    assert not schemas.is_valid("configuration", given)
    assert not schemas.is_valid("configuration", given, large=True)
    with pytest.raises(InvalidConfigError, match=key):
        config.load(given)
