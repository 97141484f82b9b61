"""A stand-in for the server that runs an integration: ``python stand_in.py SCRIPT JOB``, in the image's environment.

JOB is a JSON file: ``command``, ``args``, ``params``; ``context``: path of the file that keeps the integration context
of the instance, which all runs share; ``versioned``: whether the server knows versions; ``times``: how often to run in
this process; ``scripts``: others to run before. Prints one JSON object: the entries, the log, the exit statuses, the
seconds each run took and how often the context was read and written.

As documented: all texts in the context, a stale version raises ``ValueError``, and while an instance is tested its
context can be neither read nor written.
"""

from __future__ import annotations

import fcntl
import json
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_ANY_VERSION = -1


class Demisto:
    def __init__(self, job: dict[str, Any]) -> None:
        self._job = job
        self.entries: list[Any] = []
        self.lines: list[str] = []
        self.reads = self.writes = self.conflicts = 0

    def command(self) -> str:
        return self._job["command"]

    def args(self) -> dict[str, Any]:
        return dict(self._job.get("args", {}))

    def params(self) -> dict[str, Any]:
        return dict(self._job["params"])

    def results(self, results: Any) -> None:
        self.entries += json.loads(json.dumps(results if isinstance(results, list) else [results]))

    def debug(self, message: str, *_: object) -> None:
        self.lines.append(f"debug {message}")

    def info(self, message: str, *_: object) -> None:
        self.lines.append(f"info {message}")

    def error(self, message: str, *_: object) -> None:
        self.lines.append(f"error {message}")

    def getIntegrationContextVersioned(self, refresh: bool = False) -> dict[str, Any]:  # noqa: N802
        assert refresh, "without refresh, an instance's memory of the context may be old"
        self.reads += 1
        with self._held() as held:
            return dict(held)

    def setIntegrationContextVersioned(  # noqa: N802
        self, context: dict[str, str], version: int = _ANY_VERSION, sync: bool = False
    ) -> None:
        assert sync, "without sync, the context is written when the command has ended"
        assert all(isinstance(text, str) for item in context.items() for text in item)
        self.writes += 1
        with self._held() as held:
            if version != _ANY_VERSION and version < held["version"]:
                self.conflicts += 1
                raise ValueError(f"DB Version {held['version']} is newer than {version}")
            held["context"], held["version"] = context, held["version"] + 1

    @contextmanager
    def _held(self) -> Iterator[dict[str, Any]]:
        if self._job["command"] == "test-module":
            raise RuntimeError("the integration context is not at hand in test-module")
        with Path(self._job["context"]).open("a+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            held = json.loads(file.read() or '{"context": {}, "version": 1}')
            yield held
            file.truncate(0)
            file.write(json.dumps(held))


class OldDemisto(Demisto):
    """A server before there were versions."""

    def __getattribute__(self, name: str) -> Any:
        if name.endswith("Versioned"):
            raise AttributeError(name)
        return super().__getattribute__(name)


def run(script: str, demisto: Demisto) -> int:
    """Run a script as the server does: in a namespace where its own names are there already."""
    namespace = {
        "__name__": "__builtin__",
        "demisto": demisto,
        "register_module_line": lambda *_, **__: None,
        "__line__": lambda: 0,
    }
    try:
        exec(compile(script, "integration", "exec"), namespace)  # noqa: S102 - what the server does
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def main() -> None:
    job = json.loads(Path(sys.argv[2]).read_text())
    demisto = Demisto(job) if job.get("versioned", True) else OldDemisto(job)
    statuses, seconds = [], []
    scripts = [*job.get("scripts", []), *[sys.argv[1]] * job.get("times", 1)]
    for script in scripts:
        text = Path(script).read_text(encoding="utf-8")
        started = time.perf_counter()
        statuses.append(run(text, demisto))
        seconds.append(time.perf_counter() - started)
    report = {"entries": demisto.entries, "log": demisto.lines, "statuses": statuses, "seconds": seconds}
    counts = {"reads": demisto.reads, "writes": demisto.writes, "conflicts": demisto.conflicts}
    sys.stdout.write(json.dumps({**report, **counts}))


if __name__ == "__main__":
    main()
