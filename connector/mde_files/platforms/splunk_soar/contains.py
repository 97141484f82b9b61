"""What kind of thing a value is to SOAR (``contains``): what it is decides which actions its menu offers.

The names are those of SOAR's common event format (``phantom.cef``) and, for ids of Defender, those of Splunk's own app
for it, so that its actions are offered on our results.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mde_files.platforms.catalogue import Output, Parameter

_HASHES = {kind: (kind, "hash") for kind in ("sha1", "sha256", "md5")}
_BY_PATH = {
    "file.queried": ("hash",),
    "file_alerts.devices[].name": ("host name",),
    "file_alerts.alerts[].id": ("defender atp alert id",),
}
_BY_KEY = {
    **_HASHES,
    "top_file_names": ("file name",),
    "file_name": ("file name",),
    "parent_process_file_name": ("file name",),
    "file_path": ("file path",),
    "parent_process_file_path": ("file path",),
    "machine_id": ("defender atp device id",),
    "computer_dns_name": ("host name",),
    "host": ("host name",),
    "ip_address": ("ip",),
    "url": ("url",),
    "portal_url": ("url",),
    "account_name": ("user name",),
    "user_name": ("user name",),
    "user_principal_name": ("user name",),
    "process_id": ("pid",),
    "parent_process_id": ("pid",),
}


def of_output(output: Output) -> tuple[str, ...]:
    """Return the kinds of an output; empty where it is nothing to act on."""
    key = output.path.rpartition(".")[2].removesuffix("[]")
    return _BY_PATH.get(output.path) or _HASHES.get(output.format) or _BY_KEY.get(key, ())


def of_parameter(parameter: Parameter) -> tuple[str, ...]:
    """Return the kinds of value that a parameter takes; empty: not to be offered for any."""
    return ("hash", *_HASHES) if parameter.name == "file_hash" else ()
