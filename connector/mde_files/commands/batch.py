"""``mde-files batch``: thousands of hashes, one line of output for each."""

from __future__ import annotations

import os
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from mde_files import schemas
from mde_files.batch import inputs
from mde_files.batch.inputs import CSV, JSONL, TEXT, Form, Item
from mde_files.commands.emulator import command_name
from mde_files.commands.options import add_freshness, asking, connector, parser
from mde_files.console import EXIT_INTERRUPTED
from mde_files.errors import InvalidInputError, MdeFilesError

if TYPE_CHECKING:
    import argparse
    import io
    from collections.abc import Callable, Iterator

    from mde_files.batch.celery_submission import Tasks
    from mde_files.batch.questions import Enrichers
    from mde_files.batch.run import Crew
    from mde_files.batch.summary import Summary
    from mde_files.commands.options import Parser
    from mde_files.console import Console

_ACTIONS = ("file_stats", "file_alerts")
_BOTH = "both"
_MOST_WORKERS = 64
_KIND_OF_SUFFIX = {".csv": CSV, ".tsv": CSV, ".jsonl": JSONL, ".ndjson": JSONL}
_EPILOGUE = """
Each input has its own line in the output, {"line", "input", "record"} (mde-files manifest --schema batch_line), but the
same hash is asked once. The output is written answer by answer: whatever ends a batch, the same command with --resume
goes on where it was. Failed and deferred inputs are asked again then. CSV output is made at the end from OUT.csv.jsonl,
which holds the whole records and is what --resume reads.

Exit codes: 0 all answered; 7 some were not; the failure's own code when all failed alike (5: all deferred);
130 interrupted.
"""


class _Output(NamedTuple):
    """``path`` is what was asked for, ``journal`` the JSON Lines that are appended to."""

    path: Path
    journal: Path
    as_csv: bool


def run(words: list[str], console: Console) -> int:
    """Ask about every input that has no answer yet and return how it ended."""
    arguments = _parser().parse_args(words)
    form, output, actions = _form(arguments), _output(arguments), _actions(arguments)
    workers, hours = _number("--workers", arguments.workers, _MOST_WORKERS), None
    look_back = schemas.load("file_stats.input")["properties"]["lookback_hours"]
    if arguments.lookback_hours is not None:
        hours = _number("--lookback-hours", arguments.lookback_hours, look_back["maximum"])
    from mde_files.batch.questions import Enrichers

    enrichers = Enrichers(
        lambda tenant: connector(arguments, console, tenant=tenant),
        asking(arguments)._replace(caller="batch"),
        lookback_hours=hours,
    )
    resume = [command_name(), "batch", *map(shlex.quote, words), *(["--resume"] if not arguments.resume else [])]
    try:
        summary = _run(
            list(enrichers.usable(_items(arguments.file, form), extracted=form.extract)),
            actions,
            output,
            enrichers,
            arguments=arguments,
            hours=hours,
            asked_hours=look_back["default"] if hours is None else hours,
            workers=workers,
            tasks=_open_tasks(arguments) if arguments.celery else None,
            say=console.say,
            command=" ".join(resume),
        )
    except KeyboardInterrupt:
        console.say(f"Interrupted. What is written stays; go on with:\n  {' '.join(resume)}")
        return EXIT_INTERRUPTED
    except MdeFilesError:
        enrichers.close()
        raise
    enrichers.close()
    if console.as_json:
        console.write_json(summary.as_dict())
    else:
        for line in summary.lines():
            console.write(line)
    if not summary.complete:
        console.say(summary.what_next())
    return EXIT_INTERRUPTED if summary.interrupted else summary.tally.exit_code


def _run(
    items: list[Item],
    actions: tuple[str, ...],
    output: _Output,
    enrichers: Enrichers,
    *,
    arguments: argparse.Namespace,
    hours: int | None,
    asked_hours: int,
    workers: int,
    tasks: Tasks | None,
    say: Callable[[str], None],
    command: str,
) -> Summary:
    from mde_files.batch import resumption, spreadsheet, web_page
    from mde_files.batch.interruption import Interruption
    from mde_files.batch.journal import Journal
    from mde_files.batch.lanes import Lanes
    from mde_files.batch.plan import Plan
    from mde_files.batch.progress import Progress
    from mde_files.batch.questions import Workers
    from mde_files.batch.run import FollowingEnded, Run
    from mde_files.batch.summary import Summary
    from mde_files.batch.tally import Tally

    started = time.monotonic()
    # Tasks return by themselves when the quota has room.
    wait = arguments.wait or tasks is not None
    plan, tally = Plan(items, actions), Tally()
    journal = Journal(output.journal, resume=arguments.resume)
    try:
        with Interruption() as interruption:
            resumption.take_up(
                journal,
                plan,
                tally,
                tenant_id=lambda tenant: enrichers.of(tenant).config.tenant_id,
                lookback_hours=asked_hours,
            )
            lanes = Lanes(plan, resumed=tally.written > 0)
            progress = Progress(plan, tally, enrichers, wait=wait, quiet=arguments.quiet)
            progress.begin(lanes)
            crew: Crew
            if tasks is None:
                crew = Workers(enrichers.ask, workers)
            else:
                from mde_files.batch.celery_submission import Submission

                crew = Submission(
                    tasks,
                    enrichers,
                    output=journal.path,
                    resume=arguments.resume,
                    tenant=arguments.tenant,
                    asking=asking(arguments),
                    lookback_hours=hours,
                    interruption=interruption,
                    say=say,
                )
            batch = Run(
                plan,
                journal,
                tally,
                lanes=lanes,
                workers=crew,
                enrichers=enrichers,
                interruption=interruption,
                progress=progress,
            )
            try:
                batch.run(wait=wait)
            except FollowingEnded:
                journal.sync()
            finally:
                crew.stop()
                progress.clear()
        if output.as_csv and not interruption.requested:
            spreadsheet.write(journal, output.path)
        if arguments.report and not interruption.requested:
            web_page.write(journal, Path(arguments.report))
    finally:
        journal.close()
    return Summary(
        str(output.path),
        plan,
        tally,
        time.monotonic() - started,
        interrupted=interruption.requested,
        resume=command,
    )


