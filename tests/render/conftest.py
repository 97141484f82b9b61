from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from mde_files.errors import QuotaExhaustedError
from mde_files.playbook.attachment import Attachment
from mde_files.playbook.incident import Incident, ObservedFile, Skipped
from mde_files.resources import schema_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from mde_files import Connector
    from mde_files.emulator import Emulator

HOSTILE_TEXTS = [
    "<img src=x onerror=alert(1)>.exe",
    '"><svg onload=alert(1)>.scr',
    "<script>alert('name')</script>.js",
    "</title></style><script>alert(1)</script>",
    "' onmouseover='alert(1)",
    "[click](https://attacker.example).exe",
    "![x](https://attacker.example/x.png)",
    "<https://attacker.example>",
    "https://attacker.example/a.exe",
    "www.attacker.example",
    "evil@attacker.example",
    "@everyone #1 GH-1",
    "attacker.example",
    "`code` **bold** | cell |.txt",
    "javascript:alert(1)",
    "\x1b]8;;https://attacker.example\x1b\\click\x1b]8;;\x1b\\.exe",
    "invoice\u202efdp.exe",
    "a\u200bb\u2066c",
    "safe.txt\r\n\r\n# heading\n- list",
    '=HYPERLINK("https://attacker.example","open").csv',
    "--> <!-- ]]> {{7*7}} ${x} %0a",
    "\ud800lone",
    "   ",
    "",
]
LABELS = [
    "eicar",
    "many-alerts",
    "known-globally-only",
    "prevalence-missing",
    "prevalence-mismatch",
    "unknown",
    "name-html",
    "name-terminal",
    "name-right-to-left",
    "name-markdown",
    "name-formula",
    "name-endless",
    "odd-alerts",
]
_EXAMPLES = json.loads(schema_path("record").read_text(encoding="utf-8"))["examples"]


def example(outcome: str, **changes: Any) -> dict[str, Any]:
    """Return the schema's first example with this outcome, some of its top-level keys changed."""
    found: dict[str, Any] = copy.deepcopy(next(record for record in _EXAMPLES if record["outcome"] == outcome))
    return {**found, **changes}


def of_file(record: dict[str, Any], sha1: str, **file: Any) -> dict[str, Any]:
    """Return the record as if it were about another file."""
    changed = copy.deepcopy(record)
    changed["file"] = {"sha1": sha1, "queried": sha1, "queried_type": "sha1", **file}
    changed["record_id"] = f"{sha1[:8]}-0000-5000-8000-{sha1[:12]}"
    changed["portal_url"] = f"https://security.microsoft.com/file/{sha1}?tid=t"
    return changed


def named(name: str, sha1: str = "a" * 40) -> dict[str, Any]:
    """Return statistics of a file that has this name."""
    record = of_file(example("seen_in_organization"), sha1)
    record["file_stats"]["top_file_names"] = [name]
    return record


def alerts_everywhere(text: str, sha1: str = "a" * 40) -> dict[str, Any]:
    """Return alerts in which every text an attacker may choose is ``text``."""
    record = of_file(example("alerts_found"), sha1, signer=text, determination_type="Malware", determination_value=text)
    body = record["file_alerts"]
    body["devices"] = [{"machine_id": "m", "name": text}]
    body["mitre_techniques"] = [text]
    body["alerts"][0].update(title=text, severity=text, status=text, computer_dns_name=text)
    record["caveats"] = [{"code": "stale_cache", "message": text}]
    return record


def attachment_of(*records: dict[str, Any], **changes: Any) -> Attachment:
    return Attachment("enrich-incident-files", "Files of this incident", tuple(records))._replace(**changes)


def incident_of(*files: ObservedFile, **changes: Any) -> Incident:
    skipped = (Skipped("da39a3ee5e6b4b0d3255bfef95601890afd80709", "the hash of the empty file"),)
    url = "https://security.microsoft.com/incident2/42/overview"
    incident = Incident(
        "plain", "42", "An incident", "high", "2026-11-21T18:01:00Z", url, "42", None, ("vip",), files, skipped, {}
    )
    return incident._replace(**changes)


@pytest.fixture
def records(connect: Callable[..., Connector], emulator: Emulator) -> list[dict[str, Any]]:
    """What a real connector says about many kinds of files, hostile ones too, with two open questions."""
    connector = connect()
    made = [
        connector.record_of(action, {"file_hash": emulator.scenario.file(label).sha1})
        for label in LABELS
        for action in ("file_stats", "file_alerts")
    ]
    made.append(connector.record_of("file_stats", {"file_hash": "<b>no hash</b>"}))
    later = QuotaExhaustedError("The hour is used up.", hint="Wait.", retry_at="2026-11-22T00:10:00Z")
    made.append(connector.failure("file_alerts", {"file_hash": "ab" * 20}, later))
    return made
