"""Every page on a first visit: light, of few requests, all of them to the site itself, still, and for every reader."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser

from support import axe
from support.built_site import Built
from support.readers import Readers
from support.visits import BYTES, NOTEBOOK_BYTES, REQUESTS, SHIFT, Visit, visiting

# an address that the site does not have, asked for below a folder that it does not have either
NOWHERE = "no/such/page/"


@dataclass(frozen=True)
class Seen:
    """What a visit to a page left."""

    requests: int
    bytes: int
    foreign: list[str]
    errors: list[str]
    shift: float
    axe: list[str]


def see(visit: Visit) -> Seen:
    wire = len(visit.requests), visit.bytes(), visit.foreign(), visit.errors, visit.shift()
    return Seen(*wire, axe.in_both_schemes(visit.page))


@pytest.fixture(scope="module")
def seen(readers: Readers, built: Built, served: str) -> dict[str, Seen]:
    """Every page, visited once as on a phone."""
    paths = [*(path for path in built.pages() if path != "404.html"), NOWHERE]
    urls = [f"{served}/{path.removesuffix('index.html')}" for path in paths]
    return dict(zip(paths, readers.each(urls, see, viewport={"width": 390, "height": 844}), strict=True))


def notebooks(built: Built) -> set[str]:
    return {path for path, page in built.pages().items() if "notebook-cell" in page.source}


def test_a_first_visit_asks_for_few_files(seen: dict[str, Seen]) -> None:
    assert {path: one.requests for path, one in seen.items() if not 0 < one.requests <= REQUESTS} == {}


def test_a_first_visit_is_light(built: Built, seen: dict[str, Seen]) -> None:
    most = dict.fromkeys(seen, BYTES) | dict.fromkeys(notebooks(built), NOTEBOOK_BYTES)
    assert {path: one.bytes for path, one in seen.items() if not 20_000 < one.bytes <= most[path]} == {}


def test_nothing_is_asked_of_anybody_else(seen: dict[str, Seen]) -> None:
    assert {path: one.foreign for path, one in seen.items() if one.foreign} == {}


def test_nothing_jumps_while_a_page_loads(seen: dict[str, Seen]) -> None:
    assert {path: one.shift for path, one in seen.items() if one.shift > SHIFT} == {}


def test_no_page_has_an_error_in_the_console(seen: dict[str, Seen]) -> None:
    # the browser itself says that the page which is not there is not there
    assert {path: one.errors for path, one in seen.items() if one.errors and path != NOWHERE} == {}
    assert len(seen[NOWHERE].errors) <= 1


def test_axe_finds_nothing_in_either_colours(seen: dict[str, Seen]) -> None:
    assert {path: one.axe for path, one in seen.items() if one.axe} == {}


def test_a_file_with_its_fingerprint_is_fetched_once(chromium: Browser, served: str) -> None:
    with visiting(chromium, served) as visit:
        kept = [request for request in visit.requests if "/site." in request.url or "/bundle." in request.url]
        assert len(kept) == 3
        for request in kept:
            response = request.response()
            assert response
            assert "immutable" in (response.header_value("cache-control") or "")


def test_the_drawer_opens_with_its_links_on_a_phone(chromium: Browser, served: str) -> None:
    with visiting(chromium, f"{served}/run/", viewport={"width": 390, "height": 844}) as visit:
        link = visit.page.locator(".md-nav--primary").get_by_role("link", name="낱말", exact=True)
        assert not link.is_visible()
        visit.page.locator('header label[for="__drawer"]').click()
        link.click()
        visit.page.wait_for_url("**/glossary/")
