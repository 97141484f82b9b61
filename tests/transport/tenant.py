"""A tenant that exists in tests only: its configuration, and tokens that nobody signed."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from mde_files import config
from mde_files.auth import AccessToken
from mde_files.quota import Priority, Quota
from mde_files.secret import Secret
from mde_files.state.memory import MemoryState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mde_files.deadline import Deadline

AUDIENCE = "https://api.tenant.test"


def load_config(base_url: str = "http://127.0.0.1:9", **changes: Any) -> config.Config:
    return config.load(
        {
            "tenant_id": "11111111-2222-3333-4444-555555555555",
            "client_id": "66666666-7777-8888-9999-000000000000",
            "auth": {"method": "client_secret", "client_secret": "not-used-here"},
            "cloud": "custom",
            "base_url": base_url,
            "authority": "https://127.0.0.1:9",
            "scope": f"{AUDIENCE}/.default",
            "token_cache": False,
            **changes,
        }
    )


def token_text(**claims: Any) -> str:
    """Return an access token that says ``claims`` about itself."""

    def part(document: Mapping[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part(claims)}.c2lnbmF0dXJl"


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.pauses: list[float] = []

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.seconds += seconds


def quota_on(clock: Clock, settings: config.Config) -> Callable[[Priority], Quota]:
    """Return a quota of its own for each kind of caller, on ``clock``."""
    state = MemoryState(clock.now)

    def quota(priority: Priority) -> Quota:
        return Quota(settings, state, application="tests", priority=priority, sleep=clock.sleep)

    return quota


class FakeTokens:
    """Hands out the texts it was given, one after each renewal."""

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)
        self.renewals = 0

    def token(self, deadline: Deadline) -> AccessToken:
        assert deadline.seconds > 0
        return AccessToken(Secret(self.texts[0]), float("inf"), from_cache=True)

    def renew(self, rejected: AccessToken, deadline: Deadline) -> AccessToken:
        assert rejected.value.reveal() == self.texts[0]
        self.renewals += 1
        if len(self.texts) > 1:
            self.texts.pop(0)
        return self.token(deadline)

    def forget(self) -> None:
        raise AssertionError("nobody asked for that")
