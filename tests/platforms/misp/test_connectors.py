"""One server, many threads, settings with every query: connectors are kept, bounded and closed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from mde_files.connector import Connector
from mde_files.errors import InvalidConfigError
from mde_files.platforms.misp.connectors import Connectors

if TYPE_CHECKING:
    from collections.abc import Iterator

TENANT = "11111111-2222-4333-8444-555555555555"


def settings(number: int = 0) -> dict[str, str]:
    return {"tenant_id": TENANT, "client_id": TENANT, "auth_client_secret": f"s{number}", "state": "memory:"}


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Connector]]:
    closed: list[Connector] = []
    original = Connector.close
    monkeypatch.setattr(Connector, "close", lambda self: (closed.append(self), original(self))[1])
    return closed


def test_the_same_settings_have_the_same_connector_until_the_end(closed: list[Connector]) -> None:
    connectors = Connectors()
    with connectors.lent(settings(), hover=False) as first, connectors.lent(settings(), hover=False) as second:
        assert first is second
    with connectors.lent({**settings(), "unrelated": "x", "region": None}, hover=False) as third:
        assert third is first
    with connectors.lent(settings(), hover=True) as fourth:
        assert fourth is not first
    assert closed == []
    connectors.close()
    assert set(closed) == {first, fourth}


def test_the_longest_unused_is_closed_and_none_in_use(closed: list[Connector]) -> None:
    connectors = Connectors(most=2)
    with connectors.lent(settings(0), hover=False) as in_use:
        made = []
        for number in (1, 2, 3):
            with connectors.lent(settings(number), hover=False) as connector:
                made.append(connector)
        assert in_use not in closed
        assert closed == made[:2]
        with connectors.lent(settings(3), hover=False) as again:
            assert again is made[2]
    with connectors.lent(settings(4), hover=False):
        pass
    assert in_use in closed or made[2] in closed
    connectors.close()


def test_threads_share_connectors(closed: list[Connector]) -> None:
    connectors = Connectors(most=2)
    seen: list[Any] = []
    barrier = threading.Barrier(6)

    def ask(number: int) -> None:
        barrier.wait(timeout=30)
        for _ in range(50):
            with connectors.lent(settings(number % 3), hover=False) as connector:
                assert connector not in closed[-1:]
                seen.append(connector.config.auth.client_secret.reveal() == f"s{number % 3}")

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert seen == [True] * 300
    connectors.close()


def test_wrong_settings_leave_nothing_behind() -> None:
    connectors = Connectors()
    for _ in range(2):
        with pytest.raises(InvalidConfigError), connectors.lent({"tenant_id": TENANT}, hover=False):
            pass
    with connectors.lent(settings(), hover=False) as connector:
        assert connector.config.tenant_id == TENANT
    connectors.close()
