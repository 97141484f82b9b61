"""Generated and broken answers about statistics and files, the whole way to the record."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from hypothesis import example, given
from hypothesis import strategies as st

from .conftest import judged, kept_or_refused
from .documents import MD5, SHA1, SHA256, mutated, valid, written
from .oracle import Account, numbers_in, read_json, whole_number
from .shapes import Shape, file_shape, statistics_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hypothesis import settings
    from tests.fault_table import FaultTable

    from .conftest import Way

STATISTICS, FILE = statistics_shape(), file_shape()
PREVALENCES = {
    "organization_prevalence": ("organizationPrevalence", "orgPrevalence"),
    "global_prevalence": ("globallyPrevalence", "globalPrevalence"),
}
ABOUT_THE_FILE = {"sha1": SHA1, "sha256": SHA256, "md5": MD5}


def without(shape: Shape, *keys: str) -> Shape:
    return {key: kind for key, kind in shape.items() if key not in keys}


def account_for_statistics(record: Mapping[str, Any], answer: dict[str, Any]) -> None:
    account = Account(record.get("unmapped", []))
    made = copy.deepcopy(record["file_stats"])
    assert made.pop("lookback_hours") == 720
    assert made.pop("lookback_defaulted") is True
    codes = [caveat["code"] for caveat in record["caveats"]]
    for name, keys in PREVALENCES.items():
        readings = set()
        for key in keys:
            value = answer.get(key)
            number = whole_number(value)
            if number is not None and number >= 0:
                readings.add(number)
            elif value is not None and not (isinstance(value, str) and not value.strip()):
                account.kept(value, key)
        assert made.pop(name, None) == max(readings, default=None)
        if len(readings) > 1:
            codes.remove("prevalence_mismatch")
    assert "prevalence_mismatch" not in codes
    rest = {key: value for key, value in answer.items() if key not in sum(PREVALENCES.values(), ())}
    account.object({"sha1": None, **rest}, STATISTICS, {**made, **known_sha1(answer)})
    account.settle()


def account_for_the_file(record: Mapping[str, Any], answer: dict[str, Any], kind: str) -> None:
    account = Account(record.get("unmapped", []), "file_info:")
    made = copy.deepcopy(record["file"])
    assert made.pop("queried") == ABOUT_THE_FILE[kind]
    assert made.pop("queried_type") == kind
    assert made.pop("sha1") == SHA1
    if not isinstance(answer.get(kind), str) or not answer[kind].strip():
        assert made.pop(kind) == ABOUT_THE_FILE[kind]
    account.object(answer, FILE, {**made, **known_sha1(answer)})
    account.settle()


def known_sha1(answer: Mapping[str, Any]) -> dict[str, str]:
    """The SHA-1 that was asked is in the record already; that the answer repeats it adds nothing."""
    said = answer.get("sha1")
    return {"sha1": SHA1} if isinstance(said, str) and said.strip() else {}


def test_statistics_are_accounted_for(way: Way, examples: Callable[[int], settings], fault_table: FaultTable) -> None:
    documents = valid(STATISTICS, "organizationPrevalence", "globallyPrevalence")

    @examples(250)
    @given(st.sampled_from([documents, mutated(documents)]).flatmap(written))
    @example(b'{"globallyPrevalence": 1e-400, "organizationPrevalence": 0.99999999999999999999}')
    @example(b'{"globallyPrevalence": 1e23, "organizationPrevalence": 9007199254740993.0}')
    def tried(body: bytes) -> None:
        record = kept_or_refused(fault_table, "statistics", lambda: way.record("file_stats", body))
        if record is not None:
            account_for_statistics(record, read_json(body))
            judged(record, numbers_in(body.decode("utf-8-sig")))

    tried()


def test_what_is_said_of_the_file_itself_is_accounted_for(
    way: Way, examples: Callable[[int], settings], fault_table: FaultTable
) -> None:
    documents = valid(FILE, "sha1", "globalPrevalence", "size")

    @examples(250)
    @given(st.sampled_from([documents, mutated(documents)]).flatmap(written), st.sampled_from(["sha256", "md5"]))
    def tried(body: bytes, kind: str) -> None:
        statistics = b'{"organizationPrevalence": 3}'
        record = kept_or_refused(
            fault_table, "file information", lambda: way.record("file_stats", body, statistics, kind=kind)
        )
        if record is not None:
            text = body.decode("utf-8-sig")
            account_for_the_file(record, read_json(body), kind)
            judged(record, {*numbers_in(text), *numbers_in(statistics.decode())})

    tried()
