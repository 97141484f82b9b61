"""A local tenant in a process of its own, whose quota is lifted, and configurations for it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

SHA1 = "3395856ce81f2b7382dee72602f798b642f14140"
COMMAND = [sys.executable, "-c", "from mde_files.cli import entry_point; entry_point()"]
# More than any part of the benchmark asks: calls are counted as ever, and none is refused.
_QUOTA = {"per_minute": 100000, "per_hour": 100000, "max_wait_seconds": 0}


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a process that is measured: bytecode is kept, nothing of this machine is read."""
    strange = ("MDE_FILES_", "PYTHONDONTWRITE", "REQUESTS_CA", "CURL_CA", "SSL_CERT")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(strange)}
    return {**kept, "XDG_CONFIG_HOME": "/nonexistent", **more}


class Tenant:
    """The emulator as a process; a context manager.

    Args:
        folder: Where its files go.
        latency: Seconds that every answer of service and sign-in takes.
        files: How many files it knows besides those of the default scenario.
        apart: Whether it runs on another processor than this process, where the system can tell them apart.
    """

    def __init__(self, folder: Path, *, latency: float = 0.0, files: int = 0, apart: bool = False) -> None:
        self.folder = folder
        self._latency = latency
        self._files = files
        self._apart = apart
        self._processors: set[int] = set()
        self._process: subprocess.Popen[str] | None = None
        self.configuration: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        scenario = _scenario(self._latency, self._files)
        path = self.folder / "scenario.yaml"
        path.write_text(yaml.safe_dump(scenario), encoding="utf-8")
        words = ["emulator", "--json", "--scenario", str(path), "--directory", str(self.folder)]
        self._process = subprocess.Popen(
            [*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment()
        )
        assert self._process.stdout is not None
        self.configuration = {**json.loads(self._process.stdout.readline())["configuration"], "quota": _QUOTA}
        self.configuration.pop("sinks", None)
        if self._apart and hasattr(os, "sched_setaffinity"):
            self._processors = os.sched_getaffinity(0)
            first, *others = sorted(self._processors)
            os.sched_setaffinity(0, {first})
            os.sched_setaffinity(self._process.pid, others or {first})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._process is not None
        if self._processors:
            os.sched_setaffinity(0, self._processors)
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=30)

    @property
    def url(self) -> str:
        """Base URL of the files API."""
        return str(self.configuration["base_url"])

    @property
    def ca_file(self) -> str:
        """File of the certificate authority."""
        return str(self.configuration["ca_bundle"])

    def config_file(self, **changes: Any) -> Path:
        """Return a configuration file, as YAML."""
        path = self.folder / f"config-{len(list(self.folder.glob('config-*')))}.yaml"
        path.write_text(yaml.safe_dump({**self.configuration, **changes}), encoding="utf-8")
        return path

    def token(self) -> str:
        """Return a token that was kept in the token file by an action before."""
        signed_in = json.loads(Path(self.configuration["token_cache"]).read_text(encoding="utf-8"))["sign_ins"]
        return str(next(iter(signed_in.values()))["access_token"])


def _scenario(latency: float, files: int) -> dict[str, Any]:
    default = Path(__file__).parents[2] / "connector" / "mde_files" / "emulator" / "scenarios" / "default.yaml"
    scenario: dict[str, Any] = yaml.safe_load(default.read_text(encoding="utf-8"))
    scenario["quota"] = None
    scenario["latency"] = {"service": latency, "sign_in": latency}
    if files:
        scenario["files"].append({"label": "benchmark", "repeat": files, "organization": {"prevalence": 3}})
    return scenario
