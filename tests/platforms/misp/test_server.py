"""The real misp-modules server loads the package, and the real pymisp reads what it answers."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import requests
from tests.platforms.environments import python_of
from tests.platforms.test_running import as_platform_values

from mde_files.emulator import Fault
from mde_files.platforms import catalogue
from mde_files.platforms.packages import build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mde_files.emulator import Emulator

pytestmark = pytest.mark.slow

Ask = Any
NAME = "defender_file_enrichment"
UUID = "5f1b2c3d-0000-4000-8000-000000000001"
SECRET = "a-long-secret-of-the-module-NEVER-TO-BE-SHOWN"
_READS = """
import json, sys
from pymisp import MISPEvent
event = MISPEvent()
event.load(json.loads(sys.stdin.read()))
known = {one.name for one in event.objects if one._known_template}
print(json.dumps({
    "objects": [one.name for one in event.objects],
    "known": sorted(known),
    "valid": [one._validate() for one in event.objects],
    "references": [
        [one.name, reference.relationship_type, reference.referenced_uuid]
        for one in event.objects for reference in one.references
    ],
    "uuids": {one.uuid: one.name for one in event.objects},
    "seen": [one.name for one in event.objects if getattr(one, "first_seen", None)],
    "reports": [report.name for report in event.event_reports],
    "types": [attribute.type for attribute in event.attributes],
}))
"""


class Server(NamedTuple):
    """A running server: its address, its log and its interpreter."""

    url: str
    log: Path
    python: Path

    def get(self, path: str) -> Any:
        answer = requests.get(f"{self.url}{path}", timeout=30)
        answer.raise_for_status()
        return answer.json()

    def query(self, document: dict[str, Any]) -> dict[str, Any]:
        answer = requests.post(f"{self.url}/query", json=document, timeout=60)
        answer.raise_for_status()
        read: dict[str, Any] = answer.json()
        return read


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    python = python_of("misp")
    place = tmp_path_factory.mktemp("server")
    package = build("misp", place).path
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MDE_FILES_"))}
    environment |= {"HOME": str(place), "XDG_STATE_HOME": str(place / "state")}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(python.with_name("misp-modules")), "-l", "127.0.0.1", "-p", str(port), "-c", str(package)]
    log = place / "server.log"
    with log.open("w") as written:
        process = subprocess.Popen(command, stdout=written, stderr=written, cwd=place, env=environment)
    running = Server(f"http://127.0.0.1:{port}", log, python)
    try:
        _wait_for(running, process)
        yield running
    finally:
        process.terminate()
        process.wait(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in log.read_text().partition("server started")[2]
    assert SECRET not in log.read_text()


@pytest.fixture
def ask(server: Server, emulator: Emulator, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Ask as MISP does; keyword arguments change the settings."""

    def ask(value: str, kind: str = "sha1", *, hover: bool = False, to_ids: bool = False, **config: str) -> Any:
        settings = as_platform_values(emulator.configuration())
        settings |= {"state": f"sqlite:///{tmp_path / 'state.sqlite3'}", "portal_host": "portal.example", **config}
        every: dict[str, str | None] = dict.fromkeys((setting.name for setting in catalogue.settings()), None)
        attribute = {"id": "1", "event_id": "7", "type": kind, "value": value, "uuid": UUID, "to_ids": to_ids}
        attribute |= {"category": "Payload delivery", "distribution": "5", "comment": "", "Tag": []}
        event = {} if hover else {"event_id": "7"}
        return server.query({"module": NAME, "attribute": attribute, "config": {**every, **settings}, **event})

    return ask


