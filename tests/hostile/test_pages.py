"""Links to a next page that lead elsewhere, nowhere, or round and round."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from .scripts import SHA1, alert, hold, page

if TYPE_CHECKING:
    from tests.transport.hostile import Connection

    from .bench import Bench, Outcome

PATH = f"/api/files/{SHA1}/alerts"
NOT_FOLLOWED = {
    "to another path": "https://127.0.0.1:{own}/api/machines?$skip=1",
    "to another file": "https://127.0.0.1:{own}/api/files/" + SHA1[::-1] + "/alerts?$skip=1",
    "to a path above": f"{PATH}/../../../token?$skip=1",
    "to a path above, encoded": f"{PATH}/%2e%2e/%2e%2e/x?$skip=1",
    "to a path with a slash too many": f"/{PATH}/?$skip=1",
    "to a file of this machine": "file:///etc/passwd?$skip=1",
    "without a query": PATH,
    "that is a script": "javascript:alert(1)?$skip=1",
    "that is no address": "https://[::1?$skip=1",
    "with a line break in it": f"{PATH}\r\nHost: evil\r\n?",
    "of 400 KB": "/" + "x" * 400_000 + "?$skip=1",
}
FOLLOWED_AT_HOME = {
    "to another host": f"https://localhost:{{elsewhere}}{PATH}?$skip=1",
    "to another host of any name": f"https://collector.attacker.example{PATH}?$skip=1",
    "to another port": f"https://127.0.0.1:{{elsewhere}}{PATH}?$skip=1",
    "to plain http": f"http://127.0.0.1:{{plain}}{PATH}?$skip=1",
    "without a scheme": f"//localhost:{{elsewhere}}{PATH}?$skip=1",
    "with credentials in it": f"https://user:password@localhost:{{elsewhere}}{PATH}?$skip=1",
    "with a backslash in it": f"https://localhost:{{elsewhere}}\\@127.0.0.1:{{own}}{PATH}?$skip=1",
    "relative": f"{PATH}?$skip=1",
    "in other letters": f"HTTPS://127.0.0.1:{{own}}{PATH.upper()}?$skip=1",
    "with a line break in its query": f"{PATH}?$skip=1\r\nAuthorization: none",
    "with a fragment": f"{PATH}?$skip=1#@evil.example/",
}


def cut_short(outcome: Outcome) -> bool:
    assert outcome.record is not None
    assert ("total" in outcome.record["file_alerts"]) is not outcome.record["file_alerts"]["truncated"]
    codes = [caveat["code"] for caveat in outcome.record["caveats"]]
    assert ("alerts_truncated" in codes) is outcome.record["file_alerts"]["truncated"]
    return bool(outcome.record["file_alerts"]["truncated"])


def ids(outcome: Outcome) -> list[str]:
    assert outcome.record is not None
    return sorted(found["id"] for found in outcome.record["file_alerts"]["alerts"])


@pytest.mark.parametrize("fault", NOT_FOLLOWED)
def test_a_link_to_another_path_ends_the_list(bench: Bench, fault: str) -> None:
    def answer(connection: Connection) -> None:
        connection.send(page(alert(1), link=NOT_FOLLOWED[fault].replace("{own}", str(bench.server.port))))

    outcome = bench.fault(f"next link {fault}", answer, expected="alerts_found", action="file_alerts")
    assert cut_short(outcome)
    assert len(bench.server.requests) == 1


@pytest.mark.parametrize("fault", FOLLOWED_AT_HOME)
def test_a_link_to_another_host_is_asked_of_the_configured_one(bench: Bench, fault: str) -> None:
    def answer(connection: Connection) -> None:
        connection.send(page(alert(1), link=bench.placed(FOLLOWED_AT_HOME[fault])))

    steps = [answer, page(alert(2))]
    outcome = bench.fault(f"next link {fault}", *steps, expected="alerts_found", action="file_alerts")
    assert not cut_short(outcome)
    assert len(ids(outcome)) == 2
    asked = urlsplit(bench.server.requests[1].target)
    assert asked.path == PATH
    assert parse_qs(asked.query)["$skip"][0].startswith("1")
    assert "evil" not in str(bench.server.requests[1].headers)


@pytest.mark.parametrize("link", [5, True, [PATH], {"href": PATH}])
def test_a_link_that_is_no_text_is_no_answer(bench: Bench, link: object) -> None:
    fault = f"next link that is a {type(link).__name__}"
    bench.fault(fault, page(alert(1), link=link), expected="upstream_invalid", action="file_alerts")


@pytest.mark.parametrize(
    ("fault", "link", "asked"),
    [
        ("with a lone surrogate in its query", f"{PATH}?$skip=\ud800", 1),
        ("with a megabyte of query", f"{PATH}?$skip={'1' * 900_000}", 1),
        ("with 30,000 options", f"{PATH}?" + "&".join(f"a{n}=1" for n in range(30_000)), 1),
    ],
)
def test_a_link_that_cannot_be_asked_ends_the_list(bench: Bench, fault: str, link: str, asked: int) -> None:
    steps = [page(alert(1), link=link), page(alert(2))]
    outcome = bench.fault(f"next link {fault}", *steps, expected="alerts_found", action="file_alerts")
    assert cut_short(outcome)
    assert len(bench.server.requests) == asked


@pytest.mark.parametrize(
    ("fault", "links"),
    [
        ("to itself", [f"{PATH}?$expand=evidence"]),
        ("to itself, after a page", [f"{PATH}?$skip=1"]),
        ("to itself, spelled anew each time", [f"{PATH}?$skip=1", f"//x{PATH}?$skip=1", f"//y{PATH}?%24skip=1"]),
        ("back and forth", [f"{PATH}?$skip=1", f"{PATH}?$skip=2"]),
    ],
)
def test_a_circle_is_left_and_nothing_in_it_counts_twice(bench: Bench, fault: str, links: list[str]) -> None:
    around = itertools.cycle(links)

    def answer(connection: Connection) -> None:
        connection.send(page(alert(1), alert(2), link=next(around)))

    outcome = bench.fault(f"next link {fault}", answer, expected="alerts_found", action="file_alerts")
    assert cut_short(outcome)
    assert ids(outcome) == [alert(1)["id"], alert(2)["id"]]
    assert outcome.record is not None
    assert sum(outcome.record["file_alerts"]["by_severity"].values()) == 2
    assert len(bench.server.requests) <= 3


def test_pages_without_end_are_cut(bench: Bench) -> None:
    numbers = itertools.count()

    def answer(connection: Connection) -> None:
        number = next(numbers)
        connection.send(page(alert(number), link=f"{PATH}?$skip={number + 1}"))

    outcome = bench.fault("pages without end", answer, expected="alerts_found", action="file_alerts")
    assert cut_short(outcome)
    assert len(ids(outcome)) == len(bench.server.requests) == 20


def test_large_pages_without_end_are_cut_by_their_size_together(bench: Bench) -> None:
    numbers = itertools.count()

    def answer(connection: Connection) -> None:
        number = next(numbers)
        heavy = {**alert(number), "description": "x" * 300_000}
        connection.send(page(heavy, link=f"{PATH}?$skip={number + 1}"))

    outcome = bench.fault("large pages without end", answer, expected="alerts_found", action="file_alerts")
    assert cut_short(outcome)
    assert len(bench.server.requests) == 4


def test_slow_pages_without_end_keep_to_the_budget(bench: Bench) -> None:
    numbers = itertools.count()

    def answer(connection: Connection) -> None:
        number = next(numbers)
        if number > 1:
            hold(connection)
            return
        connection.send(page(alert(number), link=f"{PATH}?$skip={number + 1}"))

    outcome = bench.fault("a page that never comes", answer, expected="alerts_found", action="file_alerts")
    assert cut_short(outcome)
    assert len(ids(outcome)) == 2


def test_a_page_that_comes_twice_counts_once(bench: Bench) -> None:
    """New alerts push older ones onto the next page while the pages are read."""
    steps = [page(alert(1), alert(2), link=f"{PATH}?$skip=2"), page(alert(2), alert(3))]
    outcome = bench.fault("an alert on two pages", *steps, expected="alerts_found", action="file_alerts")
    assert not cut_short(outcome)
    assert ids(outcome) == [alert(number)["id"] for number in (1, 2, 3)]
    assert outcome.record is not None
    assert outcome.record["file_alerts"]["total"] == 3
