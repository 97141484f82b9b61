from __future__ import annotations

import fcntl
import json
import os
import stat
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mde_files import config
from mde_files.auth.token_file import TokenFile
from mde_files.auth.token_store import SignedIn, entry_key
from mde_files.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mde_files.auth import TokenProvider
    from mde_files.deadline import Deadline
    from mde_files.emulator import Emulator

    Provide = Callable[..., TokenProvider]

LATER = 3600.0


def token_file(path: Path, warnings: list[str] | None = None) -> TokenFile:
    def warn(reason: str) -> None:
        if warnings is None:
            pytest.fail(f"warned: {reason}")
        warnings.append(reason)

    return TokenFile(path, warn)


def sign_in(value: str = "a.b.c", life: float = LATER, person: str | None = None) -> SignedIn:
    return SignedIn(Secret(value), time.time() + life, None if person is None else Secret(person))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def generous_umask() -> Any:
    previous = os.umask(0)
    yield
    os.umask(previous)


def test_only_the_owner_can_read_file_and_folder(token_path: Path) -> None:
    token_file(token_path).write("key", sign_in())
    assert mode(token_path) == 0o600
    assert mode(token_path.parent) == 0o700
    assert [path.name for path in token_path.parent.iterdir()] == ["tokens.json"]


def test_what_is_written_can_be_read(token_path: Path) -> None:
    file = token_file(token_path)
    written = sign_in("a.b.c", person="refresh ü")
    file.write("key", written)
    assert file.read("key") == written
    assert file.read("other") is None


def test_processes_do_not_lose_each_others_tokens(token_path: Path) -> None:
    first, second = token_file(token_path), token_file(token_path)
    first.write("one", sign_in("1"))
    second.write("two", sign_in("2"))
    assert [file.read(key) is not None for file in (first, second) for key in ("one", "two")] == [True] * 4
    first.remove("one")
    assert second.read("one") is None
    assert second.read("two") is not None


def test_many_writers_leave_a_whole_file(token_path: Path) -> None:
    def work(number: int) -> None:
        for turn in range(10):
            token_file(token_path).write(f"key{number}", sign_in(f"token{number}-{turn}"))
            assert json.loads(token_path.read_bytes())["sign_ins"]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(token_path.parent.iterdir())) == 1


def test_expired_tokens_go_and_people_stay(token_path: Path) -> None:
    file = token_file(token_path)
    file.write("gone", sign_in(life=-1))
    assert not token_path.exists()
    file.write("person", sign_in(life=-1, person="refresh"))
    file.write("new", sign_in())
    assert file.read("person") is not None
    document = json.loads(token_path.read_text())
    document["sign_ins"]["person"]["stored_at"] -= 91 * 86400
    token_path.write_text(json.dumps(document))
    file.write("newer", sign_in())
    assert set(json.loads(token_path.read_text())["sign_ins"]) == {"new", "newer"}


def test_number_and_size_are_bounded(token_path: Path) -> None:
    file = token_file(token_path)
    for number in range(40):
        file.write(f"key{number}", sign_in())
    assert len(json.loads(token_path.read_text())["sign_ins"]) == 32
    assert file.read("key39") is not None
    for number in range(5):
        file.write(f"large{number}", sign_in(person="x" * 300_000))
    assert token_path.stat().st_size <= 1_048_576
    assert file.read("large4") is not None
    assert file.read("large0") is None


def test_file_that_others_could_read_is_closed_to_them(token_path: Path) -> None:
    file = token_file(token_path)
    file.write("key", sign_in())
    token_path.chmod(0o644)
    assert file.read("key") is not None
    assert mode(token_path) == 0o600


def test_file_of_somebody_else_is_ignored(token_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = token_file(token_path)
    file.write("key", sign_in())
    monkeypatch.setattr(os, "geteuid", lambda: token_path.stat().st_uid + 1)
    assert file.read("key") is None


def test_systems_without_file_modes_work_too(token_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "geteuid")
    monkeypatch.delattr(os, "fchmod")
    file = token_file(token_path)
    file.write("key", sign_in())
    assert file.read("key") is not None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"format": 1, "sign_ins": {"key": {"access_to',
        b"\xff\xfe",
        b"[]",
        b"[" * 100_000,
        b'{"format": 2, "sign_ins": {}}',
        b'{"format": 1, "sign_ins": []}',
        b'{"format": 1, "sign_ins": {"key": 7}}',
        b'{"format": 1, "sign_ins": {"key": {"access_token": "a b", "expires_at": 1, "stored_at": 1}}}',
        b'{"format": 1, "sign_ins": {"key": {"access_token": "a", "expires_at": true, "stored_at": 1}}}',
        b'{"format": 1, "sign_ins": {"key": {"access_token": "a", "expires_at": NaN, "stored_at": 1}}}',
        b'{"format": 1, "sign_ins": {"key": {"access_token": "a", "expires_at": 1e300, "stored_at": 1}}}',
        b'{"format": 1, "sign_ins": {"key": {"access_token": "a", "expires_at": 1'
        + b"0" * 400
        + b', "stored_at": 1}}}',
        b'{"format": 1, "sign_ins": {"key": {"access_token": "a", "expires_at": 1, "stored_at": 1, "person": 1}}}',
        b" " * 1_048_577,
    ],
    ids=lambda content: str(content[:60]),
)
def test_torn_or_foreign_content_is_replaced(token_path: Path, content: bytes) -> None:
    token_path.parent.mkdir()
    token_path.write_bytes(content)
    file = token_file(token_path)
    assert file.read("key") is None
    file.write("key", sign_in("new"))
    assert file.read("key") is not None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["format", "sign_ins", "key", "access_token", "expires_at", "stored_at", "person"]),
                inner,
            )
        ),
    ),
    st.integers(0, 200),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
