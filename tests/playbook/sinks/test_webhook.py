from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from tests.transport.hostile import Connection, HostileServer, http_answer, in_turn

from mde_files import config
from mde_files.errors import (
    ForbiddenError,
    InvalidConfigError,
    MdeFilesError,
    NetworkError,
    ThrottledError,
    UpstreamError,
    WrongEndpointError,
)
from mde_files.playbook.sinks import open_sink
from mde_files.playbook.sinks.webhook import signature

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mde_files.connector import Connector

    from .conftest import Bench

SECRET = "a-key-that-both-sides-know"
TAKEN = http_answer({"ok": True})


@pytest.fixture
def receive() -> Iterator[Callable[..., HostileServer]]:
    """Start receivers that give ``answers`` in turn, the last one again and again."""
    started: list[HostileServer] = []

    def receive(*answers: bytes) -> HostileServer:
        started.append(HostileServer(in_turn(answers)).__enter__())
        return started[-1]

    yield receive
    for server in started:
        server.__exit__(None, None, None)


def connector_for(bench: Bench, server: HostileServer | None = None, **settings: Any) -> Connector:
    given = {"secret": SECRET, **({"url": f"{server.url}/hook?key=s3cret-path"} if server else {}), **settings}
    return bench.connect(sinks={"webhook": {name: value for name, value in given.items() if value is not None}})


def test_a_message_is_signed_and_carries_everything(bench: Bench, receive: Callable[..., HostileServer]) -> None:
    server = receive(TAKEN)
    wanted = bench.attachment(add_tags=("mde-enriched",), notes=("Look at it.",))
    attached = bench.attach("webhook", wanted, connector=connector_for(bench, server))
    assert (attached.sink, attached.status, attached.tags_added) == ("webhook", "created", ())
    assert attached.place == f"{server.url}/…"
    (seen,) = server.requests
    assert seen.line.startswith("POST /hook?key=s3cret-path ")
    assert "authorization" not in seen.headers
    assert seen.headers["content-type"] == "application/json"
    moment, value = (part.split("=")[1] for part in seen.headers["x-mde-files-signature"].split(","))
    assert abs(int(moment) - time.time()) < 60
    expected = hmac.new(SECRET.encode(), moment.encode() + b"." + seen.body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(value, expected)
    message = json.loads(seen.body)
    assert message["incident"]["id"] == bench.incident().id
    assert message["incident"]["sentinel"]["workspace"] == "contoso-sentinel"
    assert message["records"] == json.loads(json.dumps(wanted.records))
    assert (message["playbook"], message["notes"], message["add_tags"], message["changes"]) == (
        "enrich-incident-files",
        ["Look at it."],
        ["mde-enriched"],
        [],
    )


def test_the_same_findings_are_sent_once_and_changed_ones_with_another_key(
    bench: Bench, receive: Callable[..., HostileServer]
) -> None:
    server = receive(TAKEN, TAKEN)
    connector = connector_for(bench, server)
    wanted = bench.attachment()
    statuses = [bench.attach("webhook", wanted, connector=connector).status for _ in range(2)]
    assert statuses == ["created", "unchanged"]
    changed = bench.attachment("eicar", "rare-in-organization")
    attached = bench.attach("webhook", changed, connector=connector)
    assert attached.status == "updated"
    first, second = server.requests
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]
    assert json.loads(second.body)["changes"] == list(attached.changes)


def test_when_the_memory_is_lost_the_key_is_the_same(bench: Bench, receive: Callable[..., HostileServer]) -> None:
    server = receive(TAKEN, TAKEN)
    wanted = bench.attachment()
    for _ in range(2):
        bench.attach("webhook", wanted, connector=connector_for(bench, server))
        bench.connector.purge()
    assert len({seen.headers["idempotency-key"] for seen in server.requests}) == 1
    assert len(server.requests) == 2


@pytest.mark.parametrize("failure", [b"", *(http_answer({}, status=status) for status in (408, 429, 500, 503))])
def test_what_passes_is_tried_again_with_the_same_key(
    bench: Bench, receive: Callable[..., HostileServer], failure: bytes
) -> None:
    server = receive(failure, failure, TAKEN)
    assert bench.attach("webhook", connector=connector_for(bench, server)).status == "created"
    assert len({seen.headers["idempotency-key"] for seen in server.requests}) == 1


