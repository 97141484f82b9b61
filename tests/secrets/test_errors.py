"""Every way to fail that a secret is near: nothing that is written, raised or reported of it carries the secret."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from mde_files import Connector
from mde_files.deadline import Deadline
from mde_files.emulator import Fault
from mde_files.errors import MdeFilesError
from mde_files.playbook.attachment import Attachment
from mde_files.playbook.incident import read_incident
from mde_files.resources import schema_path

from .canaries import Canary, canary
from .watching import failure_of, told_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fault_table import FaultTable

    from .conftest import Tenant, Written

    Leaks = Callable[[Any, list[Canary]], list[str]]

ROOM = "secrets: errors"
PEM = "-----BEGIN PRIVATE KEY-----\n{0}{0}{0}{0}{0}{0}{0}{0}{0}{0}\n-----END PRIVATE KEY-----"
ENCRYPTED = PEM.replace("PRIVATE", "ENCRYPTED PRIVATE")
PLAIN = canary("the secret", odd=False)
ODD = canary("the secret")
NOWHERE = "https://127.0.0.1:9"

# Settings that cannot be used, with {} where the secret stands; most are what people really write.
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "authority with a password": {"authority": "https://user:{}@login.test"},
    "base_url with a password": {"base_url": "https://user:{}@api.test/x"},
    "base_url with a password and no slashes": {"base_url": "https:user:{}@api.test"},
    "auth is a text": {"auth": "client_secret={}"},
    "auth is the secret": {"auth": "{}"},
    "auth is a list": {"auth": ["{}"]},
    "the secret is a group": {"auth": {"client_secret": {"value": "{}"}}},
    "the secret is a list": {"auth": {"client_secret": ["{}"]}},
    "key and secret without a space": {"auth": {"client_secret:{}": None}},
    "key and secret with an equals sign": {"auth": {"client_secret={}": None}},
    "key and secret at the top": {"client_secret {}": 1},
    "method is the secret": {"auth": {"method": "{}"}},
    "client_id is the secret": {"client_id": "{}"},
    "secret file is the secret": {"auth": {"client_secret_file": "{}"}},
    "secret file is a folder and the secret": {"auth": {"client_secret_file": "/nowhere/{}"}},
    "token file is the token": {"auth": {"method": "access_token", "access_token_file": "{}"}},
    "federated token file is the token": {"auth": {"method": "workload_identity", "federated_token_file": "{}"}},
    "certificate is a text": {"auth": {"method": "certificate", "certificate": "{}"}},
    "certificate path is the key": {"auth": {"method": "certificate", "certificate": {"path": PEM}}},
    "certificate path has a null byte": {"auth": {"method": "certificate", "certificate": {"path": "{}\x00"}}},
    "certificate without its certificate": {"auth": {"method": "certificate", "certificate": {"pem": PEM}}},
    "certificate with another passphrase": {
        "auth": {"method": "certificate", "certificate": {"pem": ENCRYPTED, "passphrase": "{}"}}
    },
    "certificate twice": {"auth": {"method": "certificate", "certificate": {"pem": "{}", "path": "{}"}}},
    "token with spaces": {"auth": {"method": "access_token", "access_token": "{} {}"}},
    "proxy of another kind": {"proxy": "ftp://user:{}@proxy.test"},
    "proxy is a list": {"proxy": ["http://user:{}@proxy.test"]},
    "state of another kind": {"state": "mongo://user:{}@db.test"},
    "state with a port that is none": {"state": "redis://user:{}@127.0.0.1:port/0"},
    "state out of reach": {"state": "redis://user:{}@127.0.0.1:1/0", "state_required": True},
    "webhook is a text": {"sinks": {"webhook": "https://hooks.test/{}"}},
    "sinks is a text": {"sinks": "https://hooks.test/{}"},
    "webhook without TLS": {"sinks": {"webhook": {"url": "http://hooks.test/{}"}}},
    "webhook with a user": {"sinks": {"webhook": {"url": "https://{}@hooks.test/"}}},
    "webhook secret too short": {"sinks": {"webhook": {"secret": 7, "url": "https://hooks.test/{}#{}"}}},
    "webhook secret file is the secret": {"sinks": {"webhook": {"secret_file": "{}"}}},
    "celery is a text": {"celery": "redis://user:{}@redis.test"},
    "celery of another kind": {"celery": {"broker": "amqp://user:{}@broker.test", "results": "{}"}},
    "tenants is a list": {"tenants": ["{}"]},
    "certificate authorities with the secret near": {"ca_bundle": "/nowhere", "auth": {"client_secret": "{}"}},
}  # fmt: skip
DOCUMENTS = {
    "a quotation mark too few": 'tenant_id: x\nauth:\n  client_secret: "{}\n  method: [\n',
    "a tab": "auth:\n\tclient_secret: {}\n",
    "a list": "- {}\n",
    "the secret alone": "{}",
    "no space after the colon": "auth:\n  client_secret:{}\n",
    "an alias": "auth: {{client_secret: *{}}}\n",
    "a tag": "auth: !{} x\n",
    "python": "auth: !!python/object/apply:os.system [{}]\n",
    "a key twice": "auth: {{client_secret: {}, client_secret: {}}}\n",
    "a control character": 'auth: "{}\x01"\n',
    "an unknown escape": 'auth: "\\q{}"\n',
    "a second document": "tenant_id: x\n---\nclient_secret: {}\n",
    "a block without end": "auth:\n  certificate:\n    pem: |\n   {}\n  x: [",
}
FAULTS: dict[str, Fault] = {
    "echo in the target": Fault("status", status=400, body={"error": {"code": "X", "message": "{}", "target": "{}"}}),
    "echo after Bearer": Fault("status", status=500, body={"error": {"code": "X", "target": "Bearer {}"}}),
    "echo as the code": Fault("status", status=400, body={"error": {"code": "{}", "message": "{}", "target": "t"}}),
    "echo as the content type": Fault("status", status=200, body="{}", content_type="text/{}"),
    "echo as a long content type": Fault("status", status=200, body="{}", content_type="text/x-" + "x" * 40 + "{}"),
    "echo in a redirect": Fault("redirect", location="https://{}.test/{}"),
    "echo of roles": Fault(
        "status", status=403, body={"error": {"code": "Forbidden", "message": "API required roles: {}", "target": "t"}}
    ),
    "echo when throttled": Fault(
        "status", status=429, headers={"Retry-After": "900"}, body={"error": {"code": "{}", "target": "{}"}}
    ),
    "echo in Sunset": Fault("headers", headers={"Sunset": "x" * 90 + "{}", "Deprecation": "{}"}),
    "echo in 401": Fault("status", status=401, body={"error": {"code": "{}", "message": "{}", "target": "{}"}}),
    "echo in 404": Fault("status", status=404, body={"error": {"code": "{}", "message": "{}", "target": "{}"}}),
    "echo in JSON of another shape": Fault("status", status=200, body={"{}": "{}"}),
    "echo in HTML": Fault("status", status=502, body="<html>{}</html>", content_type="text/html"),
    "echo in 200": Fault("status", status=200, body={"error": {"code": "{}", "message": "{}"}}),
}  # fmt: skip
SIGN_IN_ANSWERS: dict[str, tuple[int, Any]] = {
    "echo as the description": (400, {"error": "x", "error_description": "{}"}),
    "echo as the error": (400, {"error": "{}"}),
    "echo in an object as the error": (400, {"error": {"code": "{}", "message": "{}"}}),
    "echo as the correlation id": (400, {"error": "x", "correlation_id": "{}", "error_description": "AADSTS1: {}"}),
    "echo of a form": (400, {"error": "x", "error_description": "client_secret={url}"}),
    "echo in a server's error": (500, {"error": "{}"}),
    "echo in a throttled sign-in": (429, {"correlation_id": "{}"}),
    "echo in HTML": (200, "<html>{}</html>"),
    "echo in a list": (200, ["{}"]),
    "echo as a token in an object": (200, {"access_token": {"x": "{}"}}),
    "echo as the life of a token": (200, {"access_token": "x y", "expires_in": "{}"}),
    "echo as a token with spaces": (200, {"access_token": "x {}", "expires_in": 5}),
}


def filled(given: Any, text: str) -> Any:
    """Return ``given`` with the secret where it belongs."""
    from urllib.parse import quote

    if isinstance(given, str):
        return given.replace("{}", text).replace("{0}", text).replace("{url}", quote(text, safe=""))
    if isinstance(given, dict):
        return {filled(key, text): filled(value, text) for key, value in given.items()}
    return [filled(item, text) for item in given] if isinstance(given, list) else given


def fault_with(fault: Fault, text: str) -> Fault:
    made = Fault(**{key: value for key, value in vars(fault).items() if key != "matched"})
    made.body, made.headers = filled(fault.body, text), filled(fault.headers, text)
    made.content_type, made.location = filled(fault.content_type, text), filled(fault.location, text)
    return made


def asked(settings: dict[str, Any], sha1: str) -> None:
    """Ask as a program does, and again as a batch does; what the record of the failure says counts as an error."""
    with Connector.from_config(settings) as connector:
        record = connector.record_of("file_stats", {"file_hash": sha1})
        sys.stdout.write(json.dumps(record))
        connector.file_stats(sha1)


class Judge:
    """Takes failures, looks at everything they tell and adds a row to the table."""

    def __init__(self, leaks: Leaks, written: Written, table: FaultTable) -> None:
        self._leaks = leaks
        self._written = written
        self._table = table

    def __call__(self, name: str, canaries: list[Canary], call: Callable[[], object], *, fails: bool = True) -> None:
        error = failure_of(call)
        told = [("written", self._written.text()), *(told_by(error) if error is not None else ())]
        said = self._leaks(told, canaries)
        if fails and not isinstance(error, MdeFilesError):
            said.append(f"no error of this package: {type(error).__name__}")
        self._table.row(ROOM, name, "nothing told", "; ".join(said) or "nothing told")


@pytest.fixture
def judge(leaks: Leaks, written: Written, fault_table: FaultTable) -> Judge:
    return Judge(leaks, written, fault_table)


@pytest.mark.parametrize("name", CONFIGURATIONS)
@pytest.mark.parametrize("secret", [PLAIN, ODD], ids=["plain", "odd"])
def test_a_wrong_setting(tenant: Tenant, judge: Judge, name: str, secret: Canary) -> None:
    settings = tenant.settings(**filled(CONFIGURATIONS[name], secret.text), log={"level": "debug"})

    def use() -> None:
        with Connector.from_config(settings) as connector:
            connector.open_sink("webhook") if "webhook" in settings.get("sinks", {}) else None
            connector.file_stats(tenant.sha1)

    judge(f"setting: {name}", [secret, tenant.client_secret], use)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_configuration_file_that_is_no_yaml(tenant: Tenant, judge: Judge, name: str) -> None:
    path = tenant.folder / "config.yaml"
    path.write_text(DOCUMENTS[name].replace("{{", "{").replace("}}", "}").replace("{}", PLAIN.text), encoding="utf-8")
    judge(f"file: {name}", [PLAIN], lambda: Connector.from_config(path))


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("name", FAULTS)
def test_a_service_that_repeats_the_token(tenant: Tenant, judge: Judge, name: str, form: str) -> None:
    token = canary("ready token", odd=False)
    tenant.fail(fault_with(FAULTS[name], token.text))
    settings = tenant.ready(token.text, log={"level": "debug", "format": form})
    judge(f"service: {name}", [token], lambda: asked(settings, tenant.sha1))


@pytest.mark.parametrize("name", ["echo in the target", "echo as the code", "echo in Sunset"])
def test_a_service_that_repeats_an_issued_token(tenant: Tenant, judge: Judge, name: str) -> None:
    token = canary("issued token", odd=False)
    issued = {"token_type": "Bearer", "expires_in": 3599, "access_token": token.text}
    tenant.fail(Fault("status", endpoint="token", status=200, body=issued), fault_with(FAULTS[name], token.text))
    settings = tenant.settings(log={"level": "debug"})
    judge(f"issued token: {name}", [token, tenant.client_secret], lambda: asked(settings, tenant.sha1))


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("name", SIGN_IN_ANSWERS)
@pytest.mark.parametrize("secret", [PLAIN, ODD], ids=["plain", "odd"])
def test_a_sign_in_service_that_repeats_the_secret(
    tenant: Tenant, judge: Judge, name: str, form: str, secret: Canary
) -> None:
    status, body = SIGN_IN_ANSWERS[name]
    tenant.fail(Fault("status", endpoint="token", status=status, body=filled(body, secret.text)))
    auth = {"method": "client_secret", "client_secret": secret.text}
    settings = tenant.settings(auth=auth, log={"level": "debug", "format": form})
    judge(f"sign-in: {name}", [secret], lambda: asked(settings, tenant.sha1))


WAYS: dict[str, dict[str, Any]] = {
    "wrong client secret": {"auth": {"method": "client_secret", "client_secret": ODD.text}},
    "another authority signed the certificate": {"ca_bundle": "/etc/ssl/certs/ca-certificates.crt"},
    "sign-in host out of reach": {"authority": NOWHERE},
    "service out of reach": {"base_url": NOWHERE},
    "proxy out of reach": {"proxy": f"http://user:{PLAIN.text}@127.0.0.1:9", "authority": "https://login.test"},
    "proxy that is none": {"proxy": f"http://user:{PLAIN.text}@:port", "authority": "https://login.test"},
    "proxy with an odd password": {"proxy": f"http://u:{ODD.core}%40%2F@127.0.0.1:9", "authority": "https://login.test"},
    "no time": {"timeouts": {"total": 0.0001}},
    "another tenant": {"tenant_id": "other.test"},
    "state is no database": {"state": "sqlite:////dev/null/x", "state_required": True},
}  # fmt: skip


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("name", WAYS)
def test_a_way_that_leads_nowhere(tenant: Tenant, judge: Judge, name: str, form: str) -> None:
    settings = tenant.settings(log={"level": "debug", "format": form}, **WAYS[name])
    judge(f"way: {name}", [PLAIN, ODD, tenant.client_secret], lambda: asked(settings, tenant.sha1))


def test_a_managed_identity_whose_endpoint_repeats_its_header(
    tenant: Tenant, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = canary("identity header", odd=False)
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{tenant.emulator.base_url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", header.text)
    for body in ({"error": "x", "error_description": header.text}, {"statusCode": 400, "message": header.text}):
        tenant.fail(Fault("status", endpoint="managed_identity", status=400, body=body))
        settings = tenant.settings(auth={"method": "managed_identity"}, log={"level": "debug"})
        judge("managed identity: echo of its header", [header], lambda: asked(settings, tenant.sha1))  # noqa: B023


def test_a_federated_token_that_is_repeated(tenant: Tenant, judge: Judge) -> None:
    token = canary("federated token", odd=False)
    path = tenant.folder / "federated"
    path.write_text(token.text)
    tenant.fail(Fault("status", endpoint="token", status=400, body={"error": "x", "error_description": token.text}))
    settings = tenant.settings(
        auth={"method": "workload_identity", "federated_token_file": str(path)}, log={"level": "debug"}
    )
    judge("workload identity: echo of its token", [token], lambda: asked(settings, tenant.sha1))


FLOW = {
    "device_code": "d",
    "user_code": "ABCD",
    "verification_uri": "https://login.test",
    "expires_in": 900,
    "interval": 0,
}
GRANTED = {
    "token_type": "Bearer",
    "access_token": "opaque-token",
    "expires_in": 1,
    "client_info": "eyJ1aWQiOiJ1IiwidXRpZCI6InQifQ",
}


def test_a_code_for_another_device_that_is_repeated(tenant: Tenant, judge: Judge) -> None:
    code = canary("device code", odd=False)
    flow = {**FLOW, "device_code": code.text}
    refusal = {"error": "x", "error_description": code.text}
    tenant.fail(
        Fault("status", endpoint="device_code", status=200, body=flow),
        Fault("status", endpoint="token", status=400, body=refusal),
    )
    settings = tenant.settings(auth={"method": "device_code"}, log={"level": "debug"})

    def sign_in() -> None:
        with Connector.from_config(settings, prompt=sys.stdout.write) as connector:
            connector.sign_in()

    judge("device code: echo", [code], sign_in)


def test_a_refresh_token_that_is_repeated(tenant: Tenant, judge: Judge) -> None:
    refresh = canary("refresh token", odd=False)
    granted = {**GRANTED, "refresh_token": refresh.text}
    cache = tenant.folder / "tokens.json"
    settings = tenant.settings(auth={"method": "device_code"}, log={"level": "debug"}, token_cache=str(cache))
    tenant.fail(
        Fault("status", endpoint="device_code", status=200, body=FLOW),
        Fault("status", endpoint="token", status=200, body=granted, times=1),
        Fault("status", endpoint="token", status=400, body={"error": "x", "error_description": refresh.text}),
    )
    with Connector.from_config(settings, prompt=sys.stdout.write) as connector:
        connector.sign_in()
    assert refresh.text in cache.read_text()

    def sign_in() -> None:
        with Connector.from_config(settings) as connector:
            connector.sign_in()

    judge("device code: echo of the refresh token", [refresh], sign_in)


RECORD = json.loads(schema_path("record").read_text(encoding="utf-8"))["examples"][0]


@pytest.mark.parametrize(
    "text",
    [
        "webhok:https://hooks.test/{}",
        "webhook:http://hooks.test/{}",
        "webhook:https://user:{}@hooks.test/",
        "webhook:{}",
        "webhook:https://127.0.0.1:9/{}",
        "webhook:https://hooks.test:port/{}",
        "sentinel:{}",
        "{}",
    ],
)
def test_a_sink_that_cannot_be_used(tenant: Tenant, judge: Judge, text: str) -> None:
    key = canary("webhook key")
    settings = tenant.settings(sinks={"webhook": {"secret": key.text}}, log={"level": "debug"})
    incident = read_incident({"id": "1", "files": [{"sha1": tenant.sha1}]})

    def attach() -> None:
        with Connector.from_config(settings) as connector:
            sink = connector.open_sink(text.replace("{}", PLAIN.text))
            sink.attach(incident, Attachment("p", "Title", (RECORD,)), dry_run=False, deadline=Deadline(5))

    judge(f"sink: {text}", [PLAIN, key, tenant.client_secret], attach)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 429, 500])
def test_a_webhook_that_repeats_url_and_signature(tenant: Tenant, judge: Judge, status: int) -> None:
    path, key = canary("webhook path", odd=False), canary("webhook key")
    body = {"error": f"https://hooks.test/{path.text} {key.text}"}
    tenant.fail(
        Fault("status", status=status, body=body, headers={"Location": f"https://{path.text}.test/{path.text}"})
    )
    url = f"{tenant.emulator.base_url}/api/{path.text}"
    settings = tenant.settings(sinks={"webhook": {"secret": key.text, "url": url}}, log={"level": "debug"})
    incident = read_incident({"id": "1", "files": [{"sha1": tenant.sha1}]})

    def attach() -> None:
        with Connector.from_config(settings) as connector:
            sink = connector.open_sink("webhook")
            sink.attach(incident, Attachment("p", "Title", (RECORD,)), dry_run=False, deadline=Deadline(5))

    judge(f"webhook answers {status} with an echo", [path, key, tenant.client_secret], attach)


def test_the_search_finds_what_is_hidden_badly(leaks: Leaks) -> None:
    """A search that finds nothing proves nothing unless it finds what is there."""
    import base64

    secret = canary("the secret")
    shapes = {
        "plain": secret.text,
        "cut": secret.core[:11],
        "end": secret.core[-10:],
        "small": secret.core.lower(),
        "reversed": secret.text[::-1],
        "base64": base64.b64encode(f"user:{secret.text}".encode()).decode(),
        "hexadecimal": secret.text.encode().hex(),
        "wide": secret.text.encode("utf-16-le").decode("latin-1"),
    }
    assert len(leaks(shapes.items(), [secret])) == len(shapes)
    assert leaks([("other", canary("other").text)], [secret]) == []

    def fail(password: str) -> None:
        raise ValueError("hidden")

    error = failure_of(lambda: eval("fail(text)", {"fail": fail, "text": secret.text}))  # noqa: S307
    assert error is not None
