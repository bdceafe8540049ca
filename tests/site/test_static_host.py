"""The built site on any host that serves files: below a path, with its true address where others read it."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Browser, expect

from support.built_site import REPOSITORY, Built, build
from support.visits import sitemap, visiting
from support.web_server import serving

ADDRESS = "https://docker.example/sub/path/"
ACTION = re.compile(r"uses: (\S+?)@(\S+)(.*)")


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The site for `ADDRESS`, in the folder that such a host would have."""
    made = build(tmp_path_factory.mktemp("host") / "sub/path", {"SITE_URL": ADDRESS})
    assert made.returncode == 0, made.log
    return made


@pytest.fixture(scope="module")
def below(hosted: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("web"), site=hosted.folder.parents[1], runner=False) as web:
        yield f"{web.url}/sub/path/"


def test_below_a_path_a_page_loads_all_that_it_needs(chromium: Browser, below: str) -> None:
    with visiting(chromium, f"{below}run/") as visit:
        assert visit.errors == []
        assert [request.url for request in visit.requests if not request.url.startswith(below)] == []
        answers = [request.response() for request in visit.requests]
        assert {answer.status for answer in answers if answer} == {200}


def test_below_a_path_the_search_and_its_links_work(chromium: Browser, below: str) -> None:
    with visiting(chromium, f"{below}run/") as visit:
        field = visit.page.get_by_role("textbox", name="검색")
        field.fill("컨테이너")
        field.press("Shift")
        link = visit.page.locator(".md-search-result__item > a:first-child").first
        link.click()
        expect(visit.page.locator("h1")).to_be_visible()
        assert visit.page.url.startswith(below)


def test_the_page_for_a_wrong_address_loads_from_the_sites_own_path(hosted: Built) -> None:
    asked = hosted.page("404.html").loaded()
    assert len(asked) > 3
    assert [url for url in asked if not url.startswith("/sub/path/")] == []


def test_every_page_says_its_true_address_and_has_a_picture_for_others(hosted: Built) -> None:
    for path, page in hosted.pages().items():
        if path == "404.html":
            continue
        address = urljoin(ADDRESS, path.removesuffix("index.html"))
        said = {meta.get("property", meta.get("name", "")): meta.get("content", "") for meta in page.all("meta")}
        assert [link["href"] for link in page.all("link") if link.get("rel") == "canonical"] == [address]
        assert said["og:url"] == address
        assert said["og:image"] == f"{ADDRESS}assets/social.png"
        assert said["og:title"] in page.texts["title"]
        assert said["og:description"] == page.description()


def test_the_social_picture_is_1200_by_630_and_light(hosted: Built) -> None:
    picture = (hosted.folder / "assets/social.png").read_bytes()
    assert struct.unpack(">II", picture[16:24]) == (1200, 630)
    assert len(picture) < 60_000


def test_crawlers_find_every_page(hosted: Built) -> None:
    assert f"Sitemap: {ADDRESS}sitemap.xml" in (hosted.folder / "robots.txt").read_text()
    pages = {f"/sub/path/{path.removesuffix('index.html')}" for path in hosted.pages() if path != "404.html"}
    assert set(sitemap((hosted.folder / "sitemap.xml").read_text())) == pages


def test_nothing_is_published_that_no_page_needs(hosted: Built) -> None:
    names = [os.fspath(file.relative_to(hosted.folder)) for file in hosted.folder.rglob("*") if file.is_file()]
    assert [name for name in names if re.search(r"\.map$|lunr/|social\.svg|\.toml$|hooks/|from-disk", name)] == []


def test_every_local_file_that_a_page_names_is_there(hosted: Built) -> None:
    for path, page in hosted.pages().items():
        for url in page.loaded():
            file = urlsplit(urljoin(f"/sub/path/{path}", url)).path
            assert Path(hosted.folder.parents[1], file.lstrip("/")).is_file(), (path, url)


def test_the_workflow_publishes_what_make_site_builds_with_pinned_actions() -> None:
    workflow = (REPOSITORY / ".github/workflows/pages.yml").read_text()
    assert "make site" in workflow
    used = ACTION.findall(workflow)
    assert {name for name, _, _ in used} >= {"actions/upload-pages-artifact", "actions/deploy-pages"}
    for name, version, note in used:
        assert re.fullmatch("[0-9a-f]{40}", version), name
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", note), name