@pytest.mark.parametrize(
    ("answer", "kind", "attempts"),
    [
        (http_answer({}, status=400), UpstreamError, 1),
        (http_answer({}, status=404), UpstreamError, 1),
        (http_answer({}, status=401), ForbiddenError, 1),
        (http_answer({}, status=403), ForbiddenError, 1),
        (http_answer({}, status=307, headers={"Location": "https://attacker.example/"}), WrongEndpointError, 1),
        (http_answer({}, status=501), UpstreamError, 5),
        (http_answer({}, status=503), UpstreamError, 5),
        (http_answer({}, status=429, headers={"Retry-After": "900"}), ThrottledError, 1),
        (b"", NetworkError, 5),
    ],
)
def test_what_does_not_pass_is_told_without_the_path(
    bench: Bench, receive: Callable[..., HostileServer], answer: bytes, kind: type[MdeFilesError], attempts: int
) -> None:
    server = receive(*[answer] * attempts, TAKEN)
    connector = connector_for(bench, server)
    with pytest.raises(kind) as caught:
        bench.attach("webhook", connector=connector)
    assert len(server.requests) == attempts
    assert f"127.0.0.1:{server.port}" in caught.value.message if kind is not NetworkError else True
    assert caught.value.hint
    assert "s3cret-path" not in str(caught.value.as_dict())
    assert bench.attach("webhook", connector=connector).status == "created"


def test_a_dry_run_sends_nothing(bench: Bench, receive: Callable[..., HostileServer]) -> None:
    server = receive(TAKEN)
    assert bench.attach("webhook", dry_run=True, connector=connector_for(bench, server)).status == "would_create"
    assert server.requests == []


def test_over_tls_by_an_address_that_is_named(bench: Bench, tmp_path: Path) -> None:
    import ssl

    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(authority.cert_pem.bytes() + (bench.connector.config.ca_bundle or tmp_path).read_bytes())

    def script(connection: Connection) -> None:
        while connection.request() is not None:
            connection.send(TAKEN)

    with HostileServer(script, tls=context) as server:
        connector = bench.connect(ca_bundle=str(bundle), sinks={"webhook": {"secret": SECRET}})
        attached = bench.attach(f"webhook:{server.url}/", connector=connector)
        assert attached.status == "created"
        with pytest.raises(NetworkError, match="not trusted"):
            bench.attach(f"webhook:{server.url}/other", connector=connector_for(bench))


@pytest.mark.parametrize(
    ("address", "settings", "words"),
    [
        ("", {}, "has no address"),
        ("http://collector.example/", {}, "not protected"),
        ("ftp://collector.example/", {}, "no https:// URL"),
        ("https://user:canary-word@collector.example/", {}, "no https:// URL"),
        ("https://collector.example/#canary-word", {}, "no https:// URL"),
        ("https://collector.example:99999/canary-word", {}, "no valid port"),
        ("https://collector.example/canary-word", {"secret": None}, "needs a key"),
    ],
)
def test_a_webhook_that_cannot_be_used_is_refused_when_it_is_opened(
    bench: Bench, address: str, settings: dict[str, Any], words: str
) -> None:
    connector = connector_for(bench, **settings)
    with pytest.raises(InvalidConfigError, match=words) as caught:
        open_sink(f"webhook:{address}" if address else "webhook", connector)
    assert "canary-word" not in f"{caught.value.message} {caught.value.hint}"


def test_the_key_can_lie_in_a_file_and_is_a_secret(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"{SECRET}\n", encoding="utf-8")
    document = bench.emulator.configuration()
    document["sinks"] = {"webhook": {"url": "https://collector.example/canary", "secret_file": str(path)}}
    loaded = config.load(document)
    assert {SECRET, "https://collector.example/canary"} <= set(loaded.secrets())
    assert SECRET not in repr(loaded)
    assert "canary" not in repr(loaded)
    short = {**document, "sinks": {"webhook": {"url": "http://collector.example/canary", "secret": SECRET}}}
    with pytest.raises(InvalidConfigError, match="not protected") as caught:
        config.load(short)
    assert "canary" not in caught.value.message
    path.write_text("short", encoding="utf-8")
    with pytest.raises(InvalidConfigError, match="at least 16"):
        open_sink("webhook", bench.connect(sinks=document["sinks"]))


def test_a_signature_is_over_time_and_body() -> None:
    mac = hmac.new(b"k" * 16, b"1700000000.{}", hashlib.sha256).hexdigest()
    assert signature("k" * 16, b"{}", 1_700_000_000) == f"t=1700000000,v1={mac}"
