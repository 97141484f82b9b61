"""How answers and leases are written into a state."""

from __future__ import annotations

import json
import os
import struct
import zlib
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

NOBODY = bytes(16)
_HEADER = struct.Struct("<4s16sdddd")
_CHECKSUM = struct.Struct("<I")
_MAGIC = b"MDF5"
_HOLDER = struct.Struct("<II8s")
_COMPRESSED_FROM = 2048
_ENDED = frozenset({b"Z", b"X"})
_from_text = json.JSONDecoder().decode
_as_text = json.JSONEncoder(separators=(",", ":")).encode


class Answer(NamedTuple):
    """An answer of the service as it is kept.

    Attributes:
        document: JSON document; ``None`` when the service does not know the file.
        retrieved_at: When the service gave it, RFC 3339 UTC.
    """

    document: Any
    retrieved_at: str


class Entry(NamedTuple):
    """What is kept under one key.

    Attributes:
        holder: Who asks for the answer now; :data:`NOBODY` if nobody does.
        lease_until: Until when that is believed, on the state's clock.
        stored: When the answer was kept, on the state's clock.
        stored_wall: The same on the wall clock.
        life: Seconds for which it was meant to be kept.
        payload: The packed answer; empty if there is none.
    """

    holder: bytes
    lease_until: float
    stored: float
    stored_wall: float
    life: float
    payload: bytes

    def leased(self, now: float) -> bool:
        """Tell whether somebody asks for the answer at the moment ``now``; a process that died does not."""
        return self.holder != NOBODY and self.lease_until > now and not _died(self.holder)


EMPTY = Entry(NOBODY, 0.0, 0.0, 0.0, 0.0, b"")


@lru_cache(maxsize=1)
def _this_machine() -> int:
    return zlib.crc32(os.uname().nodename.encode()) if hasattr(os, "uname") else 0


def new_holder() -> bytes:
    """Return a name for one who asks: machine, process and chance."""
    return _HOLDER.pack(_this_machine(), os.getpid(), os.urandom(8))


def _died(holder: bytes) -> bool:
    """Tell whether ``holder`` was a process of this machine that is gone."""
    machine, process, _ = _HOLDER.unpack(holder)
    if machine != _this_machine() or os.name != "posix":
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return _waits_to_be_noticed(process)


def _waits_to_be_noticed(process: int) -> bool:
    """Tell whether a process ended and its parent has not noticed yet; some, such as those of containers, never do."""
    try:
        described = Path(f"/proc/{process}/stat").read_bytes()
    except OSError:
        return False
    # The state follows the program's name, which may itself hold parentheses.
    return described.rpartition(b") ")[2][:1] in _ENDED


def pack(answer: Answer) -> bytes:
    """Return an answer as bytes, compressed where that pays."""
    text = _as_text(answer).encode("ascii")
    return b"z" + zlib.compress(text, 1) if len(text) >= _COMPRESSED_FROM else b"j" + text


def unpack(payload: bytes) -> Answer | None:
    """Return the answer in ``payload``; ``None`` if it cannot be read."""
    try:
        text = zlib.decompress(payload[1:]) if payload[:1] == b"z" else payload[1:]
        document, retrieved_at = _from_text(str(text, "ascii"))
    except (ValueError, TypeError, zlib.error, RecursionError):
        return None
    return Answer(document, retrieved_at)


def encode(key: str, entry: Entry) -> bytes:
    """Return an entry as bytes, with a checksum that holds under ``key`` alone."""
    header = _HEADER.pack(_MAGIC, entry.holder, entry.lease_until, entry.stored, entry.stored_wall, entry.life)
    return header + _CHECKSUM.pack(_checksum(key, header, entry.payload)) + entry.payload


def decode(key: str, stored: bytes | None) -> Entry:
    """Return the entry in ``stored``; what cannot be read, or was written for another key, counts as nothing."""
    payload_at = _HEADER.size + _CHECKSUM.size
    if stored is None or len(stored) < payload_at:
        return EMPTY
    header, payload = stored[: _HEADER.size], stored[payload_at:]
    (checksum,) = _CHECKSUM.unpack_from(stored, _HEADER.size)
    magic, holder, lease_until, kept, kept_wall, life = _HEADER.unpack(header)
    if magic != _MAGIC or checksum != _checksum(key, header, payload):
        return EMPTY
    return Entry(holder, lease_until, kept, kept_wall, life, payload)


def _checksum(key: str, header: bytes, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(header, zlib.crc32(key.encode())))
