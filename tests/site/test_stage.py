"""Every live figure of every page and every demo that moves it: beside each other where there is room, else a tap
apart, and nothing moves that the reader does not see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from docker_run import pages
from support import static_host
from support.browser import HASTE
from support.built_site import DOCS, Built
from support.figures import look_at, send
from support.visits import SHIFT, Visit, each, visiting

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


@pytest.fixture(scope="module")
def host(built: Built) -> Iterator[str]:
    with static_host.serving(built.folder) as address:
        yield address


def on_every_page(host: str, viewport: dict[str, int]) -> dict[tuple[str, str], Seen]:
    urls = [f"{host}/{source.rsplit('.', 1)[0]}/".replace("/index/", "/") for source in pages.demos(DOCS)]
    found = each(urls, lambda visit: run_all(visit.page), viewport=viewport)
    return {pair: seen for page in found for pair, seen in page.items()}


@pytest.fixture(scope="module")
def wide(host: str) -> dict[tuple[str, str], Seen]:
    return on_every_page(host, WIDE)


@pytest.fixture(scope="module")
def phone(host: str) -> dict[tuple[str, str], Seen]:
    return on_every_page(host, PHONE)


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


def test_no_page_jumps_and_nothing_is_wider_or_higher_than_a_wide_screen(host: str) -> None:
    def see(visit: Visit) -> tuple[float, int, int]:
        width, highest = visit.page.evaluate(SIZES)
        return visit.shift(), width, highest

    urls = [f"{host}/{source.rsplit('.', 1)[0]}/".replace("/index/", "/") for source in pages.demos(DOCS)]
    for width in (1220, 1440):
        seen = each(urls, see, viewport={"width": width, "height": 900})
        found = dict(zip(urls, seen, strict=True))
        assert {url: one for url, one in found.items() if one[0] > SHIFT or one[1] > width or one[2] > 900 - 48} == {}


ENDED: list[dict[str, Any]] = [
    {"type": "accepted", "command": {"args": []}},
    {"type": "created", "argv": ["df", "/"], "layers": 3, "root_bytes": 2_148_864, "container": "c" * 64},
    {"type": "started", "pid": 77, "pid_inside": 1},
    {"type": "exited", "code": 0, "reason": "exit"},
]
FRAMES = "async () => { for (let n = 0; n < 5; n++) await new Promise(next => requestAnimationFrame(() => next())); }"
ARGV = "svg.p7 [data-slot=argv]"


@pytest.fixture
def phone_page(chromium: Browser, host: str) -> Iterator[Page]:
    """The chapter on how an image becomes a container, on a phone, at its top."""
    with visiting(chromium, f"{host}/creation/", viewport=PHONE) as visit:
        yield visit.page


def test_of_what_waits_only_the_last_run_is_shown(phone_page: Page) -> None:
    send(phone_page, "disk", [ENDED[0], ENDED[1] | {"argv": ["first"], "layers": 9}, *ENDED[2:]])
    send(phone_page, "disk", ENDED[:2])
    phone_page.evaluate(FRAMES)
    assert phone_page.locator("svg.p7 [data-lit]").count() == 0
    phone_page.evaluate(HASTE)
    look_at(phone_page, "p7")
    phone_page.locator("svg.p7 .p7-files[data-lit]").wait_for()
    assert "df /" in phone_page.locator(ARGV).all_text_contents()
    # the first run had an end
    assert phone_page.locator("svg.p7 [data-lit=exited]").count() == 0


def test_a_figure_that_goes_out_of_view_waits_again(phone_page: Page) -> None:
    look_at(phone_page, "p7")
    send(phone_page, "disk", ENDED[:1])
    phone_page.evaluate("scrollTo(0, 0)")
    phone_page.evaluate(FRAMES)
    send(phone_page, "disk", ENDED[1:])
    phone_page.wait_for_timeout(600)
    assert phone_page.locator("svg.p7 .moves[data-lit]").count() == 0
    look_at(phone_page, "p7")
    phone_page.locator("svg.p7 .p7-commands[data-lit]").wait_for()


def test_on_paper_every_figure_has_come_to_the_end_of_its_run(phone_page: Page) -> None:
    send(phone_page, "disk", ENDED)
    phone_page.emulate_media(media="print")
    phone_page.evaluate(FRAMES)
    moving = phone_page.locator("svg.p7 .moves")
    assert phone_page.locator("svg.p7 .moves[data-lit]").count() == moving.count() > 0
    assert not phone_page.locator(".to-figure").first.is_visible()
    assert not phone_page.locator(".words").first.is_visible()
    assert phone_page.locator("svg.p7").is_visible()


def test_nothing_waits_in_a_browser_that_cannot_tell_what_is_seen(chromium: Browser, host: str) -> None:
    with visiting(chromium, f"{host}/", viewport=PHONE) as visit:
        page = visit.page
        page.add_init_script("delete window.IntersectionObserver")
        page.emulate_media(reduced_motion="reduce")
        page.goto(f"{host}/creation/")
        send(page, "disk", ENDED)
        assert page.locator("svg.p7 .p7-commands").get_attribute("data-lit") == "started"


def test_without_javascript_a_figure_stands_beside_its_demo_and_nothing_is_there_to_press(
    chromium: Browser, host: str
) -> None:
    with visiting(chromium, f"{host}/creation/", viewport=WIDE, java_script_enabled=False) as visit:
        figure, demo = visit.page.locator("#p7-figure"), visit.page.locator("docker-run#disk")
        boxes = figure.bounding_box(), demo.bounding_box()
        assert boxes[0]
        assert boxes[1]
        assert boxes[0]["x"] >= boxes[1]["x"] + boxes[1]["width"]
        assert boxes[1]["width"] == pytest.approx(520, abs=2)
        assert not visit.page.locator(".words").first.is_visible()
        assert not visit.page.locator(".to-figure").first.is_visible()


def test_a_stage_reads_in_the_order_in_which_it_is_written(chromium: Browser, host: str) -> None:
    with visiting(chromium, f"{host}/scenario/", viewport=PHONE) as visit:
        tops = visit.page.evaluate(
            """() => ["#c10", "docker-run#hello-missing", "#p2-figure", "docker-run#images"]
                .map(one => document.querySelector(one).getBoundingClientRect().top)"""
        )
        assert tops == sorted(tops)
