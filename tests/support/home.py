"""The home page as a reader meets it where no backend answers, and what its harbour shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, FloatRect, Locator, Page, ViewportSize, expect

PHONE, LAPTOP = ViewportSize(width=390, height=844), ViewportSize(width=1440, height=900)
# how many boxes the ship has places for
PLACES = 6
SEND = """events => events.forEach(detail => document.getElementById("first")
    .dispatchEvent(new CustomEvent("docker-run:event", {bubbles: true, detail})))"""


@contextmanager
def opened(chromium: Browser, address: str, *, touch: bool = False) -> Iterator[Page]:
    """The page on a phone of a reader who wants no motion: every event is shown at once. It must not throw."""
    context = chromium.new_context(locale="ko-KR", viewport=PHONE, reduced_motion="reduce", has_touch=touch)
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"the page threw {error}"))
    page.goto(address)
    yield page
    context.close()


def begun() -> list[dict[str, Any]]:
    return [{"type": "accepted", "command": {"name": "run", "image": "alpine", "args": ["ls"]}}]


def made(number: int) -> list[dict[str, Any]]:
    """A run whose container's id is the number, to its making."""
    return [*begun(), {"type": "created", "container": f"{number:x}" * 64}]


def ran(number: int, code: int = 0) -> list[dict[str, Any]]:
    return [*made(number), {"type": "exited", "code": code, "reason": "exit"}]


def box(locator: Locator) -> FloatRect:
    found = locator.bounding_box()
    assert found
    return found


def harbour(page: Page) -> Locator:
    return page.locator("svg.harbour")


def cargo(page: Page, slot: str) -> Locator:
    return harbour(page).locator(f".cargo [data-slot={slot}]")


def kept(page: Page) -> list[str]:
    """The words on the boxes of earlier runs."""
    return [" ".join(text.split()) for text in harbour(page).locator(".kept").all_text_contents()]


def press_run(page: Page) -> None:
    """Run the first line to its end, which is its recording's, as nothing answers here."""
    page.locator("#first").get_by_role("button", name="실행", exact=True).click()
    expect(page.locator("#first")).to_have_attribute("state", "ended")
