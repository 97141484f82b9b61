"""Writes the playbook's file as Splunk SOAR exports one: a ``.tgz`` of Python and the JSON that its editor draws.

The blocks' own code is taken from the Python, so that both say the same. The form of the JSON is that of the playbooks
Splunk publishes (https://github.com/phantomcyber/playbooks, schema 5.0).
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files import manifest
from mde_files.platforms import catalogue
from mde_files.platforms.splunk_soar.declarations import APP_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ASSET = "mde_files"
NAME = "enrich_container_files"
_CODE = Path(__file__).parent / "project" / f"{NAME}.py"
_RULE = "    " + "#" * 80 + "\n"
_START = f"{_RULE}    ## Custom Code Start\n{_RULE}"
_END = f"{_RULE}    ## Custom Code End\n{_RULE}"
_HASHES = "collect_hashes:custom_function:hashes"
_FIELDS = ("fileHashSha1", "fileHashSha256", "fileHash", "fileHashMd5")
_BLOCK_HEIGHT = 160
_CREATED = "2026-01-01T00:00:00+00:00"


class _Block(NamedTuple):
    """A block of the editor: its function, what it is, and what belongs to its kind."""

    function: str
    kind: str
    note: str
    told: Mapping[str, Any]


def write(output: Path) -> Path:
    """Write the playbook's file into ``output`` and return its path."""
    code = _CODE.read_text(encoding="utf-8")
    path = output / f"{NAME}.tgz"
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, text in ((f"{NAME}.json", json.dumps(document(code), indent=4)), (f"{NAME}.py", code)):
            content = text.encode()
            row = tarfile.TarInfo(name)
            row.size = len(content)
            archive.addfile(row, io.BytesIO(content))
    path.write_bytes(gzip.compress(packed.getvalue(), mtime=0))
    return path


def document(code: str) -> dict[str, Any]:
    """Return what the editor draws for the Python ``code``."""
    blocks = list(_blocks())
    nodes = {str(number): _node(number, place, block, code) for place, (number, block) in enumerate(_numbered(blocks))}
    order = [str(number) for number, _ in _numbered(blocks)]
    edges = [
        {
            "id": f"port_{source}_to_port_{target}",
            "sourceNode": source,
            "sourcePort": f"{source}_out",
            "targetNode": target,
            "targetPort": f"{target}_in",
        }
        for source, target in pairwise(order)
    ]
    return {
        "blockly": False,
        "blockly_xml": "<xml></xml>",
        "category": "Enrichment",
        "coa": {
            "data": {
                "description": " ".join(code.split('"""')[1].split()),
                "edges": edges,
                "hash": hashlib.sha1(code.encode(), usedforsecurity=False).hexdigest(),
                "nodes": nodes,
                "notes": f"Takes hashes from the artifacts' fields {', '.join(_FIELDS)}.",
            },
            "input_spec": None,
            "output_spec": None,
            "playbook_trigger": "artifact_created",
            "playbook_type": "automation",
            "python_version": "3.13",
            "schema": "5.0.15",
            "version": "7.0.0",
        },
        "create_time": _CREATED,
        "draft_mode": False,
        "labels": ["*"],
        "tags": [],
    }


def _blocks() -> Iterator[_Block]:
    yield _Block("on_start", "start", "", {})
    yield _Block(
        "collect_hashes",
        "code",
        "Takes one hash of each artifact.",
        {"inputParameters": [f"artifact:*.cef.{field}" for field in _FIELDS], "outputVariables": ["hashes"]},
    )
    for function, action in zip(("file_statistics", "file_alerts"), manifest.load().actions.values(), strict=True):
        yield _Block(function, "action", action.description, _action(action))
    yield _Block(
        "write_note",
        "code",
        "Writes what is known as a note into the container.",
        {"inputParameters": [], "outputVariables": []},
    )
    yield _Block("on_finish", "end", "", {})


def _action(action: manifest.Action) -> dict[str, Any]:
    required = [
        {"data_type": "string", "field": parameter.name}
        for parameter in catalogue.parameters(action)
        if parameter.required
    ]
    return {
        "action": action.id.replace("_", " "),
        "actionType": "investigate",
        "connector": manifest.load().document["name"],
        "connectorConfigs": [ASSET],
        "connectorId": APP_ID,
        "connectorVersion": "v1",
        "loop": {
            "enabled": False,
            "exitAfterUnit": "m",
            "exitAfterValue": 10,
            "exitConditionEnabled": False,
            "exitLoopAfter": 2,
            "pauseUnit": "m",
            "pauseValue": 2,
        },
        "parameters": {row["field"]: _HASHES for row in required},
        "requiredParameters": required,
    }


def _numbered(blocks: list[_Block]) -> Iterator[tuple[int, _Block]]:
    """Yield the blocks with their numbers: the editor has 0 for the start and 1 for the end."""
    yield 0, blocks[0]
    yield from enumerate(blocks[1:-1], 2)
    yield 1, blocks[-1]


def _node(number: int, place: int, block: _Block, code: str) -> dict[str, Any]:
    advanced: dict[str, Any] = {"join": []}
    if block.note:
        named = block.function.replace("_", " ")
        advanced |= {"customName": named, "customNameId": 0, "description": block.note, "note": block.note}
    data: dict[str, Any] = {
        "advanced": advanced,
        "functionName": block.function,
        "id": str(number),
        "type": block.kind,
        **block.told,
    }
    if block.note:
        data["functionId"] = 1
    own = _own_code(code, block.function)
    return {
        "data": data,
        "errors": {},
        "id": str(number),
        "type": block.kind,
        **({"userCode": own} if own else {}),
        "warnings": {},
        "x": 0,
        "y": place * _BLOCK_HEIGHT,
    }


def _own_code(code: str, function: str) -> str:
    body = code.partition(f"def {function}(")[2].partition("@phantom.playbook_block()")[0]
    return body.partition(_START)[2].partition(_END)[0]
