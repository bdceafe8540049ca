"""What a browser does on a visit to a page: what it asks for, what that weighs, what moves, what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Request, ViewportSize

# what a first visit may cost at most
REQUESTS, BYTES, NOTEBOOK_BYTES, SHIFT = 15, 150_000, 300_000, 0.01
WATCH_SHIFTS = """window.shift = 0; new PerformanceObserver(list => { for (const entry of list.getEntries())
    if (!entry.hadRecentInput) window.shift += entry.value; }).observe({type: "layout-shift", buffered: true});"""

DRAWN = """async () => {
    for (let frame = 0; frame < 3; frame++) await new Promise(next => requestAnimationFrame(() => setTimeout(next)));
}"""


@dataclass
class Visit:
    """One page, as it was opened."""

    page: Page
    requests: list[Request] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    thrown: list[str] = field(default_factory=list)

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
    """A first visit, with nothing in the cache, until the network is quiet."""
    with arriving(chromium, **context) as visit:
        visit.page.goto(url, wait_until="networkidle")
        yield visit


class Walk:
    """A reader who goes on from page to page in one tab, where what pages share is fetched and compiled once.

    Each page comes as the first one did, whatever was done to the one before, but finds what that one has stored.
    """

    def __init__(self, visit: Visit, context: dict[str, Any]) -> None:
        self._visit, self._size = visit, visit.page.viewport_size
        self._wishes: dict[str, Any] = {"color_scheme": "light", "reduced_motion": "no-preference"}
        self._wishes |= {wish: context[wish] for wish in self._wishes if wish in context}

    def to(self, url: str, size: ViewportSize | None = None) -> Visit:
        """Open a page, on a screen of the first one's size or another."""
        page = self._visit.page
        page.emulate_media(media="screen", **self._wishes)
        page.set_viewport_size(size or self._size or {"width": 1280, "height": 900})
        for before in (self._visit.requests, self._visit.errors, self._visit.thrown):
            before.clear()
        page.goto(url)
        drawn(page)
        return self._visit

    def forget(self) -> None:
        """Let the next page find nothing, as the first one did."""
        self._visit.page.evaluate("localStorage.clear(); sessionStorage.clear()")


def drawn(page: Page) -> None:
    """Wait until a page is on the screen, which a browser tells it after it has drawn it."""
    page.evaluate(DRAWN)


@contextmanager
def walking(chromium: Browser, **context: Any) -> Iterator[Walk]:
    """A walk, which ends with the block."""
    with arriving(chromium, **context) as visit:
        yield Walk(visit, context)


@contextmanager
def arriving(chromium: Browser, **context: Any) -> Iterator[Visit]:
    """A tab of a browser that knows nothing yet, before anything is opened in it."""
    with_defaults = {"locale": "ko-KR", "viewport": {"width": 1280, "height": 900}} | context
    opened = chromium.new_context(**with_defaults)
    page = opened.new_page()
    visit = Visit(page)
    page.add_init_script(WATCH_SHIFTS)
    # a bound method of a list is no listener to Playwright
    opened.on("request", lambda request: visit.requests.append(request))  # noqa: PLW0108
    page.on("pageerror", lambda error: visit.thrown.append(str(error)))
    page.on("pageerror", lambda error: visit.errors.append(str(error)))
    page.on("console", lambda said: visit.errors.append(said.text) if said.type == "error" else None)
    yield visit
    opened.close()


def sitemap(xml: str) -> list[str]:
    """The paths of all pages, whatever host they name."""
    return [urlsplit(part.split("</loc>")[0]).path for part in xml.split("<loc>")[1:]]
