"""A real browser for tests, which asks for nothing by itself."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.redis_server import not_here

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

LONGEST_MILLISECONDS = 60_000
_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip


@contextmanager
def started_chromium() -> Iterator[Browser]:
    """Run Chromium with an empty profile; where it is not installed, the test does not run."""
    program = shutil.which("chromium")
    if program is None:
        not_here("Chromium is not installed (Debian package chromium)")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        not_here("playwright is not installed")
    with sync_playwright() as playwright:
        # launching without a profile gives an empty one that is removed at the end
        browser = playwright.chromium.launch(
            executable_path=program, headless=True, args=_ARGUMENTS, timeout=LONGEST_MILLISECONDS
        )
        yield browser
        browser.close()
