"""The report of an incident or a batch: one HTML page that needs nothing else and runs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files.records.wording import counted
from mde_files.render.by_file import by_file
from mde_files.render.escaping import for_html
from mde_files.render.html_file import anchor, detail, name_of, row
from mde_files.render.html_parts import facts, legend, link, moment_html, more_list
from mde_files.render.html_style import STYLE
from mde_files.render.outcomes import ACTIONS, OPEN, OUTCOMES, severity_of
from mde_files.render.pictures import shared_shapes
from mde_files.render.sentences import open_question
from mde_files.timestamps import parse_timestamp, sort_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mde_files.playbook.attachment import Attached
    from mde_files.playbook.incident import Incident
    from mde_files.render.by_file import FileFindings

MOST_ROWS = 2_000
MOST_DETAILS = 100
_MOST_OPEN = 200
_SHOWN_SKIPPED = 10
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_COLUMNS = ("File", "Finding", "Prevalence", "Time before the newest answer")


def report(
    title: str,
    incident: Incident | None,
    records: Sequence[Mapping[str, Any]],
    attached: Sequence[Attached] = (),
    notes: Sequence[str] = (),
) -> str:
    """Return the page as text.

    Args:
        title: Heading of the page where there is no incident, and what was run where there is one.
        incident: The incident, or None for a batch.
        records: All records: findings, and those with outcome ``deferred`` or ``failed``.
        attached: What was attached where.
        notes: Reasons and advice of the playbook.
    """
    return "".join(pieces(title, incident, records, attached, notes))


def pieces(
    title: str,
    incident: Incident | None,
    records: Sequence[Mapping[str, Any]],
    attached: Sequence[Attached] = (),
    notes: Sequence[str] = (),
) -> Iterator[str]:
    """Return the page of :func:`report` piece by piece, so that a large one need not stand in memory twice."""
    files = by_file(records, incident)
    heading = incident.title.strip() or f"Incident {incident.id}" if incident is not None else title
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="color-scheme" content="light dark">\n'
        f"<title>{for_html(heading, 200)} · file enrichment</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#files">Skip to the files</a>\n{shared_shapes()}\n<div class="wrap">\n'
    )
    yield from _header(title, heading, incident, records)
    yield "<main>\n"
    yield _tiles(files)
    if notes:
        yield f'<section class="notes"><h2>Advice</h2>{more_list([for_html(note) for note in notes], 20)}</section>\n'
    yield from _files(files, records)
    yield from _open_questions(files)
    yield from _details(files)
    yield from _attached(attached)
    if incident is not None:
        yield _skipped(incident)
    yield "</main>\n"
    yield _footer(records)
    yield "</div>\n</body>\n</html>\n"


def _header(title: str, heading: str, incident: Incident | None, records: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    eyebrow = (
        "Defender for Endpoint · files of an incident" if incident is not None else "Defender for Endpoint · files"
    )
    yield f'<header>\n<p class="eyebrow">{eyebrow}</p>\n<h1>{for_html(heading, 300)}</h1>\n'
    told: list[tuple[str, str]] = []
    if incident is not None:
        if incident.severity:
            tone = severity_of(incident.severity)
            told.append(("Severity", f'<b class="tone-{tone}">{for_html(incident.severity.capitalize(), 40)}</b>'))
        told.append(("Incident", f"<code>{for_html(incident.id, 100)}</code>"))
        if incident.created_at:
            told.append(("Created", moment_html(incident.created_at)))
        if incident.tags:
            told.append(("Tags", ", ".join(for_html(tag, 60) for tag in incident.tags[:20])))
        told.append(("Run", for_html(title, 200)))
        if incident.url:
            told.append(("Portal", link(incident.url, "Open the incident") or f"<code>{for_html(incident.url)}</code>"))
    times = _answered(records)
    if times:
        told.append(("Newest answer", moment_html(times[-1])))
    tenants = sorted({record["source"]["tenant_id"] for record in records})
    if tenants:
        more = f" and {len(tenants) - 3:,} more" if len(tenants) > 3 else ""  # noqa: PLR2004 - as many as fit a line
        told.append(("Tenant", ", ".join(f"<code>{for_html(tenant, 60)}</code>" for tenant in tenants[:3]) + more))
    yield facts(told)
    yield "</header>\n"


def _tiles(files: Sequence[FileFindings]) -> str:
    def files_with(*outcomes: str) -> int:
        return sum(any(record["outcome"] in outcomes for record in file.records) for file in files)

    numbers = (
        (len(files), "file" if len(files) == 1 else "files"),
        (files_with("alerts_found"), "with alerts"),
        (sum(file.worst_severity == "high" for file in files), "with high severity"),
        (files_with("seen_in_organization"), "seen in the organization"),
        (files_with("unknown_to_defender"), "unknown to Defender"),
        (files_with(*OPEN), "with open questions"),
    )
    items = "".join(f"<li><b>{number:,}</b><span>{words}</span></li>" for number, words in numbers)
    return f'<ul class="tiles" aria-label="In numbers">{items}</ul>\n'


def _files(files: Sequence[FileFindings], records: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield '<section aria-labelledby="files">\n<h2 id="files">Files</h2>\n'
    if not files:
        yield '<p class="card said">No file was looked up.</p>\n</section>\n'
        return
    times = _answered(records)
    now = parse_timestamp(times[-1]) if times else None
    yield '<div class="card stacked files"><table>\n<caption>Files with the most severe alerts come first. '
    yield "No alerts and low prevalence are no verdict on a file.</caption>\n<colgroup>"
    yield "".join(f'<col class="c-{column.split()[0].lower()}">' for column in _COLUMNS)
    yield "</colgroup>\n<thead><tr>"
    yield "".join(f'<th scope="col">{column}</th>' for column in _COLUMNS)
    yield "</tr></thead>\n<tbody>\n"
    for place, file in enumerate(files[:MOST_ROWS]):
        yield row(file, place, now, detailed=_has_details(file, place))
    yield "</tbody></table></div>\n"
    yield legend()
    if len(files) > MOST_ROWS:
        hidden = counted(len(files) - MOST_ROWS, "more file")
        yield f'<p class="said"><b>{hidden} are not shown on this page;</b> the records hold all of them.</p>\n'
    yield "</section>\n"


def _open_questions(files: Sequence[FileFindings]) -> Iterator[str]:
    questions = [(place, file, record) for place, file in enumerate(files) for record in file.open_questions]
    if not questions:
        return
    yield '<section aria-labelledby="open">\n<h2 id="open">Open questions</h2>\n'
    yield '<div class="card stacked"><table>\n<caption>Not answered: no finding about these files.</caption>\n'
    yield '<thead><tr><th scope="col">File</th><th scope="col">State</th>'
    yield '<th scope="col">Why, and when to ask again</th></tr></thead>\n<tbody>\n'
    for place, file, record in questions[:_MOST_OPEN]:
        look = OUTCOMES[record["outcome"]]
        yield f'<tr><th scope="row">{name_of(file, place if _has_details(file, place) else None)}</th>'
        yield f'<td data-label="State"><span class="tone-{look.tone}">{look.symbol} {look.words}</span>, '
        yield f"{ACTIONS.get(record['action'], '')}</td>"
        yield f'<td data-label="Why, and when to ask again">{for_html(open_question(record))}</td></tr>\n'
    yield "</tbody></table></div>\n"
    if len(questions) > _MOST_OPEN:
        yield f'<p class="said">{counted(len(questions) - _MOST_OPEN, "more open question")}: see the records.</p>\n'
    yield "</section>\n"


def _has_details(file: FileFindings, place: int) -> bool:
    return place < MOST_DETAILS and bool(file.findings)


def _details(files: Sequence[FileFindings]) -> Iterator[str]:
    if not any(file.findings for file in files):
        return
    yield '<section aria-labelledby="details">\n<h2 id="details">Details</h2>\n'
    for place, file in enumerate(files):
        if _has_details(file, place):
            yield detail(file, anchor(place))
    if len(files) > MOST_DETAILS:
        yield (
            f'<p class="card said"><b>Details of the first {MOST_DETAILS} of {len(files):,} files only,</b> those with '
            "the most severe alerts first; the records hold the rest.</p>\n"
        )
    yield "</section>\n"


def _attached(attached: Sequence[Attached]) -> Iterator[str]:
    if not attached:
        return
    yield '<section aria-labelledby="attached">\n<h2 id="attached">Attached</h2>\n'
    yield '<div class="card stacked"><table>\n<caption>What was written to the incident.</caption>\n<thead><tr>'
    yield '<th scope="col">Where</th><th scope="col">Status</th><th scope="col">What changed</th>'
    yield '<th scope="col">Tags added</th></tr></thead>\n<tbody>\n'
    for item in attached:
        place = link(item.place, "Open") or f"<code>{for_html(item.place)}</code>"
        changes = more_list([for_html(change) for change in item.changes], 5) or "none"
        tags = ", ".join(for_html(tag, 60) for tag in item.tags_added) or "none"
        yield f'<tr><th scope="row">{for_html(item.sink, 60)}: {place}</th>'
        yield f'<td data-label="Status">{for_html(item.status.replace("_", " "), 60)}</td>'
        yield f'<td data-label="What changed">{changes}</td><td data-label="Tags added">{tags}</td></tr>\n'
    yield "</tbody></table></div>\n</section>\n"


def _skipped(incident: Incident) -> str:
    if not incident.skipped:
        return ""
    items = [f"<code>{for_html(item.value, 100)}</code>: {for_html(item.reason, 200)}" for item in incident.skipped]
    return (
        '<section aria-labelledby="skipped">\n<h2 id="skipped">Not looked up</h2>\n'
        f'<div class="card said small">{more_list(items, _SHOWN_SKIPPED)}</div>\n</section>\n'
    )


def _footer(records: Sequence[Mapping[str, Any]]) -> str:
    hosts = sorted({record["source"]["host"] for record in records})
    asked = f" Asked: {', '.join(for_html(host, 120) for host in hosts[:3])}." if hosts else ""
    return (
        f"<footer><p>Made by mde-files from {counted(len(records), 'record')}.{asked} Organization numbers cover the "
        "look-back window of each record, worldwide numbers do not. Absence of findings is no verdict on a file.</p>"
        "</footer>\n"
    )


def _answered(records: Iterable[Mapping[str, Any]]) -> list[str]:
    times = {record["source"]["retrieved_at"] for record in records if "retrieved_at" in record["source"]}
    return sorted(times, key=sort_key)
