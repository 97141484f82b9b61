"""The running integration in this process, against the stand-in for the server."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from tests.platforms.xsoar.conftest import params_of
from tests.platforms.xsoar.stand_in import Demisto
from tests.platforms.xsoar.test_integration import ALERTED, SEEN, STATS, UNKNOWN, records

from mde_files.platforms.xsoar import form, integration

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mde_files.emulator import Emulator

    Run = Callable[..., Demisto]


@pytest.fixture
def run(emulator: Emulator, tmp_path: Path) -> Run:
    """Run a command of an instance whose parameters may be changed."""

    def run(command: str, args: dict[str, Any], **changes: Any) -> Demisto:
        params = params_of(emulator.configuration(), **changes)
        described = {"command": command, "args": args, "params": params, "context": str(tmp_path / "context.json")}
        demisto = Demisto(described)
        with suppress(SystemExit):
            integration.main(demisto)
        return demisto

    return run


def test_files_for_which_no_time_is_left_are_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(integration, "_NOTHING_NEW_AFTER", -1.0)
    demisto = run(STATS, {"file_hash": [SEEN, ALERTED]})
    (entry,) = demisto.entries
    assert entry["Contents"].startswith("The command's time ran out. Ask for fewer files at once. (Files: ")
    assert [record["error"]["code"] for record in records({"entries": demisto.entries})] == ["timeout", "timeout"]


@pytest.mark.parametrize("given", [False, None, "false"])
def test_the_engines_proxy_is_used_only_where_that_is_chosen(
    run: Run, monkeypatch: pytest.MonkeyPatch, given: object
) -> None:
    for name in ("HTTPS_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://proxy.test:3128")
    run(STATS, {"file_hash": UNKNOWN}, proxy=True)
    assert os.environ["HTTPS_PROXY"] == "http://proxy.test:3128"
    run(STATS, {"file_hash": UNKNOWN}, proxy=given)
    assert not {"HTTPS_PROXY", "http_proxy"} & set(os.environ)


def test_the_form_is_read_as_it_was_filled_in() -> None:
    params = {
        "tenant_id": "a.test",
        "credentials": {"identifier": "id", "password": "secret", "credentials": {"sshkey": ""}},
        "proxy": True,
        "proxy_url": "http://proxy.test:3128",
    }
    assert form.values(params) == {
        "tenant_id": "a.test",
        "client_id": "id",
        "auth_client_secret": "secret",
        "proxy": "http://proxy.test:3128",
    }
    assert form.values({"proxy": True}) == {"proxy": None}


@pytest.mark.parametrize(
    ("given", "hashes"),
    [
        ("a", ["a"]),
        (" a , b,a,, ", ["a", "b"]),
        (["a", " b ", "", None, "a"], ["a", "b"]),
        ('["a", "b"]', ["a", "b"]),
        ("[a", ["[a"]),
        ("", []),
        (None, []),
        (7, [7]),
    ],
)
def test_hashes_are_listed_in_every_way_the_platform_hands_them_over(given: object, hashes: list[object]) -> None:
    assert integration._hashes(given) == hashes
