"""What a page's demos have sent: the events of a run, as the page itself received them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page

from e2e.pages import Demo, finished
from support.backend import Backend

LISTEN = """window.sent = [];
document.addEventListener("docker-run:event", ({detail}) => window.sent.push(detail));"""

# a page of the site by its name
Chapter = Callable[[str], Page]


@dataclass(frozen=True)
class Sent:
    """One run, from `accepted` to its end."""

    demo: Demo
    events: list[dict[str, Any]]

    def all(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]

    def one(self, kind: str) -> dict[str, Any]:
        (event,) = self.all(kind)
        return event

    def text(self, stream: str) -> str:
        return "".join(event["text"] for event in self.all("output") if event["stream"] == stream)

    @property
    def out(self) -> str:
        return self.text("stdout")

    @property
    def lines(self) -> list[str]:
        """Those of standard output, without what columns put before and after."""
        return [line.strip() for line in self.out.splitlines()]

    @property
    def err(self) -> str:
        return self.text("stderr")


def opened(page: Page, live: Backend, path: str) -> Page:
    """A page of the site in a tab of a reader who has not been here; it must not throw."""
    page.on("pageerror", lambda error: pytest.fail(f"the page threw {error}"))
    page.add_init_script(LISTEN)
    page.goto(f"{live.url}/{path}/")
    return page


def run(page: Page, id: str, line: str | None = None) -> Sent:
    """Press Run on a demo, with another line if one is given, and wait for the end."""
    page.evaluate("window.sent = []")
    demo = finished(page, id, line)
    return Sent(demo, page.evaluate("window.sent"))
