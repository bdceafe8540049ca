"""What a browser does on a first visit to a page: what it asks for, what that weighs, what moves, what goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Request

from support import browser

# what a first visit may cost at most
REQUESTS, BYTES, NOTEBOOK_BYTES, SHIFT = 15, 150_000, 300_000, 0.01
# a visit is mostly waiting for the network to be quiet
AT_ONCE = 3
Seen = TypeVar("Seen")
WATCH_SHIFTS = """window.shift = 0; new PerformanceObserver(list => { for (const entry of list.getEntries())
    if (!entry.hadRecentInput) window.shift += entry.value; }).observe({type: "layout-shift", buffered: true});"""


@dataclass
class Visit:
    """One page, opened with an empty cache."""

    page: Page
    requests: list[Request] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def bytes(self) -> int:
        """What came over the wire, compressed as the server sends it, headers too."""
        sizes = [request.sizes() for request in self.requests if request.response()]
        return sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)

    def foreign(self) -> list[str]:
        """The addresses asked for that are not the site's own."""
        own = urlsplit(self.page.url)[:2]
        asked = (request.url for request in self.requests)
        return [url for url in asked if not url.startswith(("data:", "blob:")) and urlsplit(url)[:2] != own]

    def shift(self) -> float:
        """How far the layout has jumped without the reader having done anything."""
        return float(self.page.evaluate("window.shift"))


@contextmanager
def visiting(chromium: Browser, url: str, **context: Any) -> Iterator[Visit]:
    """A first visit, until the network is quiet."""
    with_defaults = {"locale": "ko-KR", "viewport": {"width": 1280, "height": 900}} | context
    opened = chromium.new_context(**with_defaults)
    page = opened.new_page()
    visit = Visit(page)
    page.add_init_script(WATCH_SHIFTS)
    # a bound method of a list is no listener to Playwright
    opened.on("request", lambda request: visit.requests.append(request))  # noqa: PLW0108
    page.on("pageerror", lambda error: visit.errors.append(str(error)))
    page.on("console", lambda said: visit.errors.append(said.text) if said.type == "error" else None)
    page.goto(url, wait_until="networkidle")
    yield visit
    opened.close()


def each(urls: list[str], see: Callable[[Visit], Seen], **context: Any) -> list[Seen]:
    """What is seen on a first visit to each of `urls`; several browsers of their own share them out."""

    def share(number: int) -> dict[str, Seen]:
        found = {}
        with browser.chromium() as chromium:
            for url in urls[number::AT_ONCE]:
                with visiting(chromium, url, **context) as visit:
                    found[url] = see(visit)
        return found

    with ThreadPoolExecutor(AT_ONCE) as pool:
        seen = {url: one for part in pool.map(share, range(AT_ONCE)) for url, one in part.items()}
    return [seen[url] for url in urls]


def sitemap(xml: str) -> list[str]:
    """The paths of all pages, whatever host they name."""
    return [urlsplit(part.split("</loc>")[0]).path for part in xml.split("<loc>")[1:]]
