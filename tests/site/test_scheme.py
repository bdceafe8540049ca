"""Light and dark: a first visit as the system is, the button two states, and without a script the system's colours."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from support.built_site import DOCS
from support.visits import arriving, visiting

Scheme = Literal["light", "dark"]
NAMES: dict[Scheme, str] = {"light": "default", "dark": "slate"}
OTHER: dict[Scheme, Scheme] = {"light": "dark", "dark": "light"}
SCHEMES: list[Scheme] = ["light", "dark"]
VARIABLES = sorted(set(re.findall(r"(--[\w-]+):", (DOCS / "assets/theme.css").read_text())))
COLOURS = """names => names.map(name => [name, getComputedStyle(document.body).getPropertyValue(name).trim()])
    .concat(["h1", "p", ".md-header", ".md-footer", "docker-run", ".highlight code", ".highlight .k"].map(part => {
        const {color, backgroundColor} = getComputedStyle(document.querySelector(part));
        return [part, color + backgroundColor];
    }))"""


def shows(page: Page, scheme: Scheme) -> None:
    expect(page.locator("body")).to_have_attribute("data-md-color-scheme", NAMES[scheme])


def press(page: Page) -> None:
    page.locator("label[for^=__palette]:visible").click()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_first_visit_is_as_the_system_is(chromium: Browser, served: str, scheme: Scheme) -> None:
    with arriving(chromium, color_scheme=scheme) as visit:
        visit.page.add_init_script("window.changes = 0; addEventListener('change', () => window.changes++, true)")
        visit.page.goto(served, wait_until="networkidle")
        shows(visit.page, scheme)
        expect(visit.page.locator("label[for^=__palette]:visible")).to_have_count(1)
        # what needs no change has none: each costs all styles of the page anew
        assert visit.page.evaluate("window.changes") == 0


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_first_press_changes_it_the_second_changes_it_back_and_each_is_kept(
    chromium: Browser, served: str, scheme: Scheme
) -> None:
    with visiting(chromium, served, color_scheme=scheme) as visit:
        page = visit.page
        for wanted in (OTHER[scheme], scheme, OTHER[scheme]):
            press(page)
            shows(page, wanted)
            page.goto(f"{served}/why/")
            shows(page, wanted)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_until_it_is_pressed_the_system_is_followed_on_this_page_and_the_next(
    chromium: Browser, served: str, scheme: Scheme
) -> None:
    with visiting(chromium, served, color_scheme=scheme) as visit:
        visit.page.emulate_media(color_scheme=OTHER[scheme])
        shows(visit.page, OTHER[scheme])
        visit.page.emulate_media(color_scheme=scheme)
        visit.page.goto(f"{served}/why/", wait_until="load")
        visit.page.goto("about:blank")
        visit.page.emulate_media(color_scheme=OTHER[scheme])
        visit.page.goto(f"{served}/run/")
        shows(visit.page, OTHER[scheme])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_was_chosen_stays_when_the_system_changes(chromium: Browser, served: str, scheme: Scheme) -> None:
    with visiting(chromium, served, color_scheme=scheme) as visit:
        press(visit.page)
        for system in (OTHER[scheme], scheme):
            visit.page.emulate_media(color_scheme=system)
            visit.page.wait_for_timeout(100)
            shows(visit.page, OTHER[scheme])


def test_a_dark_first_visit_is_dark_before_the_themes_script_has_come(chromium: Browser, served: str) -> None:
    page = chromium.new_page(color_scheme="dark")
    page.route("**/assets/javascripts/bundle.*", lambda route: route.abort())
    page.goto(served)
    shows(page, "dark")
    page.close()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_without_a_script_the_colours_are_the_systems(chromium: Browser, served: str, scheme: Scheme) -> None:
    seen = []
    for scripts in (True, False):
        with visiting(chromium, f"{served}/why/", color_scheme=scheme, java_script_enabled=scripts) as visit:
            seen.append(visit.page.evaluate(COLOURS, VARIABLES))
    assert len(VARIABLES) > 50
    assert seen[0] == seen[1]


def test_who_has_scripts_does_not_fetch_the_dark_sheet(chromium: Browser, served: str) -> None:
    with visiting(chromium, served, color_scheme="dark") as visit:
        assert [request.url for request in visit.requests if "/dark." in request.url] == []
