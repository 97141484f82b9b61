"""The ways in which answers fail, what has to come of each, and which answers are hit."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from mde_files.emulator import Fault

from .world import TENANTS, sha1, sha256

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .world import World

ANSWERED = "answered"
DEFERRED = "throttled"
MAX_RESPONSE_BYTES = 262_144
READ_SECONDS = 4.0
TOTAL_SECONDS = 15.0
_ALL = ("file_info", "file_stats", "file_alerts")
_SAYS_WHICH_FILE = ("file_info", "file_stats")
_LAST_PART = 0.97


class Way(NamedTuple):
    """One way to fail.

    Attributes:
        name: For the table.
        ends: ``answered``: nobody notices; else the code of the error that the one who met it gets. Several: any of
            them, for who has waited long already is deferred.
        settings: Of the emulator's fault.
        share: How often it comes, beside the others.
        endpoints: Where it can be noticed.
        shared: Whether it lasts so long that whoever asks meanwhile waits for it in vain, too.
    """

    name: str
    ends: tuple[str, ...]
    settings: dict[str, Any]
    share: int = 4
    endpoints: tuple[str, ...] = _ALL
    shared: bool = False


def _status(status: int, **more: Any) -> dict[str, Any]:
    return {"kind": "status", "status": status, **more}


def _json(body: str) -> dict[str, Any]:
    return _status(200, body=body, content_type="application/json")


def _throttled(retry_after: str) -> dict[str, Any]:
    return _status(429, headers={"Retry-After": retry_after})


_IN_WORDS = {"error": {"code": "TooManyRequests", "message": "You can send requests again in 1 seconds."}}
_ANSWERED = (ANSWERED,)
_ANSWERED_LATER = (ANSWERED, DEFERRED)
_INVALID = ("upstream_invalid",)
_WRONG = ("wrong_endpoint",)

WAYS = (
    Way("500", _ANSWERED, _status(500)),
    Way("502 with a gateway's page", _ANSWERED, {"kind": "html", "status": 502}),
    Way("503 twice", _ANSWERED, _status(503, times=2)),
    Way("504", _ANSWERED, _status(504)),
    Way("408", _ANSWERED, _status(408)),
    Way("429, Retry-After: 1", _ANSWERED_LATER, _throttled("1"), share=1),
    Way("429 without Retry-After", _ANSWERED_LATER, _status(429), share=1),
    Way("429, Retry-After: -5", _ANSWERED_LATER, _throttled("-5"), share=1),
    Way("429, Retry-After: 0", _ANSWERED_LATER, _throttled("0")),
    Way("429, Retry-After: soon", _ANSWERED_LATER, _throttled("soon"), share=1),
    Way("429, Retry-After: a date long ago", _ANSWERED_LATER, _throttled("Thu, 01 Jan 1970 00:00:00 GMT")),
    Way("429, the time in words", _ANSWERED_LATER, _status(429, body=_IN_WORDS), share=1),
    Way("401 once", _ANSWERED, {"kind": "unauthorized"}),
    Way("connection closed", _ANSWERED, {"kind": "close"}),
    Way("connection closed when the answer was due", _ANSWERED, {"kind": "answer_lost"}),
    Way("body shorter than Content-Length", _ANSWERED, {"kind": "headers", "headers": {"Content-Length": "99999"}}),
    Way("slow, and in time", _ANSWERED, {"kind": "latency", "seconds": READ_SECONDS / 4}),
    Way("byte by byte, and in time", _ANSWERED, {"kind": "drip", "seconds": 0.001}),
    Way("JSON cut short", _INVALID, {"kind": "truncated_json"}),
    Way("a sign-in page", _INVALID, {"kind": "html"}),
    Way("wrong content type", _INVALID, {"kind": "headers", "headers": {"Content-Type": "text/csv"}}),
    Way("broken gzip", _INVALID, {"kind": "headers", "headers": {"Content-Encoding": "gzip"}}),
    Way("empty, 204", _INVALID, {"kind": "empty"}),
    Way("empty, 200", _INVALID, _json("")),
    Way("an error with 200", _INVALID, {"kind": "error_with_200"}),
    Way("a list instead of an object", _INVALID, _json("[]")),
    Way("nested 100,000 deep", _INVALID, _json("[" * 100_000)),
    Way("NaN", _INVALID, _json('{"globalPrevalence": NaN}')),
    Way("a number too large", _INVALID, _json('{"globalPrevalence": 1e999}')),
    Way("another file's answer", _INVALID, {"kind": "other_file"}, endpoints=_SAYS_WHICH_FILE),
    Way("too large", _INVALID, {"kind": "oversized", "size": 2 * MAX_RESPONSE_BYTES}),
    Way("gzip bomb", _INVALID, {"kind": "oversized", "size": 40 * MAX_RESPONSE_BYTES, "compressed": True}),
    Way("redirect to another host", _WRONG, {"kind": "redirect"}),
    Way("404 without an envelope", _WRONG, {"kind": "plain_404"}),
    Way("400", ("upstream_error",), _status(400)),
    Way("403", ("forbidden",), _status(403)),
)
SLOW_WAYS = (
    Way("silence", _ANSWERED, {"kind": "latency", "seconds": 2 * READ_SECONDS}, share=2),
    Way("byte by byte, beyond the time", ("timeout",), {"kind": "drip", "seconds": 0.5}, share=2, shared=True),
)
# It stops an endpoint until the end, so it comes at the end only, once for each tenant.
LAST_WAY = Way("429, Retry-After: 99999999999", (DEFERRED,), _throttled("99999999999"))


@dataclass
class Spoiled:
    """An answer that fails: the next one about a file.

    Attributes:
        codes: Codes of the errors of those who asked about it meanwhile.
    """

    way: Way
    tenant: int
    file: int
    endpoint: str
    fault: Fault
    codes: list[str] = field(default_factory=list)

    @property
    def hit(self) -> bool:
        """Whether somebody met it."""
        return self.fault.matched > 0


def spoil(world: World, applications: Sequence[str], count: int, ways: Sequence[Way], seed: int) -> list[Spoiled]:
    """Choose answers that fail, each of another file, so that everyone's failure has one known cause.

    Args:
        world: Who asks what.
        applications: Client id of each tenant's application.
        count: How many answers.
        ways: The ways in which they fail, each at least once, and perhaps the last one.
        seed: Where chance begins.
    """
    chance = random.Random(seed)
    begun: dict[tuple[int, int], float] = {}
    asked: dict[tuple[int, int], set[str]] = {}
    for ask in world.asks:
        if world.is_known(ask.tenant, ask.file):
            begun.setdefault((ask.tenant, ask.file), ask.due)
            asked.setdefault((ask.tenant, ask.file), set()).update(ask.endpoints)
    late = [key for key, due in begun.items() if due > world.seconds * _LAST_PART]
    early = sorted(asked.keys() - set(late))
    chance.shuffle(early)
    any_time = [way for way in ways if way is not LAST_WAY]
    by_share = [way for way in any_time for _ in range(way.share)]
    spoiled = []
    for number, (tenant, file) in enumerate(early[:count]):
        way = any_time[number] if number < len(any_time) else chance.choice(by_share)
        possible = sorted(asked[tenant, file].intersection(way.endpoints))
        if possible:
            spoiled.append(_spoiled(way, tenant, file, chance.choice(possible), applications))
    for tenant in range(len(TENANTS) if LAST_WAY in ways else 0):
        own = [key for key in late if key[0] == tenant and "file_stats" in asked[key]]
        spoiled += [_spoiled(LAST_WAY, *key, "file_stats", applications) for key in own[:1]]
    return spoiled


def _spoiled(way: Way, tenant: int, file: int, endpoint: str, applications: Sequence[str]) -> Spoiled:
    settings = {"times": 1, **way.settings}
    if settings["kind"] == "other_file":
        # Ten further is a file of the same kind: the tenant knows it as well.
        settings["file"] = sha1(file + 10)
    about = sha256(file) if endpoint == "file_info" else sha1(file)
    fault = Fault(endpoint=endpoint, id=about, application=applications[tenant], **settings)
    return Spoiled(way, tenant, file, endpoint, fault)
