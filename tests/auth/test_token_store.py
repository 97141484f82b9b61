"""Tokens beside quota and answers, in a platform's own store."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from mde_files import config
from mde_files.auth.token_store import SignedIn, TokensInState
from mde_files.connector import Connector
from mde_files.secret import Secret
from mde_files.state.key_value import KeyValueState
from mde_files.state.memory import MemoryState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mde_files.emulator import Emulator

SEEN = "3395856ce81f2b7382dee72602f798b642f14140"


def sign_in(seconds: float = 3600.0, person: str | None = None) -> SignedIn:
    return SignedIn(Secret("token-one"), time.time() + seconds, None if person is None else Secret(person))


def test_what_is_written_is_read_by_everybody_with_the_state() -> None:
    state = MemoryState()
    TokensInState(state).write("one", sign_in(person="refresh"))
    read = TokensInState(state).read("one")
    assert read is not None
    assert (read.token, read.person) == (Secret("token-one"), Secret("refresh"))
    assert TokensInState(state).read("other") is None
    TokensInState(state).remove("one")
    assert TokensInState(state).read("one") is None


def test_a_token_that_expired_does_not_stay() -> None:
    state = MemoryState()
    store = TokensInState(state)
    store.write("one", sign_in())
    store.write("one", sign_in(seconds=-1))
    assert state.size() == (0, 0)
    store.write("one", sign_in(seconds=-1, person="refresh"))
    assert state.size()[0] == 1


@pytest.mark.parametrize("kept", [b"", b"{", b"[]", b'{"access_token": "a b"}', b"[" * 100_000])
def test_what_cannot_be_read_is_absent(kept: bytes) -> None:
    state = MemoryState()
    state.update("tokens/one", lambda _kept: (kept, None), keep_seconds=60)
    assert TokensInState(state).read("one") is None


def test_a_state_out_of_reach_does_no_harm() -> None:
    def gone(*_: object) -> tuple[bytes | None, int]:
        raise OSError("canary-77")

    lost = KeyValueState(gone, gone)
    store = TokensInState(lost)
    store.write("one", sign_in())
    store.remove("one")
    assert store.read("one") is None


def test_connectors_with_one_store_sign_in_once(
    emulator: Emulator, token_requests: Callable[[], int], tmp_path: Path
) -> None:
    state = MemoryState()
    settings = {**emulator.configuration(), "state": "memory:", "token_cache": str(tmp_path / "tokens.json")}
    for _ in range(2):
        with Connector(config.load(settings), state=state, token_store=TokensInState(state)) as connector:
            assert connector.file_stats(SEEN)["outcome"] == "seen_in_organization"
    assert token_requests() == 1
    assert not (tmp_path / "tokens.json").exists()
    with Connector(config.load(settings), state=state, token_store=TokensInState(state)) as connector:
        connector.purge()
    assert state.size("tokens/") == (0, 0)
