"""Where a reader is: the number of a chapter, its way on, and which pages are for whom, on every page."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Browser, expect

from support.book import CHAPTERS, LEARNERS, OTHERS, WAYS, address, path
from support.built_site import Built
from support.readers import Readers
from support.site_pages import Page
from support.visits import Visit, visiting

PHONE, TABLET, DESK = 390, 768, 1440
LINE = re.compile(r'</h1>\s*<p class="chapter"[^>]*>(\d+)/(\d+) · 약 (\d+)분(?: · 데모 (\d+)개)?</p>')
UNREAD = re.compile(r"<(pre|svg|docker-run|script|style)\b.*?</\1>", re.DOTALL)
ENDS = """[...document.querySelectorAll(".md-footer__inner a")].map(link => {
    const title = link.querySelector(".md-ellipsis"), {width, height} = title.getBoundingClientRect();
    return [link.rel, link.pathname, link.innerText.trim().split(/\\s*\\n\\s*/), width * height > 0
        && title.scrollWidth <= title.clientWidth + 1];
})"""
BELOW = """document.querySelector("h1").getBoundingClientRect().top
    - document.querySelector(".md-header").getBoundingClientRect().bottom"""


@dataclass(frozen=True)
class Seen:
    """The labels at a page's end by the width of the screen, and the room above its title on a phone."""

    ends: dict[int, list[Any]]
    above: float


def see(visit: Visit) -> Seen:
    ends = {}
    for width in (DESK, TABLET, PHONE):
        visit.page.set_viewport_size({"width": width, "height": 844})
        ends[width] = visit.page.evaluate(ENDS)
    return Seen(ends, visit.page.evaluate(BELOW))


@pytest.fixture(scope="module")
def seen(readers: Readers, served: str) -> dict[str, Seen]:
    """Every page by its name, at three widths."""
    names = [name for way in WAYS for name in way]
    return dict(zip(names, readers.walk([f"{served}/{address(name)}" for name in names], see), strict=True))


def titles(built: Built) -> dict[str, str]:
    """What the navigation calls each page, by its name."""
    own = re.compile(
        r'href="\.?/?" class="md-nav__link md-nav__link--active">\s*<span class="md-ellipsis">\s*'
        r'(?:<span class="md-typeset">\s*\d+\. )?(.*?)\s*</',
        re.S,
    )
    found = {name: own.findall(built.page(path(name)).source) for way in WAYS for name in way}
    return {name: title.replace("&lt;", "<").replace("&gt;", ">") for name, (title, *_) in found.items()}


def links(page: Page, name: str, part: str) -> set[str]:
    """Where the links of a part of the page lead, as names of pages."""
    found = re.findall(r'href="([^"#]*)', part)
    return {urlsplit(urljoin(f"http://site/{address(name)}", link)).path.strip("/") for link in found}


def navigation(page: Page) -> str:
    return page.source.split('class="md-nav md-nav--primary')[1].split('class="md-content"')[0]


def footer(page: Page) -> str:
    return page.source.split('<footer class="md-footer">')[1]


def test_the_lists_of_the_tests_have_every_page(built: Built) -> None:
    assert {path(name) for name in (*LEARNERS, *OTHERS)} | {"404.html"} == set(built.pages())


def test_every_chapter_says_its_number_its_minutes_and_its_demos(built: Built) -> None:
    for number, name in enumerate(CHAPTERS, 1):
        page = built.page(path(name))
        ((at, of, _, demos),) = LINE.findall(page.source)
        assert (int(at), int(of)) == (number, len(CHAPTERS)), name
        assert int(demos or 0) == len([one for one in page.all("docker-run") if "follows" not in one]), name


def test_the_minutes_are_those_of_the_prose(built: Built) -> None:
    for name in CHAPTERS:
        source = built.page(path(name)).source
        ((_, _, minutes, _),) = LINE.findall(source)
        article = source.split("<article")[1].split("</article>")[0]
        letters = len(re.sub(r"<[^>]*>|\s", "", UNREAD.sub("", article)))
        assert abs(int(minutes) - letters / 400) <= 1, name


