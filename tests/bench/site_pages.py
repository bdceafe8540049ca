"""`make bench-site`: what each page of the site costs a first visitor and how Lighthouse and axe judge it.

Lighthouse is told nothing but the address: a phone, a slow network, compressed answers from our own web server. A
goal that is missed makes the benchmark fail. `python tests/bench/site_pages.py run vm` measures only the pages with one
of these words in their path.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.measure import Report
from support import axe
from support.browser import PROGRAM, launching
from support.built_site import Built, build
from support.node import NODE
from support.visits import BYTES, NOTEBOOK_BYTES, REQUESTS, SHIFT, sitemap, visiting
from support.web_server import serving

HERE = Path(__file__).parent
BUILD_SECONDS = 10.0
SCORES = {"performance": 95, "accessibility": 100, "best-practices": 100, "seo": 100}


def built(report: Report, folder: Path) -> Built:
    """The site, built strictly from nothing."""
    begun = time.perf_counter()
    made = build(folder)
    seconds = time.perf_counter() - begun
    quiet = made.returncode == 0 and "WARNING" not in made.log
    report.row("strict build without a warning", f"{seconds:.1f} s", "at most 10 s", quiet and seconds <= BUILD_SECONDS)
    if made.returncode:
        raise SystemExit(made.log)
    return made


def visit(report: Report, browser: Browser, url: str, path: str) -> None:
    """One page with an empty cache, then what axe says of it."""
    with visiting(browser, url + path, viewport={"width": 390, "height": 844}) as seen:
        size, requests, shift = seen.bytes() / 1000, len(seen.requests), seen.shift()
        most = (NOTEBOOK_BYTES if seen.page.locator(".notebook-cell").count() else BYTES) // 1000
        foreign, found = seen.foreign(), axe.in_both_schemes(seen.page)
    report.row(f"{path}  first visit", f"{size:.0f} kB", f"at most {most} kB", size <= most)
    report.row("  requests", f"{requests}", f"at most {REQUESTS}", requests <= REQUESTS)
    report.row("  requests to others", f"{len(foreign)}", "none", not foreign)
    report.row("  layout shift", f"{shift:.4f}", f"at most {SHIFT}", shift <= SHIFT)
    report.row("  axe, both colour schemes", f"{len(found)}", "no finding", not found)


def lighthouse(urls: list[str]) -> Iterator[dict[str, Any]]:
    """What Lighthouse says of each address, one after the other."""
    environment = os.environ | {"CHROME_PATH": shutil.which(PROGRAM) or ""}
    command = [NODE, str(HERE / "lighthouse/measure.mjs"), *urls]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        yield from map(json.loads, running.stdout)
    if running.returncode:
        raise SystemExit("Lighthouse did not come to its end")


def judged(report: Report, path: str, result: dict[str, Any]) -> None:
    """One page's scores in one row."""
    scores = {name: result["scores"][name] for name in SCORES}
    met = all(scores[name] >= least for name, least in SCORES.items())
    lost = "" if met else "  " + ", ".join(result["lost"])
    tries = "" if result["tries"] == 1 else f", middle of {result['tries']}"
    wanted = f"at least {'/'.join(map(str, SCORES.values()))}, LCP {result['lcp']:.0f} ms{tries}{lost}"
    report.row(f"{path}  Lighthouse P/A/B/S", "/".join(map(str, scores.values())), wanted, met)


def wanted(paths: list[str], words: list[str]) -> list[str]:
    """The paths with one of the words; all where there is no word."""
    return [path for path in paths if not words or any(word in path for word in words)]


def main() -> int:
    """Measure every page; 1 when a goal is missed."""
    report = Report()
    with TemporaryDirectory() as folder:
        site = built(report, Path(folder, "site"))
        paths = wanted(sitemap((site.folder / "sitemap.xml").read_text()), sys.argv[1:])
        with serving(Path(folder), site=site.folder, runner=False) as web:
            with sync_playwright() as play:
                browser = play.chromium.launch(**launching())
                for path in paths:
                    visit(report, browser, web.url, path)
            for path, result in zip(paths, lighthouse([web.url + path for path in paths]), strict=True):
                judged(report, path, result)
    if report.missed:
        print("missed: " + ", ".join(report.missed))
    return 1 if report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
