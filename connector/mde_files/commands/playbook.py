"""``mde-files playbook``: lists, shows, checks and runs playbooks."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mde_files.commands.options import add_output_format, connector, parser
from mde_files.errors import InvalidInputError
from mde_files.render.escaping import for_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mde_files.connector import Connector
    from mde_files.console import Console
    from mde_files.playbook.incident import Incident
    from mde_files.playbook.report import RunReport

_FORMATS = ("sentinel_incident", "sentinel_alert", "defender_incident", "graph_alert", "plain")
_SERVICES = ("sentinel", "graph", "defender")
_MOST_FILES = 50


def run(words: list[str], console: Console) -> int:
    """Do the task that the first word names."""
    tasks: Mapping[str, Callable[[list[str], Console], int]] = {
        "list": _list,
        "show": _show,
        "validate": _validate,
        "run": _run,
    }
    if words and words[0] in tasks:
        return tasks[words[0]](words[1:], console)
    made = parser("playbook", "Enrich the files of an incident and attach what was found.", connects=False)
    made.add_argument("task", choices=list(tasks), help="'mde-files playbook TASK --help' explains a task")
    made.add_argument("rest", nargs=argparse.REMAINDER, metavar="...", help="what the task takes")
    arguments = made.parse_args(words)
    return tasks[arguments.task](arguments.rest, console)


def _list(words: list[str], console: Console) -> int:
    parser("playbook list", "List the playbooks that ship with the package.", connects=False).parse_args(words)
    from mde_files.playbook.library import open_playbook, shipped

    playbooks = [open_playbook(path.stem) for path in shipped()]
    if console.as_json:
        listed = [
            {"id": playbook.id, "title": playbook.title, "description": playbook.description, "path": playbook.place}
            for playbook in playbooks
        ]
        console.write_json({"playbooks": listed})
        return 0
    for playbook in playbooks:
        console.write(f"{playbook.id}: {playbook.title}\n    {playbook.description}")
    return 0


def _show(words: list[str], console: Console) -> int:
    made = parser("playbook show", "Show a playbook.", connects=False)
    made.add_argument("playbook", metavar="NAME|PATH", help="name of a shipped playbook, or a file")
    arguments = made.parse_args(words)
    from mde_files.playbook.library import find, read
    from mde_files.playbook.yaml_document import YamlMistakeError, read_document

    path = find(arguments.playbook)
    text = read(path)
    if not console.as_json:
        console.write("\n".join(for_terminal(line, 1000) for line in text.splitlines()))
        return 0
    try:
        console.write_json({"path": str(path), "playbook": read_document(text).value})
    except YamlMistakeError as error:
        raise InvalidInputError(
            f"{path}:{error.place.line}:{error.place.column}: {error.message}.",
            hint="'mde-files playbook validate' explains more.",
        ) from None
    return 0


def _validate(words: list[str], console: Console) -> int:
    made = parser("playbook validate", "Say where playbooks are wrong and what was probably meant.", connects=False)
    made.add_argument("playbooks", metavar="PATH", nargs="+", help="files, or names of shipped playbooks")
    arguments = made.parse_args(words)
    from mde_files.playbook.library import find, read
    from mde_files.playbook.validation import examine

    judged = []
    for name in arguments.playbooks:
        path = find(name)
        mistakes = examine(read(path), str(path)).mistakes
        judged.append(
            {"path": str(path), "valid": not mistakes, "mistakes": [mistake._asdict() for mistake in mistakes]}
        )
        if not console.as_json:
            console.write(f"{for_terminal(path)}: {f'{len(mistakes)} wrong' if mistakes else 'valid'}")
            for mistake in mistakes:
                console.write(
                    f"{for_terminal(path)}:{mistake.line}:{mistake.column}: {for_terminal(mistake.message, 500)}"
                )
                if mistake.hint:
                    console.write(f"    {for_terminal(mistake.hint, 500)}")
    valid = all(one["valid"] for one in judged)
    if console.as_json:
        console.write_json({"valid": valid, "playbooks": judged})
    return 0 if valid else InvalidInputError.exit_code


def _run(words: list[str], console: Console) -> int:
    arguments = _run_parser().parse_args(words)
    given = _settings(arguments.set or [])
    if arguments.report and not Path(arguments.report).parent.is_dir():
        raise InvalidInputError("--report names a file in a folder that does not exist.", hint="Make the folder first.")
    from mde_files.playbook.library import open_playbook
    from mde_files.playbook.report_text import report_text
    from mde_files.playbook.runner import run_playbook

    playbook = open_playbook(arguments.playbook)
    with connector(arguments, console) as connected:
        incident = _incident(arguments, connected)
        sinks = [connected.open_sink(text) for text in arguments.sink or []]
        if not sinks and playbook.attach is not None:
            console.say("No --sink is given: the findings are reported here and attached nowhere.")
        report = run_playbook(
            playbook,
            incident,
            connected,
            sinks,
            parameters=given,
            dry_run=arguments.dry_run,
            max_files=arguments.max_files,
        )
    if arguments.output_format == "stix":
        from mde_files.render.stix import bundle

        console.write(bundle(report.records))
    elif console.as_json:
        console.write_json(report.as_dict())
    else:
        console.write(report_text(report))
    if arguments.report and not arguments.dry_run:
        write_page(Path(arguments.report), report)
        console.say(f"The report lies in {for_terminal(arguments.report)}.")
    return report.exit_code


def _run_parser() -> argparse.ArgumentParser:
    made = parser("playbook run", "Run a playbook on an incident.", connects=True)
    made.add_argument("playbook", metavar="NAME|PATH", help="name of a shipped playbook, or a file")
    made.add_argument("--incident", metavar="FILE|-", help="the incident as JSON: a file, or standard input")
    made.add_argument(
        "--incident-id", metavar="ID", help="incident to read from --service, or to choose from a list in --incident"
    )
    made.add_argument("--service", choices=_SERVICES, help="service to read the incident of --incident-id from")
    made.add_argument("--incident-format", choices=_FORMATS, help="format of the incident (default: by its content)")
    made.add_argument(
        "--sink",
        action="append",
        metavar="SINK",
        help="where to attach: file:PATH, sentinel, graph, webhook:URL, or webhook for the URL that is configured; "
        "can be given several times",
    )
    made.add_argument("--set", action="append", metavar="NAME=VALUE", help="a parameter of the playbook")
    made.add_argument("--dry-run", action="store_true", help="only say what would be asked and written")
    add_output_format(made)
    made.add_argument("--report", metavar="FILE.html", help="write the report as one HTML page, too")
    made.add_argument(
        "--max-files", type=_at_least_one, default=_MOST_FILES, metavar="N", help=f"files to look at ({_MOST_FILES})"
    )
    return made


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("it must be at least 1")
    return number


def _settings(given: Sequence[str]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for setting in given:
        name, equals, value = setting.partition("=")
        if not equals or not name:
            raise InvalidInputError(f"--set {setting!r} is no NAME=VALUE.", hint="Write --set lookback_hours=48.")
        settings[name.strip()] = value
    return settings


def _incident(arguments: argparse.Namespace, connected: Connector) -> Incident:
    from mde_files.playbook.incident import read_incident

    if arguments.incident is None and arguments.service is None:
        raise InvalidInputError(
            "No incident is given.",
            hint="Give --incident FILE (- for standard input), or --incident-id with --service.",
        )
    if arguments.incident is None:
        if arguments.incident_id is None:
            raise InvalidInputError("--service needs --incident-id.", hint="Give the id of the incident to read.")
        from mde_files.playbook.sinks import read_from_service

        document = read_from_service(arguments.service, arguments.incident_id, connected)
        return read_incident(document, form=arguments.incident_format, md5=connected.config.md5)
    if arguments.service is not None:
        raise InvalidInputError("--incident and --service exclude each other.", hint="Give one of them.")
    return read_incident(
        _json(arguments.incident),
        form=arguments.incident_format,
        md5=connected.config.md5,
        incident_id=arguments.incident_id,
    )


def _json(given: str) -> object:
    import json
    import sys

    try:
        content = sys.stdin.buffer.read() if given == "-" else Path(given).read_bytes()
        return json.loads(content.decode("utf-8-sig"))
    except OSError as error:
        raise InvalidInputError(
            f"The incident {given!r} cannot be read: {error.strerror}.",
            hint="Name an existing file, or - for standard input.",
        ) from None
    except (ValueError, RecursionError):
        raise InvalidInputError(
            "The incident is no valid JSON.", hint="Give the body that the trigger sends, as one JSON document."
        ) from None


def write_page(path: Path, report: RunReport) -> None:
    """Write the report of a run as one HTML page.

    Raises:
        InvalidInputError: The file cannot be written.
    """
    from mde_files.private_files import replace_text
    from mde_files.render.html_report import report as page

    try:
        replace_text(path, page(report.playbook.title, report.incident, report.records, report.attached, report.notes))
    except OSError as error:
        raise InvalidInputError(
            f"The report {str(path)!r} cannot be written: {error.strerror}.", hint="Name a file that can be written."
        ) from None