def test_no_other_page_is_called_a_chapter(built: Built) -> None:
    chapters = {path(name) for name in CHAPTERS}
    assert {name for name, page in built.pages().items() if 'class="chapter"' in page.source} == chapters


def test_what_a_chapter_says_of_itself_is_not_found_by_the_search(built: Built) -> None:
    (sections,) = built.folder.glob("search/sections.*.json")
    assert not re.search(r"\d+/12 · 약", sections.read_text())


@pytest.mark.parametrize("width", [PHONE, TABLET, DESK])
def test_the_way_back_and_on_is_labelled_with_its_title_and_number(
    built: Built, seen: dict[str, Seen], width: int
) -> None:
    called = titles(built)
    for way in WAYS:
        for before, name, after in zip(["", *way], way, [*way[1:], ""], strict=False):
            ends = {rel: (where, label, whole) for rel, where, label, whole in seen[name].ends[width]}
            wanted = {"prev": before if name != way[0] else None, "next": after or None}
            assert set(ends) == {rel for rel, other in wanted.items() if other is not None}, name
            for rel, (where, label, whole) in ends.items():
                other = wanted[rel] or ""
                number = f" {CHAPTERS.index(other) + 1}/{len(CHAPTERS)}" if other in CHAPTERS else ""
                assert where.strip("/") == other, name
                assert label == [{"prev": "이전", "next": "다음"}[rel] + number, called[other]], name
                assert whole, name


def test_a_learner_sees_the_book_and_others_their_own_pages(built: Built) -> None:
    for name, page in built.pages().items():
        own = name.removesuffix("index.html").strip("/")
        aside = own in OTHERS
        led = links(page, own, navigation(page)) - {own}
        wrong = set(CHAPTERS) if aside else set(OTHERS)
        right = {"", *OTHERS} if aside else set(LEARNERS)
        assert led & wrong == set(), name
        assert right - {own} <= led, name


def test_a_chapter_has_its_number_in_the_navigation_and_nothing_else_has_one(built: Built) -> None:
    row = re.compile(r'<a href="([^"#]*)" class="md-nav__link[^>]*>\s*<span class="md-ellipsis">(.*?)</a>', re.S)
    for name in LEARNERS:
        page = built.page(path(name))
        rows = {}
        for link, inside in row.findall(navigation(page)):
            to = urlsplit(urljoin(f"http://site/{address(name)}", link)).path.strip("/")
            rows[to] = " ".join(re.sub("<[^>]*>", " ", inside).split())
        numbers = {to: found[1] for to, text in rows.items() if (found := re.match(r"(\d+)\. \S", text))}
        assert numbers == {chapter: str(number) for number, chapter in enumerate(CHAPTERS, 1)}, name
        assert not re.match(r"\d+\. ", page.texts["title"]), name


def test_every_page_names_all_pages_for_others_at_its_end(built: Built) -> None:
    for name, page in built.pages().items():
        assert set(OTHERS) <= links(page, name.removesuffix("index.html").strip("/"), footer(page)), name


def test_the_search_finds_every_page_whomever_it_is_for(built: Built) -> None:
    (sections,) = built.folder.glob("search/sections.*.json")
    found = {section["location"].split("#")[0].strip("/") for section in json.loads(sections.read_text())}
    assert found == {*LEARNERS, *OTHERS}


def test_a_title_is_close_below_the_header_on_a_phone(seen: dict[str, Seen]) -> None:
    assert {name: one.above for name, one in seen.items() if not 8 <= one.above <= 26} == {}


def test_the_drawer_names_the_contents_of_the_page_on_a_phone(chromium: Browser, served: str) -> None:
    with visiting(chromium, f"{served}/why/", viewport={"width": PHONE, "height": 844}) as visit:
        visit.page.locator('header label[for="__drawer"]').click()
        row = visit.page.locator('.md-nav--primary label.md-nav__link[for="__toc"]')
        label = row.evaluate("row => getComputedStyle(row.querySelector('.md-nav__icon'), '::before').content")
        assert label == '"목차"'
        row.click()
        expect(
            visit.page.locator(".md-nav--primary").get_by_role("link", name="프로그램은 혼자 다니지 않아요")
        ).to_be_visible()
