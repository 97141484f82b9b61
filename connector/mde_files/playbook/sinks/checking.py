"""Looks whether the sinks that the configuration names can be used; writes nothing anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mde_files.check import Finding, failed, missing_permission
from mde_files.deadline import Deadline
from mde_files.errors import MdeFilesError
from mde_files.playbook.sinks.calling import IncidentCalls
from mde_files.playbook.sinks.opening import permissions
from mde_files.playbook.sinks.webhook import webhook_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mde_files.auth import Claims
    from mde_files.connector import Connector
    from mde_files.manifest import Call
    from mde_files.sink_config import SentinelWorkspace

_OK, _WARNING = "ok", "warning"


def findings(connector: Connector) -> Iterator[Finding]:
    """Yield what was found out about each sink: its sign-in, and each permission that can be seen from here."""
    by_sink: dict[str, list[Call]] = {name: [] for name in connector.config.sinks.names}
    for name, call in permissions(connector.config, connector.manifest):
        by_sink[name].append(call)
    for name, calls in by_sink.items():
        yield from _of_service(connector, name, calls) if calls else _of_webhook(connector)


def _of_service(connector: Connector, sink: str, calls: list[Call]) -> Iterator[Finding]:
    service = connector.manifest.services[calls[0].service]
    try:
        claims = connector.sign_in(anew=True, service=service.id)
    except MdeFilesError as error:
        yield failed(f"sink_{sink}_sign_in", error)
        return
    yield Finding(f"sink_{sink}_sign_in", _OK, f"Signed in for {service.title}.")
    workspace = connector.config.sinks.sentinel
    if service.permission_kind == "azure_role" and workspace is not None:
        yield _reading(connector, sink, workspace, calls)
    elif claims is None:
        yield Finding(f"sink_{sink}_token", _WARNING, "The token cannot be read, so its contents were not compared.")
    else:
        for call in calls:
            yield _permission(sink, call, claims)


def _permission(sink: str, call: Call, claims: Claims) -> Finding:
    name = f"sink_{sink}_{call.id}"
    missing = missing_permission(call, claims)
    if missing is None:
        return Finding(name, _OK, f"{sink}: '{call.title}' is covered.")
    return missing._replace(name=name, message=f"{sink}: {missing.message}")


def _reading(connector: Connector, sink: str, workspace: SentinelWorkspace, calls: list[Call]) -> Finding:
    """Azure roles stand in no token: reading shows that the workspace is there and one of them is held."""
    name = f"sink_{sink}_workspace"
    place = {
        "subscription": workspace.subscription_id,
        "resource_group": workspace.resource_group,
        "workspace": workspace.workspace,
    }
    asked = IncidentCalls(lambda: connector.service.exchange("azure_management"), connector.manifest, place)
    try:
        answer = asked.ask("sentinel_incidents", Deadline(connector.config.timeouts.total))
    except MdeFilesError as error:
        return failed(name, error)
    if answer is None:
        return Finding(
            name,
            "failed",
            f"There is no Microsoft Sentinel workspace {workspace.workspace!r} in {workspace.resource_group!r}.",
            "Correct sinks.sentinel.",
            3,
        )
    roles = " or ".join(calls[-1].permissions.application)
    return Finding(
        name, _OK, f"The workspace {workspace.workspace!r} can be read; writing was not tried, it needs {roles}."
    )


def _of_webhook(connector: Connector) -> Iterator[Finding]:
    try:
        webhook_settings("", connector.config.sinks.webhook)
    except MdeFilesError as error:
        yield failed("sink_webhook", error)
    else:
        yield Finding("sink_webhook", _OK, "The webhook has an address and a key; nothing was sent there.")
