"""Keeps locks and connections whole when the process forks."""

from __future__ import annotations

import os
import threading
from weakref import WeakSet


class ForkGuarded:
    """Something with a lock that is free, and with nothing open, in a forked child."""

    def __init__(self) -> None:
        self.guard = threading.Lock()
        with _registering:
            _guarded.add(self)

    def before_fork(self) -> None:
        """Wait until no other thread is at work here."""
        self.guard.acquire()

    def after_fork(self) -> None:
        """Go on, in the parent and in the child."""
        self.guard.release()


_registering = threading.Lock()
_guarded: WeakSet[ForkGuarded] = WeakSet()
_held: list[ForkGuarded] = []


def _before_fork() -> None:
    _registering.acquire()
    for guarded in list(_guarded):
        guarded.before_fork()
        _held.append(guarded)


def _after_fork() -> None:
    while _held:
        _held.pop().after_fork()
    _registering.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
