"""A quota whose time passes only when told to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.redis_server import _running_redis_server, redis_server, start_redis  # noqa: F401 - fixtures

from mde_files import config, manifest
from mde_files.deadline import Deadline
from mde_files.quota import Quota
from mde_files.state.memory import MemoryState

if TYPE_CHECKING:
    from mde_files.config import Config
    from mde_files.manifest import Call
    from mde_files.quota import Priority

CALL: Call = manifest.load().calls["file_stats"]
OTHER_CALL: Call = manifest.load().calls["file_alerts"]


def configured(**quota: Any) -> Config:
    return config.load(
        {
            "tenant_id": "contoso.example",
            "auth": {"method": "access_token", "access_token": "x"},
            "quota": {"max_wait_seconds": 0, **quota},
        }
    )


def windows(*pairs: tuple[int, float]) -> list[dict[str, float]]:
    return [{"calls": calls, "seconds": seconds} for calls, seconds in pairs]


class World:
    """A clock, a state on it and quotas that wait on it."""

    def __init__(self) -> None:
        self.seconds = 1024.0
        self.waits: list[float] = []
        self.state = MemoryState(self.clock)

    def clock(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.waits.append(seconds)
        self.seconds += seconds

    def quota(self, priority: Priority = "interactive", application: str = "app", **settings: Any) -> Quota:
        made = configured(**settings)
        return Quota(made, self.state, application=application, priority=priority, sleep=self.sleep)

    def deadline(self, seconds: float = 60.0) -> Deadline:
        return Deadline(seconds, self.clock)

    def call(self, quota: Quota, times: int = 1, deadline: float = 60.0, call: Call = CALL) -> None:
        for _ in range(times):
            with quota.slot(call, self.deadline(deadline)):
                pass


@pytest.fixture
def world() -> World:
    return World()
