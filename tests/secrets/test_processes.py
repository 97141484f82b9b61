"""Commands as people run them: what they print, what they leave behind, and what other users of the machine can see."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

import mde_files
from mde_files import cli
from mde_files.emulator import Fault
from mde_files.platforms import packages

from .canaries import Canary, canary, found
from .watching import files_below

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.fault_table import FaultTable

    from .conftest import Tenant, Written

ROOM = "secrets: commands"
_LONGEST = 60
_PAUSE = 0.002


class Ran(NamedTuple):
    """How a command ended, and everything it showed to anybody.

    Attributes:
        code: Exit code.
        shown: Standard output and error.
        listed: Command lines of the process and those below it, as others see them.
        temporary: What stood in the folder for temporary files at any time.
    """

    code: int
    shown: str
    listed: bytes
    temporary: bytes


class House(NamedTuple):
    """Folders that a command has for itself, and an environment with secrets in it."""

    tenant: Tenant
    root: Path
    environment: dict[str, str]
    secrets: list[Canary]

    @property
    def temporary(self) -> Path:
        return self.root / "temporary"

    def run(self, *words: str, umask: int = 0o022, stdin: str = "", **variables: str) -> Ran:
        """Run a command and watch it from outside."""
        process = subprocess.Popen(
            [sys.executable, "-m", "mde_files", *words],
            env={**self.environment, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.root,
            umask=umask,
        )
        seen: dict[str, set[bytes]] = {"listed": set(), "temporary": set()}
        watcher = threading.Thread(target=self._watch, args=(process, seen))
        watcher.start()
        shown, _ = process.communicate(stdin.encode(), timeout=_LONGEST)
        watcher.join()
        text = shown.decode("utf-8", "replace")
        assert "Traceback" not in text
        return Ran(process.returncode, text, b"\n".join(seen["listed"]), b"\n".join(seen["temporary"]))

    def _watch(self, process: subprocess.Popen[bytes], seen: dict[str, set[bytes]]) -> None:
        while process.poll() is None:
            for pid in [process.pid, *_below(process.pid)]:
                with suppress(OSError):
                    seen["listed"].add(Path(f"/proc/{pid}/cmdline").read_bytes())
            with suppress(OSError):
                seen["temporary"].update(content for _, content in files_below(self.temporary))
            time.sleep(_PAUSE)

    def left_behind(self) -> Iterator[tuple[Path, bytes]]:
        """Yield every file but those that were there before: the configuration and what was given in files."""
        given = self.root / "given"
        yield from ((path, content) for path, content in files_below(self.root) if given not in path.parents)


@pytest.fixture
def run_here(house: House, written: Written, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Run a command in this process, which is quicker, with the logs of every library at every level."""

    def run_here(*words: str, **variables: str) -> Ran:
        for name, value in {**house.environment, **variables}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(house.root)
        code = cli.main(words)
        text = written.text()
        assert "Traceback" not in text
        return Ran(code, text, b"", b"")

    return run_here


def _below(pid: int) -> Iterator[int]:
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield int(child)
                yield from _below(int(child))


@pytest.fixture
def house(tenant: Tenant) -> House:
    """A house in which every secret comes from the environment, and the rest from a file."""
    root = tenant.folder
    for name in ("given", "home", "temporary", "out"):
        (root / name).mkdir(mode=0o700)
    webhook, key = canary("webhook URL", odd=False), canary("webhook key")
    proxy, forwarded = canary("proxy", odd=False), canary("HTTPS_PROXY", odd=False)
    settings = tenant.emulator.configuration()
    del settings["auth"], settings["token_cache"]
    settings["sinks"] = {"webhook": {}}
    (root / "given" / "config.json").write_text(json.dumps(settings))
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(mde_files.__file__).parents[1]),
        "HOME": str(root / "home"),
        "TMPDIR": str(root / "temporary"),
        "MDE_FILES_CONFIG": str(root / "given" / "config.json"),
        "MDE_FILES_AUTH__CLIENT_SECRET": tenant.client_secret.text,
        "MDE_FILES_SINKS__WEBHOOK__URL": f"{tenant.emulator.base_url}/hook/{webhook.text}",
        "MDE_FILES_SINKS__WEBHOOK__SECRET": key.text,
        "MDE_FILES_PROXY": f"http://user:{proxy.text}@127.0.0.1:9",
        "MDE_FILES_LOG__LEVEL": "debug",
        "HTTPS_PROXY": f"http://user:{forwarded.text}@127.0.0.1:9",
    }
    return House(tenant, root, environment, [tenant.client_secret, webhook, key, proxy, forwarded])


