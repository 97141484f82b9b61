"""Connectors whose service says what a test gives it, and how many examples a property is tried with."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from jsonschema import Draft202012Validator

from mde_files import Connector, UpstreamInvalidError, config, schemas
from mde_files.state.memory import MemoryState
from mde_files.transport.session import HttpAnswer

from .documents import MD5, SHA1, SHA256
from .oracle import integers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from fractions import Fraction

    from tests.fault_table import FaultTable

    from mde_files import MdeFilesError

DEEPER = 10
_RECORDS = Draft202012Validator(schemas.load("record"))
_COUNTS = {"lookback_hours", "total", "returned", "by_severity", "by_status", "evidence_total"}


@pytest.fixture(params=[pytest.param(1, id="ordinary"), pytest.param(DEEPER, id="deeper", marks=pytest.mark.slow)])
def examples(request: pytest.FixtureRequest) -> Callable[[int], settings]:
    """Return settings for a number of examples, ten times as many in the slow run."""

    def tried(number: int) -> settings:
        unusual = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
        return settings(max_examples=number * request.param, deadline=None, suppress_health_check=unusual)

    return tried


class Told:
    """Stands where the connections stand: answers each request with the next of the bodies it was given."""

    def __init__(self, *bodies: bytes, status: int = 200) -> None:
        self.bodies = list(bodies)
        self.status = status

    def request(self, _method: str, url: str, **_: Any) -> HttpAnswer:
        headers = {"Content-Type": "application/json; odata.metadata=minimal"}
        return HttpAnswer(self.status, headers, self.bodies.pop(0), url, 0.0)

    def close(self) -> None:
        pass


class Way:
    """The whole way of an answer but the socket: parsing, shape, cache, resolution, normalization, judgement.

    Args:
        limits: How many alerts and rows of evidence a record lists.
    """

    def __init__(self, **limits: int) -> None:
        self._config = config.load(
            {
                "tenant_id": "11111111-2222-3333-4444-555555555555",
                "auth": {"method": "access_token", "access_token": "header.claims.signature"},
                "client_id": "66666666-7777-8888-9999-000000000000",
                "cloud": "commercial",
                "sinks": {
                    "sentinel": dict.fromkeys(("subscription_id", "resource_group", "workspace"), "w"),
                    "graph": {},
                },
                "md5": True,
                "quota": {"windows": [{"calls": 60000, "seconds": 0.001}]},
                "limits": limits,
                "log": {"level": "error"},
            }
        )

    def connector(self, told: Told) -> Connector:
        """Return a connector that remembers nothing and asks ``told``."""
        connector = Connector(self._config, state=MemoryState(), sleep=lambda _: None)
        connector.service._session = told  # type: ignore[assignment]
        return connector

    def record(self, action: str, *bodies: bytes, kind: str = "sha1") -> dict[str, Any]:
        """Return the record that a connector makes of these answers; of what it keeps of them it makes the same."""
        told = Told(*bodies)
        connector = self.connector(told)
        params = {"file_hash": {"sha1": SHA1, "sha256": SHA256, "md5": MD5}[kind]}
        record = connector.run(action, params)
        told.bodies = list(bodies)
        again = connector.run(action, params)
        assert again["source"]["from_cache"] == (record["outcome"] != "not_queried" and not _cut_short(record))
        assert {**again, "source": None} == {**record, "source": None}
        return record


def _cut_short(record: Mapping[str, Any]) -> bool:
    return "file_alerts" in record and "total" not in record["file_alerts"]


@pytest.fixture(scope="session")
def way() -> Way:
    return Way()


def explained(error: MdeFilesError) -> None:
    """An error says in one printable line what is wrong, and what to do."""
    assert error.message
    assert error.hint
    assert (error.message + error.hint).isprintable()


def kept_or_refused(
    table: FaultTable, what: str, make: Callable[[], dict[str, Any]], room: str = "generated answers"
) -> dict[str, Any] | None:
    """Return the record, or None for the one error that is allowed; whatever else is raised goes through."""
    expected = ["a record, all accounted for", "upstream_invalid"]
    try:
        record = make()
    except UpstreamInvalidError as error:
        explained(error)
        table.row(room, what, expected, error.code)
        return None
    table.row(room, what, expected, expected[0])
    return record


def judged(record: dict[str, Any], said: set[Fraction]) -> None:
    """A record agrees with its schema, can be written, and each of its numbers was said or counts what is listed."""
    assert [f"{problem.json_path}: {problem.message}" for problem in _RECORDS.iter_errors(record)] == []
    assert json.loads(json.dumps(record, ensure_ascii=False, allow_nan=False).encode()) == record
    body: Mapping[str, Any] = record.get(record["action"], {})
    known = {720, 30} | {number for _, number in integers_of(body)}
    for path, number in integers_of({"body": body, "file": record["file"]}):
        if not _COUNTS.intersection(path):
            assert number in said, f"invented: {path} {number}"
    told = record["summary"] + "".join(caveat["message"] for caveat in record["caveats"])
    dates = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
    for number in re.findall("[0-9][0-9,]*", dates.sub("", told)):
        value = int(number.replace(",", ""))
        assert value in known or value in said or value in _differences(body), f"invented: {told}"


def _differences(body: Mapping[str, Any]) -> set[int]:
    """Return the numbers of sentences that are no key of the record: not resolved, in all, devices."""
    statuses = body.get("by_status", {})
    return {sum(statuses.values()), sum(statuses.values()) - statuses.get("resolved", 0), len(body.get("devices", []))}
