"""``mde-files check``: whether the configuration works, and what to fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mde_files.commands.options import connector, parser
from mde_files.render.escaping import for_terminal

if TYPE_CHECKING:
    from mde_files.console import Console

_MARKS = {"ok": "ok     ", "warning": "warning", "failed": "FAILED "}


def run(words: list[str], console: Console) -> int:
    """Write every finding and return the exit code of the first failure."""
    made = parser("check", "Signs in, reads the token, asks each endpoint once and says what to fix.", connects=True)
    arguments = made.parse_args(words)
    with connector(arguments, console) as connected:
        report = connected.check()
    if console.as_json:
        console.write_json(report.as_dict())
        return report.exit_code
    for finding in report.findings:
        console.write(f"{_MARKS[finding.status]}  {finding.name}: {for_terminal(finding.message, 500)}")
        if finding.hint:
            console.write(f"           {for_terminal(finding.hint, 500)}")
    console.write("Everything works." if report.ok else "Not everything works; see FAILED above.")
    return report.exit_code
