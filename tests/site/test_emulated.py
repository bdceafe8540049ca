"""Where the backend is emulated the page says so in one line, and nowhere else is anybody asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from support import axe
from support.built_site import Built
from support.visits import SHIFT, Visit, visiting
from support.web_server import Web, serving

PAGE = "/run/"
TEXT = "여기서는 흉내 낸 기계에서 명령을 실행해요."
SEND = """state => { const demo = document.querySelector("docker-run"); demo.setAttribute("state", state);
    demo.dispatchEvent(new CustomEvent("docker-run:event", {bubbles: true, detail: {type: "accepted"}})); }"""


@pytest.fixture
def emulated(built: Built, tmp_path: Path) -> Iterator[Web]:
    with serving(tmp_path, site=built.folder, emulated=True) as web:
        web.fake.about = {"run_ms": 213.4}
        yield web


def line(page: Page) -> Locator:
    return page.get_by_role("status").filter(has_text=TEXT)


def asked(visit: Visit) -> list[str]:
    return [request.url for request in visit.requests if "/v1/" in request.url]


def test_the_page_says_what_a_run_takes_and_says_it_once_a_tab(emulated: Web, chromium: Browser) -> None:
    with visiting(chromium, emulated.url + PAGE) as visit:
        expect(line(visit.page)).to_have_text(f"{TEXT} 한 번에 0.2초쯤 걸려요.")
        assert visit.page.evaluate("document.activeElement === document.body")
        assert asked(visit) == [f"{emulated.url}/v1/health"]
        assert visit.shift() <= SHIFT
        visit.page.get_by_role("button", name="닫기").click()
        expect(line(visit.page)).to_have_count(0)
        visit.page.goto(f"{emulated.url}/image/", wait_until="networkidle")
        visit.page.evaluate(SEND, "running")
        visit.page.wait_for_load_state("networkidle")
        expect(line(visit.page)).to_have_count(0)
        assert asked(visit) == [f"{emulated.url}/v1/health"]


def test_without_a_measured_time_no_time_is_told(emulated: Web, chromium: Browser) -> None:
    emulated.fake.about = {}
    with visiting(chromium, emulated.url + PAGE) as visit:
        expect(line(visit.page)).to_have_text(f"{TEXT} 조금 느려요.")


def test_the_line_is_for_every_reader_and_not_for_paper(emulated: Web, chromium: Browser) -> None:
    with visiting(chromium, emulated.url + PAGE, viewport={"width": 360, "height": 740}) as visit:
        shown = line(visit.page)
        expect(shown).to_be_visible()
        box = shown.locator("..").bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
        assert box["height"] < 100
        assert axe.in_both_schemes(visit.page) == []
        visit.page.emulate_media(media="print")
        expect(shown).not_to_be_visible()


def test_a_page_without_demos_says_nothing(emulated: Web, chromium: Browser) -> None:
    with visiting(chromium, f"{emulated.url}/operators/") as visit:
        assert asked(visit) == []


@pytest.mark.parametrize("changes", [{"runner": False}, {"emulated": False}])
def test_elsewhere_nothing_is_said(built: Built, tmp_path: Path, chromium: Browser, changes: dict[str, Any]) -> None:
    with (
        serving(tmp_path, site=built.folder, **{"emulated": True, **changes}) as web,
        visiting(chromium, web.url + PAGE) as visit,
    ):
        # a backend of a real machine is not asked before a run, and then once
        assert asked(visit) == ([f"{web.url}/v1/health"] if "runner" in changes else [])
        for state in ("replaying", "running", "running"):
            visit.page.evaluate(SEND, state)
        visit.page.wait_for_load_state("networkidle")
        assert asked(visit) == [f"{web.url}/v1/health"]
        expect(line(visit.page)).to_have_count(0)


def test_a_page_that_was_served_by_another_learns_it_with_its_first_run(
    emulated: Web, chromium: Browser, built: Built
) -> None:
    with visiting(chromium, "about:blank") as visit:
        # as if the browser did not tell, as over plain HTTP from another machine
        visit.page.add_init_script("delete PerformanceResourceTiming.prototype.serverTiming")
        visit.page.goto(emulated.url + PAGE, wait_until="networkidle")
        assert asked(visit) == []
        visit.page.evaluate(SEND, "replaying")
        assert asked(visit) == []
        visit.page.evaluate(SEND, "running")
        expect(line(visit.page)).to_have_text(f"{TEXT} 한 번에 0.2초쯤 걸려요.")
