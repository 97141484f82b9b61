"""A platform's own store behind two functions."""

from __future__ import annotations

import pytest
from tests.state.conftest import Clock, Platform

from mde_files.state import key_value
from mde_files.state.interface import BackendUnavailableError
from mde_files.state.key_value import KeyValueState


@pytest.fixture
def platform() -> Platform:
    return Platform()


def put(state: KeyValueState, key: str, value: bytes, keep_seconds: float = 60.0) -> None:
    state.update(key, lambda _kept: (value, None), keep_seconds=keep_seconds)


def test_everybody_with_the_store_sees_the_same(platform: Platform) -> None:
    one = KeyValueState(platform.read, platform.compare_and_swap)
    other = KeyValueState(platform.read, platform.compare_and_swap)
    put(one, "cache/one", b"1")
    assert other.get("cache/one") == b"1"
    assert other.purge("cache/") == 1
    assert one.get("cache/one") is None


def test_whoever_is_slower_looks_again(platform: Platform) -> None:
    one = KeyValueState(platform.read, platform.compare_and_swap)
    other = KeyValueState(platform.read, platform.compare_and_swap)
    seen: list[bytes | None] = []

    def change(kept: bytes | None) -> tuple[bytes, None]:
        seen.append(kept)
        if len(seen) < 8:
            put(other, "quota/one", b"%d" % len(seen))
        return b"mine", None

    one.update("quota/one", change, keep_seconds=60)
    assert seen == [None, b"1", b"2", b"3", b"4", b"5", b"6", b"7"]
    assert other.get("quota/one") == b"mine"


def test_endless_competition_ends(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_value, "_MOST_TRIES", 8)
    state = KeyValueState(platform.read, lambda _key, _value, _version: False)
    with pytest.raises(BackendUnavailableError, match="too many at once"):
        put(state, "quota/one", b"1")


def test_a_failing_platform_is_out_of_reach() -> None:
    def fail(_key: str) -> tuple[None, int]:
        raise RuntimeError("the token canary-77 is wrong")

    state = KeyValueState(fail, lambda _key, _value, _version: True)
    with pytest.raises(BackendUnavailableError, match="RuntimeError") as caught:
        state.get("cache/one")
    assert "canary" not in str(caught.value)


def test_dead_entries_leave_the_store_with_the_next_write(platform: Platform) -> None:
    clock = Clock()
    state = KeyValueState(platform.read, platform.compare_and_swap, shared=False, clock=clock)
    put(state, "cache/short", b"1", keep_seconds=10)
    put(state, "cache/longer", b"1", keep_seconds=10)
    put(state, "cache/longer", b"2", keep_seconds=1000)
    clock.seconds += 20
    assert state.now() == 1020
    put(state, "cache/new", b"1")
    assert platform.values["cache/short"][0] is None
    assert state.get("cache/longer") == b"2"
    assert state.size() == (2, 512)
    assert not state.shared


def test_a_busy_entry_is_not_entered_in_the_index_each_time(platform: Platform) -> None:
    clock = Clock()
    state = KeyValueState(platform.read, platform.compare_and_swap, clock=clock)
    for number in range(100):
        clock.seconds += 1
        put(state, "quota/one", b"%03d" % number, keep_seconds=3600)
    assert platform.values["index/quota"][1] == 1
    clock.seconds += 3500
    assert state.get("quota/one") == b"099"


def test_what_is_too_short_to_be_an_entry_is_none(platform: Platform) -> None:
    platform.values["cache/one"] = (b"short", 7)
    state = KeyValueState(platform.read, platform.compare_and_swap)
    assert state.get("cache/one") is None
    put(state, "cache/one", b"1")
    assert state.get("cache/one") == b"1"
