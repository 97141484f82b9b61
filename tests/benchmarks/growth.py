"""(g): how a cache hit grows with what one state holds: 10 to 100,000 files, 1 to 100 tenants."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any

from tests.benchmarks.figures import Figure, Spread, spread
from tests.benchmarks.tenant import SHA1

from mde_files import Connector
from mde_files.answers import Asking

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FILES = (10, 1_000, 100_000)
_TENANTS = (1, 10, 100)
_FILES_OF_A_TENANT = 50
_ASKS = 400
_ROUNDS = 5
_PART = "growth: cache hit, SQLite state, processor time"


def measure(folder: Path) -> Iterator[Figure]:
    """Yield the cost of a hit among more and more."""
    first: Spread | None = None
    for files in _FILES:
        connectors = _filled(folder / f"files-{files}.sqlite3", 1, files)
        hit = _hit(connectors, files)
        yield Figure(_PART, f"{files:,} files", hit, f"{_FILES[0]} files" if first else "", first)
        first = first or hit
    first = None
    for tenants in _TENANTS:
        connectors = _filled(folder / f"tenants-{tenants}.sqlite3", tenants, _FILES_OF_A_TENANT)
        hit = _hit(connectors, _FILES_OF_A_TENANT)
        yield Figure(
            _PART, f"{tenants} tenants with {_FILES_OF_A_TENANT} files each", hit, "1 tenant" if first else "", first
        )
        first = first or hit


def _filled(path: Path, tenants: int, files: int) -> list[Connector]:
    """Return a connector for each tenant, all on one state that holds the answers about their files."""
    made = []
    for tenant in range(tenants):
        configuration: dict[str, Any] = {
            "tenant_id": f"tenant-{tenant}.example",
            "client_id": "66666666-7777-4888-8999-000000000000",
            "auth": {"client_secret": "never-used"},
            "state": f"sqlite:///{path}",
            "token_cache": "off",
            "cache": {"stats_ttl": 86400, "max_megabytes": 4096},
        }
        connector = Connector.from_config(configuration)
        for number in range(files):
            _keep(connector, _sha1(number))
        made.append(connector)
    return made


def _keep(connector: Connector, sha1: str) -> None:
    """Put an answer into the cache by the way that every answer takes, without a service."""

    class Reply:
        document = {"sha1": sha1, "organizationPrevalence": 3, "orgFirstSeen": "2026-01-01T00:00:00Z"}  # noqa: RUF012
        retrieved_at = "2026-01-01T00:00:00Z"

    class Api:
        def file_stats(self, *_args: object, **_more: object) -> Reply:
            return Reply()

    answers = connector.service.answers
    answers._api = Api  # type: ignore[assignment]
    connector.run("file_stats", {"file_hash": sha1}, Asking())


def _sha1(number: int) -> str:
    return hashlib.sha1(f"{SHA1}{number}".encode(), usedforsecurity=False).hexdigest()


def _hit(connectors: list[Connector], files: int) -> Spread:
    readings = []
    for round_number in range(_ROUNDS + 1):
        started = time.process_time()
        for ask in range(_ASKS):
            # A stride without a pattern, so that neighbours in the file are not asked one after the other.
            connector = connectors[ask * 7919 % len(connectors)]
            record = connector.file_stats(_sha1((ask * 104_729 + round_number) % files))
            assert record["source"]["from_cache"]
        readings.append((time.process_time() - started) / _ASKS * 1000)
    return spread(readings[1:])
