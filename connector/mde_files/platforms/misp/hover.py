"""What MISP shows while the mouse is over an attribute: a few lines, each an attribute of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mde_files.render.escaping import for_plain_text
from mde_files.render.links import link_to
from mde_files.render.sentences import determination

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mde_files.render.by_file import FileFindings

_MOST = 5
_LONGEST = 300


def results(file: FileFindings | None, failures: Iterable[str]) -> dict[str, list[dict[str, str]]]:
    """Return the lines about a file as attributes.

    Failures stand among them: while hovering, MISP shows results only, and "Empty results" for an error, which is
    easily read as an absence.

    Args:
        file: Its findings; ``None``: there are none.
        failures: What could not be answered, a sentence each.
    """
    lines = [*_lines(file)] if file is not None else []
    lines += [{"type": "comment", "value": f"No answer: {failure}"} for failure in failures]
    return {"Attribute": lines}


def _lines(file: FileFindings) -> Iterator[dict[str, str]]:
    texts = [record["summary"] for record in file.findings]
    if determination(file):
        texts.append(f"Microsoft's determination: {for_plain_text(determination(file))}")
    if file.names:
        texts.append(f"File names: {_listed(file.names)}")
    if file.alerts.get("mitre_techniques"):
        texts.append(f"Techniques: {_listed(file.alerts['mitre_techniques'])}")
    texts += [f"Caveat: {caveat['message']}" for caveat in file.caveats]
    yield from ({"type": "text", "value": for_plain_text(text, _LONGEST)} for text in texts)
    link = link_to(file.portal_url)
    if link is not None:
        yield {"type": "link", "value": link.address}


def _listed(values: tuple[str, ...] | list[str]) -> str:
    more = f" and {len(values) - _MOST:,} more" if len(values) > _MOST else ""
    return ", ".join(for_plain_text(value, 60) for value in values[:_MOST]) + more
