"""``mde-files demo``: the whole way of a call, against a local Defender tenant."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files.commands.emulator import command_name
from mde_files.commands.options import parser

if TYPE_CHECKING:
    from mde_files.console import Console
    from mde_files.emulator import Scenario
    from mde_files.playbook.report import RunReport

_WAIT_ASKED_FOR = "90"
_PORTAL = "security.microsoft.com"
_INCIDENT = "incident.json"
_PAGE = "report.html"
_INCIDENT_FILES = ("ransomware", "eicar", "many-alerts", "rare-in-organization", "name-html", "unknown")
_INTRODUCTION = """\
A local Defender tenant has been started. Sign-in, TLS, HTTP and validation are real; only the data is invented.
"""
_CLOSING = """
Three commands to try next:

  {command} emulator               a local tenant to play with; prints how to point the others at it
  {command} file-stats {sha1}
  {command} check                  what your own configuration lacks, in words
"""


class _Showpiece(NamedTuple):
    action: str
    label: str
    kind: str
    why: str


_SHOWPIECES = (
    _Showpiece("file_stats", "eicar", "sha1", "A file on several devices."),
    _Showpiece(
        "file_stats", "known-globally-only", "sha1", "Known to Microsoft, not seen here: that is not 'unknown'."
    ),
    _Showpiece("file_stats", "prevalence-empty", "sha1", "An answer without numbers is not a zero."),
    _Showpiece("file_stats", "unknown", "sha1", "A file Defender has never met."),
    _Showpiece(
        "file_alerts", "eicar", "sha256", "A SHA-256 is resolved first: the service looks alerts up by SHA-1 alone."
    ),
    _Showpiece("file_alerts", "quiet-file", "sha1", "No alerts. That is no verdict."),
    _Showpiece("file_alerts", "unknown", "sha256", "A SHA-256 that cannot be resolved: never told as 'no alerts'."),
    _Showpiece("file_stats", "answer-for-another-file", "sha1", "The service answers about another file: refused."),
    _Showpiece("file_stats", "business-application", "sha1", "The quota is used up: come back later."),
)


def run(words: list[str], console: Console) -> int:
    """Enrich one file for each outcome, then the files of an incident, and show what came of it."""
    arguments = parser("demo", "Show it working on a local Defender tenant.", connects=False).parse_args(words)
    from mde_files.emulator import Emulator, Scenario

    scenario = Scenario.load()
    _use_up_quota(scenario)
    with Emulator(scenario) as emulator:
        settings = {**emulator.configuration(), "state": "memory:", "portal_host": _PORTAL}
        if not arguments.json:
            console.write(_INTRODUCTION)
        records = _show_outcomes(settings, scenario, console, quiet=arguments.json)
        scenario.faults.clear()
        folder = Path(tempfile.mkdtemp(prefix="mde-files-demo-"))
        report = _enrich_incident(settings, scenario, folder)
    if arguments.json:
        console.write_json({"records": records, "playbook": report.as_dict(), "folder": str(folder)})
        return 0
    from mde_files.playbook.report_text import report_text

    console.write(f"# An incident with several files, enriched by a playbook.\n{report_text(report)}\n")
    console.write(
        f"{len(records)} records and an enriched incident.\n\n"
        f"  {folder / _PAGE}   the incident as a page; open it in a browser\n"
        f"  {folder / _INCIDENT}   the incident with everything attached to it"
    )
    console.write(_CLOSING.format(command=command_name(), sha1=scenario.file("eicar").sha1))
    return 0


def _show_outcomes(
    settings: dict[str, Any], scenario: Scenario, console: Console, *, quiet: bool
) -> list[dict[str, Any]]:
    from mde_files.connector import Connector

    records = []
    with Connector.from_config(settings) as connector:
        for piece in _SHOWPIECES:
            file = scenario.file(piece.label)
            record = connector.record_of(piece.action, {"file_hash": getattr(file, piece.kind)})
            records.append(record)
            if not quiet:
                console.write(f"# {piece.why}")
                console.write_readable(record)
                console.write("")
    return records


def _enrich_incident(settings: dict[str, Any], scenario: Scenario, folder: Path) -> RunReport:
    """Run the playbook for incidents on an invented one; its file and its page lie in ``folder`` then."""
    from mde_files.commands.playbook import write_page
    from mde_files.connector import Connector
    from mde_files.playbook.incident import read_incident
    from mde_files.playbook.library import open_playbook
    from mde_files.playbook.runner import run_playbook

    files = [scenario.file(label) for label in _INCIDENT_FILES]
    document = {
        "id": "demo-1",
        "title": "Suspicious files on several devices",
        "severity": "medium",
        "files": [{"name": (file.names or [file.label])[0], "sha1": file.sha1} for file in files],
    }
    with Connector.from_config(settings) as connector:
        sink = connector.open_sink(f"file:{folder / _INCIDENT}")
        report = run_playbook(open_playbook("enrich-incident-files"), read_incident(document), connector, [sink])
    write_page(folder / _PAGE, report)
    return report


def _use_up_quota(scenario: Scenario) -> None:
    from mde_files.emulator import Fault

    scenario.faults.append(
        Fault(
            "status",
            endpoint="file_stats",
            id="business-application",
            status=429,
            headers={"Retry-After": _WAIT_ASKED_FOR},
        )
    )
