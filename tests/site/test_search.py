"""The search finds what a beginner types, with particles, in compounds, mistyped, in either language."""

from __future__ import annotations

import functools
import json
import tomllib
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest
from playwright.sync_api import Browser, expect

from support.book import OTHERS
from support.built_site import Built
from support.search import Search, names
from support.visits import visiting

QUERIES = tomllib.loads(Path(__file__).with_name("queries.toml").read_text())
ASKED = [pytest.param(query, page, id=query) for kind in QUERIES.values() for query, page in kind.items()]
FIRST = 3


@pytest.fixture(scope="module")
def search(chromium: Browser, served: str) -> Iterator[Search]:
    page = chromium.new_page(locale="ko-KR", viewport={"width": 1280, "height": 900})
    page.goto(served)
    yield Search(page)
    page.close()


@pytest.fixture(scope="module")
def links(search: Search) -> Callable[[str], list[str]]:
    """Where each page leads that a query finds, the best first; what was typed already is not typed again."""
    return functools.cache(search.links)


def test_there_are_forty_queries_of_every_kind() -> None:
    assert len(ASKED) >= 40
    assert all(len(kind) >= 5 for kind in QUERIES.values())


@pytest.mark.parametrize(("query", "expected"), ASKED)
def test_the_page_is_among_the_first_three(links: Callable[[str], list[str]], query: str, expected: str) -> None:
    found = names(links(query))
    assert expected in found[:FIRST], found


@pytest.mark.parametrize(
    ("together", "apart"),
    [
        ("환경변수", "환경 변수"),
        ("환경변수를", "환경 변수를"),
        ("시스템호출", "시스템 호출"),
        ("종료코드", "종료 코드"),
        ("운영체제", "운영 체제"),
        ("네임스페이스", "네임 스페이스"),
        ("가상머신", "가상 머신"),
        ("도커환경변수", "도커 환경 변수"),
        ("컨테이너환경변수", "컨테이너 환경 변수"),
        ("쓰기층", "쓰기 층"),
        ("메모리한도", "메모리 한도"),
        ("페이지캐시에서", "페이지 캐시에서"),
        ("이미지이름", "이미지 이름"),
        ("작업폴더", "작업 폴더"),
        ("실행파일을", "실행 파일을"),
    ],
)
def test_a_compound_is_found_whether_it_is_written_together_or_apart(search: Search, together: str, apart: str) -> None:
    places = [[urlsplit(link)._replace(query="") for link in search.links(one)] for one in (together, apart)]
    assert places[0] == places[1]
    assert places[0]


@pytest.mark.parametrize("query", ["환경 변수", "컨테이너", "가상머신", "zjsxpdlsj", "쓰기층을", "docker 레지스트리"])
def test_a_decomposed_query_finds_what_a_composed_one_does(search: Search, query: str) -> None:
    assert search.ask(unicodedata.normalize("NFD", query)) == search.ask(query) != []


def test_a_decomposed_anchor_leads_to_its_section(chromium: Browser, served: str) -> None:
    anchor = unicodedata.normalize("NFD", "종료-코드-읽기")
    with visiting(chromium, f"{served}/run/#{quote(anchor)}") as visit:
        section = visit.page.locator("[id='종료-코드-읽기']")
        expect(section).to_be_in_viewport()
        visit.page.evaluate("scrollTo(0, 0); history.replaceState(null, '', '#')")
        visit.page.evaluate("anchor => location.hash = anchor", anchor)
        expect(section).to_be_in_viewport()


@pytest.mark.parametrize("query", ["메모리", "컨테이너", "이미지", "커널", "레지스트리", "네트워크", "gvisor", "기록"])
def test_the_learners_pages_come_before_those_for_others(search: Search, query: str) -> None:
    aside = [page in OTHERS for page in search.all(query)]
    assert {*aside} == {False, True}
    assert aside == sorted(aside)


@pytest.mark.parametrize("query", ["store_bytes", "allowed_hosts", "역방향 프록시", "펜스의 옵션"])
def test_what_only_others_pages_have_is_found_there(search: Search, query: str) -> None:
    assert search.ask(query)[0] in OTHERS


@pytest.mark.parametrize(("query", "expected"), ASKED)
def test_the_glossary_is_entered_at_the_word(links: Callable[[str], list[str]], query: str, expected: str) -> None:
    entered = [link for link in links(query) if urlsplit(link).path == "/glossary/"]
    assert all(urlsplit(link).fragment for link in entered), entered


@pytest.mark.parametrize(
    ("query", "section"),
    [
        ("종료 코드", "run/#종료-코드-읽기"),
        ("한 방향으로 흐르는 길", "operation/#한-방향으로-흐르는-길"),
        ("하이퍼바이저", "glossary/#hypervisor"),
        ("쓰기 층", "glossary/#writable-layer"),
        ("이미지에 든 것", "image/#c5"),
    ],
)
def test_a_page_leads_to_the_section_that_has_the_words(search: Search, query: str, section: str) -> None:
    page, _, anchor = section.partition("#")
    links = [urlsplit(link) for link in search.links(query)]
    (fragment,) = [link.fragment for link in links if link.path == f"/{page}"]
    assert unquote(fragment) == anchor


def test_a_page_whose_own_title_has_the_words_is_entered_at_its_top(search: Search) -> None:
    (link,) = [link for link in search.links("이미지와 컨테이너") if urlsplit(link).path == "/image/"]
    assert not urlsplit(link).fragment


def test_on_a_phone_a_result_brings_its_section_into_view(chromium: Browser, served: str) -> None:
    with visiting(chromium, served, viewport={"width": 390, "height": 844}) as visit:
        visit.page.locator('header label[for="__search"]').first.click()
        Search(visit.page).type("하이퍼바이저")
        visit.page.locator('.md-search-result__item > a[href*="/glossary/"]').first.click()
        expect(visit.page.locator("#hypervisor")).to_be_in_viewport()


def test_a_word_that_is_not_in_the_book_is_said_to_be_missing(search: Search) -> None:
    assert search.ask("쿠쿠루삥뽕뽕") == []
    assert "없습니다" in search.meta.inner_text()


def test_the_words_of_a_query_are_marked_where_they_are_found(search: Search) -> None:
    search.ask("이미지 레이어")
    first = search.page.locator(".md-search-result__item > a").first.get_attribute("href") or ""
    assert parse_qs(urlsplit(first).query) == {"h": ["이미지 레이어"]}


def test_the_names_of_a_thing_are_never_shown(search: Search) -> None:
    assert search.ask("zjsxpdlsj")
    assert "zjsxpdlsj" not in search.page.locator(".md-search-result__list").inner_text()


def test_the_theme_starts_our_worker_and_not_its_own(built: Built) -> None:
    for path, page in built.pages().items():
        config = json.loads(page.source.split('id="__config" type="application/json">')[1].split("</script>")[0])
        assert config["search"].endswith("assets/search.js"), path
