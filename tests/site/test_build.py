"""The built site: no warning, every demo an element, nothing from elsewhere, every page and figure named."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from docker_run import fence
from support.built_site import DOCS, Built, sources

FOREIGN_CSS = re.compile(r"""(?:@import\s+|url\()\s*["']?((?:https?:)?//[^"')\s]+)""")
FIGURES = sorted((DOCS / "figures").glob("*.svg"))


def test_the_site_builds_strictly_without_a_warning(built: Built) -> None:
    assert built.returncode == 0, built.log
    assert "WARNING" not in built.log


def test_every_docker_run_fence_became_its_elements(built: Built) -> None:
    # one, or one for each isolation
    written = sum(len(list(fence.fences(text))) for text in sources())
    assert written > 0
    assert sum(len(page.all("docker-run")) for page in built.pages().values()) == written


def test_no_fence_is_left_as_text(built: Built) -> None:
    # a fence whose options are not quoted is not parsed at all, and swallows the page up to the next one
    shown = {str(file.relative_to(DOCS)) for file in DOCS.rglob("*.md") if re.search(r"^````+", file.read_text(), re.M)}
    for path, page in built.pages().items():
        source = path.replace("/index.html", ".md")
        assert source in shown or "```docker-run" not in page.source, path


def test_no_page_loads_anything_from_elsewhere(built: Built) -> None:
    for path, page in built.pages().items():
        assert [url for url in page.loaded() if urlsplit(url).netloc] == [], path


def test_no_style_sheet_loads_anything_from_elsewhere(built: Built) -> None:
    sheets = list(built.folder.rglob("*.css"))
    assert sheets
    for sheet in sheets:
        assert FOREIGN_CSS.findall(sheet.read_text()) == [], sheet


def test_every_page_has_a_title_and_a_description_of_its_own(built: Built) -> None:
    pages = {path: page for path, page in built.pages().items() if path != "404.html"}
    for path, page in pages.items():
        assert page.texts["title"].strip(), path
        assert len(page.description()) > 30, path
    assert len({page.description() for page in pages.values()}) == len(pages)


def test_no_id_is_used_twice_on_a_page(built: Built) -> None:
    for path, page in built.pages().items():
        ids = page.ids()
        assert {name for name in ids if ids.count(name) > 1} == set(), path


def test_every_figure_is_named_and_described(built: Built) -> None:
    pages = built.pages()
    assert sum(len(page.figures()) for page in pages.values()) >= len(FIGURES)
    for path, page in pages.items():
        for figure in page.figures():
            title, description = figure["aria-labelledby"].split()
            assert page.texts[title], path
            assert len(page.texts[description]) > 40, path


@pytest.mark.parametrize("file", FIGURES, ids=lambda file: file.stem)
def test_a_figure_is_one_html_block_with_type_as_text(file: Path) -> None:
    source = file.read_text()
    assert "\n\n" not in source.strip()
    assert "font-size" not in source
    assert "<text" in source


def test_every_demo_that_a_figure_follows_is_on_its_page(built: Built) -> None:
    for path, page in built.pages().items():
        followed = {name for _, part in page.elements for name in part.get("data-demo", "").split()}
        demos = {demo.get("id", "") for demo in page.all("docker-run")}
        assert followed <= demos, path


@pytest.mark.parametrize("anchor", ["c30", "c31"])
def test_the_chapter_has_the_anchor_of_its_claim(built: Built, anchor: str) -> None:
    assert anchor in built.page("run/index.html").ids()


def test_the_page_for_a_wrong_address_is_korean_and_leads_home(built: Built) -> None:
    page = built.page("404.html")
    assert "이 주소에는 페이지가 없어요" in page.source
    assert "처음으로 돌아가기" in page.source


def test_no_file_of_the_theme_is_published_by_accident(built: Built) -> None:
    assert not (built.folder / "overrides").exists()
    assert not (built.folder / "figures").exists()
