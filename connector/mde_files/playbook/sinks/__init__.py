"""Where playbooks attach what they found, and read incidents from: files, Microsoft Sentinel and Graph, webhooks."""

from __future__ import annotations

from mde_files.playbook.sinks.interface import Sink
from mde_files.playbook.sinks.opening import open_sink, permissions
from mde_files.playbook.sinks.reading import read_from_service

__all__ = ["Sink", "open_sink", "permissions", "read_from_service"]
