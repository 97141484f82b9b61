"""Any sequence of questions has the answers that a dictionary would give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mde_files.state.interface import counted_bytes

if TYPE_CHECKING:
    from mde_files.state import State

KEYS = st.sampled_from(["cache/a/1", "cache/a/2", "cache/b", "quota/x", "quota/y/z", "solo"])
PREFIXES = st.sampled_from(["", "cache/", "cache/a/", "quota/", "solo", "nothing/"])
STEPS = st.one_of(
    st.tuples(st.just("put"), KEYS, st.binary(max_size=700)),
    st.tuples(st.just("remove"), KEYS),
    st.tuples(st.just("purge"), PREFIXES),
    st.tuples(st.just("evict"), PREFIXES, st.integers(0, 3000)),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, max_size=25))
def test_any_sequence(state: State, steps: list[tuple[Any, ...]]) -> None:
    state.purge()
    model: dict[str, bytes] = {}
    for kind, key, *more in steps:
        under = [name for name in model if name.startswith(key)]
        if kind == "put":
            kept = model.get(key)
            assert state.update(key, lambda kept, value=more[0]: (value, kept), keep_seconds=600) == kept
            if more[0] != kept:
                model.pop(key, None)
                model[key] = more[0]
        elif kind == "remove":
            assert state.update(key, lambda kept: (None, kept), keep_seconds=600) == model.pop(key, None)
        elif kind == "purge":
            assert state.purge(key) == len(under)
            for name in under:
                del model[name]
        else:
            total = sum(counted_bytes(name, model[name]) for name in under)
            target = more[0] - more[0] // 8 if total > more[0] else total
            expected = 0
            while total > target:
                total -= counted_bytes(under[expected], model.pop(under[expected]))
                expected += 1
            assert state.evict(key, more[0]) == expected
        assert {name: state.get(name) for name in model} == model
        assert state.size() == (len(model), sum(counted_bytes(*entry) for entry in model.items()))


def test_counted_bytes_cover_the_entry() -> None:
    assert counted_bytes("k", b"") == 256
    assert counted_bytes("k", b"x" * 255) == 256
    assert counted_bytes("k", b"x" * 256) == 512
