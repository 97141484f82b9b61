"""One file in the HTML report: its row in the table, and its details."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mde_files.records.wording import counted, day, window
from mde_files.render.escaping import for_html
from mde_files.render.html_parts import link, moment_html, more_list, name_html
from mde_files.render.outcomes import OUTCOMES, severity_of
from mde_files.render.pictures import prevalence_bar, timeline
from mde_files.render.sentences import HASH_NAMES, determination, device_name, open_question

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from mde_files.render.by_file import FileFindings

_SHOWN_ALERTS = 10
_SHOWN_DEVICES = 8
_SHOWN_NAMES = 6
_MOST_LISTED = 200
_ROW_DEVICES = 2


def anchor(place: int) -> str:
    """Return the id of a file's details."""
    return f"file-{place + 1}"


def name_of(file: FileFindings, place: int | None) -> str:
    """Return the file's name and short hash; linked to its details where they are at ``place``."""
    name = f'<span class="title">{name_html(file.title, 100)}</span>'
    shown = f'<a href="#{anchor(place)}">{name}</a>' if place is not None else name
    return shown if not file.names else f'{shown}<br><span class="hash">{for_html(file.main_hash, 64)}</span>'


def row(file: FileFindings, place: int, now: datetime | None, *, detailed: bool) -> str:
    """Return the file's row.

    Args:
        file: The file.
        place: Its place on the page.
        now: The moment the timeline counts from; None: nothing was answered, so there is no timeline.
        detailed: Whether the page has its details.
    """
    when = f"{timeline(file, now)}{_dates(file)}" if now is not None else '<span class="muted">not known</span>'
    return (
        f'<tr><th scope="row">{name_of(file, place if detailed else None)}'
        f"{''.join(_row_facts(file))}</th>"
        f'<td data-label="Finding">{"".join(_outcomes(file))}</td>'
        f'<td data-label="Prevalence">{_meters(file)}</td>'
        f'<td data-label="Time before the newest answer">{when}</td></tr>\n'
    )


def detail(file: FileFindings, anchor_id: str) -> str:
    """Return the file's details as a section with the id ``anchor_id``."""
    portal = link(file.portal_url, "Open in the portal")
    return (
        f'<article class="card file" id="{anchor_id}"><header><h3>{name_html(file.title)}</h3>{portal}</header>\n'
        f'<div class="columns"><div>{"".join(_left(file))}</div><div>{"".join(_right(file))}</div></div></article>\n'
    )


def _row_facts(file: FileFindings) -> Iterator[str]:
    if determination(file):
        yield f'<br><span class="small">Microsoft\'s determination: {for_html(determination(file), 120)}</span>'
    devices = [device_name(device) for device in file.alerts.get("devices", ())]
    if devices:
        more = f" and {len(devices) - _ROW_DEVICES:,} more" if len(devices) > _ROW_DEVICES else ""
        names = ", ".join(name_html(name, 60) for name in devices[:_ROW_DEVICES])
        yield f'<br><span class="small muted">Alerts on {names}{more}</span>'
    portal = link(file.portal_url, "Portal")
    if portal:
        yield f'<br><span class="small">{portal}</span>'


def _outcomes(file: FileFindings) -> Iterator[str]:
    for record in sorted(file.records, key=lambda record: "file_alerts" not in record):
        look = OUTCOMES[record["outcome"]]
        tone = file.worst_severity if record["outcome"] == "alerts_found" else look.tone
        said = open_question(record) if "error" in record else record["summary"]
        yield (
            f'<div class="finding"><p class="outcome tone-{tone}"><i aria-hidden="true">{look.symbol}</i>'
            f"{look.words}</p>"
            f'<p class="small said-so">{for_html(said, 400)}</p></div>'
        )
    if file.caveats:
        codes = ", ".join(dict.fromkeys(for_html(caveat["code"].replace("_", " ")) for caveat in file.caveats))
        yield f'<div class="finding"><p class="small caveat">{counted(len(file.caveats), "caveat")}: {codes}</p></div>'


