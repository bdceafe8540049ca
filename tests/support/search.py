"""The search of a page, as somebody types into it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

# up and down again, as the theme waits for a list that comes to its end
TO_THE_END = """async list => { for (const top of [0, list.scrollHeight]) {
    list.scrollTo(0, top);
    await new Promise(next => requestAnimationFrame(() => setTimeout(next, 50)));
} }"""
FOUND = ".md-search-result__item > a:first-child"
LINKS = "all => all.map(one => one.getAttribute('href') ?? '')"


class Search:
    """It is asked one thing after another."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._field = page.get_by_role("textbox", name="검색")
        self.meta = page.locator(".md-search-result__meta")

    def ask(self, query: str) -> list[str]:
        """The pages that are found, the best first."""
        return names(self.links(query))

    def links(self, query: str) -> list[str]:
        """Where each page that is found leads, the best first."""
        self.type("")
        expect(self.meta).to_contain_text("검색어를 입력")
        self.type(query)
        expect(self.meta).to_contain_text(re.compile("검색 결과|일치하는 문서"))
        if "없" not in self.meta.inner_text():
            self.page.locator(FOUND).first.wait_for(state="attached")
        return self._links()

    def all(self, query: str) -> list[str]:
        """Every page that is found: the theme lists ten, and a few more whenever somebody scrolls to the end."""
        self.links(query)
        (number,) = re.findall(r"\d+", self.meta.inner_text())
        for _ in range(int(number) // 4):
            if self.page.locator(FOUND).count() == int(number):
                break
            self.page.locator(".md-search__scrollwrap").evaluate(TO_THE_END)
        expect(self.page.locator(FOUND)).to_have_count(int(number))
        return names(self._links())

    def type(self, text: str) -> None:
        """As a paste does it, without a key."""
        self._field.fill(text)

    def _links(self) -> list[str]:
        links: list[str] = self.page.locator(FOUND).evaluate_all(LINKS)
        return links


def names(links: list[str]) -> list[str]:
    """The pages that links lead to."""
    return [urlsplit(link).path.strip("/").removesuffix(".html") for link in links]
