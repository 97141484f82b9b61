"""(e): answers with many alerts, each with three rows of evidence: checked and normalized, time and memory.

As a script, it does one step in a process of its own and prints its peak memory: ``large_answers.py STEP FILE``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from tests.benchmarks.figures import Figure, Spread, spread
from tests.benchmarks.tenant import SHA1, environment

from mde_files import records, schemas
from mde_files.connector import MANY_ALERTS
from mde_files.records import Question, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ROUNDS = {1: 200, 100: 25, 10_000: 5}
_QUESTION = Question("file_alerts", SHA1, "sha1", "11111111-2222-3333-4444-555555555555")
_SOURCE = Source(
    "commercial", "h.example", "t", "/api/files/{sha1}/alerts", "2026-01-01T00:00:00Z", False, 0, "p.example"
)
_EVIDENCE = {
    "entityType": "Process",
    "evidenceCreationTime": "2026-01-26T20:33:58.42Z",
    "sha1": "8563f95b2f8a284fc99da44500cd51a77c1ff36c",
    "sha256": "dc0ade0c95d6db98882bc8fa6707e64353cd6f7767ff48d6a81a6c2aef21c608",
    "fileName": "suspicious.dll",
    "filePath": "c:\\temp",
    "processId": 4711,
    "processCommandLine": "rundll32 suspicious.dll,Start -x 1 -y 2",
    "processCreationTime": "2026-01-26T20:33:57.1Z",
    "parentProcessId": 17,
    "parentProcessCreationTime": "2026-01-26T20:33:50.1Z",
    "parentProcessFileName": "explorer.exe",
    "parentProcessFilePath": "c:\\windows",
    "ipAddress": None,
    "url": None,
    "registryKey": None,
    "registryHive": None,
    "registryValueType": None,
    "registryValue": None,
    "registryValueName": None,
    "accountName": "temp123",
    "domainName": "CONTOSO",
    "userSid": "S-1-5-21-1",
    "aadUserId": None,
    "userPrincipalName": None,
    "detectionStatus": "Detected",
}
_ALERT = {
    "incidentId": 1126093,
    "investigationId": None,
    "assignedTo": None,
    "severity": "Medium",
    "status": "New",
    "classification": None,
    "determination": None,
    "investigationState": "Queued",
    "detectionSource": "WindowsDefenderAtp",
    "detectorId": "17e10bbc-3a68-474a-8aad-faef14d43952",
    "category": "Execution",
    "threatFamilyName": None,
    "title": "Low-reputation arbitrary code executed by signed executable",
    "description": "Binaries signed by Microsoft can be used to run low-reputation arbitrary code. " * 12,
    "alertCreationTime": "2026-01-26T20:33:57.7220239Z",
    "firstEventTime": "2026-01-26T20:31:32.9562661Z",
    "lastEventTime": "2026-01-26T20:31:33.0577322Z",
    "lastUpdateTime": "2026-01-26T20:33:59.2Z",
    "resolvedTime": None,
    "machineId": "111e6dd8c833c8a052ea231ec1b19adaf497b625",
    "computerDnsName": "host1.contoso.example",
    "rbacGroupName": "UnassignedGroup",
    "aadTenantId": "11111111-2222-3333-4444-555555555555",
    "relatedUser": {"userName": "temp123", "domainName": "CONTOSO"},
    "threatName": None,
    "mitreTechniques": ["T1064", "T1085", "T1220"],
    "loggedOnUsers": [{"accountName": "temp123", "domainName": "CONTOSO"}],
    "comments": [],
    "evidence": [_EVIDENCE, _EVIDENCE, _EVIDENCE],
    "domains": [],
}


def answer_text(alerts: int) -> bytes:
    """Return an answer of the service with so many alerts."""
    value = [{"id": f"da{number}_1364969609", **_ALERT} for number in range(alerts)]
    return json.dumps({"@odata.context": "https://h.example/api/$metadata#Alerts", "value": value}).encode()


def record_of(document: dict[str, Any]) -> dict[str, Any]:
    """Return what an action makes of a decoded answer: checked, normalized, checked."""
    if not schemas.is_valid("upstream_alerts", document):
        raise ValueError("the answer of the benchmark is not valid")
    record = records.alerts_record(
        _QUESTION,
        _SOURCE,
        sha1=SHA1,
        alerts=document["value"],
        pages=[document],
        complete=True,
        max_alerts=100_000,
        max_evidence=100_000,
    )
    if schemas.problems("record", record, large=len(document["value"]) >= MANY_ALERTS):
        raise ValueError("the record of the benchmark is not valid")
    return record


def measure(folder: Path) -> Iterator[Figure]:
    """Yield time and peak memory for 1, 100 and 10,000 alerts."""
    part = "answers with alerts, three rows of evidence each"
    ratios: dict[int, float] = {}
    for alerts, rounds in _ROUNDS.items():
        text = answer_text(alerts)
        document = json.loads(text)
        record_of(document)
        loading = _timed(lambda text=text: json.loads(text), rounds)  # type: ignore[misc]
        making = _timed(lambda document=document: record_of(document), rounds)  # type: ignore[misc]
        bar = 2.5 if alerts == max(_ROUNDS) else None
        named = f"{alerts:,} alerts ({len(text) / 1e6:,.1f} MB)"
        yield Figure(part, named + _judged_by(alerts), making, "json.loads", loading, bar=bar)
        if alerts >= MANY_ALERTS and schemas.compiled_judge("record"):
            with patch.object(schemas, "compiled_judge", lambda _name: None):
                making_without = _timed(lambda document=document: record_of(document), rounds)  # type: ignore[misc]
            yield Figure(part, f"{named}, without extra 'fast'", making_without, "json.loads", loading)
        ratios[alerts] = making.median / loading.median
    # Parsing itself takes longer for an alert among many, since more has to be kept in mind at once.
    yield Figure(
        part, "the ratio at 10,000 alerts", _one(ratios[10_000]), "at 100", _one(ratios[100]), unit="x", bar=1.5
    )
    path = folder / "answer.json"
    path.write_bytes(answer_text(10_000))
    least, parsed, made = (_memory(step, path) for step in ("bytes", "parse", "record"))
    yield Figure(
        part, "10,000 alerts, peak memory", _one(made - least), "parsed JSON", _one(parsed - least), unit="MB", bar=3.0
    )


def _judged_by(alerts: int) -> str:
    if alerts < MANY_ALERTS:
        return ""
    return ", extra 'fast'" if schemas.compiled_judge("record") else ", without extra 'fast'"


def _one(value: float) -> Spread:
    return spread([value])


def _timed(step: Callable[[], object], rounds: int) -> Spread:
    readings = []
    for _ in range(rounds):
        started = time.process_time()
        step()
        readings.append((time.process_time() - started) * 1000)
    return spread(readings)


def _memory(step: str, path: Path) -> float:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.large_answers", step, str(path)],
        check=True,
        capture_output=True,
        text=True,
        env=environment(),
        cwd=Path(__file__).parents[2],
    )
    return float(ran.stdout)


def _main(step: str, path: Path) -> None:
    text = path.read_bytes()
    kept: Any = text
    if step != "bytes":
        kept = json.loads(text)
    if step == "record":
        kept = (kept, record_of(kept))
    # Unlike ru_maxrss, the peak begins anew with the program. Of parsed JSON counts what it takes, not the parsing.
    field = "VmRSS:" if step == "parse" else "VmHWM:"
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    sys.stdout.write(next(str(int(line.split()[1]) / 1024) for line in status if kept and line.startswith(field)))


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]))
