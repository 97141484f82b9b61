"""A local Defender tenant: Microsoft Entra ID sign-in, files and incidents, over TLS, from a scenario file."""

from __future__ import annotations

from mde_files.emulator.incidents import Incident
from mde_files.emulator.scenario import Alert, Fault, File, Quota, QuotaWindow, Scenario
from mde_files.emulator.server import Emulator
from mde_files.emulator.traffic import SeenRequest

__all__ = ["Alert", "Emulator", "Fault", "File", "Incident", "Quota", "QuotaWindow", "Scenario", "SeenRequest"]
