"""How Korean is set on a phone, how a table of columns is, and what paper gets, on every page."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from support import book
from support.book import LEARNERS, OTHERS
from support.browser import HASTE
from support.readers import Readers
from support.visits import Visit, Walk, visiting

PHONE = {"width": 390, "height": 844}
# an address that the site does not have
NOWHERE = "no/such/page"
# px of a sheet of A4, and of what its margin leaves of it (book.css)
A4 = {"width": 794, "height": 1123}
SHEET = {"width": 681, "height": 1010}
# a sheet's rest that stays empty, since what follows is not to be cut: a figure, a table, a title with its text
REST = 0.4
WHOLE = ".md-content :is(a, mark, kbd), .md-content :is(p, li, td, th, dd, summary, figcaption) code"
CUT = """parts => [...document.querySelectorAll(parts)].flatMap(part => {
    const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT), cut = [];
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
        for (const word of text.data.matchAll(/[가-힣]+/g)) {
            const range = document.createRange();
            range.setStart(text, word.index);
            range.setEnd(text, word.index + word[0].length);
            if (new Set([...range.getClientRects()].map(rect => Math.round(rect.top))).size > 1) cut.push(word[0]);
        }
    }
    return cut;
})"""
# what stands between code and the Korean letter that follows it, in spaces of the text; a line's end is too much
GAPS = """[...document.querySelectorAll(".md-content :is(p, li, td, dd, summary, figcaption) code")].flatMap(code => {
    const next = code.nextSibling, own = code.lastChild;
    if (!(next instanceof Text) || !(own instanceof Text) || !/^[가-힣]/.test(next.data)) return [];
    const at = (text, number) => {
        const range = document.createRange();
        range.setStart(text, number);
        range.setEnd(text, number + 1);
        return range.getBoundingClientRect();
    };
    const [last, letter] = [at(own, own.length - 1), at(next, 0)];
    const {font} = getComputedStyle(code.parentElement), pen = document.createElement("canvas").getContext("2d");
    pen.font = font;
    const gap = last.bottom < letter.top ? Infinity : (letter.left - last.right) / pen.measureText(" ").width;
    return letter.width ? [[code.textContent, gap]] : [];
})"""
# where a line begins with a particle whose bracket ends the one before, and options that are parted
PARTED = """() => {
    const article = document.querySelector("article"), found = [];
    const walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
    const at = (text, place) => {
        const range = document.createRange();
        range.setStart(text, place);
        range.setEnd(text, place + 1);
        return range.getBoundingClientRect();
    };
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
        if (text.parentElement.closest("pre, svg, docker-run, form")) continue;
        for (const {index} of text.data.matchAll(/\\)(?=[가-힣])/g)) {
            const [bracket, letter] = [at(text, index), at(text, index + 1)];
            if (letter.width && letter.top > bracket.top + 4) found.push(text.data.slice(index - 9, index + 6));
        }
    }
    const options = [...article.querySelectorAll("code")].filter(code => /^-\\S{1,12}$/.test(code.textContent));
    return [...found, ...options.filter(code => code.getClientRects().length > 1).map(code => code.textContent)];
}"""
# demos whose recording is a table, by page: images, processes, disks, memory, files
TABLES = {
    "scenario": ["images"],
    "container": ["same-format"],
    "creation": ["argv", "disk", "write-layer"],
    "desktop": ["namespaces"],
    "isolation": ["free", "ns-pid", "both-sides"],
}
RUN = """async id => {
    const demo = document.getElementById(id), screen = demo.querySelector(".screen");
    await demo.run();
    await new Promise(next => requestAnimationFrame(() => setTimeout(next)));
    const style = getComputedStyle(screen);
    return {
        space: style.whiteSpace, size: style.fontSize, scrolls: style.overflowX,
        page: document.documentElement.scrollWidth, columns: demo.hasAttribute("columns"),
    };
}"""


@dataclass(frozen=True)
class Seen:
    """What is cut, and how code is set, on a page at the width of a phone; its height and sheets on paper."""

    cut: list[str]
    parted: list[str]
    gaps: list[list[Any]]
    height: float
    sheets: int


def see(visit: Visit) -> Seen:
    page = visit.page
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    cut, parted, gaps = page.evaluate(CUT, WHOLE), page.evaluate(PARTED), page.evaluate(GAPS)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": SHEET["width"], "height": SHEET["height"]})
    height = page.evaluate("document.documentElement.scrollHeight")
    sheets = page.pdf(width=f"{A4['width']}px", height=f"{A4['height']}px", print_background=True)
    return Seen(cut, parted, gaps, height, len(re.findall(rb"/Type\s*/Page\b", sheets)))


@pytest.fixture(scope="module")
def seen(readers: Readers, served: str) -> dict[str, Seen]:
    """Every page by its name, visited once."""
    names = [*LEARNERS, *OTHERS, NOWHERE]
    urls = [f"{served}/{book.address(name)}" for name in names]
    return dict(zip(names, readers.walk(urls, see, viewport=PHONE), strict=True))


def test_no_word_is_cut_in_a_link_or_in_code(seen: dict[str, Seen]) -> None:
    assert {name: one.cut for name, one in seen.items() if one.cut} == {}


def test_no_line_begins_with_a_particle_behind_a_bracket_or_within_an_option(seen: dict[str, Seen]) -> None:
    assert {name: one.parted for name, one in seen.items() if one.parted} == {}


def test_code_stands_close_to_the_particle_that_follows_it_and_on_its_line(seen: dict[str, Seen]) -> None:
    gaps = [(name, *gap) for name, one in seen.items() for gap in one.gaps]
    assert len(gaps) > 300
    assert [gap for gap in gaps if not 0 <= gap[-1] < 0.5] == []


def test_no_word_is_cut_in_what_the_search_finds(chromium: Browser, served: str) -> None:
    with visiting(chromium, served, viewport=PHONE) as visit:
        visit.page.locator('header label[for="__search"]').first.click()
        field = visit.page.get_by_role("textbox", name="검색")
        for query in ("네임스페이스", "가상 머신과 컨테이너", "종료 코드"):
            field.fill(query)
            expect(visit.page.locator(".md-search-result__item").first).to_be_visible()
            visit.page.wait_for_timeout(200)
            assert visit.page.evaluate(CUT, ".md-search-result__list") == [], query


def run(visit: Visit, id: str) -> dict[str, Any]:
    visit.page.evaluate(HASTE)
    ran: dict[str, Any] = visit.page.evaluate(RUN, id)
    return ran


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_columns_does_not_wrap_on_a_phone_and_scrolls(walk: Walk, address: str, name: str) -> None:
    visit = walk.to(f"{address}/{name}/")
    for id in TABLES[name]:
        ran = run(visit, id)
        assert ran == {"space": "pre", "size": "13px", "scrolls": "auto", "page": 390, "columns": True}, id
    recorded = visit.page.locator(f"#{TABLES[name][0]} samp")
    assert recorded.evaluate("samp => getComputedStyle(samp).whiteSpace") == "pre"


def test_what_is_no_table_wraps_on_a_phone(walk: Walk, address: str) -> None:
    ran = run(walk.to(address), "first")
    assert ran["space"] == "pre-wrap"
    assert ran["size"] == "14px"
    assert not ran["columns"]


def test_a_table_is_forgotten_when_something_else_is_run(walk: Walk, address: str) -> None:
    demo = walk.to(f"{address}/scenario/").page.locator("#images")
    expect(demo).to_have_attribute("columns", "")
    says = "(demo, detail) => demo.dispatchEvent(new CustomEvent('docker-run:event', {bubbles: true, detail}))"
    demo.evaluate(says, {"type": "accepted"})
    demo.evaluate(says, {"type": "output", "stream": "stdout", "text": "no  table  here\nat all\n"})
    assert demo.get_attribute("columns") is None
    # in pieces, as a network brings it
    for text in ("PID   US", "ER     COMM", "AND\n    1 ro", "ot     ps\n"):
        demo.evaluate(says, {"type": "output", "stream": "stdout", "text": text})
    expect(demo).to_have_attribute("columns", "")


def test_no_sheet_of_paper_stays_mostly_empty(seen: dict[str, Seen]) -> None:
    most = {name: math.ceil(one.height / SHEET["height"] / (1 - REST)) for name, one in seen.items()}
    assert {name: one.sheets for name, one in seen.items() if not 0 < one.sheets <= most[name]} == {}
    assert seen[""].sheets <= math.ceil(seen[""].height / SHEET["height"])
    assert seen[NOWHERE].sheets == 1


def test_a_demo_may_go_on_over_the_sheet(walk: Walk, served: str) -> None:
    page = walk.to(served, {"width": 1280, "height": 900}).page
    page.emulate_media(media="print")
    inside = "all => all.map(one => getComputedStyle(one).breakInside)"
    parts = page.locator("docker-run, docker-run .recorded, docker-run .recorded pre, docker-run samp")
    assert set(parts.evaluate_all(inside)) == {"auto"}
