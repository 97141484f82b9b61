"""One request on its way through the emulator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request

    from mde_files.emulator.tokens import Caller
    from mde_files.emulator.traffic import SeenRequest


@dataclass
class Call:
    """A request with what the route and the sign-in say about it.

    Attributes:
        request: The request itself.
        seen: Its entry in the record of requests.
        path: The variable parts of the path, decoded: ``id``, ``version``, ``tenant``, ``incident`` and so on.
        form: The fields of a posted form.
        caller: Who asks, once a valid token said so.
    """

    request: Request
    seen: SeenRequest
    path: dict[str, str]
    form: dict[str, str] = field(default_factory=dict)
    caller: Caller | None = None

    @property
    def origin(self) -> str:
        """The server as the client addressed it, such as ``https://127.0.0.1:8443``."""
        return f"https://{self.seen.host}"