def _wait_for(server: Server, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, server.log.read_text()
        try:
            server.get("/healthcheck")
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the server did not start: {server.log.read_text()}")


@pytest.fixture
def read_back(server: Server) -> Callable[[dict[str, Any]], Any]:
    """Tell what pymisp makes of results as an event."""

    def read_back(answer: dict[str, Any]) -> Any:
        ran = subprocess.run(
            [str(server.python), "-W", "error", "-c", _READS],
            input=json.dumps({"Event": {"info": "an event", **answer["results"]}}),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        assert ran.stderr == ""
        return json.loads(ran.stdout)

    return read_back


def values(answer: dict[str, Any], template: str) -> list[dict[str, list[str]]]:
    """Return the values of all objects of a template, by relation."""
    found = []
    for item in answer["results"].get("Object", ()):
        if item["name"] == template:
            by_relation: dict[str, list[str]] = {}
            for attribute in item["Attribute"]:
                by_relation.setdefault(attribute["object_relation"], []).append(attribute["value"])
            found.append(by_relation)
    return found


def test_the_server_lists_the_module(server: Server) -> None:
    assert f"CUSTOM MISP module {NAME} (type=expansion) imported" in server.log.read_text()
    (listed,) = [module for module in server.get("/modules") if module["name"] == NAME]
    assert listed["type"] == "expansion"
    assert listed["mispattributes"]["format"] == "misp_standard"
    assert {setting.name for setting in catalogue.settings()} < set(listed["meta"]["config"])
    assert NAME in json.dumps(server.get("/openapi.json"))


@pytest.mark.parametrize("kind", ["sha1", "sha256", "md5", "filename|sha1", "filename|sha256", "filename|md5"])
def test_a_file_with_alerts_becomes_objects(ask: Ask, read_back: Ask, emulator: Emulator, kind: str) -> None:
    file = emulator.scenario.file("eicar")
    value = getattr(file, kind.rpartition("|")[2])
    answer = ask(f"eicar.com|{value}" if "|" in kind else value, kind, md5="true", to_ids=True)
    assert set(answer) == {"results"}
    read = read_back(answer)
    assert read["types"] == [kind]
    assert {"file", "annotation", "edr-report"} <= set(read["objects"]) == set(read["known"])
    assert read["valid"] == [True] * len(read["objects"])
    assert len(read["reports"]) == 1
    (subject,) = [uuid for uuid, name in read["uuids"].items() if name == "file"]
    assert ["file", "related-to", UUID] in read["references"]
    assert {name for name, _, target in read["references"] if target == subject} == {"annotation", "edr-report"}
    (shown,) = values(answer, "file")
    assert shown["sha1"] == [file.sha1]
    assert "eicar.com" in shown["filename"]
    told = " ".join(text for one in values(answer, "annotation") for text in one["text"])
    assert "7 devices in the organization" in told
    assert "alerts name this file" in told
    assert any("portal.example" in link for one in values(answer, "annotation") for link in one["ref"])
    if kind.endswith("sha256"):
        assert shown["size-in-bytes"] == ["68"]
        assert values(answer, "av-signature")[0]["signature"] == ["Virus:DOS/EICAR_Test_File"]


def test_what_is_new_is_for_the_own_organization_and_no_indicator(ask: Ask) -> None:
    answer = ask("3395856ce81f2b7382dee72602f798b642f14140", to_ids=False)
    assert {item["distribution"] for item in answer["results"]["Object"]} == {"0"}
    assert {report["distribution"] for report in answer["results"]["EventReport"]} == {"0"}
    marked = [attribute for item in answer["results"]["Object"] for attribute in item["Attribute"]]
    assert not any(attribute["to_ids"] for attribute in marked)
    assert {tag["local"] for attribute in marked for tag in attribute.get("Tag", ())} == {True}
    assert {tag["name"] for attribute in marked for tag in attribute.get("Tag", ())} == {
        'mde-files:file_stats="seen_in_organization"',
        'mde-files:file_alerts="alerts_found"',
    }
    correlating = {attribute["object_relation"] for attribute in marked if not attribute["disable_correlation"]}
    assert correlating == {"sha1", "filename", "id", "endpoint-id", "hostname"}


def test_seen_in_the_organization_is_first_and_last_seen(ask: Ask, read_back: Ask) -> None:
    assert "file" in read_back(ask("3395856ce81f2b7382dee72602f798b642f14140"))["seen"]
    # known worldwide only: nobody here saw it
    assert read_back(ask("954e0fd64a1242d0fa860b220198118268e35018"))["seen"] == []


def test_techniques_are_links_and_alerts_name_their_devices(ask: Ask, read_back: Ask) -> None:
    answer = ask("6532ec91d513acc05f43ee0aa3002599729fd3e1")
    assert read_back(answer)["objects"].count("edr-report") == 1
    (alert,) = values(answer, "edr-report")
    assert alert["hostname"] == ["ws-0207.contoso.example"]
    links = [link for one in values(answer, "annotation") for link in one.get("ref", ())]
    assert "https://attack.mitre.org/techniques/T1064/" in links


def test_the_same_finding_has_the_same_report_and_the_same_values(ask: Ask) -> None:
    first, again = (ask("6532ec91d513acc05f43ee0aa3002599729fd3e1", cache_enabled="false") for _ in range(2))
    assert [one["uuid"] for one in first["results"]["EventReport"]] == [
        one["uuid"] for one in again["results"]["EventReport"]
    ]
    for template in ("file", "annotation", "edr-report"):
        assert values(first, template) == values(again, template)


def test_a_signed_file_names_its_certificate(ask: Ask, read_back: Ask, emulator: Emulator) -> None:
    answer = ask(emulator.scenario.file("stolen-certificate").sha256, "sha256")
    read = read_back(answer)
    assert read["valid"] == [True] * len(read["objects"])
    assert values(answer, "x509") == [{"x509-fingerprint-sha1": ["9df2a1f1d8bf1c6a4a3b8f2b3ce1a6be2f7f5c11"]}]
    assert "Certificate valid, as Defender sees it: no" in values(answer, "file")[0]["text"]


def test_an_unknown_file_is_annotated_and_not_judged(ask: Ask, read_back: Ask, emulator: Emulator) -> None:
    answer = ask(emulator.scenario.file("unknown").sha1)
    read = read_back(answer)
    assert read["objects"] == ["annotation", "annotation"]
    assert {target for _, _, target in read["references"]} == {UUID}
    assert "that is no verdict on it" in values(answer, "annotation")[0]["text"][0]
    assert "clean" not in json.dumps(answer).lower()


def test_a_hover_is_short_text(ask: Ask, read_back: Ask) -> None:
    answer = ask("3395856ce81f2b7382dee72602f798b642f14140", hover=True)
    assert set(answer["results"]) == {"Attribute"}
    assert read_back(answer)["types"] == ["text", "text", "text", "link"]


def test_every_file_of_the_scenario_is_read_back(ask: Ask, read_back: Ask, emulator: Emulator) -> None:
    everything: dict[str, list[Any]] = {}
    for file in emulator.scenario.files:
        answer = ask(file.sha1)
        # a refused answer to one question leaves the other's
        assert ("error" in answer) is (file.label == "answer-for-another-file"), answer
        for key, found in answer["results"].items():
            everything.setdefault(key, []).extend(found if key != "Attribute" else ())
    read = read_back({"results": everything})
    assert len(read["objects"]) > len(emulator.scenario.files)
    assert all(read["valid"])


def test_failures_are_sentences_without_secrets(ask: Ask, emulator: Emulator, server: Server) -> None:
    eicar = emulator.scenario.file("eicar").sha1
    assert ask("no-hash").keys() == {"error"}
    assert "hexadecimal" in ask("no-hash")["error"]
    assert "MD5 is switched off" in ask("0" * 32, "md5")["error"]
    wrong = ask(eicar, auth_client_secret=SECRET)
    assert wrong.keys() == {"error"}
    assert "secret" in wrong["error"].lower()
    assert SECRET not in json.dumps(wrong)
    assert "'Share of the quota'" in ask(eicar, quota_share="2")["error"]
    emulator.scenario.faults.append(Fault("status", endpoint="service", status=429, headers={"Retry-After": "300"}))
    throttled = ask(eicar)
    assert throttled.keys() == {"error"}
    assert "Try again from 20" in throttled["error"]
    hovered = ask(eicar, hover=True)
    assert hovered["results"]["Attribute"][0]["value"].startswith("No answer: ")
    assert "Something went wrong" not in json.dumps([wrong, throttled, hovered])


def test_one_refused_action_leaves_the_other(ask: Ask, read_back: Ask, emulator: Emulator) -> None:
    limited = as_platform_values(emulator.configuration("files-only"))
    answer = ask("3395856ce81f2b7382dee72602f798b642f14140", **limited)
    assert "Alert.Read.All" in answer["error"]
    assert read_back(answer)["objects"] == ["file", "annotation"]


def test_many_ask_at_once(ask: Ask, emulator: Emulator) -> None:
    from concurrent.futures import ThreadPoolExecutor

    files = [file.sha1 for file in emulator.scenario.files][:12]
    with ThreadPoolExecutor(max_workers=12) as pool:
        answers = list(pool.map(ask, files))
    assert all("results" in answer for answer in answers)
