"""YAML that is made to hang, to fill the memory, to run code or to be read in two ways: refused at once."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from mde_files import config
from mde_files.errors import InvalidConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fault_table import FaultTable

READERS = ("configuration", "scenario", "playbook")
LONGEST_SECONDS = 5.0
LARGEST_MEGABYTES = 200
# Loads each document by each reader, in this process alone, which may hang, grow and crash.
JUDGE = """
import json, pathlib, re, signal, sys, time
import jsonschema
from mde_files import config
from mde_files.emulator import Scenario
from mde_files.errors import MdeFilesError
from mde_files.playbook.library import open_playbook

readers = {"configuration": config.load, "scenario": Scenario.load, "playbook": open_playbook}
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.yaml")):
    for name, read in readers.items():
        signal.alarm(20)
        started = time.monotonic()
        try:
            read(str(path))
            said = "accepted"
        except MdeFilesError as error:
            said = error.message
        except BaseException as error:
            said = f"bug: {type(error).__name__}"
        # Unlike ru_maxrss, this peak begins anew with the program.
        peak = re.search("VmHWM:\\s+([0-9]+)", pathlib.Path("/proc/self/status").read_text())
        grown = int(peak[1]) // 1024
        print(json.dumps([path.stem, name, said, time.monotonic() - started, grown]), flush=True)
"""


def laughs(base: str, first: str, levels: int) -> str:
    lines = [f"a0: &a0 {first}"]
    lines += [f"a{level}: &a{level} {base.format(*[f'*a{level - 1}'] * 9)}" for level in range(1, levels)]
    return "\n".join(lines)


LIST_OF_NINE = "[{}, {}, {}, {}, {}, {}, {}, {}, {}]"
BOMBS = {
    "billion laughs": laughs(LIST_OF_NINE, "[x, x]", 12),
    "billion laughs of keys": laughs("{{a: {}, b: {}, c: {}, d: {}, e: {}, f: {}, g: {}, h: {}, i: {}}}", "{x: 1}", 12),
    "billion laughs of merged keys": laughs(f"{{{{<<: {LIST_OF_NINE}}}}}", "{x: 1, y: 2}", 10),
    "quadratic aliases": f"a: &a [{', '.join('x' * 900)}]\nb: [{', '.join(['*a'] * 2000)}]",
    "list in itself": "auth: &a [*a]",
    "keys in themselves": "auth: &a {client_secret: *a}",
    "merged into itself": "auth: &a {<<: *a}",
    "deep lists without end": "a: " + "[" * 30_000,
    "deep lists": "a: " + "[" * 20_000 + "]" * 20_000,
    "deep groups": "a: " + "{a: " * 20_000 + "}" * 20_000,
    "deep by indentation": "\n".join(" " * level + "a:" for level in range(400)),
    "deep dashes": "- " * 20_000,
    "deep by aliases": "\n".join(["a0: &a0 x", *(f"a{n}: &a{n} [[[[[[*a{n - 1}]]]]]]" for n in range(1, 12))]),
    "huge": f"a: '{'x' * 20_000_000}'",
    "many keys": "\n".join(f"k{number}: 1" for number in range(300_000)),
    "many anchors": "".join(f"k{number}: &a{number} 1\n" for number in range(210_000)),
    "a number without end": "a: " + "9" * 90_000,
    "a sexagesimal number without end": "a: 1" + ":59" * 10_000,
    "a fraction without end": "a: 1." + "0_" * 40_000,
}
TAGS = {
    "python object": "a: !!python/object/apply:os.system ['true']",
    "python name": "a: !!python/name:os.system",
    "python module": "a: !!python/module:os",
    "python new": "a: !!python/object/new:subprocess.Popen [['true']]",
    "python tuple": "a: !!python/tuple [1]",
    "tag by directive": "%TAG ! tag:yaml.org,2002:python/\n---\na: !object/apply:os.system ['true']",
    "verbatim tag": "a: !<tag:yaml.org,2002:python/object/apply:os.system> ['true']",
    "unknown tag": "a: !include /etc/passwd",
}
AMBIGUOUS = {
    "a key twice": "tenant_id: a\ntenant_id: b",
    "a key twice inside": "auth: {method: access_token, method: client_secret}",
    "a key twice, quoted": 'tenant_id: a\n"tenant_id": b',
    "two documents": "tenant_id: a\n---\ntenant_id: b",
    "keys that are lists": "? [a]\n: 1",
    "null byte": "a: \x00",
}
DOCUMENTS = {**BOMBS, **TAGS, **AMBIGUOUS}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], tuple[str, float, int]]:
    """What each reader said to each document, after how many seconds, and the memory of the process then."""
    folder: Path = tmp_path_factory.mktemp("documents")
    for number, text in enumerate(DOCUMENTS.values()):
        (folder / f"{number:03}.yaml").write_text(text, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-c", JUDGE, str(folder)], capture_output=True, text=True, timeout=120, check=False
    )
    lines: list[list[Any]] = [json.loads(line) for line in ran.stdout.splitlines()]
    names = list(DOCUMENTS)
    return {(names[int(line[0])], line[1]): (line[2], line[3], line[4]) for line in lines}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_such_a_document_is_refused_at_once(
    judged: dict[tuple[str, str], tuple[str, float, int]], name: str, fault_table: FaultTable
) -> None:
    for reader in READERS:
        said, seconds, megabytes = judged.get((name, reader), (f"{reader}: crashed or hung", 20.0, 0))
        refused = "accepted" not in said and "bug" not in said and "crashed" not in said
        if reader != "playbook":
            refused = refused and "no valid YAML" in said
        if megabytes > LARGEST_MEGABYTES:
            said, refused = f"{reader}: {megabytes} megabytes", False
        fault_table.row(
            "secrets: YAML", name, "refused", "refused" if refused else said, seconds, within=LONGEST_SECONDS
        )


def test_code_in_yaml_does_not_run(tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    path = tmp_path / "config.yaml"
    path.write_text(f"tenant_id: !!python/object/apply:os.mkdir ['{trace}']", encoding="utf-8")
    with pytest.raises(InvalidConfigError):
        config.load(path)
    assert not trace.exists()


def test_aliases_that_stand_for_little_are_read(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        "tenant_id: tenant.test\ntenants:\n"
        "  one: &one {auth: {method: access_token, access_token: xxxxxxxx}}\n"
        "  two: {<<: *one, tenant_id: two.test}\n",
        encoding="utf-8",
    )
    assert config.load(path, tenant="two").auth.method == "access_token"


def test_the_place_of_what_is_too_much_is_told(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("tenant_id: tenant.test\nauth:\n  method: device_code\n  method: client_secret\n", encoding="utf-8")
    with pytest.raises(InvalidConfigError, match="line 4, column 3: a key is there twice") as refused:
        config.load(path)
    assert refused.value.hint
