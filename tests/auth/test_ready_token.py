from __future__ import annotations

import base64
import json
import math
import time
from typing import TYPE_CHECKING

import pytest

from mde_files import config
from mde_files.auth import decode_claims, token_provider
from mde_files.deadline import Deadline
from mde_files.errors import AuthFailedError, InvalidConfigError
from mde_files.logs import EventLog
from mde_files.transport.session import HttpSession

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mde_files.auth import TokenProvider
    from mde_files.emulator import Emulator

    Provide = Callable[..., TokenProvider]


def test_token_is_used_as_it_is(emulator: Emulator, provide: Provide, deadline: Deadline) -> None:
    given = emulator.issue_token()
    provider = provide("access_token", auth={"access_token": f" Bearer {given}\n"})
    token = provider.token(deadline)
    assert token.value.reveal() == given
    assert token.expires_at == decode_claims(given).exp
    assert emulator.requests == []
    provider.forget()
    assert provider.token(deadline) == token


def test_a_token_from_a_file_is_never_logged(
    emulator: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "token"
    path.write_text("opaque-canary-7d31f0\n")
    configuration = {**emulator.configuration(), "auth": {"method": "access_token", "access_token_file": str(path)}}
    settings = config.load({**configuration, "log": {"level": "info"}})
    log = EventLog.from_config(settings)
    provider = token_provider(settings, HttpSession(settings), log=log)
    assert provider.token(Deadline(5)).value.reveal() == "opaque-canary-7d31f0"
    log.info("odd", note="it was opaque-canary-7d31f0, was it not")
    assert "it was ****, was it not" in capsys.readouterr().err


def test_expired_token_is_refused_before_any_call(emulator: Emulator, provide: Provide, deadline: Deadline) -> None:
    expired = emulator.issue_token(lifetime_seconds=-60)
    with pytest.raises(AuthFailedError, match=r"in auth\.access_token has expired at 20..-") as caught:
        provide("access_token", auth={"access_token": expired}).token(deadline)
    assert "Get a new token" in caught.value.hint
    assert expired not in str(caught.value.as_dict())


@pytest.mark.parametrize("exp", [0, -1])
def test_token_without_a_sensible_end_has_expired(provide: Provide, deadline: Deadline, exp: int) -> None:
    payload = base64.urlsafe_b64encode(json.dumps({"exp": exp}).encode()).decode().rstrip("=")
    with pytest.raises(AuthFailedError, match=r"has expired\.$"):
        provide("access_token", auth={"access_token": f"e30.{payload}.signature"}).token(deadline)


def test_opaque_token_has_no_known_end(provide: Provide, deadline: Deadline) -> None:
    token = provide("access_token", auth={"access_token": "opaque"}).token(deadline)
    assert token.expires_at == math.inf


def test_rejected_token_needs_a_new_one(emulator: Emulator, provide: Provide, deadline: Deadline) -> None:
    provider = provide("access_token")
    with pytest.raises(AuthFailedError, match="refused the access token") as caught:
        provider.renew(provider.token(deadline), deadline)
    assert "auth.access_token" in caught.value.hint


def test_file_is_read_anew_each_time(emulator: Emulator, provide: Provide, deadline: Deadline, tmp_path: Path) -> None:
    path = tmp_path / "token"
    first, second = emulator.issue_token(), emulator.issue_token(lifetime_seconds=7200)
    path.write_text(first + "\n")
    provider = provide("access_token", auth={"access_token": None, "access_token_file": str(path)})
    rejected = provider.token(deadline)
    assert rejected.value.reveal() == first
    with pytest.raises(AuthFailedError, match=r"auth\.access_token_file"):
        provider.renew(rejected, deadline)
    path.write_text(second)
    renewed = provider.renew(rejected, deadline)
    assert renewed.value.reveal() == second
    assert renewed.expires_at > time.time() + 3600


@pytest.mark.parametrize("content", ["", "two words", "line\nbreak", "ümlaut", "x" * 20_000])
def test_file_without_a_token(provide: Provide, deadline: Deadline, tmp_path: Path, content: str) -> None:
    path = tmp_path / "token"
    path.write_text(content)
    provider = provide("access_token", auth={"access_token": None, "access_token_file": str(path)})
    with pytest.raises(InvalidConfigError, match=r"auth\.access_token_file") as caught:
        provider.token(deadline)
    assert content == "" or content not in str(caught.value.as_dict())
