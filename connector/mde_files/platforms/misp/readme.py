"""The package's own README: how to install it, its settings, and what its answers mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mde_files import manifest
from mde_files.platforms import catalogue
from mde_files.platforms.misp import module, question
from mde_files.platforms.misp.connectors import EXPANSION_LIMITS, HOVER_LIMITS
from mde_files.platforms.misp.findings import MOST_ALERTS

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOTAL = "timeouts.total"


def text() -> str:
    """Return the README as Markdown."""
    loaded = manifest.load()
    return f"""# {loaded.document["name"]}: MISP module

{loaded.document["description"]}

Version {loaded.document["version"]}, {loaded.document["license"]}. It is made for misp-modules 3; it imports pymisp
and never the server.

## Installation

1. Install the requirements into the environment of misp-modules: `pip install -r {module.REQUIREMENTS_FILE}`.
2. Start the server with this folder, `misp-modules -c PATH`, or copy everything in it into the folder of your own
   modules. `expansion/` holds the module, `mde_files_library/` what it imports; both stay side by side.
3. In MISP, open Administration, Server Settings & Maintenance, Plugin, Enrichment. Set
   `Enrichment_{module.NAME}_enabled`, the tenant, the application and one credential. For hovers, set
   `Enrichment_hover_enable` too.

The Entra application needs these permissions, one of each line:

{_lines(_permissions())}

## Settings

Each is `Plugin.Enrichment_{module.NAME}_` and the name. All are texts; what is left empty takes its default.

| name | meaning | default |
| --- | --- | --- |
{_lines(_settings())}

* MISP does not hide the settings of modules from its site administrators, and `misp-modules --debug` logs them.
  A managed identity needs no secret at all.
* A PEM has several lines: set it on the command line, `cake Admin setSetting NAME "$(cat FILE)"`.
* MISP waits 10 seconds for an expansion and 5 for a hover (`Plugin.Enrichment_timeout`,
  `Plugin.Enrichment_hover_timeout`). So an expansion ends within {EXPANSION_LIMITS[_TOTAL]:g} seconds, unless
  `timeouts_total` says otherwise, and a hover within {HOVER_LIMITS[_TOTAL]:g}. Raise both sides together.
* Quota and answers are kept in the state folder of the user who runs the server (`~/.local/state/mde-files` on Linux),
  shared by all its threads. Several servers share them by `state`: `redis://...`.
* The server asks nobody who they are. Let it listen on loopback only.

## Answers

* A `file` object: hashes, names, size, signature; first and last seen in the organization. An `annotation` for each
  answer, with a local tag such as `mde-files:file_stats="seen_in_organization"` to branch on. An `edr-report` for each
  of the {MOST_ALERTS} most severe alerts, and an event report where there are alerts.
* All of it is for your organization only until you share it: it tells about your devices.
* Nothing becomes an indicator (`to_ids`), except the other hashes of an attribute that is one.
* Neither "unknown to Defender" nor "no alerts" nor zero devices says that a file is harmless.
* Sightings are not made: MISP drops them from module results. Techniques are links to MITRE ATT&CK, no galaxy tags,
  which need names that Defender does not tell.
* If one of the two questions fails, the other's answer comes with the error.
"""


def _permissions() -> Iterator[str]:
    loaded = manifest.load()
    called = dict.fromkeys(call for action in loaded.actions.values() for call in (action.call, action.resolves_with))
    for call in called:
        names = loaded.document["calls"][call]["permissions"]["application"]
        yield f"* {loaded.calls[call].title}: {' or '.join(f'`{name}`' for name in names)}"


def _settings() -> Iterator[str]:
    for setting in catalogue.settings():
        default = EXPANSION_LIMITS.get(setting.key, setting.default)
        choices = f" One of {', '.join(f'`{choice}`' for choice in setting.choices)}." if setting.choices else ""
        needed = "required" if setting.required else "" if default is None else f"`{_told(default)}`"
        yield f"| `{setting.name}` | {setting.description}{choices} | {needed} |"
    for parameter in question.setting_parameters():
        default = "" if parameter.default is None else f"`{_told(parameter.default)}`"
        yield f"| `{parameter.name}` | {parameter.description} | {default} |"


def _told(value: str | float) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def _lines(lines: Iterator[str]) -> str:
    return "\n".join(lines)
