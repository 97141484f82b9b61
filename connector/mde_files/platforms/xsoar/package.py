"""Writes the pack: as a part of a content repository, and as the zip that the platform installs."""

from __future__ import annotations

import base64
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from mde_files import manifest
from mde_files.platforms.packages import Built
from mde_files.platforms.xsoar import declaration, documents, names, playbook, script

if TYPE_CHECKING:
    from collections.abc import Iterator

    Content = str | bytes

_ASSETS = Path(__file__).with_name("assets")
_UNCHANGING = (1980, 1, 1, 0, 0, 0)


def build(output: Path) -> Built:
    """Write ``Packs/MdeFiles`` (the sources of the pack) and ``MdeFiles.zip`` (what is installed) into ``output``."""
    pack = output / "Packs" / names.PACK
    for name, content in _repository():
        path = pack / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_bytes(content))
    archive = output / f"{names.PACK}.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for name, content in _installable():
            entry = zipfile.ZipInfo(name, _UNCHANGING)
            entry.external_attr = 0o644 << 16
            file.writestr(entry, _bytes(content), compress_type=zipfile.ZIP_DEFLATED)
    return Built(archive, _steps(archive))


def _steps(archive: Path) -> list[str]:
    first = names.command(next(iter(manifest.load().actions)))
    return [
        f"In the Marketplace, open the menu at the top right, choose 'Upload Content Packs' and take {archive.name}.",
        f"In Settings, Integrations, add an instance of {declaration.title()!r} and press 'Test'.",
        f"In an incident's war room, run '!{first} file_hash=…', or the playbook {playbook.NAME!r}.",
    ]


def _repository() -> Iterator[tuple[str, Content]]:
    yield from _top()
    yield ".pack-ignore", ""
    yield ".secrets-ignore", ""
    folder = f"Integrations/{names.INTEGRATION}"
    declared = declaration.integration()
    yield f"{folder}/{names.INTEGRATION}.yml", _yaml(declared)
    yield f"{folder}/{names.INTEGRATION}.py", script.source(declaration.title())
    yield f"{folder}/{names.INTEGRATION}_description.md", documents.description()
    yield f"{folder}/{names.INTEGRATION}_image.png", _asset("mde_files.png")
    yield f"{folder}/README.md", documents.integration_readme(declared)
    document = playbook.document()
    stem = playbook.NAME.replace(" ", "_")
    yield f"Playbooks/playbook-{stem}.yml", _yaml(document)
    yield f"Playbooks/playbook-{stem}_README.md", documents.playbook_readme(document, f"../doc_files/{stem}.png")
    yield f"doc_files/{stem}.png", _asset("playbook.png")


def _installable() -> Iterator[tuple[str, Content]]:
    yield from _top()
    unified, document = _unified(), playbook.document()
    yield "metadata.json", _json(documents.metadata(unified, document))
    yield f"Integrations/integration-{names.INTEGRATION}.yml", _yaml(unified)
    yield f"Playbooks/playbook-{playbook.NAME.replace(' ', '_')}.yml", _yaml(document)


def _top() -> Iterator[tuple[str, Content]]:
    yield "pack_metadata.json", _json(documents.pack_metadata())
    yield "README.md", documents.pack_readme()
    yield "Author_image.png", _asset("mde_files.png")
    yield f"ReleaseNotes/{manifest.load().version.replace('.', '_')}.md", documents.release_notes()


def _unified() -> dict[str, Any]:
    """Return the integration as one document, with its script, picture and help inside."""
    declared = declaration.integration()
    declared["script"]["script"] = script.source(declaration.title(), unified=True)
    picture = base64.b64encode(_asset("mde_files.png")).decode("ascii")
    return {**declared, "image": f"data:image/png;base64,{picture}", "detaileddescription": documents.description()}


def _asset(name: str) -> bytes:
    return (_ASSETS / name).read_bytes()


def _bytes(content: Content) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=4) + "\n"


def _yaml(document: dict[str, Any]) -> str:
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        """Write what occurs twice twice: the platform's own files have no anchors."""
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Write text of several lines as it is, so that the script can be read."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _represent_text)
