"""What a batch has to find out: its inputs, which of them are the same question, and which are answered."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from mde_files.errors import InvalidInputError
from mde_files.hashes import parse_file_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mde_files.batch.inputs import Item


class Key(NamedTuple):
    """What makes inputs the same question, whatever their case and the spaces around them.

    Attributes:
        tenant: Name of the tenant; ``None``: the one of the configuration.
        value: The hash in lower case, or the text when it is no hash.
        problem: Why there is nothing to ask; empty where there is.
        needs_resolution: Whether the file has to be resolved to a SHA-1 first.
    """

    tenant: str | None
    value: str
    problem: str
    needs_resolution: bool


class Plan:
    """The inputs of a batch and, for each action, which are answered. Memory grows with the inputs, not the answers.

    Args:
        items: The inputs in the order of their lines.
        actions: Ids of the actions, each different.
    """

    def __init__(self, items: Iterable[Item], actions: Sequence[str]) -> None:
        self.items = list(items)
        self.actions = tuple(actions)
        self.groups: dict[Key, list[int]] = {}
        for index, item in enumerate(self.items):
            self.groups.setdefault(key_of(item), []).append(index)
        self._answered = {action: bytearray(len(self.items)) for action in self.actions}

    @property
    def results(self) -> int:
        """How many lines the complete output has."""
        return len(self.items) * len(self.actions)

    def take_open(self, action: str, key: Key) -> list[Item]:
        """Return the inputs with this question that had no answer yet, and mark them as answered."""
        answered = self._answered[action]
        taken = [index for index in self.groups[key] if not answered[index]]
        for index in taken:
            answered[index] = 1
        return [self.items[index] for index in taken]

    def is_open(self, action: str, key: Key) -> bool:
        """Tell whether an input with this question has no answer yet."""
        answered = self._answered[action]
        return not all(answered[index] for index in self.groups[key])

    def find(self, line: int, text: str, tenant: str | None) -> int | None:
        """Return the index of an input, or ``None`` when there is no such input."""
        index = bisect_left(self.items, line, key=lambda item: item.line)
        while index < len(self.items) and self.items[index].line == line:
            if (self.items[index].text, self.items[index].tenant) == (text, tenant):
                return index
            index += 1
        return None

    def mark(self, action: str, index: int) -> bool:
        """Mark an input as answered and return whether it was not before."""
        before = self._answered[action][index]
        self._answered[action][index] = 1
        return not before


def key_of(item: Item) -> Key:
    """Return what makes an input the same question as another."""
    try:
        file_hash = parse_file_hash(item.text, md5=True)
    except InvalidInputError:
        return Key(item.tenant, item.text, item.problem, needs_resolution=False)
    # One object for the usual input, which is written as it is asked.
    value = item.text if item.text == file_hash.value else file_hash.value
    return Key(item.tenant, value, item.problem, needs_resolution=file_hash.kind != "sha1")
