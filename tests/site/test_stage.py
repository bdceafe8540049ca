"""Every live figure of every page and every demo that moves it: beside each other where there is room, else a tap
apart, and nothing moves that the reader does not see."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page

from docker_run import pages
from support.browser import HASTE
from support.built_site import DOCS
from support.readers import Readers
from support.visits import SHIFT, Visit, visiting

WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
# of a figure, while a run moves it
IN_VIEW = 0.8
# it stands right below its demo, so that no link leads there
HARBOUR = ("harbour", "first")

PAIRS = """() => [...document.querySelectorAll(".figure > svg")].flatMap(figure => {
    const follows = id => [...figure.querySelectorAll(":is([data-on], [data-slot])")].some(part =>
        part.closest("[data-demo]")?.dataset.demo.split(" ").includes(id) ?? true);
    const ids = [...document.querySelectorAll("docker-run")].filter(one => follows(one.id));
    return [...new Set(ids.map(one => one.getAttribute("follows") ?? one.id))].map(id => [figure.classList[0], id]);
})"""
RUN = """async ([name, id]) => {
    const frames = async count => {
        for (; count; count--) await new Promise(next => requestAnimationFrame(() => setTimeout(next)));
    };
    const figure = document.querySelector("svg." + name), demo = document.getElementById(id);
    let least = 1, moves = 0, last = 0, begun = Infinity, shift = 0;
    // told late, so that their own time says which of them came after the click
    new PerformanceObserver(list => list.getEntries().forEach(one => {
        if (one.startTime > begun) shift += one.value;
    })).observe({type: "layout-shift"});
    new MutationObserver(() => {
        const {top, bottom, height} = figure.getBoundingClientRect();
        least = Math.min(least, (Math.min(bottom, innerHeight) - Math.max(top, 48)) / height);
        moves += 1;
        last = performance.now();
    }).observe(figure, {subtree: true, attributes: true, attributeFilter: ["data-lit", "data-begun"]});
    const over = async () => {
        while (performance.now() - last < 250) await frames(2);
    };
    scrollTo(0, demo.getBoundingClientRect().top + scrollY - innerHeight / 3);
    // a question waits for a choice
    demo.parentElement.querySelector(".choices [type=radio]")?.click();
    await frames(3);
    const done = demo.run(false);
    // the click itself makes the room
    await frames(2);
    begun = performance.now();
    await done;
    while (document.querySelector("docker-run[busy]")) await frames(2);
    await over();
    const at_once = moves > 0;
    const [link] = document.querySelectorAll(`.to-figure [data-from~="${id}"][href="#${name}-figure"]`);
    const told = () => !!link?.hasAttribute("data-waits");
    const offered = !!link?.checkVisibility(), waits = told();
    begun = Infinity;
    if (!at_once) {
        link?.click();
        last = performance.now();
        await frames(6);
        await over();
    }
    const beside = figure.getBoundingClientRect().left >= demo.getBoundingClientRect().right;
    return {at_once, moves, least, shift, offered, waits, beside, waits_after: told()};
}"""

# the width of the page, and the height of the highest figure that stays beside the text
SIZES = """() => [document.documentElement.scrollWidth,
    Math.max(0, ...[...document.querySelectorAll(".stage > .figure")].map(one => one.scrollHeight))]"""


@dataclass(frozen=True)
class Seen:
    """How a run moved a figure: at once or after a tap, how often, and how much of it was seen at least."""

    at_once: bool
    moves: int
    least: float
    shift: float
    offered: bool
    waits: bool
    beside: bool
    waits_after: bool


def run_all(page: Page) -> dict[tuple[str, str], Seen]:
    """Each figure of a page with each demo that moves it, by recordings, as nothing else answers here."""
    page.evaluate(HASTE)
    return {(name, id): Seen(**page.evaluate(RUN, [name, id])) for name, id in page.evaluate(PAIRS)}


@dataclass(frozen=True)
class Opened:
    """A page: how it stood before anything was run, and then how each run moved a figure."""

    shift: float
    width: int
    highest: int
    moved: dict[tuple[str, str], Seen]

    def fits(self, width: int, height: int) -> bool:
        """Whether it has come without a jump and has nothing that such a screen has no room for."""
        return self.shift <= SHIFT and self.width <= width and self.highest <= height - 48


def stand(visit: Visit) -> Opened:
    """A page of which nothing is run."""
    width, highest = visit.page.evaluate(SIZES)
    return Opened(visit.shift(), width, highest, {})


def run(visit: Visit) -> Opened:
    """A page of which everything is run."""
    return dataclasses.replace(stand(visit), moved=run_all(visit.page))


@pytest.fixture(scope="module")
def urls(address: str) -> list[str]:
    """Every page with demos."""
    return [f"{address}/{source.rsplit('.', 1)[0]}/".replace("/index/", "/") for source in pages.demos(DOCS)]


@pytest.fixture(scope="module")
def wide_pages(readers: Readers, urls: list[str]) -> list[Opened]:
    return readers.each(urls, run, viewport=WIDE)


@pytest.fixture(scope="module")
def wide(wide_pages: list[Opened]) -> dict[tuple[str, str], Seen]:
    return {pair: seen for page in wide_pages for pair, seen in page.moved.items()}


@pytest.fixture(scope="module")
def phone(readers: Readers, urls: list[str]) -> dict[tuple[str, str], Seen]:
    found = readers.walk(urls, run, viewport=PHONE)
    return {pair: seen for page in found for pair, seen in page.moved.items()}


def test_a_figure_moves_in_view_beside_every_demo_that_moves_it(wide: dict[tuple[str, str], Seen]) -> None:
    assert len(wide) >= 26
    assert {pair: seen for pair, seen in wide.items() if not (seen.beside and seen.at_once)} == {}
    assert {pair: seen.least for pair, seen in wide.items() if seen.least < IN_VIEW or not seen.moves} == {}


def test_where_a_figure_is_beside_no_link_is_offered_and_else_one(
    wide: dict[tuple[str, str], Seen], phone: dict[tuple[str, str], Seen]
) -> None:
    assert {pair for pair, seen in wide.items() if seen.offered} == set()
    assert {pair for pair, seen in phone.items() if not seen.offered} == {HARBOUR}
    assert phone[HARBOUR].at_once


def test_on_a_phone_a_figure_moves_in_view_after_a_tap_at_most(phone: dict[tuple[str, str], Seen]) -> None:
    assert len(phone) >= 26
    assert {pair: seen for pair, seen in phone.items() if seen.least < IN_VIEW or not seen.moves} == {}
    assert {pair for pair, seen in phone.items() if seen.waits == seen.at_once or seen.waits_after} == set()


def test_nothing_jumps_after_the_click(wide: dict[tuple[str, str], Seen], phone: dict[tuple[str, str], Seen]) -> None:
    for found in (wide, phone):
        assert {pair: seen.shift for pair, seen in found.items() if seen.shift > SHIFT} == {}


def test_no_page_jumps_and_nothing_is_wider_or_higher_than_a_wide_screen(
    readers: Readers, urls: list[str], wide_pages: list[Opened]
) -> None:
    narrower = readers.each(urls, stand, viewport={"width": 1220, "height": 900})
    for width, seen in ((1220, narrower), (WIDE["width"], wide_pages)):
        found = dict(zip(urls, seen, strict=True))
        assert {url: one for url, one in found.items() if not one.fits(width, 900)} == {}


def test_without_javascript_a_figure_stands_beside_its_demo_and_nothing_is_there_to_press(
    chromium: Browser, address: str
) -> None:
    with visiting(chromium, f"{address}/creation/", viewport=WIDE, java_script_enabled=False) as visit:
        figure, demo = visit.page.locator("#p7-figure"), visit.page.locator("docker-run#disk")
        boxes = figure.bounding_box(), demo.bounding_box()
        assert boxes[0]
        assert boxes[1]
        assert boxes[0]["x"] >= boxes[1]["x"] + boxes[1]["width"]
        assert boxes[1]["width"] == pytest.approx(520, abs=2)
        assert not visit.page.locator(".words").first.is_visible()
        assert not visit.page.locator(".to-figure").first.is_visible()


def test_a_stage_reads_in_the_order_in_which_it_is_written(chromium: Browser, address: str) -> None:
    with visiting(chromium, f"{address}/scenario/", viewport=PHONE) as visit:
        tops = visit.page.evaluate(
            """() => ["#c10", "docker-run#hello-missing", "#p2-figure", "docker-run#images"]
                .map(one => document.querySelector(one).getBoundingClientRect().top)"""
        )
        assert tops == sorted(tops)
