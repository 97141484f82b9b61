"""Writes the documents of the app's project from the manifest: ``pyproject.toml``, ``README.md``, release notes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mde_files import manifest
from mde_files.platforms import catalogue, vendoring
from mde_files.platforms.splunk_soar.actions import MARKDOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

SDK = "splunk-soar-sdk==7.0.3"
# The SDK knows 3.15 too, for which PyYAML has no wheel that its packager could take.
PYTHON = "3.13"
PROJECT = "mde_files_soar"


def pyproject() -> str:
    """Return the app's ``pyproject.toml``, with the libraries that this project needs itself.

    Raises:
        InvalidConfigError: This project is not installed here, so what it needs is not known.
    """
    document = manifest.load().document
    machines = ",\n".join(
        f"  \"sys_platform == 'linux' and platform_machine == '{machine}'\"" for machine in ("x86_64", "aarch64")
    )
    needed = "".join(f"  {json.dumps(one)},\n" for one in (SDK, *vendoring.public_libraries({"redis"})))
    return f"""[project]
name = "{PROJECT}"
version = {json.dumps(document["version"])}
description = {json.dumps(document["description"])}
license = {json.dumps(document["license"])}
authors = [{{ name = {json.dumps(document["publisher"])} }}]
requires-python = ">={PYTHON},<3.14"
dependencies = [
{needed}]

[tool.soar.app]
main_module = "src/app.py:app"

[tool.uv]
environments = [
{machines},
]
"""


def readme() -> str:
    """Return the app's ``README.md``."""
    document = manifest.load().document
    head = (
        f"# {document['name']}\n\nPublisher: {document['publisher']} \\\nConnector Version: {document['version']} \\\n"
        f"Product Vendor: {document['vendor']} \\\nProduct Name: {document['product']} \\\n"
        f"Minimum Product Version: 7.0.0\n\n{document['description']}\n"
    )
    parts = [
        head,
        _PERMISSIONS.format(permissions="\n".join(_permissions())),
        _STATE,
        "## Configuration\n\n" + "\n".join(_settings()) + "\n",
        *_actions(),
    ]
    return "\n".join(parts)


def release_notes() -> str:
    """Return the notes of this version."""
    return f"* Version {manifest.load().version}: file statistics and file alerts, with a view and a summary each.\n"


_PERMISSIONS = """## Before you begin

Register an application in the Microsoft Entra tenant, give it these application permissions of WindowsDefenderATP, and
grant admin consent:

{permissions}

The app calls the host of the chosen cloud and its sign-in authority over HTTPS (TCP 443) and nothing else.
"""
_STATE = """## State, quota and tokens

All processes of one SOAR node share the app's state folder: one SQLite file holds the count of calls and the cached
answers, one file for each asset the access token; both are readable by SOAR's own user only. The service counts calls
for each tenant, application and endpoint: where several nodes (a cluster keeps that folder on a network share, where
SQLite must not live) or an automation broker use the same application, enter a Redis URL in 'Shared state', or divide
the allowance with 'Share of the quota'.

A call that finds no room in the quota fails and says from when to try again.
"""


def _permissions() -> Iterator[str]:
    document = manifest.load()
    used = [call for action in document.actions.values() for call in (action.resolves_with, action.call)]
    for call in dict.fromkeys(used):
        row = document.calls[call]
        yield f"- {' or '.join(row.permissions.application)}: {row.title}"


def _settings() -> Iterator[str]:
    yield "| Setting | Name | Required | Type | What it is |"
    yield "| --- | --- | --- | --- | --- |"
    for setting in catalogue.settings():
        kind = "password" if setting.secret else setting.kind
        allowed = f" One of {', '.join(setting.choices)}." if setting.choices else ""
        default = "" if setting.default is None else f" Default: {setting.default}."
        yield (
            f"| {setting.title} | {setting.name} | {'yes' if setting.required else 'no'} | {kind} "
            f"| {setting.description}{allowed}{default} |"
        )


def _actions() -> Iterator[str]:
    yield "## Actions\n\nBoth only read. An unknown value has no key in the data.\n"
    for action in manifest.load().actions.values():
        lines = [f"### {action.id.replace('_', ' ')}", "", action.description, ""]
        lines += ["| Parameter | Required | Type | What it is |", "| --- | --- | --- | --- |"]
        for parameter in catalogue.parameters(action):
            told: tuple[Any, ...] = (parameter.name, "yes" if parameter.required else "no", parameter.kind)
            lines.append(f"| {' | '.join(told)} | {parameter.description} |")
        lines += ["", f"`action_result.data.*.outcome` is one of {', '.join(action.outcomes)}; a run that ends"]
        lines += [
            f"`deferred` or `failed` is a failed run. `action_result.data.*.{MARKDOWN}` is the record as a note.",
            "",
            "| Data path | Type | What it says |",
            "| --- | --- | --- |",
        ]
        for output in catalogue.outputs(action):
            path = output.path.replace("[]", ".*")
            lines.append(f"| action_result.data.*.{path} | {output.kind} | {output.description} |")
        yield "\n".join(lines) + "\n"
