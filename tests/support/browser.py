"""How the tests' browser is started, and what it is asked in more than one of them."""

from __future__ import annotations

# no call home while a test counts requests
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
# all shifts from now on into window.shift, those after a click too
SHIFTS = """() => { window.shift = 0; new PerformanceObserver(list => {
    for (const entry of list.getEntries()) window.shift += entry.value; }).observe({type: "layout-shift"}); }"""
