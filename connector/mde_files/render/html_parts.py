"""Pieces of HTML that several parts of the report use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mde_files.render.escaping import for_html
from mde_files.render.links import link_to
from mde_files.render.sentences import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LEGEND = (
    ('<path d="M1 6H11" class="line"/><circle cx="1.8" cy="6" r="1.8"/><circle cx="10.2" cy="6" r="1.8"/>', "world",
     "Worldwide: first to last observed"),
    ('<path d="M1 6H11" class="line"/><circle cx="1.8" cy="6" r="1.8"/><circle cx="10.2" cy="6" r="1.8"/>',
     "organization", "Organization: first to last seen"),
    ('<path d="M6 1L11.2 10H.8z"/>', "mark high", "High alert"),
    ('<path d="M6 .8L11.2 6L6 11.2L.8 6z"/>', "mark medium", "Medium"),
    ('<circle cx="6" cy="6" r="4"/>', "mark low", "Low"),
    ('<circle cx="6" cy="6" r="4"/>', "mark informational", "Informational or unspecified"),
    ('<path d="M6 .8L11 4.4L9.1 10.2H2.9L1 4.4z"/>', "mark other", "Other severity"),
)  # fmt: skip


def name_html(text: str, longest: int = 160) -> str:
    """Return a name from upstream; letters that run from right to left stay inside it."""
    return f'<bdi class="name" dir="ltr">{for_html(text, longest)}</bdi>'


def moment_html(timestamp: str) -> str:
    """Return a normalized timestamp as a ``time`` element; "unknown" for ""."""
    return f'<time datetime="{for_html(timestamp)}">{moment(timestamp)}</time>' if timestamp else "unknown"


def link(address: str, words: str) -> str:
    """Return a link that shows its host, or "" for an address that is not plainly a web page."""
    found = link_to(address)
    if found is None:
        return ""
    return (
        f'<a href="{for_html(found.address, len(found.address))}" rel="noreferrer noopener">{words}</a> '
        f'<span class="muted small">({for_html(found.host)})</span>'
    )


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Return pairs of a label and ready HTML as one line of facts."""
    items = "".join(f"<div><dt>{label}</dt><dd>{value}</dd></div>" for label, value in pairs)
    return f'<dl class="facts">{items}</dl>\n'


def more_list(items: Sequence[str], shown: int) -> str:
    """Return ready HTML items as a list; those beyond ``shown`` fold away. "" for none."""
    if not items:
        return ""
    listed = [f"<li>{item}</li>" for item in items]
    folded = ""
    if len(items) > shown:
        rest = "".join(listed[shown:])
        folded = f"<details><summary>{len(items) - shown:,} more</summary><ul>{rest}</ul></details>"
    return f"<ul>{''.join(listed[:shown])}</ul>{folded}"


def legend() -> str:
    """Return what the marks of the timelines mean."""
    items = "".join(
        f'<span><svg viewBox="0 0 12 12" aria-hidden="true"><g class="{kind}">{shape}</g></svg>{words}</span>'
        for shape, kind, words in _LEGEND
    )
    return f'<p class="legend"><span>Both scales are logarithmic.</span>{items}</p>\n'
