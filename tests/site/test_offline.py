"""The copy that opens from disk: pages, search and figures, and not one request that leaves the disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from support.built_site import Built, build
from support.figures import tell
from support.readers import Readers
from support.visits import Visit, visiting

EVENTS: list[dict[str, Any]] = [
    {"type": "accepted", "command": {"args": ["ls"]}},
    {"type": "created", "argv": ["ls"], "argv_source": "request"},
    {"type": "exited", "code": 42, "reason": "exit"},
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Built:
    made = build(tmp_path_factory.mktemp("offline"), {"OFFLINE": "1"})
    assert made.returncode == 0, made.log
    return made


@pytest.fixture
def opened(chromium: Browser, copy: Built) -> Iterator[Visit]:
    """The chapter on `docker run`, opened from disk."""
    with visiting(chromium, (copy.folder / "run.html").as_uri()) as visit:
        yield visit


def search(page: Page, query: str) -> list[str]:
    field = page.get_by_role("textbox", name="검색")
    field.fill(query)
    field.press("Shift")
    links = page.locator(".md-search-result__item > a:first-child")
    expect(links.first).to_be_visible()
    return [link.get_attribute("href") or "" for link in links.all()]


def test_every_page_opens_without_an_error_and_without_a_request_that_leaves_the_disk(
    readers: Readers, copy: Built
) -> None:
    def wrong(visit: Visit) -> list[str]:
        visit.page.wait_for_load_state("networkidle")
        return visit.errors + [request.url for request in visit.requests if not request.url.startswith("file://")]

    urls = [(copy.folder / path).as_uri() for path in copy.pages()]
    assert urls
    assert {url: found for url, found in zip(urls, readers.walk(urls, wrong), strict=True) if found} == {}


def test_no_file_of_the_copy_is_a_template_that_nobody_filled(copy: Built) -> None:
    texts = [file for file in copy.folder.rglob("*") if file.suffix in (".xml", ".txt", ".html")]
    assert [str(file) for file in texts if "{%" in file.read_text()] == []


def test_a_notebook_says_why_its_cells_have_no_buttons(copy: Built) -> None:
    noted = {path for path, page in copy.pages().items() if "서버 없이 연 사본이라" in page.source}
    assert {path for path, page in copy.pages().items() if 'class="notebook-cell"' in page.source} == noted != set()


def test_every_link_within_the_copy_names_a_file_of_it(copy: Built) -> None:
    for path, page in copy.pages().items():
        links = [link["href"].split("#")[0] for link in page.all("a") if "href" in link]
        for link in links:
            if link and "://" not in link:
                assert Path(copy.folder, path).parent.joinpath(link).resolve().is_file(), (path, link)


def test_the_copy_has_nothing_that_only_a_server_can_use(copy: Built) -> None:
    assert [file.name for file in copy.folder.rglob("*") if file.suffix in (".wasm", ".map")] == []
    for path, page in copy.pages().items():
        assert not [script for script in page.all("script") if script.get("type") == "module"], path


def test_the_search_finds_and_leads_to_a_page_from_disk(opened: Visit) -> None:
    found = search(opened.page, "컨테이너를")
    assert all(url.startswith("file://") for url in found)
    opened.page.locator(".md-search-result__item > a:first-child").first.click()
    expect(opened.page.locator("h1")).to_be_visible()
    assert opened.page.url.startswith("file://")


def test_the_search_forgives_a_slip_from_disk(opened: Visit) -> None:
    assert search(opened.page, "레지스터리")


def test_a_figure_follows_a_run_from_disk(opened: Visit) -> None:
    tell(opened.page, "p10", "alpine-ls", EVENTS)
    code = opened.page.locator("svg.p10 [data-demo=alpine-ls] [data-slot=code]")
    expect(code).to_have_text("42")


def test_a_demo_plays_its_recording_from_disk(opened: Visit) -> None:
    demo = opened.page.locator("docker-run#alpine-ls")
    demo.get_by_role("button", name="실행", exact=True).click(timeout=2000)
    expect(demo).to_have_attribute("state", "ended", timeout=10_000)
    expect(demo).to_contain_text("etc")
    expect(demo).to_contain_text("기록")
    assert [request.url for request in opened.requests if not request.url.startswith("file://")] == []
