"""``mde-files demo``: the whole way of a call, against a local Defender tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mde_files.commands.emulator import command_name
from mde_files.commands.options import parser

if TYPE_CHECKING:
    from mde_files.console import Console
    from mde_files.emulator import Scenario

_WAIT_ASKED_FOR = "90"
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
    """Enrich one file for each outcome and show the records."""
    arguments = parser("demo", "Show it working on a local Defender tenant.", connects=False).parse_args(words)
    from mde_files.connector import Connector
    from mde_files.emulator import Emulator, Scenario

    as_json = arguments.json
    scenario = Scenario.load()
    _use_up_quota(scenario)
    records = []
    with (
        Emulator(scenario) as emulator,
        Connector.from_config({**emulator.configuration(), "state": "memory:"}) as connector,
    ):
        if not as_json:
            console.write(_INTRODUCTION)
        for piece in _SHOWPIECES:
            file = scenario.file(piece.label)
            record = connector.record_of(piece.action, {"file_hash": getattr(file, piece.kind)})
            records.append(record)
            if not as_json:
                console.write(f"# {piece.why}")
                console.write_readable(record)
                console.write("")
    if as_json:
        console.write_json({"records": records})
    else:
        sha1 = scenario.file("eicar").sha1
        console.write(f"{len(records)} records.{_CLOSING.format(command=command_name(), sha1=sha1)}")
    return 0


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
