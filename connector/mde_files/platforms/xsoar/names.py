"""Names that the pack's files and the running integration have in common."""

from __future__ import annotations

PACK = "MdeFiles"
INTEGRATION = "MdeFiles"
_CONTEXT = "MDEFiles"


def command(action: str) -> str:
    """Return the command of an action, such as ``mde-file-stats``."""
    return f"mde-{action.replace('_', '-')}"


def context_path(action: str) -> str:
    """Return where an action's records stand in the context, such as ``MDEFiles.FileStats``."""
    return f"{_CONTEXT}.{''.join(part.capitalize() for part in action.split('_'))}"