def test_any_content_is_survived(tmp_path: Path, document: Any, cut: int) -> None:
    path = tmp_path / "tokens.json"
    for content in (document, {"format": 1, "sign_ins": {"key": document}}, {"format": 1, "sign_ins": document}):
        path.write_text(json.dumps(content)[: 400 - cut])
        file = token_file(path)
        file.read("key")
        file.write("mine", sign_in("mine"))
        kept = file.read("mine")
        assert kept is not None
        assert kept.token.reveal() == "mine"


def test_leftovers_of_a_killed_process_are_removed(token_path: Path) -> None:
    token_path.parent.mkdir()
    names = (".tokens.json.abandon1.new", ".tokens.json.writing1.new", ".tokens.json.other")
    abandoned, in_use, of_others = (token_path.parent / name for name in names)
    for file in (abandoned, in_use, of_others):
        file.write_text("secret")
    with in_use.open() as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        token_file(token_path).write("key", sign_in())
    assert (abandoned.exists(), in_use.exists(), of_others.exists()) == (False, True, True)


def test_interrupted_write_leaves_nothing_behind(token_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = token_file(token_path)
    file.write("key", sign_in("old"))

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        file.write("key", sign_in("new"))
    assert [path.name for path in token_path.parent.iterdir()] == ["tokens.json"]
    kept = file.read("key")
    assert kept is not None
    assert kept.token.reveal() == "old"


@pytest.mark.parametrize("obstacle", ["file as folder", "folder as file", "pipe as file"])
def test_place_that_cannot_be_written_is_told_once(tmp_path: Path, obstacle: str) -> None:
    path = tmp_path / "place" / "tokens.json"
    if obstacle == "file as folder":
        path.parent.write_text("")
    elif obstacle == "folder as file":
        path.mkdir(parents=True)
    else:
        path.parent.mkdir()
        os.mkfifo(path)
    warnings: list[str] = []
    file = token_file(path, warnings)
    assert file.read("key") is None
    file.write("key", sign_in())
    file.write("key", sign_in())
    file.remove("key")
    assert len(warnings) == (0 if obstacle == "pipe as file" else 1)


def test_unwritable_place_works_in_memory_with_a_warning(
    provide: Provide, deadline: Deadline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "occupied").write_text("")
    provider = provide(token_cache=str(tmp_path / "occupied" / "tokens.json"))
    first = provider.token(deadline)
    assert provider.token(deadline).value == first.value
    warning = capsys.readouterr().err
    assert warning.count("token_file_not_written") == 1
    assert first.value.reveal() not in warning


def test_keys_never_mix_who_where_and_for_what(emulator: Emulator) -> None:
    base = emulator.configuration()
    variants = [
        base,
        {**base, "tenant_id": "fabrikam.example"},
        {**base, "client_id": "a0000000-0000-4000-8000-000000000002"},
        {**base, "scope": "https://graph.microsoft.com/.default"},
        {**base, "authority": "https://login.example"},
        {**base, "auth": {**base["auth"], "method": "device_code"}},
    ]

    def key(document: dict[str, Any], credential: bytes = b"credential", service: str = "files_api") -> str:
        configuration = config.load(document)
        return entry_key(configuration, credential, configuration.endpoints.of(service).scope)

    keys = {key(variant) for variant in variants}
    keys |= {key(base, b"another credential"), key(base, service="azure_management")}
    assert len(keys) == 8
    assert key(base) in keys


def test_changed_secret_does_not_reuse_the_old_token(
    emulator: Emulator, provide: Provide, deadline: Deadline, token_path: Path
) -> None:
    first = provide(token_cache=str(token_path)).token(deadline)
    emulator.scenario.application().secrets[0].value = "rotated~secret"
    second = provide(token_cache=str(token_path)).token(deadline)
    assert second.from_cache is False
    assert second.value != first.value
    assert "rotated~secret" not in token_path.read_text()


FROM_ANOTHER_PROCESS = """
import json, sys
from mde_files import config
from mde_files.auth import token_provider
from mde_files.deadline import Deadline
from mde_files.transport.session import HttpSession

configuration = config.load(json.load(sys.stdin))
token = token_provider(configuration, HttpSession(configuration)).token(Deadline(5))
heavy = sorted({"msal", "cryptography", "jwt", "structlog", "starlette"} & set(sys.modules))
print(json.dumps([token.value.reveal(), token.from_cache, heavy]))
"""


@pytest.mark.parametrize("method", ["client_secret", "certificate", "workload_identity"])
def test_another_process_uses_the_token_without_msal(
    emulator: Emulator, provide: Provide, deadline: Deadline, token_path: Path, method: str
) -> None:
    token = provide(method, token_cache=str(token_path)).token(deadline)
    before = len(emulator.requests)
    document = {**emulator.configuration(method=method), "token_cache": str(token_path)}
    outcome = subprocess.run(
        [sys.executable, "-c", FROM_ANOTHER_PROCESS],
        input=json.dumps(document),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(outcome.stdout) == [token.value.reveal(), True, []]
    assert len(emulator.requests) == before


def test_switched_off_file_is_not_written(
    provide: Provide, deadline: Deadline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    provider = provide(token_cache="off")
    provider.token(deadline)
    provider.forget()
    assert list(tmp_path.iterdir()) == []
