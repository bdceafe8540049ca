"""What was read is ticked, in this browser alone."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from support.book import CHAPTERS, address
from support.readers import Readers
from support.visits import Visit, Walk, visiting

KEPT = "docker-run-chapters"
TO_THE_END = "scrollTo(0, document.documentElement.scrollHeight)"
# as a replay ends, so that nobody asks the backend, which is not there, what it is
RUN = """id => {
    const demo = document.getElementById(id);
    demo.setAttribute("state", "replaying");
    demo.dispatchEvent(new CustomEvent("docker-run:event", {bubbles: true, detail: {type: "exited", code: 0}}));
}"""
DEMOS = "[...document.querySelectorAll('docker-run:not([follows])')].map(one => one.id)"
WIDE = ViewportSize(width=1280, height=900)
FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }"


def place(page: Page, title: str) -> Locator:
    """The link of the navigation that says it is read."""
    return page.locator(".md-nav--primary").get_by_role("link", name=re.compile(rf"^\d+\. {re.escape(title)} 읽음$"))


def kept(page: Page) -> Any:
    return json.loads(page.evaluate(f"localStorage.getItem('{KEPT}')") or "{}")


def test_a_chapter_is_ticked_when_its_end_was_reached_and_not_before(chromium: Browser, served: str) -> None:
    with visiting(chromium, f"{served}/why/") as visit:
        expect(visit.page.locator(".read")).to_have_count(0)
        visit.page.evaluate(TO_THE_END)
        expect(place(visit.page, "Docker는 왜 쓸까?")).to_be_visible()
        expect(visit.page.locator("p.chapter")).to_contain_text("✓")
        visit.page.goto(f"{served}/container/")
        expect(place(visit.page, "Docker는 왜 쓸까?")).to_be_visible()
        expect(place(visit.page, "컨테이너는 무엇일까?")).to_have_count(0)


def test_a_tick_is_a_shape_and_a_word_and_stands_once(chromium: Browser, served: str) -> None:
    with visiting(chromium, f"{served}/why/") as visit:
        visit.page.evaluate(TO_THE_END)
        mark = visit.page.locator(".md-nav--primary a .read")
        expect(mark).to_have_text("✓")
        expect(mark).to_have_attribute("aria-label", "읽음")
        visit.page.evaluate("dispatchEvent(new Event('pageshow'))")
        expect(mark).to_have_count(1)


# the last paragraph, which leads on, is in view, and the page's foot is not
TO_THE_LAST_PARAGRAPH = """() => {
    const last = [...document.querySelectorAll(".md-content__inner p")].at(-1);
    scrollBy(0, last.getBoundingClientRect().bottom + 4 - innerHeight);
    return document.querySelector(".md-footer").getBoundingClientRect().top > innerHeight;
}"""


def test_who_reads_to_the_link_that_leads_on_has_read_the_chapter(chromium: Browser, served: str) -> None:
    with visiting(chromium, f"{served}/container/", viewport={"width": 1440, "height": 900}) as visit:
        assert visit.page.evaluate(TO_THE_LAST_PARAGRAPH)
        expect(place(visit.page, "컨테이너는 무엇일까?")).to_be_visible()


RUN_ALL = """async () => {
    for (const demo of document.querySelectorAll("docker-run:not([follows])")) {
        demo.parentElement.querySelector("[type=radio]")?.click();
        await demo.run(false);
    }
}"""


def test_who_runs_every_demo_and_answers_every_question_has_read_the_chapter(chromium: Browser, address: str) -> None:
    with visiting(chromium, f"{address}/container/", viewport={"width": 1440, "height": 900}) as visit:
        visit.page.evaluate(RUN_ALL)
        expect(place(visit.page, "컨테이너는 무엇일까?")).to_be_visible()


def test_what_a_tick_is_for_is_said_where_a_reader_first_meets_one(chromium: Browser, served: str) -> None:
    for path in ("", f"{CHAPTERS[0]}/"):
        with visiting(chromium, f"{served}/{path}", viewport={"width": 390, "height": 844}) as visit:
            expect(visit.page.locator(".ticks")).to_contain_text("데모를 모두 실행")
            expect(visit.page.locator(".ticks")).to_contain_text("✓가 붙어요.")
    with visiting(chromium, f"{served}/{CHAPTERS[1]}/") as visit:
        expect(visit.page.locator(".ticks")).to_have_count(0)


def test_every_chapter_is_ticked_at_its_end_and_no_chapter_for_its_beginning(readers: Readers, served: str) -> None:
    def see(visit: Visit) -> tuple[Any, Any]:
        before = kept(visit.page)
        visit.page.evaluate(TO_THE_END)
        visit.page.wait_for_selector(".chapter .read")
        after = kept(visit.page)
        # the next one is to find nothing
        visit.page.evaluate("localStorage.clear()")
        return before, after

    urls = [f"{served}/{address(name)}" for name in CHAPTERS]
    found = readers.walk(urls, see, viewport={"width": 390, "height": 844})
    assert found == [({}, {f"/{name}/": True}) for name in CHAPTERS]


def test_a_chapter_is_ticked_when_each_of_its_demos_was_run_once_on_whatever_visit(
    chromium: Browser, served: str
) -> None:
    with visiting(chromium, f"{served}/why/") as visit:
        first, *others = visit.page.evaluate(DEMOS)
        assert len(others) > 2
        for id in (first, first, others[0]):
            visit.page.evaluate(RUN, id)
        visit.page.reload()
        for id in others[:-1]:
            visit.page.evaluate(RUN, id)
        expect(visit.page.locator(".read")).to_have_count(0)
        visit.page.evaluate(RUN, others[-1])
        expect(place(visit.page, "Docker는 왜 쓸까?")).to_be_visible()


def test_nothing_is_sent_and_nothing_kept_of_a_page_that_is_no_chapter(chromium: Browser, served: str) -> None:
    with visiting(chromium, f"{served}/glossary/") as visit:
        visit.page.evaluate(TO_THE_END)
        visit.page.wait_for_timeout(200)
        assert kept(visit.page) == {}
        visit.page.goto(f"{served}/why/", wait_until="networkidle")
        visit.requests.clear()
        visit.page.evaluate(TO_THE_END)
        expect(place(visit.page, "Docker는 왜 쓸까?")).to_be_visible()
        assert [request.url for request in visit.requests] == []


def test_another_tab_shows_the_tick_at_once(chromium: Browser, served: str) -> None:
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    reading, other = context.new_page(), context.new_page()
    reading.goto(f"{served}/why/")
    other.goto(f"{served}/container/")
    reading.evaluate(TO_THE_END)
    expect(place(other, "Docker는 왜 쓸까?")).to_be_visible()
    context.close()


def test_a_browser_that_keeps_nothing_has_its_ticks_until_the_page_is_left(chromium: Browser, served: str) -> None:
    with visiting(chromium, f"{served}/why/") as visit:
        visit.page.add_init_script(FULL)
        visit.page.reload()
        visit.page.evaluate(TO_THE_END)
        expect(place(visit.page, "Docker는 왜 쓸까?")).to_be_visible()
        assert visit.errors == []


@pytest.mark.parametrize("nonsense", ["{", "null", "7", '"x"', "[]", '{"/why/": 7}'])
def test_what_nobody_can_read_in_the_store_is_written_anew(walk: Walk, served: str, nonsense: str) -> None:
    visit = walk.to(f"{served}/why/", WIDE)
    walk.forget()
    visit.page.evaluate(f"text => localStorage.setItem('{KEPT}', text)", nonsense)
    visit.page.reload()
    visit.page.evaluate(RUN, visit.page.evaluate(DEMOS)[0])
    visit.page.evaluate(TO_THE_END)
    expect(place(visit.page, "Docker는 왜 쓸까?")).to_be_visible()
    assert visit.errors == []
    assert kept(visit.page)["/why/"] is True
