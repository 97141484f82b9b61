"""The machine's own clock, and how one start of the machine is told from another."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mde_files.state import host_clock

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_it_goes_on_whatever_the_wall_clock_says(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = host_clock.now()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert begin <= host_clock.now() < begin + 10


def test_without_a_clock_that_counts_sleep_the_plain_one_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_clock, "_CLOCK", None)
    assert abs(host_clock.now() - time.monotonic()) < 10


def test_on_macos_another_clock_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_clock.sys, "platform", "darwin")
    assert host_clock._clock_id() == time.CLOCK_MONOTONIC_RAW


def test_a_marker_is_the_same_until_the_next_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert host_clock.same_boot(host_clock.boot_marker(), host_clock.boot_marker())
    assert not host_clock.same_boot("one", "other")
    monkeypatch.setattr(host_clock, "_BOOT_ID", tmp_path / "absent")
    marker = host_clock.boot_marker()
    assert marker.startswith("about ")
    assert host_clock.same_boot(marker, host_clock.boot_marker())
    assert not host_clock.same_boot(marker, "one")
    wall = time.time()
    monkeypatch.setattr(time, "time", lambda: wall + 120)
    assert not host_clock.same_boot(marker, host_clock.boot_marker())
