"""A search that has nothing to search in: it is told, and nothing is fetched before somebody types."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Route, expect

from support.search import Search

PATIENCE = 5000


def test_a_search_that_cannot_be_carried_out_does_not_look_like_nothing_found(chromium: Browser, served: str) -> None:
    context = chromium.new_context(locale="ko-KR")
    page, other = context.new_page(), context.new_page()
    page.route("**/search/sections.*", lambda route: route.abort())
    page.goto(served)
    other.goto(served)
    found = Search(other)
    assert found.ask("이미지")
    said = found.meta.inner_text()
    search = Search(page)
    search.type("컨테이너")
    expect(search.meta).to_contain_text("받지 못했어요")
    assert found.meta.inner_text() == said, "it is no other tab's failure"
    page.unroute_all()
    assert search.ask("이미지")
    context.close()


@pytest.mark.parametrize("lacking", ["search/search_index.json", "assets/search.js"])
def test_a_search_that_never_begins_is_told_and_the_theme_would_not(
    chromium: Browser, served: str, lacking: str
) -> None:
    page = chromium.new_page(locale="ko-KR")
    page.clock.install()
    page.route(f"**/{lacking}", lambda route: route.abort())
    page.goto(served)
    search = Search(page)
    search.type("컨테이너")
    page.clock.fast_forward(PATIENCE)
    expect(search.meta).to_contain_text("아직 답하지 않아요")
    page.close()


def test_a_search_that_is_only_slow_is_told_and_then_answers(chromium: Browser, served: str) -> None:
    page = chromium.new_page(locale="ko-KR")
    held: list[Route] = []
    page.clock.install()
    # a bound method of a list is no handler to Playwright
    page.route("**/search/sections.*", lambda route: held.append(route))  # noqa: PLW0108
    page.goto(served)
    search = Search(page)
    with page.expect_request("**/search/sections.*"):
        search.type("컨테이너")
    page.clock.fast_forward(PATIENCE)
    expect(search.meta).to_contain_text("아직 답하지 않아요")
    held[0].continue_()
    expect(search.meta).to_contain_text("일치하는 문서")
    # the reader may wait as long as they like after an answer
    page.clock.fast_forward(PATIENCE)
    page.wait_for_timeout(100)
    expect(search.meta).to_contain_text("일치하는 문서")
    page.close()


def test_nothing_of_the_sections_is_fetched_before_somebody_types(chromium: Browser, served: str) -> None:
    page = chromium.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page.goto(served, wait_until="networkidle")
    assert "/search/search_index.json" in asked
    assert not [path for path in asked if "sections" in path or "workers" in path]
    assert Search(page).ask("컨테이너")
    assert [path for path in asked if path.startswith("/search/sections.")]
    page.close()
