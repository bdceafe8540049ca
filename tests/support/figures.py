"""A page's figures, which show what a run does as soon as a reader sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from playwright.sync_api import Page

# the browser tells a page what is on the screen after it has drawn it
LOOK = """async figure => {
    figure.scrollIntoView({block: "center"});
    for (let frame = 0; frame < 3; frame++) await new Promise(next => requestAnimationFrame(() => setTimeout(next)));
}"""
SEND = """([id, events]) => events.forEach(detail =>
    document.getElementById(id).dispatchEvent(new CustomEvent("docker-run:event", {bubbles: true, detail})))"""

# what is told of a run of `df /`
DF_RUN: list[dict[str, Any]] = [
    {"type": "accepted", "command": {"args": []}},
    {"type": "created", "argv": ["df", "/"], "layers": 3, "root_bytes": 2_148_864, "container": "c" * 64},
    {"type": "started", "pid": 77, "pid_inside": 1},
    {"type": "exited", "code": 0, "reason": "exit"},
]


def look_at(page: Page, figure: str) -> None:
    """Bring a figure, by its class, before the reader's eye."""
    page.locator(f"svg.{figure}").evaluate(LOOK)


def send(page: Page, demo: str, events: Sequence[Mapping[str, Any]]) -> None:
    """Tell the page what a run of the demo does."""
    page.evaluate(SEND, [demo, list(events)])


def tell(page: Page, figure: str, demo: str, events: Sequence[Mapping[str, Any]]) -> None:
    """The same, before the eyes of a reader who looks at the figure."""
    look_at(page, figure)
    send(page, demo, events)