def _parser() -> Parser:
    made = parser(
        "batch", "Asks about thousands of hashes within the quota; can be interrupted and resumed.", connects=True
    )
    made.epilog = " ".join(_EPILOGUE.split())
    made.add_argument("file", metavar="FILE|-", help="the inputs: a file or standard input")
    made.add_argument("--output", required=True, metavar="FILE", help="where results go: a new file, .jsonl or .csv")
    made.add_argument(
        "--output-format", choices=["jsonl", "csv"], help="form of the output (default: by the name of the file)"
    )
    made.add_argument("--resume", action="store_true", help="go on with an output that exists")
    made.add_argument(
        "--action",
        action="append",
        choices=[*_ACTIONS, _BOTH],
        help="what to ask (default: file_stats); can be repeated",
    )
    made.add_argument("--lookback-hours", metavar="N", help="for file_stats, 1 to 720 (default 720)")
    made.add_argument(
        "--format", choices=[TEXT, CSV, JSONL], help="form of the inputs (default: by the name of the file)"
    )
    made.add_argument("--column", metavar="NAME", help="CSV column that holds the hash")
    made.add_argument("--field", metavar="PATH", help="JSON field that holds the hash, such as file.hash.sha1")
    made.add_argument("--tenant-column", metavar="NAME", help="CSV column that names the tenant")
    made.add_argument("--tenant-field", metavar="PATH", help="JSON field that names the tenant")
    made.add_argument(
        "--extract", action="store_true", help="find hashes in free text (of the column or field, if named)"
    )
    made.add_argument("--wait", action="store_true", help="stay until the quota has let everything through")
    made.add_argument(
        "--celery", action="store_true", help="let Celery workers ask (extra 'celery') and stay until all is answered"
    )
    made.add_argument("--report", metavar="FILE.html", help="write a report as one HTML page, too")
    made.add_argument("--workers", metavar="N", default="8", help="calls at a time, 1 to 64 (default 8)")
    made.add_argument("--quiet", action="store_true", help="no progress on standard error")
    add_freshness(made, "as configured")
    return made


def _open_tasks(arguments: argparse.Namespace) -> Tasks:
    from mde_files import config
    from mde_files.batch.celery_submission import open_tasks

    return open_tasks(config.load_celery(arguments.config))


def _form(arguments: argparse.Namespace) -> Form:
    by_place = CSV if arguments.column else JSONL if arguments.field else None
    kind = arguments.format or by_place or _KIND_OF_SUFFIX.get(Path(arguments.file).suffix.lower(), TEXT)
    places = {CSV: (arguments.column, arguments.tenant_column), JSONL: (arguments.field, arguments.tenant_field)}
    place, tenant_place = places.get(kind, (None, None))
    given = [name for name in ("column", "field", "tenant_column", "tenant_field") if getattr(arguments, name)]
    fitting = {CSV: {"column", "tenant_column"}, JSONL: {"field", "tenant_field"}, TEXT: set()}[kind]
    unfit = [f"--{name.replace('_', '-')}" for name in given if name not in fitting]
    if unfit:
        raise InvalidInputError(
            f"{' and '.join(unfit)} does not go with inputs in the form {kind!r}.",
            hint="--column and --tenant-column go with CSV, --field and --tenant-field with JSON Lines; see --format.",
        )
    if arguments.extract and not place and not tenant_place:
        return Form(TEXT, extract=True)
    if kind == JSONL and not place:
        raise InvalidInputError(
            "--field is missing: which field holds the hashes?", hint="Give its path, such as --field file.hash.sha1."
        )
    return Form(kind, place or "", tenant_place or "", arguments.extract)


def _output(arguments: argparse.Namespace) -> _Output:
    path = Path(arguments.output)
    form = arguments.output_format or ("csv" if path.suffix.lower() == ".csv" else "jsonl")
    if arguments.report and not Path(arguments.report).absolute().parent.is_dir():
        raise InvalidInputError("--report names a file in a folder that does not exist.", hint="Make the folder first.")
    output = _Output(path, path.with_name(f"{path.name}.jsonl") if form == "csv" and path.name else path, form == "csv")
    if not arguments.resume:
        from mde_files.batch.journal import refuse_existing

        for needed in (output.path, output.journal):
            if os.path.lexists(needed):
                refuse_existing(needed)
    return output


def _actions(arguments: argparse.Namespace) -> tuple[str, ...]:
    chosen = arguments.action or [_ACTIONS[0]]
    return tuple(action for action in _ACTIONS if action in chosen or _BOTH in chosen)


def _number(option: str, text: str, most: int) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(most)) else 0
    if not 1 <= number <= most:
        raise InvalidInputError(f"{option} is no number from 1 to {most}.", hint=f"Give 1 to {most}.")
    return number


def _items(source: str, form: Form) -> Iterator[Item]:
    if source == "-":
        yield from inputs.read(cast("io.BufferedReader", sys.stdin.buffer), form)
        return
    try:
        with Path(source).open("rb") as stream:
            yield from inputs.read(stream, form)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no path"
        raise InvalidInputError(
            f"The input {source!r} cannot be read: {reason}.", hint="Name an existing file, or - for standard input."
        ) from None
