"""The regular expressions of a validator, each compiled when it is first needed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Patterns(dict[str, "re.Pattern[str]"]):
    """Compiled expressions by the pattern of the schema.

    Args:
        sources: What is compiled for each pattern of the schema.
    """

    def __init__(self, sources: Mapping[str, str]) -> None:
        super().__init__()
        self._sources = sources

    def __missing__(self, pattern: str) -> re.Pattern[str]:
        compiled = self[pattern] = re.compile(self._sources[pattern])
        return compiled
