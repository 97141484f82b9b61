"""Addresses that may become links."""

from __future__ import annotations

import re
from typing import NamedTuple

_LONGEST = 2000
_ADDRESS = re.compile(
    r"https://(?P<host>(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"|localhost|127\.0\.0\.1)(?P<port>:[0-9]{1,5})?"
    r"(?:[/?#](?:[A-Za-z0-9._~/?#=&:;,@+-]|%[0-9A-Fa-f]{2})*)?"
).fullmatch


class Link(NamedTuple):
    """A link people may follow: ``address`` for the machine, ``host`` for the eye."""

    address: str
    host: str


def link_to(address: object) -> Link | None:
    """Return an address as a link, or None where it is not plainly one.

    Only ``https`` with a host name of ASCII letters, without user or password, and with nothing that HTML or Markdown
    could read as anything else.
    """
    if not isinstance(address, str) or len(address) > _LONGEST:
        return None
    found = _ADDRESS(address)
    return Link(address, f"{found['host'].lower()}{found['port'] or ''}") if found else None
