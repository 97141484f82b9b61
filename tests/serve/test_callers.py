"""Without a valid key nothing but /health answers; each key opens one tenant; a key that is taken out opens nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from mde_files import cli
from mde_files.serve.keys import digest, matching, new_key
from mde_files.serve.settings import ApiKey

if TYPE_CHECKING:
    from tests.serve.conftest import Served

EICAR = "3395856ce81f2b7382dee72602f798b642f14140"
STATS = "/actions/file_stats"


def test_without_a_valid_key_nothing_but_health_answers(server: Served) -> None:
    declared = {(method.upper(), path) for path, item in server.openapi("analyst")["paths"].items() for method in item}
    unknown = {("GET", "/"), ("GET", "/docs"), ("POST", "/actions/none"), ("GET", "/health/"), ("GET", "/health%2F")}
    methods = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE")
    everything = declared | unknown | {(method, path) for method in methods for _, path in declared}
    wrong = new_key()
    refused: list[dict[str, str]] = [
        {},
        {"X-API-Key": ""},
        {"X-API-Key": wrong},
        {"X-API-Key": server.keys["analyst"][:-1]},
        {"X-API-Key": digest(server.keys["analyst"]).hex()},
        {"X-API-Key": f"{wrong}, {server.keys['analyst']}"},
        {"Authorization": f"Bearer {wrong}"},
        {"Authorization": f"Basic {server.keys['analyst']}"},
        {"Authorization": server.keys["analyst"]},
        {"Cookie": f"X-API-Key={server.keys['analyst']}"},
    ]
    for method, path in sorted(everything):
        for headers in refused if path == STATS else refused[:3]:
            answer = server.send(method, path, key=None, headers=headers, json={"file_hash": EICAR})
            if path == "/health":
                assert answer.status_code == (200 if method == "GET" else 405)
                assert "Allow" in answer.headers or answer.json() == {"status": "ok"}
            else:
                assert answer.status_code == 401, (method, path, headers)
                assert answer.headers["WWW-Authenticate"] == 'Bearer realm="mde-files"'
                assert answer.json()["code"] == "unauthorized"


def test_a_key_can_be_sent_in_its_own_header_or_as_bearer(server: Served) -> None:
    key = server.keys["analyst"]
    for headers in ({"X-API-Key": key}, {"Authorization": f"Bearer {key}"}, {"authorization": f"bearer {key}"}):
        assert server.post(STATS, {"file_hash": EICAR}, key=None, headers=headers).status_code == 200


def test_each_key_opens_its_own_tenant(server: Served) -> None:
    ids = {
        key: server.post(STATS, {"file_hash": EICAR}, key=key).json()["source"]["tenant_id"]
        for key in ("analyst", "fabrikam")
    }
    assert ids["fabrikam"] == "66666666-7777-8888-9999-aaaaaaaaaaaa"
    assert ids["analyst"] != ids["fabrikam"]
    asked = server.post(f"{STATS}?tenant=fabrikam", {"file_hash": EICAR})
    assert asked.status_code == 422
    assert server.post(STATS, {"file_hash": EICAR, "tenant": "fabrikam"}).status_code == 422


def test_what_is_offered_depends_on_the_tenant(server: Served) -> None:
    operation = server.openapi("analyst")["paths"]["/playbooks/enrich-incident-files/runs"]["post"]
    options = {option["name"]: option["schema"] for option in operation["parameters"]}
    assert set(options["sink"]["items"]["enum"]) == {"sentinel", "graph"}
    md5 = {"file_hash": "44d88612fea8a8f36de82e1278abb02f"}
    assert server.post(STATS, md5, key="md5").status_code == 200
    assert server.post(STATS, md5).status_code == 422


def test_a_key_that_is_taken_out_of_the_configuration_is_refused_at_once(server: Served) -> None:
    document = yaml.safe_load(server.path.read_text())
    assert server.post(STATS, {"file_hash": EICAR}, key="leaver").status_code == 200
    document["serve"]["keys"] = [row for row in document["serve"]["keys"] if row["name"] != "leaver"]
    server.path.write_text(yaml.safe_dump(document))
    assert server.post(STATS, {"file_hash": EICAR}, key="leaver").status_code == 401
    assert server.post(STATS, {"file_hash": EICAR}).status_code == 200

    server.path.write_text("serve: [this is no configuration")
    assert server.post(STATS, {"file_hash": EICAR}, key="leaver").status_code == 401
    assert server.post(STATS, {"file_hash": EICAR}).status_code == 200
    assert "keys_not_read" in server.log
    server.path.write_text(yaml.safe_dump(document))


def test_a_new_key_is_printed_once_with_its_line_for_the_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    printed = []
    for _ in range(2):
        assert cli.main(["serve", "--new-key", "logic-apps", "--tenant", "contoso", "--json"]) == 0
        printed.append(json.loads(capsys.readouterr().out))
    assert printed[0]["key"] != printed[1]["key"]
    (row,) = printed[0]["serve"]["keys"]
    known = [ApiKey(row["name"], bytes.fromhex(row["sha256"]), row["tenant"])]
    assert matching(printed[0]["key"], known) == known[0]
    assert matching(printed[1]["key"], known) is None
    assert printed[0]["key"] not in json.dumps(row)


@pytest.mark.parametrize("name", ["on", "7", "1e5", "logic-apps"])
def test_the_line_for_the_configuration_is_the_yaml_that_is_meant(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert cli.main(["serve", "--new-key", name]) == 0
    out = capsys.readouterr().out
    document = yaml.safe_load(out[out.index("serve:\n") :])
    assert document["serve"]["keys"][0]["name"] == name
    assert len(document["serve"]["keys"][0]["sha256"]) == 64


@pytest.mark.parametrize("words", [["--new-key", "a b"], ["--new-key", "a", "--tenant", "../x"], ["--tenant", "x"]])
def test_a_name_that_can_be_none_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["serve", *words, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["hint"]
