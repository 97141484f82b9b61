"""Generated and broken error answers: always one of the package's own errors, and no file is unknown by accident."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from mde_files import MdeFilesError
from mde_files.transport.refusals import NOT_FOUND_CODES

from .conftest import Told, Way, explained
from .documents import SHA1, mutated, written
from .oracle import read_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis import settings
    from tests.fault_table import FaultTable

STATUSES = [*[404] * 8, 400, 401, 403, 409, 429, 500, 503]
CODES = st.sampled_from(
    ["ResourceNotFound", "NotFound", "NotFound", "InvalidInput", "TooManyRequests", "Unauthorized", "\ud800"]
)
ENVELOPES = st.fixed_dictionaries(
    {"error": st.fixed_dictionaries({"code": CODES}, optional={"message": st.text(), "target": st.text()})}
)


def says_not_found(body: bytes) -> bool:
    try:
        document: Any = read_json(body)
    except (ValueError, RecursionError):
        return False
    error = document.get("error") if isinstance(document, dict) else None
    return isinstance(error, dict) and error.get("code") in [*NOT_FOUND_CODES]


def test_error_answers(way: Way, examples: Callable[[int], settings], fault_table: FaultTable) -> None:
    expected = ["unknown_to_defender", "an error of the package"]

    @examples(150)
    @given(st.sampled_from([ENVELOPES, mutated(ENVELOPES)]).flatmap(written), st.sampled_from(STATUSES))
    def tried(body: bytes, status: int) -> None:
        connector = way.connector(Told(*[body] * 20, status=status))
        try:
            came: str = connector.file_stats(SHA1)["outcome"]
            assert status == 404
            assert says_not_found(body)
        except MdeFilesError as error:
            assert not (status == 404 and says_not_found(body))
            explained(error)
            assert connector.record_of("file_stats", {"file_hash": SHA1})["outcome"] in ("failed", "deferred")
            came = expected[1]
        fault_table.row("generated answers", "error envelopes", expected, came)

    tried()
