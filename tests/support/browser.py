"""How the tests' browser is started, and what it is asked in more than one of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, sync_playwright

# no call home while a test counts requests
QUIET = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Chromium without windows, tabs and menus, which take a quarter of a processor though nobody sees them
PROGRAM = "chromium-headless-shell"
# whatever waits comes twenty times as soon
HASTE = "{ const soon = setTimeout; window.setTimeout = (done, ms, ...rest) => soon(done, ms / 20, ...rest); }"
# all shifts from now on into window.shift, those after a click too
SHIFTS = """() => { window.shift = 0; new PerformanceObserver(list => {
    for (const entry of list.getEntries()) window.shift += entry.value; }).observe({type: "layout-shift"}); }"""


def launching() -> dict[str, Any]:
    """What Playwright starts it by."""
    return {"executable_path": shutil.which(PROGRAM), "args": QUIET}


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser of its own, for the thread that starts it."""
    with sync_playwright() as play:
        browser = play.chromium.launch(**launching())
        yield browser
        browser.close()