def given(house: House) -> tuple[str, str]:
    """Return the paths of a list of hashes and of an incident."""
    files = house.tenant.emulator.scenario.files[:6]
    hashes, incident = house.root / "given" / "hashes.txt", house.root / "given" / "incident.json"
    hashes.write_text("\n".join(file.sha1 for file in files))
    incident.write_text(json.dumps({"id": "7", "title": "x", "files": [{"sha1": file.sha1} for file in files[:3]]}))
    return str(hashes), str(incident)


def commands(house: House) -> dict[str, tuple[str, ...]]:
    hashes, incident = given(house)
    sha1 = house.tenant.sha1
    run = ("playbook", "run", "enrich-incident-files", "--incident", incident)
    return {
        "check": ("check",),
        "file-stats": ("file-stats", sha1),
        "file-alerts, no cache": ("file-alerts", sha1, "--no-cache", "--log-format", "json"),
        "run": ("run", "file_stats", "--params", json.dumps({"file_hash": sha1})),
        "quota": ("quota",),
        "batch": ("batch", hashes, "--output", "out/batch.jsonl", "--action", "both", "--report", "out/batch.html"),
        "batch, CSV": ("batch", hashes, "--output", "out/batch.csv", "--log-format", "json"),
        "playbook": (*run, "--sink", "file:out/incident.json", "--sink", "webhook", "--report", "out/incident.html"),
        "playbook, JSON": (*run, "--sink", "webhook", "--json", "--log-format", "json"),
        "playbook, dry": (*run, "--sink", "webhook", "--dry-run"),
        "STIX": ("file-stats", sha1, "--output-format", "stix"),
    }


def judged(house: House, ran: Ran) -> list[str]:
    """Return what a command showed or left behind of a secret, and which files others may read."""
    secrets = house.secrets
    said = [f"printed {name}" for name in found(ran.shown, secrets)]
    said += [f"command line {name}" for name in found(ran.listed, secrets)]
    said += [f"temporary file {name}" for name in found(ran.temporary, secrets)]
    for path, content in house.left_behind():
        said += [f"{path.name} {name}" for name in found(content, secrets)]
    return said


def open_to_others(house: House) -> list[str]:
    """Return the files and folders that others than the owner may use."""
    own = {house.root / name for name in ("given", "home", "temporary", "out")}
    paths = [path for path in house.root.rglob("*") if path not in own and house.root / "given" not in path.parents]
    return [
        f"{path.relative_to(house.root)} has mode {stat.S_IMODE(path.lstat().st_mode):o}"
        for path in paths
        if path.lstat().st_mode & 0o077
    ]


@pytest.mark.parametrize(
    "umask", [pytest.param(0o000, id="umask 0"), pytest.param(0o022, id="umask 022", marks=pytest.mark.slow)]
)
def test_commands_that_succeed(house: House, fault_table: FaultTable, umask: int) -> None:
    tokens = 0
    for name, words in commands(house).items():
        ran = house.run(*words, umask=umask)
        said = judged(house, ran) + open_to_others(house)
        fault_table.row(ROOM, name, "nothing told", "; ".join(said) or "nothing told")
        assert ran.code in (0, 7, 6), ran.shown
    for path, content in house.left_behind():
        if b"eyJ" in content:
            assert path.name == "tokens.json", path
            tokens += 1
    assert tokens == 1
    assert {path.name for path, _ in files_below(house.root / "out")} >= {"batch.jsonl", "batch.csv", "incident.html"}
    assert list(house.temporary.iterdir()) == []
    ran = house.run("purge")
    assert not any(b"eyJ" in content for _, content in house.left_behind())


