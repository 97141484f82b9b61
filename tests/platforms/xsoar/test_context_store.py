"""The integration context as a state: one document, one version, many entries."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.platforms.xsoar.server import Server

from mde_files.platforms.xsoar.context_store import IntegrationContext, context_state
from mde_files.state.interface import BackendUnavailableError

if TYPE_CHECKING:
    from mde_files.state.key_value import KeyValueState


def put(state: KeyValueState, key: str, value: bytes) -> None:
    state.update(key, lambda _kept: (value, None), keep_seconds=60)


def test_what_others_keep_in_the_context_stays() -> None:
    server = Server({"last": "7"})
    put(context_state(server), "cache/one", b"\x00\xff")
    assert context_state(server).get("cache/one") == b"\x00\xff"
    assert server.context is not None
    assert server.context["last"] == "7"
    context_state(server).purge()
    assert "cache/one" not in json.loads(server.context["mde_files"])


def test_another_entry_that_changes_meanwhile_is_no_conflict() -> None:
    server = Server()
    one, other = IntegrationContext(server), IntegrationContext(server)
    _, version = one.read("quota/one")
    assert other.compare_and_swap("quota/other", b"2", None)
    assert one.compare_and_swap("quota/one", b"1", version)
    assert other.read("quota/one")[0] == b"1"
    assert one.read("quota/other")[0] == b"2"


def test_the_same_entry_that_changed_meanwhile_is_one() -> None:
    server = Server()
    one, other = IntegrationContext(server), IntegrationContext(server)
    _, version = one.read("quota/one")
    assert other.compare_and_swap("quota/one", b"2", None)
    assert not one.compare_and_swap("quota/one", b"1", version)
    assert other.read("quota/one")[0] == b"2"


def test_endless_competition_is_given_up() -> None:
    server = Server()

    def hurry() -> None:
        server.version += 1

    server.before_write = hurry
    assert not IntegrationContext(server).compare_and_swap("quota/one", b"1", None)


def test_concurrent_writers_lose_nothing() -> None:
    server = Server()

    def count(_: int) -> None:
        state = context_state(server)
        for _turn in range(5):
            state.update("quota/n", lambda kept: (b"%d" % (int(kept or b"0") + 1), None), keep_seconds=60)

    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(count, range(4)))
    assert context_state(server).get("quota/n") == b"20"


@pytest.mark.parametrize(
    "kept", [None, {}, {"mde_files": ""}, {"mde_files": "{"}, {"mde_files": 7}, {"mde_files": "[]"}]
)
def test_what_cannot_be_read_is_begun_anew(kept: Any) -> None:
    state = context_state(Server(kept))
    put(state, "cache/one", b"1")
    assert state.get("cache/one") == b"1"


@given(st.dictionaries(st.text(), st.text() | st.integers()))
def test_strange_entries_are_absent_and_can_be_replaced(entries: dict[str, Any]) -> None:
    state = context_state(Server({"mde_files": json.dumps({f"cache/{key}": value for key, value in entries.items()})}))
    for key in entries:
        assert state.get(f"cache/{key}") is None
        put(state, f"cache/{key}", b"1")
        assert state.get(f"cache/{key}") == b"1"


def test_a_server_without_versions_is_out_of_reach() -> None:
    with pytest.raises(BackendUnavailableError, match="no versioned integration context"):
        context_state(object())  # type: ignore[arg-type]
