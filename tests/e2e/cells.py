"""A notebook of the site, as a reader meets it."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

# Python is 11 MB, and this machine may be busy
PATIENCE = 60_000


class Cell:
    """One code cell by its number."""

    def __init__(self, page: Page, number: int) -> None:
        self.root = page.locator(f".notebook-cell[data-cell='{number}']")
        self.code, self.output = self.root.get_by_role("textbox"), self.root.locator(".notebook-output")
        self.state = self.root.locator(".notebook-state")

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name)

    def says(self, words: str) -> None:
        expect(self.state).to_contain_text(words, timeout=PATIENCE)

    def run(self, source: str | None = None, says: str = "잘 끝났어요") -> str:
        """Run it, with other code if some is given, to its end; what it put out."""
        if source is not None:
            self.code.fill(source)
        self.button("실행").click()
        expect(self.root).not_to_have_attribute("data-busy", "", timeout=PATIENCE)
        self.says(says)
        return self.output.inner_text() if self.output.is_visible() else ""
