"""The number of containers that a reader has made: counted in their browser, told to nobody, and nothing jumps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, FloatRect, Page, expect

from support.browser import SHIFTS
from support.visits import drawn

SEND = """([id, type]) => document.getElementById(id)
    .dispatchEvent(new CustomEvent("docker-run:event", {bubbles: true, detail: {type}}))"""
FORBID = """const {setItem} = Storage.prototype; Storage.prototype.setItem = function (key, value) {
    if (key === "docker-run-made") throw new Error("forbidden"); setItem.call(this, key, value); }"""


# where the foot's other words stand, and how long the page is
PLACES = (
    """[document.querySelector(".md-copyright").getBoundingClientRect().y, document.documentElement.scrollHeight]"""
)


# every line of the foot's other words
WORDS = """[...document.querySelectorAll(".md-footer-meta__inner > :not(.made)")].flatMap(part => {
    const range = document.createRange();
    range.selectNodeContents(part);
    return [...range.getClientRects()].map(({x, y, width, height}) => ({x, y, width, height}));
}).filter(line => line.width)"""


@pytest.fixture
def reader(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(locale="ko-KR", viewport={"width": 390, "height": 844})
    yield context
    context.close()


def opened(reader: BrowserContext, url: str, width: int = 390) -> Page:
    page = reader.new_page()
    page.set_viewport_size({"width": width, "height": 844})
    page.on("pageerror", lambda error: pytest.fail(f"the page threw {error}"))
    page.goto(url)
    return page


def says(page: Page, made: str) -> None:
    expect(page.locator("footer")).to_contain_text(f"지금까지 컨테이너 {made}개를 만들었어요.")


def test_a_reader_who_has_made_none_is_told_nothing(reader: BrowserContext, address: str) -> None:
    page = opened(reader, f"{address}/run/")
    page.evaluate(SEND, ["alpine", "accepted"])
    page.evaluate(SEND, ["alpine", "exited"])
    expect(page.locator(".made")).to_have_text("")


def test_every_container_counts_on_every_page_and_on_the_next_visit(reader: BrowserContext, address: str) -> None:
    page = opened(reader, f"{address}/run/")
    # the page's picture, and what the backend is, are asked for whatever is counted
    page.evaluate(SEND, ["alpine", "accepted"])
    page.wait_for_load_state("networkidle")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for demo in ("alpine", "alpine-ls", "alpine"):
        page.evaluate(SEND, [demo, "created"])
    says(page, "3")
    assert asked == []
    other = opened(reader, address)
    says(other, "3")
    other.evaluate(SEND, ["first", "created"])
    says(other, "4")
    page.evaluate("localStorage.setItem('docker-run-made', '1233')")
    page.evaluate(SEND, ["alpine", "created"])
    says(page, "1,234")


def test_what_is_replayed_does_not_count(reader: BrowserContext, address: str) -> None:
    page = opened(reader, f"{address}/run/")
    demo = page.locator("docker-run#alpine")
    demo.get_by_role("button", name="실행", exact=True).click()
    expect(demo).to_have_attribute("state", "ended")
    expect(demo).to_have_attribute("shown", "recording")
    expect(page.locator(".made")).to_have_text("")


def test_a_browser_that_keeps_nothing_counts_for_the_page(reader: BrowserContext, address: str) -> None:
    reader.add_init_script(FORBID)
    page = opened(reader, f"{address}/run/")
    for _ in range(2):
        page.evaluate(SEND, ["alpine", "created"])
    says(page, "2")


def test_what_somebody_else_wrote_there_is_no_number(reader: BrowserContext, address: str) -> None:
    page = opened(reader, address)
    page.evaluate("localStorage.setItem('docker-run-made', 'many')")
    page.evaluate(SEND, ["first", "created"])
    says(page, "1")


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_jumps_when_the_number_comes(reader: BrowserContext, address: str, width: int) -> None:
    page = opened(reader, f"{address}/run/", width)
    page.wait_for_load_state("networkidle")
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    # what follows the reader's scrolling has come to rest
    drawn(page)
    page.evaluate(SHIFTS)
    before = page.evaluate(PLACES)
    page.evaluate(SEND, ["alpine", "created"])
    says(page, "1")
    expect(page.locator(".made")).to_be_in_viewport()
    assert page.evaluate(PLACES) == before
    page.wait_for_timeout(100)
    assert page.evaluate("window.shift") == 0


@pytest.mark.parametrize("width", [320, 390, 768, 1440])
def test_the_number_lies_on_no_other_words(reader: BrowserContext, address: str, width: int) -> None:
    page = opened(reader, f"{address}/run/", width)
    page.evaluate("localStorage.setItem('docker-run-made', '99999')")
    page.evaluate(SEND, ["alpine", "created"])
    words, around = (page.locator(one).bounding_box() for one in (".made", ".md-footer-meta__inner"))
    others = page.evaluate(WORDS)
    assert words
    assert around
    assert others
    assert [one for one in others if overlap(words, one)] == []
    assert words["y"] >= around["y"]
    assert words["y"] + words["height"] <= around["y"] + around["height"] + 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def overlap(one: FloatRect, other: FloatRect) -> bool:
    beside = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
    return not beside and one["y"] < other["y"] + other["height"] and other["y"] < one["y"] + one["height"]
