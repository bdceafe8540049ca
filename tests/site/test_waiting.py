"""What a run tells a figure that nobody looks at waits until somebody does, and paper has all of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from support.browser import HASTE
from support.figures import DF_RUN, look_at, send
from support.home import PHONE
from support.visits import Walk, visiting

FRAMES = "async () => { for (let n = 0; n < 5; n++) await new Promise(next => requestAnimationFrame(() => next())); }"
ARGV = "svg.p7 [data-slot=argv]"


@pytest.fixture
def phone_page(walk: Walk, address: str) -> Page:
    """The chapter on how an image becomes a container, on a phone, at its top."""
    return walk.to(f"{address}/creation/").page


def test_of_what_waits_only_the_last_run_is_shown(phone_page: Page) -> None:
    send(phone_page, "disk", [DF_RUN[0], DF_RUN[1] | {"argv": ["first"], "layers": 9}, *DF_RUN[2:]])
    send(phone_page, "disk", DF_RUN[:2])
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
    send(phone_page, "disk", DF_RUN[:1])
    phone_page.evaluate("scrollTo(0, 0)")
    phone_page.evaluate(FRAMES)
    send(phone_page, "disk", DF_RUN[1:])
    phone_page.wait_for_timeout(600)
    assert phone_page.locator("svg.p7 .moves[data-lit]").count() == 0
    look_at(phone_page, "p7")
    phone_page.locator("svg.p7 .p7-commands[data-lit]").wait_for()


def test_on_paper_every_figure_has_come_to_the_end_of_its_run(phone_page: Page) -> None:
    send(phone_page, "disk", DF_RUN)
    phone_page.emulate_media(media="print")
    phone_page.evaluate(FRAMES)
    moving = phone_page.locator("svg.p7 .moves")
    assert phone_page.locator("svg.p7 .moves[data-lit]").count() == moving.count() > 0
    assert not phone_page.locator(".to-figure").first.is_visible()
    assert not phone_page.locator(".words").first.is_visible()
    assert phone_page.locator("svg.p7").is_visible()


def test_nothing_waits_in_a_browser_that_cannot_tell_what_is_seen(chromium: Browser, address: str) -> None:
    with visiting(chromium, f"{address}/", viewport=PHONE) as visit:
        page = visit.page
        page.add_init_script("delete window.IntersectionObserver")
        page.emulate_media(reduced_motion="reduce")
        page.goto(f"{address}/creation/")
        send(page, "disk", DF_RUN)
        assert page.locator("svg.p7 .p7-commands").get_attribute("data-lit") == "started"
