"""Every demo of every page on a phone: its command whole, its answer soon, where it was asked for, and nothing that
jumps."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page

from docker_run import pages
from support import pace
from support.browser import HASTE, SHIFTS
from support.built_site import DOCS
from support.readers import Readers
from support.visits import SHIFT, Visit

SOURCES = pages.demos(DOCS)
# px of a demo with an answer of one line, and ms until its answer is painted
MEDIAN_HEIGHT, PAINTED = 300, 0.05
# the last is the one that they are run on
WIDTHS = (320, 1440, 390)

CUT = """[...document.querySelectorAll("docker-run")].filter(one => one.offsetHeight).filter(one => {
    const [field, mirror] = [one.querySelector("textarea"), one.querySelector(".mirror")];
    return field.scrollWidth > field.clientWidth || field.scrollHeight > field.clientHeight + 1
        || mirror.offsetHeight !== field.offsetHeight || mirror.textContent !== field.value;
}).map(one => one.id)"""
RUN = """async id => {
    const demo = document.getElementById(id);
    const others = [...document.querySelectorAll("docker-run")].filter(one => one.getAttribute("follows") === id);
    demo.scrollIntoView({block: "end"});
    let ended = 0, painted = 0;
    demo.addEventListener("docker-run:event", ({detail}) => {
        if (detail.type !== "exited") return;
        ended = performance.now();
        requestAnimationFrame(() => setTimeout(() => painted = performance.now()));
    });
    demo.parentElement.querySelector("[type=radio]")?.click();
    const done = demo.run();
    // the click itself makes the room
    for (let frame = 0; frame < 2; frame++) await new Promise(next => requestAnimationFrame(() => setTimeout(next)));
    window.shift = 0;
    await done;
    while (others.some(one => one.busy) || !painted) await new Promise(next => setTimeout(next, 20));
    await new Promise(next => requestAnimationFrame(() => setTimeout(next)));
    const screen = demo.querySelector(".screen"), said = demo.querySelector(".said");
    const shown = screen.offsetHeight ? screen : said;
    const {top} = shown.getBoundingClientRect();
    const lines = screen.textContent.trimEnd().split("\\n").length;
    return {
        id, lines, height: demo.offsetHeight, painted: painted - ended, shift: window.shift,
        first: shown.scrollTop === 0 && top >= 48 && top + 24 <= innerHeight,
    };
}"""


@dataclass(frozen=True)
class Ran:
    """What a demo left when it had run."""

    id: str
    lines: int
    height: int
    painted: float
    shift: float
    first: bool


@dataclass(frozen=True)
class Seen:
    """A page: the demos whose command was cut, by the width of the screen, and what each left when it had run."""

    cut: dict[int, list[str]]
    ran: list[Ran]


def below(source: str) -> str:
    """Where the page of a source is, below the site."""
    stem = source.rsplit(".", 1)[0]
    return "" if stem == "index" else f"{stem}/"


def cut_at(page: Page, width: int) -> list[str]:
    """The demos whose command is not whole on a screen so wide."""
    page.set_viewport_size({"width": width, "height": 844})
    found: list[str] = page.evaluate(CUT)
    return found


def run_all(page: Page, source: str) -> list[Ran]:
    """Every demo of a page in its order, where no backend answers: its recording."""
    page.evaluate(HASTE)
    page.evaluate(SHIFTS)
    leaders = [demo.id for demo in SOURCES[source] if not page.locator(f"#{demo.id}[follows]").count()]
    return [Ran(**page.evaluate(RUN, id)) for id in leaders]


@pytest.fixture(scope="module")
def seen(readers: Readers, address: str) -> dict[str, Seen]:
    """Every page with demos, visited once: its commands on screens of each width, and then all run on a phone."""

    def see(visit: Visit) -> Seen:
        page = visit.page
        page.evaluate("customElements.whenDefined('docker-run').then(() => null)")
        return Seen({width: cut_at(page, width) for width in WIDTHS}, run_all(page, urls[page.url]))

    urls = {f"{address}/{below(source)}": source for source in SOURCES}
    found = readers.walk(list(urls), see, viewport={"width": WIDTHS[-1], "height": 844})
    return dict(zip(urls.values(), found, strict=True))


@pytest.mark.parametrize("width", WIDTHS)
def test_no_command_is_cut(seen: dict[str, Seen], width: int) -> None:
    assert {source: one.cut[width] for source, one in seen.items() if one.cut[width]} == {}


@pytest.fixture(scope="module")
def ran(seen: dict[str, Seen]) -> dict[str, Ran]:
    """Every demo that does not follow another, by its page and id."""
    return {f"{source}#{one.id}": one for source, page in seen.items() for one in page.ran}


def test_the_first_line_of_the_answer_is_in_view_after_every_run(ran: dict[str, Ran]) -> None:
    assert [name for name, one in ran.items() if not one.first] == []


def test_nothing_jumps_after_the_click(ran: dict[str, Ran]) -> None:
    assert {name: one.shift for name, one in ran.items() if one.shift > SHIFT} == {}


def test_a_demo_is_low_after_an_answer_of_one_line(ran: dict[str, Ran]) -> None:
    heights = [one.height for one in ran.values() if one.lines == 1]
    assert len(heights) > 30
    assert statistics.median(heights) <= MEDIAN_HEIGHT


def test_an_answer_is_painted_at_once(ran: dict[str, Ran]) -> None:
    took = sorted(one.painted / 1000 for one in ran.values())
    assert took[len(took) * 3 // 4] <= PAINTED * pace.now()
