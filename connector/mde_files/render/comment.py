"""An attachment as a comment on an incident, within the limits of the services that keep comments.

Both forms end with a line that says which findings they carry, so that a later run knows whether anything is new:
``mde-files <playbook id> <digest>``.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from mde_files.records.wording import counted
from mde_files.render.by_file import by_file
from mde_files.render.escaping import for_html, for_plain_text
from mde_files.render.links import link_to
from mde_files.render.outcomes import OUTCOMES
from mde_files.render.sentences import determination, device_name, files_told, moment, open_question

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mde_files.playbook.attachment import Attachment
    from mde_files.render.by_file import FileFindings

LONGEST_SENTINEL = 30_000
LONGEST_PLAIN = 1_000
_DIGEST_DIGITS = 16
_SHOWN_ALERTS = 5
_SHOWN = 8
_INLINE = frozenset({"b", "strong", "i", "em", "span", "code", "font", "small", "a", "u", "wbr"})
_NUMBER = re.compile(r"(?<![^\W\d_])[0-9][0-9.,:TZ-]*")
_COUNTED_NOUN = re.compile(r"(# [^\W\d_]+?)s\b")


def digest(attachment: Attachment) -> str:
    """Return 16 hex digits that change only when findings, tags or reasons do, not when numbers drift.

    Findings count by ``record_id`` and ``content_digest``; of the notes, only the words count.
    """
    material = {
        "records": sorted((record["record_id"], record["content_digest"]) for record in attachment.records),
        "notes": sorted(_COUNTED_NOUN.sub(r"\1", _NUMBER.sub("#", note)) for note in attachment.notes),
        "tags": sorted(attachment.add_tags),
    }
    canonical = json.dumps(material, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()[:_DIGEST_DIGITS]


def footer(attachment: Attachment) -> str:
    """Return the line that says which playbook wrote a comment and which findings it carries."""
    return f"mde-files {attachment.playbook} {digest(attachment)}"


def footer_digest(text: str, playbook: str) -> str | None:
    """Return the digest in the footer of a stored comment of ``playbook``, or None where there is no such footer.

    Args:
        text: The comment as the service returned it: HTML, also when written anew by the service, or plain text.
        playbook: Id of the playbook.
    """
    pattern = re.compile(rf"(?<!\S)mde-files\s+{re.escape(playbook)}\s+([0-9a-f]{{{_DIGEST_DIGITS}}})(?![^\s<])")
    readings = (text.rstrip(), _without_tags(text))
    # the footer is what the text ends with; one further up may be a file name that pretends
    for reading in readings:
        for found in pattern.finditer(reading):
            if found.end() == len(reading):
                return found[1]
    for reading in reversed(readings):
        digests = pattern.findall(reading)
        if digests:
            return str(digests[-1])
    return None


def sentinel_html(attachment: Attachment, changes: Iterable[str] = (), longest: int = LONGEST_SENTINEL) -> str:
    """Return the comment as HTML of simple tags; what does not fit is left out file by file, and that is said.

    Args:
        attachment: What to tell.
        changes: What changed since the comment was last written.
        longest: Most characters (UTF-16 code units) of the whole.
    """
    files = by_file([*attachment.records, *attachment.open_questions])
    blocks = [f"<h3>{for_html(attachment.title, 200)}</h3>", f"<p>Defender for Endpoint on {files_told(files)}.</p>"]
    blocks += [f"<p>Changed since last time: {for_html(change)}</p>" for change in changes]
    blocks += [f"<p>{for_html(note)}</p>" for note in attachment.notes]
    if attachment.add_tags:
        blocks.append(f"<p>Tags: {', '.join(f'<code>{for_html(tag)}</code>' for tag in attachment.add_tags)}</p>")
    blocks += ["".join(_html_file(file)) for file in files]
    return _fitting(blocks, f"<p>{for_html(footer(attachment))}</p>", "<p>… cut here: {} not shown.</p>", longest)


def plain_text(attachment: Attachment, changes: Iterable[str] = (), longest: int = LONGEST_PLAIN) -> str:
    """Return the comment as plain text: the essence of each file and its link, as far as there is room.

    Args:
        attachment: What to tell.
        changes: What changed since the last comment.
        longest: Most characters (UTF-16 code units) of the whole.
    """
    files = by_file([*attachment.records, *attachment.open_questions])
    blocks = [f"{for_plain_text(attachment.title, 100)}: {files_told(files)}.\n"]
    blocks += [f"Changed: {for_plain_text(change, 160)}\n" for change in changes]
    blocks += [f"{for_plain_text(note, 200)}\n" for note in attachment.notes]
    blocks += [_plain_file(file) for file in files]
    return _fitting(blocks, footer(attachment), "… cut here: {} not shown.\n", longest)


def _fitting(blocks: Sequence[str], end: str, marker: str, longest: int) -> str:
    """Return as many whole blocks as fit together with the end, and a marker that counts those left out."""
    sizes = [_units(block) for block in blocks]
    if sum(sizes) + _units(end) <= longest:
        return "".join((*blocks, end))
    room = longest - _units(end) - _units(marker) - len(f"{len(blocks):,} more parts")
    kept: list[str] = []
    for block, size in zip(blocks, sizes, strict=True):
        if size <= room:
            kept.append(block)
            room -= size
    return "".join((*kept, marker.format(counted(len(blocks) - len(kept), "more part")), end))


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _html_file(file: FileFindings) -> Iterator[str]:
    link = link_to(file.portal_url)
    name = f"<b>{for_html(file.title, 120)}</b> <code>{for_html(file.main_hash, 256)}</code>"
    anchor = f' <a href="{for_html(link.address, 2000)}">Open at {for_html(link.host)}</a>' if link else ""
    yield f"<p>{name}{anchor}</p><ul>"
    for record in file.findings:
        look = OUTCOMES[record["outcome"]]
        yield f"<li>{look.symbol} <b>{look.words}.</b> {for_html(record['summary'], 2000)}</li>"
    for record in file.open_questions:
        look = OUTCOMES[record["outcome"]]
        yield f"<li>{look.symbol} <b>{look.words}:</b> {for_html(open_question(record))}</li>"
    yield from _html_details(file)
    for caveat in file.caveats:
        yield f"<li><i>Caveat: {for_html(caveat['message'])}</i></li>"
    yield "</ul>"


def _html_details(file: FileFindings) -> Iterator[str]:
    if determination(file):
        yield f"<li>Microsoft's determination: {for_html(determination(file))}</li>"
    if len(file.names) > 1:
        yield f"<li>File names: {_html_names(file.names)}</li>"
    for alert in file.alerts.get("alerts", ())[:_SHOWN_ALERTS]:
        words = (alert.get("severity"), alert.get("status"), alert.get("title"), alert.get("computer_dns_name"))
        told = " · ".join(for_html(word, 120) for word in words if word)
        yield f"<li>{moment(alert.get('alert_creation_time', ''))}: {told}</li>"
    hidden = len(file.alerts.get("alerts", ())) - _SHOWN_ALERTS
    if hidden > 0:
        yield f"<li>… and {counted(hidden, 'more alert')}</li>"
    devices = [device_name(device) for device in file.alerts.get("devices", ())]
    if devices:
        yield f"<li>{counted(len(devices), 'device')} with alerts: {_html_names(devices)}</li>"


def _html_names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(f"<code>{for_html(name, 120)}</code>" for name in names[:_SHOWN]) + more


def _plain_file(file: FileFindings) -> str:
    told = [
        f"{OUTCOMES[record['outcome']].symbol} {for_plain_text(record['summary'], 240)}" for record in file.findings
    ]
    told += [f"◷ Still open: {for_plain_text(open_question(record), 160)}" for record in file.open_questions]
    link = link_to(file.portal_url)
    name = for_plain_text(file.title, 60)
    label = f'"{name}" {file.main_hash[:12]}…' if file.names else for_plain_text(file.main_hash, 64)
    return "\n".join([label, *(f"  {line}" for line in told), *([f"  {link.address}"] if link else ())]) + "\n"


class _Text(HTMLParser):
    """Keeps the text between tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag not in _INLINE:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.handle_starttag(tag, [])


def _without_tags(text: str) -> str:
    reader = _Text()
    reader.feed(text)
    reader.close()
    return html.unescape("".join(reader.pieces)).replace("\xa0", " ").rstrip()
