"""What every state promises, asked of each."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mde_files.state import State


def put(state: State, key: str, value: bytes | None, keep_seconds: float = 60.0) -> None:
    state.update(key, lambda _kept: (value, None), keep_seconds=keep_seconds)


def test_what_is_kept_is_found_again_replaced_and_removed(state: State) -> None:
    assert state.get("cache/one") is None
    assert state.update("cache/one", lambda kept: (b"\x00\xff", kept), keep_seconds=60) is None
    assert state.get("cache/one") == b"\x00\xff"
    assert state.update("cache/one", lambda kept: (b"", kept), keep_seconds=60) == b"\x00\xff"
    assert state.get("cache/one") == b""
    assert state.update("cache/one", lambda kept: (None, kept), keep_seconds=60) == b""
    assert state.get("cache/one") is None
    assert state.update("cache/one", lambda kept: (None, kept), keep_seconds=60) is None
    assert state.size() == (0, 0)


@pytest.mark.parametrize("key", ["cache/ä€😀", "cache/%", "cache/*[a]?", "cache/{x}\n 'q'", "lonely", "c/" + "k" * 900])
def test_any_key_is_a_key(state: State, key: str) -> None:
    put(state, key, b"value")
    put(state, "cache/other", b"other")
    assert state.get(key) == b"value"
    assert state.purge(key) == 1
    assert state.get(key) is None
    assert state.get("cache/other") == b"other"


def test_large_values_stay_whole(state: State) -> None:
    value = bytes(range(256)) * 8000
    put(state, "cache/large", value)
    assert state.get("cache/large") == value


def test_an_entry_dies_when_its_time_has_come(state: State) -> None:
    put(state, "cache/short", b"1", keep_seconds=0.15)
    put(state, "cache/long", b"2", keep_seconds=60)
    assert state.get("cache/short") == b"1"
    time.sleep(0.2)
    assert state.get("cache/short") is None
    assert state.size("cache/")[0] == 1
    assert state.update("cache/short", lambda kept: (b"3", kept), keep_seconds=60) is None
    assert state.get("cache/short") == b"3"


def test_leaving_an_entry_as_it_is_does_not_prolong_its_life(state: State) -> None:
    put(state, "cache/short", b"1", keep_seconds=0.3)
    assert state.update("cache/short", lambda kept: (kept, "seen"), keep_seconds=60) == "seen"
    assert state.get("cache/short") == b"1"
    time.sleep(0.35)
    assert state.get("cache/short") is None


def test_a_failing_change_changes_nothing(state: State) -> None:
    put(state, "cache/one", b"1")

    def fail(_kept: bytes | None) -> tuple[bytes | None, None]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        state.update("cache/one", fail, keep_seconds=60)
    assert state.get("cache/one") == b"1"
    put(state, "cache/one", b"2")
    assert state.get("cache/one") == b"2"


def test_purge_removes_what_begins_with_the_prefix_only(state: State) -> None:
    for key in ("cache/a/1", "cache/a/2", "cache/ab/1", "quota/a/1"):
        put(state, key, b"x")
    assert state.purge("cache/a/") == 2
    assert [state.get(key) for key in ("cache/a/1", "cache/a/2")] == [None, None]
    assert state.get("cache/ab/1") == b"x"
    assert state.purge() == 2
    assert state.purge() == 0
    assert state.size() == (0, 0)


def test_size_counts_entries_and_bytes_under_a_prefix(state: State) -> None:
    put(state, "cache/1", b"x" * 10)
    put(state, "cache/2", b"x" * 1000)
    put(state, "quota/1", b"x" * 300)
    assert state.size("cache/") == (2, 256 + 1024)
    assert state.size("cache/2") == (1, 1024)
    assert state.size() == (3, 256 + 1024 + 512)
    put(state, "cache/2", b"x")
    assert state.size("cache/") == (2, 512)


def test_eviction_drops_the_entries_written_longest_ago(state: State) -> None:
    for number in range(10):
        put(state, f"cache/{number}", b"x" * 1000)
    put(state, "cache/0", b"y" * 1000)
    put(state, "quota/1", b"z" * 5000)
    assert state.evict("cache/", 10 * 1024) == 0
    assert state.size("cache/")[0] == 10
    assert state.evict("cache/", 8 * 1024) == 3
    left = [number for number in range(10) if state.get(f"cache/{number}") is not None]
    assert left == [0, 4, 5, 6, 7, 8, 9]
    assert state.size("cache/")[1] <= 8 * 1024
    assert state.evict("cache/", 8 * 1024) == 0
    assert state.get("quota/1") is not None
    assert state.evict("", 0) == 8
    assert state.size() == (0, 0)


def test_eviction_counts_what_is_alive_only(state: State) -> None:
    for number in range(8):
        put(state, f"cache/{number}", b"x" * 1000, keep_seconds=0.1 if number else 60)
    time.sleep(0.15)
    state.evict("cache/", 2048)
    assert state.get("cache/0") is not None
    assert state.size("cache/") == (1, 1024)


def test_a_part_of_a_group_is_evicted_by_itself(state: State) -> None:
    for number in range(4):
        put(state, f"cache/a/{number}", b"x" * 1000)
        put(state, f"cache/b/{number}", b"x" * 1000)
    assert state.evict("cache/a/", 4096) == 0
    assert state.evict("cache/a/", 2048) == 3
    assert state.get("cache/a/3") is not None
    assert state.size("cache/b/")[0] == 4


def test_time_goes_on_and_never_back(state: State) -> None:
    moments = [state.now()]

    def look(_kept: bytes | None) -> tuple[bytes, None]:
        moments.append(state.now())
        return b"", None

    for _ in range(20):
        state.update("quota/clock", look, keep_seconds=60)
        moments.append(state.now())
    assert moments == sorted(moments)
    begin = state.now()
    time.sleep(0.1)
    assert 0.09 <= state.now() - begin < 5


def test_the_wall_clock_does_not_matter(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    put(state, "cache/one", b"1", keep_seconds=30)
    begin = state.now()
    for wall in (0.0, 4e9, -1e5):
        monkeypatch.setattr(time, "time", lambda wall=wall: wall)
        assert 0 <= state.now() - begin < 20
        assert state.get("cache/one") == b"1"
        put(state, "cache/two", b"2", keep_seconds=30)
        assert state.get("cache/two") == b"2"


def test_threads_never_lose_a_change(state: State) -> None:
    def count() -> None:
        for _ in range(50):
            state.update("quota/count", lambda kept: (b"%d" % (int(kept or b"0") + 1), None), keep_seconds=60)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert state.get("quota/count") == b"400"


def test_after_close_it_can_be_closed_again(state: State) -> None:
    put(state, "cache/one", b"1")
    state.close()
    state.close()
