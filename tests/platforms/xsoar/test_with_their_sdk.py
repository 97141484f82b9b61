"""demisto-sdk judges the pack, unifies the integration and makes the zip."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.platforms.xsoar.conftest import yaml_of
from tests.platforms.xsoar.test_integration import SEEN, records

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.platforms.xsoar.conftest import Instance, Pack

pytestmark = pytest.mark.slow

VALIDATORS = Path(__file__).with_name("every_validator.py")
EARLIER = "0.0.1"
# Lists that the platform's own content repository keeps, as far as the pack is concerned.
APPROVED = {
    "approved_categories.json": ["Data Enrichment & Threat Intelligence"],
    "approved_usecases.json": [],
    "approved_tags.json": {"common": [], "xsoar": [], "marketplacev2": [], "xpanse": []},
}
# Ask Docker Hub and GitHub about the image.
NEED_NETWORK = {"DO103", "DO105", "DO106"}
# Compare the pack with all others in a graph database that is fetched first.
NEED_GRAPH = {
    *("AG116", "GR100", "GR101", "GR102", "GR103", "GR104", "GR105", "GR106", "GR107", "GR108", "GR109", "GR110"),
    *("GR111", "GR112", "GR113", "GR114", "GR116", "GR117", "PA124", "PA133", "PB133", "SC109", "SC110"),
}
MUST_APPLY = {
    "BA130",
    "IM108",
    "IN100",
    "IN104",
    "IN115",
    "PA101",
    "PA114",
    "PB118",
    "RM116",
    "RN106",
    "ST110",
    "ST111",
}


@pytest.fixture(scope="session")
def repository(pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A content repository whose work branch brings this version of the pack, an earlier one being there already."""
    top = tmp_path_factory.mktemp("content")
    folder = top / "Packs" / "MdeFiles"
    shutil.copytree(pack.folder, folder)
    (top / "Config").mkdir()
    for name, approved in APPROVED.items():
        (top / "Config" / name).write_text(json.dumps({"approved_list": approved}))
    shutil.rmtree(folder / "ReleaseNotes")
    for path in folder.rglob("*.yml"):
        path.write_text(path.read_text(encoding="utf-8") + "# earlier\n", encoding="utf-8")
    metadata = json.loads((folder / "pack_metadata.json").read_text())
    (folder / "pack_metadata.json").write_text(json.dumps({**metadata, "currentVersion": EARLIER}, indent=4))
    git(top, "init", "--quiet", "--initial-branch=master")
    git(top, "remote", "add", "origin", "https://github.com/demisto/content.git")
    commit(top)
    git(top, "update-ref", "refs/remotes/origin/master", "HEAD")
    git(top, "checkout", "--quiet", "-b", "work")
    shutil.copytree(pack.folder, folder, dirs_exist_ok=True)
    commit(top)
    return top


def git(top: Path, *command: str) -> None:
    program = shutil.which("git")
    assert program, "git is needed: their tools look at what a branch changes"
    subprocess.run([program, "-C", str(top), *command], check=True)


def commit(top: Path) -> None:
    git(top, "add", "--all")
    git(top, "-c", "user.name=test", "-c", "user.email=test@test.example", "commit", "--quiet", "--message=pack")


def in_sdk(sdk: Path, top: Path, *command: str) -> str:
    variables = {
        "PATH": f"{sdk.parent}:{os.environ['PATH']}",
        "HOME": str(top.parent),
        "CONTENT_PATH": str(top),
        "DEMISTO_SDK_CONTENT_PATH": str(top),
        "DEMISTO_SDK_IGNORE_CONTENT_WARNING": "true",
        "DEMISTO_SDK_SKIP_VERSION_CHECK": "true",
    }
    ran = subprocess.run(
        command, cwd=top, env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    return ran.stdout


def judged(sdk: Path, top: Path) -> dict[str, Any]:
    out = in_sdk(sdk, top, str(sdk), str(VALIDATORS), *sorted(NEED_NETWORK | NEED_GRAPH))
    report: dict[str, Any] = json.loads(out.splitlines()[-1])
    return report


def test_every_validator_that_needs_no_network_passes(sdk: Path, repository: Path) -> None:
    report = judged(sdk, repository)
    assert [item.split()[0] for item in report["judged"]] == ["Integration", "Pack", "Playbook"]
    assert report["failed"] == []
    assert set(report["applied"]) >= MUST_APPLY
    assert len(report["applied"]) > 130


def test_a_validator_would_say_what_is_wrong(sdk: Path, repository: Path, tmp_path: Path) -> None:
    top = tmp_path / "content"
    shutil.copytree(repository, top)
    path = top / "Packs/MdeFiles/Integrations/MdeFiles/MdeFiles.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("category: Data Enr", "category: Nope Enr"))
    (top / "Packs/MdeFiles/Author_image.png").write_bytes(b"")
    commit(top)
    assert {"IN104", "IM108"} <= {code for code, _, _ in judged(sdk, top)["failed"]}


def test_the_integration_they_unify_runs(
    sdk: Path, repository: Path, tmp_path: Path, instance: Callable[..., Instance], pack: Pack
) -> None:
    source = "Packs/MdeFiles/Integrations/MdeFiles"
    in_sdk(
        sdk, repository, "demisto-sdk", "prepare-content", "-i", source, "-o", str(tmp_path / "unified.yml"), "--force"
    )
    unified = yaml.safe_load((tmp_path / "unified.yml").read_text(encoding="utf-8"))
    script = tmp_path / "unified.py"
    script.write_text(unified["script"]["script"], encoding="utf-8")
    report = instance(script=script).run("mde-file-stats", {"file_hash": SEEN})
    assert [record["outcome"] for record in records(report)] == ["seen_in_organization"]
    assert pack.script.read_text(encoding="utf-8").split("SOURCES = {")[1].strip() in unified["script"]["script"]


def test_the_zip_they_make_holds_what_ours_holds(sdk: Path, repository: Path, tmp_path: Path, pack: Pack) -> None:
    in_sdk(sdk, repository, "demisto-sdk", "zip-packs", "-i", "Packs/MdeFiles", "-o", str(tmp_path))
    theirs = tmp_path / "uploadable_packs" / "MdeFiles.zip"
    assert names_in(theirs) == names_in(pack.archive)
    assert yaml_of(theirs, "Playbooks/") == pack.playbook
    assert without_their_additions(yaml_of(theirs, "Integrations/")) == without_their_additions(pack.integration)
    with zipfile.ZipFile(theirs) as one, zipfile.ZipFile(pack.archive) as other:
        assert one.read("pack_metadata.json") == other.read("pack_metadata.json")
        made, ours = json.loads(one.read("metadata.json")), json.loads(other.read("metadata.json"))
    assert ours["contentItems"] == {kind: items for kind, items in made["contentItems"].items() if items}
    changing = ("updated", "contentItems", "eulaLink", "serverMinVersion")
    assert {key: value for key, value in made.items() if key not in changing} == {
        key: value for key, value in ours.items() if key not in changing
    }


def names_in(archive: Path) -> set[str]:
    with zipfile.ZipFile(archive) as file:
        return {name for name in file.namelist() if not name.endswith("/")}


def without_their_additions(integration: dict[str, Any]) -> dict[str, Any]:
    """Return an integration without what their tool adds to what a community contributes, and to every script."""
    script = {key: value for key, value in integration["script"].items() if key != "script"}
    kept = {key: value for key, value in integration.items() if key != "detaileddescription"}
    return {**kept, "script": script, "display": integration["display"].removesuffix(" (Community Contribution)")}