def _meters(file: FileFindings) -> str:
    lines = ""
    for label, kind, devices in (
        ("Organization", "organization", file.stats.get("organization_prevalence")),
        ("Worldwide", "world", file.worldwide_prevalence),
    ):
        number = '<span class="muted">not known</span>' if devices is None else f"{devices:,}"
        lines += f'<div class="meter"><span class="label">{label}</span><span class="value">{number}</span></div>'
        lines += prevalence_bar(devices, kind)
    return lines


def _dates(file: FileFindings) -> str:
    if not any(file.organization):
        return ""
    first, last = (day(time) if time else "unknown" for time in file.organization)
    return f'<p class="dates">In the organization {first} to {last}</p>'


def _left(file: FileFindings) -> Iterator[str]:
    pairs = [(HASH_NAMES[kind], _code(value)) for kind, value in file.hashes.items()]
    if file.stats:
        pairs.append(("Look-back", window(file.stats["lookback_hours"])))
    for label, span in (("Organization", file.organization), ("Worldwide", file.worldwide)):
        if any(span):
            pairs.append((label, f"{moment_html(span.first)} to {moment_html(span.last)}"))
    for label, value in (
        ("Determination", determination(file)),
        ("Signer", file.fact("signer")),
        ("Issuer", file.fact("issuer")),
        ("Publisher", file.fact("file_publisher")),
        ("Product", file.fact("product_name")),
        ("Type", file.fact("file_type")),
    ):
        if value:
            pairs.append((label, for_html(value, 200)))
    if file.fact("size") is not None:
        pairs.append(("Size", counted(file.fact("size"), "byte")))
    yield f"<dl>{''.join(f'<dt>{label}</dt><dd>{value}</dd>' for label, value in pairs)}</dl>"
    if len(file.names) > 1:
        yield f"<h4>File names</h4>{_capped([name_html(name) for name in file.names], _SHOWN_NAMES)}"


def _right(file: FileFindings) -> Iterator[str]:
    for record in file.records:
        said = open_question(record) if "error" in record else record["summary"]
        yield f"<p>{for_html(said, 2000)}</p>"
    for caveat in file.caveats:
        yield f'<p class="caveat">{for_html(caveat["message"])}</p>'
    alerts = file.alerts.get("alerts", ())
    if alerts:
        yield _alert_table(alerts[:_SHOWN_ALERTS])
        if len(alerts) > _SHOWN_ALERTS:
            rest = _alert_table(alerts[_SHOWN_ALERTS:])
            yield f"<details><summary>{counted(len(alerts) - _SHOWN_ALERTS, 'more alert')}</summary>{rest}</details>"
    devices = [name_html(device_name(device), 120) for device in file.alerts.get("devices", ())]
    if devices:
        yield f"<h4>{counted(len(devices), 'device')} with alerts</h4>{_capped(devices, _SHOWN_DEVICES)}"
    techniques = file.alerts.get("mitre_techniques", ())
    if techniques:
        yield f"<h4>Techniques</h4><p class='small'>{', '.join(for_html(name, 20) for name in techniques[:40])}</p>"


def _alert_table(alerts: Sequence[Mapping[str, Any]]) -> str:
    rows = ""
    for alert in alerts:
        severity = severity_of(alert.get("severity"))
        rows += (
            f"<tr><td>{moment_html(alert.get('alert_creation_time', ''))}</td>"
            f'<td><b class="tone-{severity}">{for_html(alert.get("severity", "unspecified"), 30)}</b>'
            f"</td><td>{for_html(alert.get('status', 'unknown'), 30)}</td>"
            f"<td>{name_html(alert.get('title', '(no title)'), 200)}</td>"
            f"<td>{name_html(alert.get('computer_dns_name', '-'), 80)}</td></tr>"
        )
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("Created", "Severity", "Status", "Alert", "Device"))
    return (
        '<table class="alerts"><caption>Alerts that name the file, most severe first</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _capped(items: Sequence[str], shown: int) -> str:
    said = f'<p class="small muted">{len(items) - _MOST_LISTED:,} more are in the record.</p>'
    return more_list(items[:_MOST_LISTED], shown) + (said if len(items) > _MOST_LISTED else "")


def _code(text: str) -> str:
    return f'<code class="hash">{for_html(text, 256)}</code>'
