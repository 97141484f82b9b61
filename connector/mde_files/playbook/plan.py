"""What a run of a playbook would ask and write, and whether the quota has room for it; nothing is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mde_files.connector import Connector
    from mde_files.playbook.definition import Playbook
    from mde_files.playbook.incident import ObservedFile


def planned_calls(playbook: Playbook, files: Sequence[ObservedFile], connector: Connector) -> list[dict[str, Any]]:
    """Return the greatest number of calls for each endpoint, with what is left of its quota.

    Args:
        playbook: The playbook.
        files: The files it would look at.
        connector: Knows the calls and the quota.

    Returns:
        The ``calls`` of a plan in ``schemas/playbook_report.schema.json``.

    Raises:
        MdeFilesError: The state that counts the calls cannot be used.
    """
    actions = connector.manifest.actions
    to_resolve = sum(file.kind != "sha1" for file in files)
    counts: dict[str, int] = {}
    for step in playbook.actions:
        action = actions[step.action]
        counts[action.call] = counts.get(action.call, 0) + len(files)
        if to_resolve:
            known = counts.get(action.resolves_with, 0)
            counts[action.resolves_with] = to_resolve if connector.config.cache.enabled else known + to_resolve
    usage = connector.quota_usage("playbook")
    return [
        {
            "call": call,
            "at_most": at_most,
            "fits": all(at_most <= window.left for window in usage[call]),
            "windows": [
                {"seconds": window.seconds, "limit": window.limit, "used": window.used, "left": window.left}
                for window in usage[call]
            ],
        }
        for call, at_most in counts.items()
    ]