FAILURES: dict[str, Any] = {
    "wrong secret": {"MDE_FILES_AUTH__CLIENT_SECRET": "other"},
    "sign-in host out of reach": {"MDE_FILES_AUTHORITY": "https://127.0.0.1:9"},
    "another tenant": {"MDE_FILES_TENANT_ID": "other.test"},
    "state of another kind": {"MDE_FILES_STATE": "mongo://user:{}@db.test"},
    "state out of reach": {"MDE_FILES_STATE": "redis://user:{}@127.0.0.1:9/0", "MDE_FILES_STATE_REQUIRED": "true"},
    "state goes on without": {"MDE_FILES_STATE": "redis://user:{}@127.0.0.1:9/0"},
    "auth is the secret": {"MDE_FILES_AUTH": "{}"},
    "an unknown variable": {"MDE_FILES_AUTH__SECRET": "{}"},
    "a variable too deep": {"MDE_FILES_AUTH__CLIENT_SECRET__VALUE": "{}"},
    "certificate path is the key": {
        "MDE_FILES_AUTH__METHOD": "certificate",
        "MDE_FILES_AUTH__CERTIFICATE__PATH": "-----BEGIN PRIVATE KEY-----" + "{}" * 10,
    },
    "federated token is the file": {
        "MDE_FILES_AUTH__METHOD": "workload_identity",
        "MDE_FILES_AUTH__FEDERATED_TOKEN_FILE": "{}",
    },
    "token cache cannot be written": {"MDE_FILES_TOKEN_CACHE": "/dev/null/tokens.json"},
    "certificate authorities are none": {"MDE_FILES_CA_BUNDLE": "/dev/null"},
    "broker with a wrong password": {"MDE_FILES_CELERY__BROKER": "redis://user:{}@127.0.0.1:9/0"},
}


@pytest.mark.parametrize("name", FAILURES)
def test_commands_that_fail(house: House, run_here: Callable[..., Ran], fault_table: FaultTable, name: str) -> None:
    secret = canary("wrong setting", odd=False)
    hashes, _ = given(house)
    variables = {key: value.replace("{}", secret.text) for key, value in FAILURES[name].items()}
    words = ("batch", hashes, "--output", "out/batch.jsonl", "--celery") if "broker" in name else ("check",)
    everything = house._replace(secrets=[*house.secrets, secret])
    forms = (("--log-format", "text"), ("--json", "--log-format", "json"))
    for form in forms:
        ran = run_here(*words, *form, **variables)
        said = judged(everything, ran)
        fault_table.row(ROOM, name, "nothing told", "; ".join(said) or "nothing told")
        assert "mde-files itself" not in ran.shown, ran.shown


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
def test_a_server_that_repeats_everything(
    house: House, run_here: Callable[..., Ran], fault_table: FaultTable, status: int
) -> None:
    secret = house.tenant.client_secret
    echo = {
        "error": {"code": secret.core, "message": secret.text, "target": secret.core},
        "error_description": secret.text,
    }
    house.tenant.fail(Fault("status", status=status, body=echo, headers={"Retry-After": "600", "Sunset": secret.core}))
    whole = secret._replace(text=secret.core)
    ran = run_here("file-stats", house.tenant.sha1, "--json", MDE_FILES_AUTH__CLIENT_SECRET=whole.text)
    said = judged(house, ran)
    fault_table.row(ROOM, f"{status} with an echo", "nothing told", "; ".join(said) or "nothing told")


@pytest.mark.parametrize(
    "words",
    [
        ("check", "--client-secret", "{}"),
        ("check", "--client-secret={}"),
        ("file-stats", "a" * 40, "--password={}", "--token", "{}"),
        ("playbook", "run", "enrich-incident-files", "--incident", "x", "--sink", "webhok:https://hooks.test/{}"),
        ("playbook", "run", "enrich-incident-files", "--incident", "x", "--sink", "webhook:http://hooks.test/{}"),
    ],
)
def test_secrets_in_the_wrong_option_are_not_repeated(run_here: Callable[..., Ran], words: tuple[str, ...]) -> None:
    secret = canary("option", odd=False)
    ran = run_here(*(word.replace("{}", secret.text) for word in words))
    assert found(ran.shown, [secret]) == []
    assert ran.code in (2, 3)


def test_programs_that_are_started_get_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The packager of Splunk SOAR's SDK builds other people's packages."""
    secret = canary("environment", odd=False)
    seen = tmp_path / "seen"
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for name in ("soarapps", "python"):
        program = bin_folder / name
        program.write_text(f'#!/bin/sh\n(env; echo "$@") > {seen}\nexit 1\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("MDE_FILES_AUTH__CLIENT_SECRET", secret.text)
    packages.build("splunk-soar", tmp_path / "out")
    told = seen.read_bytes()
    assert b"PATH=" in told
    assert found(told, [secret]) == []
