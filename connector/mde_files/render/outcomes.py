"""What each outcome is called and drawn as; no word here judges a file."""

from __future__ import annotations

from typing import Final, NamedTuple


class Appearance(NamedTuple):
    """Words, a symbol that does without colour, and a tone that a style gives a colour."""

    words: str
    symbol: str
    tone: str


OUTCOMES: Final = {
    "seen_in_organization": Appearance("Seen in the organization", "●", "seen"),
    "known_globally_only": Appearance("Known worldwide, not in the organization", "○", "plain"),
    "prevalence_unavailable": Appearance("No prevalence for the organization", "◌", "open"),
    "unknown_to_defender": Appearance("Unknown to Defender", "?", "open"),
    "alerts_found": Appearance("Alerts found", "▲", "high"),
    "no_alerts": Appearance("No alerts found", "△", "plain"),
    "not_queried": Appearance("Alerts could not be asked for", "?", "open"),
    "deferred": Appearance("Still open", "◷", "open"),
    "failed": Appearance("No answer", "✕", "open"),
}
OPEN: Final = frozenset({"deferred", "failed"})
# most severe first; a member nobody knows might be worse than medium
SEVERITIES: Final = ("high", "other", "medium", "low", "informational", "unspecified")
ACTIONS: Final = {"file_stats": "statistics", "file_alerts": "alerts"}


def severity_of(text: object) -> str:
    """Return the key of :data:`SEVERITIES` that an alert's severity, as the service writes it, is counted under."""
    if text is None or text == "":
        return "unspecified"
    member = str(text).lower()
    return member if member in SEVERITIES else "other"
